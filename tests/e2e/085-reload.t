#!/usr/bin/perl
# Reload under load: clients send without pause while the configuration changes, and once is bad. Nothing is refused or
# lost, and no reload leaves a descriptor or a thread behind.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Slapd;
use Frontdesk::Test::Support qw(wait_for scratch slurp);
use POSIX ();

plan skip_all => 'slapd is not installed' if !-x '/usr/sbin/slapd';
my ($clients, $reloads) = (4, 20);
my $ldap = scratch('reload-ldap');
my $slapd = Frontdesk::Test::Slapd->new($ldap, slurp("$ENV{FRONTDESK_SOURCE}/contrib/ldap/example.ldif"));
$slapd->start;
my $limits = "acknowledge-limit = 0\nacknowledge-limit-total = 0\nflood-limit = 0\nflood-limit-total = 0\n"; # as much mail as the machine can take
my $site = Frontdesk::Test::Site->new('reload', daemon => { extra => $limits, directory =>
    'directory { type = "ldap" uri = {"' . $slapd->uri . '"} base = "ou=customers,dc=example,dc=com"'
    . ' domain-filter = "(&(objectClass=domainRelatedObject)(associatedDomain=%s))" }' });
my $dir = $site->{dir};

# Sends until the file "enough" is there, and notes each mail with its answer.
sub client {
    my ($name) = @_;
    open my $notes, '>>', "$dir/client-$name" or die $!;
    $notes->autoflush(1);
    my $smtp = $site->smtp;
    my $parent = getppid;
    for (my $count = 1; !-e "$dir/enough" && getppid == $parent; $count++) {
        my $from = "$name-$count\@whole.example";
        my $answers = $smtp->send(from => $from, to => ['taken@diytel.ca'],
            mail => mail(from => $from, to => 'taken@diytel.ca', subject => "$name-$count", id => "<$name-$count\@whole.example>"));
        print $notes "$name-$count ", $answers->{end} // $answers->{rcpt}[0], "\n";
    }
    $smtp->quit;
    return;
}

sub notes { return map { split /\n/, slurp($_) } glob "$dir/client-*" }

# CLIENTS at work while CODE runs; how many did not end well.
sub under_load {
    my ($round, $code) = @_;
    my @children;
    for my $number (1 .. $clients) {
        my $pid = fork // die $!;
        if (!$pid) {
            eval { client("$round$number") };
            POSIX::_exit($@ ? 1 : 0);
        }
        push @children, $pid;
    }
    $code->();
    open my $enough, '>', "$dir/enough" or die $!;
    my @ends = map { waitpid $_, 0; $? } @children;
    unlink "$dir/enough";
    return scalar grep { $_ != 0 } @ends;
}

sub more_notes { my $goal = notes() + $_[0]; wait_for("$goal mails", sub { notes() >= $goal }, 120); return }
sub idle { wait_for('an empty queue', sub { !@{ $site->daemon->json('queue')->{queue} } }, 120); return }
sub count { my ($what) = @_; my @entries = glob "/proc/$site->{daemon}{pid}/$what/*"; return scalar @entries }

is under_load('before', sub { more_notes(20 * $clients) }), 0, 'all clients finish';
idle();
my %before = map { $_ => count($_) } qw(fd task);
my $failed = under_load('during', sub {
    for my $number (1 .. $reloads) {
        $site->daemon->configure(extra => $limits . ($number % 2 ? "phone = \"+1 604-635-0799\"\n" : ''));
        $site->daemon->reload;
        if ($number == $reloads / 2) {
            $site->daemon->configure(extra => 'colour = "red"');
            kill 'USR1', $site->daemon->{pid};
            wait_for('the refused reload', sub { $site->daemon->log =~ /not reloaded, the old configuration stays/ });
        }
        more_notes($clients); # each client sends under each configuration
    }
});
is $failed, 0, 'all clients finish under reloads';
my @notes = notes();
is_deeply [grep { !/ 250 / } @notes], [], 'no mail is refused';
is_deeply [sort map { $_->{subject} } $site->daemon->tickets('--limit', 100000)], [sort map { /^(\S+)/ } @notes], 'each has one ticket';
idle();
sub acknowledgements { return grep { $_->{to}[0] =~ /\@whole\.example$/ } $site->sink->mails }
wait_for('what the relay has taken to arrive', sub { acknowledgements() >= @notes }, 180);
my (%acknowledged, %phones);
for my $ack (acknowledgements()) {
    $acknowledged{ $ack->{to}[0] }++;
    $phones{$1}++ if $ack->{body} =~ /please call (\+1 [\d-]+)/;
}
is_deeply \%acknowledged, { map { /^(\S+)/; ("$1\@whole.example" => 1) } @notes }, 'and one acknowledgement';
is_deeply [sort keys %phones], ['+1 604-635-0700', '+1 604-635-0799'], 'by the configuration that counted then';
for my $what (qw(fd task)) {
    # The workers' own connections come and go; a leak would be one or more a reload.
    wait_for("less in /proc/PID/$what", sub { count($what) < $before{$what} + $reloads / 2 }, 10);
    pass "no $what is left behind by reloads";
}
is $site->stop, 0, 'the daemon stops in order';
$slapd->stop;
done_testing;
