#!/usr/bin/perl
# A stop with a message in progress: finished within drain, else offered again. And a socket that systemd hands over.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for);

my $ann = 'ann@customer.example';
my $site = Frontdesk::Test::Site->new('stop');
my $daemon = $site->daemon;

# A mail of which the daemon keeps the octets in a file before it asks the writer for the ticket.
sub large { my ($subject) = @_; return mail(from => $ann, to => 'support@diytel.ca', subject => $subject, id => "<$subject\@customer.example>", body => "Please help.\n" x 8000) }

# Offers a mail, and returns the conversation while the end of the message waits for the frozen writer.
sub hold_at_end {
    my ($subject) = @_;
    my $smtp = $site->smtp;
    my $raw = "$site->{dir}/state/frontdesk.db.d/raw";
    my $before = () = glob "$raw/*/*";
    $smtp->say($_) for "MAIL FROM:<$ann>", 'RCPT TO:<support@diytel.ca>', 'DATA';
    $daemon->freeze('store writer') or return;
    $smtp->raw(large($subject) =~ s/\n/\r\n/gr . ".\r\n");
    wait_for('the end of the message', sub { my $now = () = glob "$raw/*/*"; $now > $before });
    return $smtp;
}

SKIP: {
    my $smtp = hold_at_end('finished') or skip 'a thread cannot be held up here', 7;
    $daemon->begin_stop;
    $daemon->thaw;
    like $smtp->answer, qr/^250 /, 'a message at its end when TERM comes is finished';
    is $daemon->stop, 0, 'then the daemon leaves, with 0';
    is_deeply [map { $_->{subject} } $daemon->tickets], ['finished'], 'and its ticket is there';
    $smtp->drop;

    $daemon->configure(extra => 'drain = "1s"');
    $daemon->start;
    my $late = hold_at_end('late');
    $daemon->begin_stop;
    like $late->answer, qr/^451 /, 'one that takes longer than drain is answered 451';
    is $daemon->stop, 75 << 8, 'and the daemon leaves with 75';
    $daemon->thaw;
    $late->drop;
    $daemon->start;
    like $site->send(from => $ann, to => ['support@diytel.ca'], mail => large('late'))->{end}, qr/^250 /, 'offered again, it is taken';
    is scalar(grep { $_->{subject} eq 'late' } $daemon->tickets), 1, 'and has one ticket';
}
$daemon->stop('KILL');

# What systemd does for a socket unit: "$0 PATH COMMAND..." runs COMMAND with the listening socket PATH as descriptor 3.
my $activate = <<'PERL';
use strict;
use IO::Socket::UNIX;
use POSIX ();
$^F = 100;
my $path = shift;
my $socket = IO::Socket::UNIX->new(Local => $path, Listen => 10) or die "$path: $!\n";
chmod 0666, $path;
POSIX::dup2(fileno $socket, 3);
@ENV{qw(LISTEN_FDS LISTEN_PID)} = (1, $$);
exec @ARGV;
PERL
unlink $daemon->socket_path;
$daemon->configure(listen => 'fd:3');
$daemon->start($^X, '-e', $activate, $daemon->socket_path);
like $site->send(from => $ann, to => ['support@diytel.ca'], mail => large('handed over'))->{end}, qr/^250 /, 'mail comes by a socket handed over as fd:3';
is scalar(grep { $_->{subject} eq 'handed over' } $daemon->tickets), 1, 'and has its ticket';
$daemon->begin_stop;
is $daemon->stop, 0, 'the daemon stops in order';
ok -S $daemon->socket_path, 'and leaves the socket to its owner';
$site->stop;
done_testing;
