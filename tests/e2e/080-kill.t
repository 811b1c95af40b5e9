#!/usr/bin/perl
# kill -9 at random moments under load: every mail that got 250 has one ticket, one acknowledgement and its pages.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for);
use POSIX ();

my $site = Frontdesk::Test::Site->new('kill', daemon => { extra => "acknowledge-limit = 0\nacknowledge-limit-total = 0\nflood-limit = 0\nflood-limit-total = 0" });
my $dir = $site->{dir};
my ($clients, $each, $kills) = (4, 15, 6);

# A client offers each mail until it is taken, as a mail server would, and notes the ones that got 250.
sub client {
    my ($number) = @_;
    my $parent = getppid;
    open my $notes, '>>', "$dir/client-$number" or die $!;
    $notes->autoflush(1);
    for my $count (1 .. $each) {
        my $from = "c$number-$count\@whole.example";
        my $mail = mail(from => $from, to => 'emergency@diytel.ca', subject => "mail $number-$count", id => "<$number-$count\@whole.example>");
        my $deadline = time + 120;
        while (time < $deadline && getppid == $parent) {
            my $answers = eval { $site->send(from => $from, to => ['emergency@diytel.ca'], mail => $mail) };
            if ($answers && ($answers->{end} // '') =~ /^250 /) { print $notes "$number-$count\n"; last }
            select undef, undef, undef, 0.1;
        }
    }
    POSIX::_exit(0);
}

my @children;
for my $number (1 .. $clients) {
    my $pid = fork // die $!;
    client($number) if !$pid;
    push @children, $pid;
}
sub taken { my $lines = 0; for (glob "$dir/client-*") { open my $in, '<', $_ or next; $lines++ while <$in>; } return $lines }
for my $round (1 .. $kills) {
    my $goal = $round * $clients * $each / ($kills + 1);
    wait_for("$goal mails", sub { taken() >= $goal }, 120);
    select undef, undef, undef, rand 0.05; # a random moment
    $site->daemon->stop('KILL');
    $site->daemon->start;
}
waitpid $_, 0 for @children;
is taken(), $clients * $each, 'every mail was taken in the end';

wait_for('an empty queue', sub { !@{ $site->daemon->json('queue')->{queue} } }, 120);
my %tickets;
$tickets{ $_->{subject} }++ for $site->daemon->tickets('--limit', 10000);
is scalar(keys %tickets), $clients * $each, 'each has a ticket';
is_deeply [grep { $tickets{$_} != 1 } keys %tickets], [], 'and one only';
sub acknowledgements { return grep { $_->{to}[0] =~ /whole\.example$/ } $site->sink->mails }
sub people { my %seen = map { $_->{to}[0] => 1 } acknowledgements(); return scalar keys %seen }
wait_for('what the relay has taken to arrive', sub { people() >= $clients * $each }, 60);
my (%acknowledged, %paged);
$acknowledged{ Frontdesk::Test::Sink::field($_, 'Message-ID') }{ $_->{to}[0] }++ for acknowledgements();
my %people = map { $_ => 1 } map { keys %$_ } values %acknowledged;
is scalar(keys %people), $clients * $each, 'each sender has an acknowledgement';
is scalar(keys %acknowledged), $clients * $each, 'with one Message-ID: what came twice around a kill can be dropped';
$paged{ $_->{key} } = $_->{subject} for $site->daemon->pages;
is scalar(keys %paged), $clients * $each, 'each emergency has one page';
is $site->daemon->json('doctor')->{checks}[0]{result}, 'ok', 'doctor is content';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
