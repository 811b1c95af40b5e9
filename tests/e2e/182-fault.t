#!/usr/bin/perl
# A mail that brings the process down when it is read: offered again it is taken unread, and its team is told. What only happened to
# be there at the time is read as ever.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for);

my $library = "$Frontdesk::Test::Daemon::BUILD/tests/e2e/die-at-reading.so";
plan skip_all => "$library is not built" if !-e $library;
my $site = Frontdesk::Test::Site->new('fault');
my ($daemon, $sink) = ($site->daemon, $site->sink);
my ($ann, $eve) = ('ann@customer.example', 'eve@evil.example');
my $asan = join ':', $ENV{ASAN_OPTIONS} // (), 'verify_asan_link_order=0';

sub start { return $daemon->start('env', "LD_PRELOAD=$library", "ASAN_OPTIONS=$asan") }
# A mail with a part of TYPE; the answer to it, undef when there is none.
sub offer {
    my ($type, $subject, %more) = @_;
    my $mail = mail(from => $eve, to => $more{to} // 'support@diytel.ca', subject => $subject, id => "<$subject\@evil.example>",
        head => "Received: from somewhere by else with SMTP; try " . ++our $tries . "\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n",
        body => "--b\nContent-Type: $type\n\n<p>$subject</p>\n--b--\n");
    return eval { $site->send(from => $eve, to => [$more{to} // 'support@diytel.ca'], mail => $mail)->{end} };
}
sub ended { return wait_for('the end', sub { $daemon->has_ended }) }
sub ticket { my ($subject) = @_; return (grep { $_->{subject} eq $subject } $daemon->tickets('--limit', 1000))[0] }
sub ticket_not_opened { return (sort { $b->{number} <=> $a->{number} } grep { $_->{subject} eq '(not opened)' } $daemon->tickets('--limit', 1000))[0] }

is $daemon->stop, 0, 'a daemon without it stops';
start();

# ---- a fault says whose it was ----

unlike offer('application/x-end-11', 'segv') // '', qr/^250/, 'a mail that brings it down is not taken';
ended();
start();
like offer('application/x-end-11', 'segv'), qr/^250/, 'but when it comes again, by another way even';
my $unopened = ticket_not_opened();
is "$unopened->{requester} $unopened->{standing}", "$eve unknown (no From address)", 'as a ticket of who the envelope says';
my ($message) = @{ $daemon->json('show', $unopened->{number})->{messages} };
is $message->{unread}, 'it was not opened: reading it has ended frontdeskd before', 'which says why it was not read';
my $saved = "$site->{dir}/saved";
$daemon->command('show', $unopened->{number}, '--save', $saved);
is_deeply [map { s{.*/}{}r } glob "$saved/*"], ["$message->{id}.eml"], 'and can be saved as it came, without reading it';
ok scalar wait_for('the notification', sub { grep { $_->{text} =~ /^Subject: \[DIYTel #$unopened->{number}\] new/m } $sink->mails_to('tier1@diytel.ca') }), 'the team is told';
is scalar($sink->mails_to($eve)), 0, 'nothing is answered to it';
like offer('application/x-end-11', 'segv', to => 'billing@diytel.ca'), qr/^250/, 'a role that takes customers only keeps it, too: who wrote it is not known';
like $site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'in between'))->{end}, qr/^250/, 'all other mail is read';
ok !$daemon->has_ended, 'and it runs';

# ---- an end that says nothing ----

unlike offer('application/x-end-9', 'kill') // '', qr/^250/, 'one that ends it without a word';
ended();
start();
unlike offer('application/x-end-9', 'kill') // '', qr/^250/, 'is read once more';
ended();
start();
like offer('application/x-end-9', 'kill'), qr/^250/, 'and then taken unread';
is ticket_not_opened()->{requester}, $eve, 'as a ticket';

# ---- a fault when the text is read, after 250 ----

like offer('text/html', 'later'), qr/^250/, 'one that is only dangerous for whoever reads its text is taken';
ended();
my $later = ticket('later');
start();
ok scalar wait_for('the notification', sub { grep { $_->{text} =~ /^Subject: \[DIYTel #$later->{number}\] new/m } $sink->mails_to('tier1@diytel.ca') }), 'its team is told all the same';
is scalar(grep { $_->{body} =~ m{<p>|^later$}m } $sink->mails_to('tier1@diytel.ca')), 0, 'without the text';
ok !$daemon->has_ended, 'and it runs';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
