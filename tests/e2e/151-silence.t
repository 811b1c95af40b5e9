#!/usr/bin/perl
# When paging itself fails: the audit and its heartbeat, a database that takes nothing, what gateways tell of pages that they have
# taken, and tests of an agent's channels. The clock stands still until it is set.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Http;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(free_port scratch slurp spew wait_for);
use HTTP::Tiny;
use JSON::PP ();
use POSIX ();
use Time::Local qw(timegm);

plan skip_all => 'faketime is not installed' if !Frontdesk::Test::Daemon::can_fake_time();

my $dir = scratch('silence');
my $hook = Frontdesk::Test::Http->new("$dir/pager");
my $heart = Frontdesk::Test::Http->new("$dir/heart");
my $web = '127.0.0.1:' . free_port();
mkdir "$dir/sms";
mkdir "$dir/sms/$_" for qw(outgoing sent failed);
my $people = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { notify = {"noc@diytel.ca"} }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"noc"} mobile = "+16045550101" }
agent "bob" { name = "Bob Singh" mail = "bob@diytel.ca" teams = {"tier1"} mobile = "+16045550102" }
CONF
my $now = timegm(0, 0, 16, 23, 10, 2026); # Monday
my $site = Frontdesk::Test::Site->new('silence', daemon => {
    at => clock(), teams => $people, channel => 'type = "webhook" url = "' . $hook->url . '" timeout = "5s"',
    extra => qq(heartbeat = "@{[ $heart->url ]}"\nweb = "$web"\nchannel "sms" { type = "smstools" spool = "$dir/sms/outgoing" }),
    steps => 'step "first" { schedule = "noc" by = {"sms"} wait = "10m" } step "last" { agents = {"bob"} by = {"pager"} wait = "10m" }',
});
my ($daemon, $sink) = ($site->daemon, $site->sink);
my $ann = 'ann@customer.example';

sub clock { return POSIX::strftime('%Y-%m-%d %H:%M:%S', gmtime $now) }

sub later {
    my ($seconds) = @_;
    $now += $seconds;
    $daemon->set_time(clock());
    return;
}

sub emergency {
    my ($subject) = @_;
    my $answers = $site->send(from => $ann, to => ['emergency@diytel.ca'], mail => mail(from => $ann, to => 'emergency@diytel.ca', subject => $subject));
    like $answers->{end}, qr/^250/, "$subject: taken";
    my ($ticket) = grep { $_->{subject} eq $subject } $daemon->tickets;
    return $ticket->{number};
}

sub page { my ($number, $channel) = @_; return (grep { $_->{channel} eq $channel } @{ $daemon->json('show', $number)->{pages} })[-1] // {} }
sub beats { return scalar $heart->requests }
sub posts { return map { JSON::PP->new->utf8->decode($_->{body}) } $hook->requests }
my $client = 1;
sub health { # each time from another address: one that asks all the time is refused
    my $answer = HTTP::Tiny->new(timeout => 20, local_address => '127.0.1.' . ($client++ % 250 + 1))->get("http://$web/healthz");
    return "$answer->{status} $answer->{content}";
}
sub events { my ($number, $kind) = @_; return map { $_->{detail} } grep { $_->{kind} eq $kind } @{ $daemon->json('show', $number)->{events} } }

# Passes a minute, after which there is an audit, and waits for the heartbeat of a clean one.
sub next_beat {
    my $before = beats();
    later(61);
    return wait_for('the heartbeat', sub { beats() > $before });
}

# ---- the audit ----

ok next_beat(), 'where nothing is wrong, the heartbeat is heard each minute';
like(($heart->requests)[0]{head}, qr/^GET /, 'by a GET');
is health(), "200 ok\n", 'and healthz says so';

my $number = emergency('sms that fails');
my $file = wait_for('the spooled page', sub { (glob "$dir/sms/outgoing/*")[0] });
like slurp($file), qr/^To: 16045550101$/m, 'a page is spooled';
ok next_beat(), 'which is well so far';

# ---- what the gateway tells ----

(my $name = $file) =~ s{.*/}{};
rename $file, "$dir/sms/sent/$name";
wait_for('its fate', sub { (page($number, 'sms')->{fate} // '') eq 'reached' });
is_deeply [events($number, 'reached')], ['page to alice by sms: the network took it'], 'what the gateway tells stands in the ticket';
is $daemon->json('show', $number)->{incidents}[0]{state}, 'triggered', 'and is no acknowledgement';
my $second = emergency('sms that is lost');
$file = wait_for('the second page', sub { (glob "$dir/sms/outgoing/*")[0] });
($name = $file) =~ s{.*/}{};
spew("$dir/sms/failed/$name", "To: 16045550101\nFail_reason: Modem initialization failed\n\nx\n");
unlink $file;
wait_for('the failure', sub { (page($second, 'sms')->{fate} // '') eq 'failed' });
like((events($second, 'undelivered'))[0], qr/Modem initialization failed/, 'a failure, too');
wait_for('the next step', sub { page($second, 'pager')->{state} });
is page($second, 'pager')->{recipient}, 'bob', 'where a step reaches nobody, the next one does not wait';

# ---- pages that do not get out ----

wait_for('that page', sub { posts() });
$hook->status('500 Internal Server Error');
my $third = emergency('gateway that fails');
later(601);
wait_for('the try', sub { page($third, 'pager')->{last_error} });
my $quiet = beats();
later(61);
my $trouble = wait_for('the audit', sub { my $health = health(); $health !~ /^200/ && $health });
like $trouble, qr/^503 the last page, to bob by pager, has not got out: channel pager: HTTP 500/, 'when the last page does not get out, healthz says which';
is beats(), $quiet, 'and there is no heartbeat';
like $daemon->log, qr/audit: the last page, to bob by pager, has not got out/, 'and the log';
$hook->status('200 OK');
later(61);
wait_for('the page', sub { page($third, 'pager')->{state} eq 'sent' });
ok next_beat(), 'with the page the heartbeat is back';
$daemon->command('close', $_) for $number, $second, $third;

# ---- a database that takes nothing ----

my $before = posts();
open my $lock, '|-', 'sqlite3', $daemon->database or die "sqlite3: $!";
$lock->autoflush;
print $lock "BEGIN IMMEDIATE;\n";
wait_for('the trouble', sub { health() =~ /^503/ });
my $refused = $site->send(from => $ann, to => ['emergency@diytel.ca'], mail => mail(from => $ann, to => 'emergency@diytel.ca', subject => 'deferred'));
like $refused->{rcpt}[0] . ($refused->{end} // ''), qr/^451|451 4/, 'mail is deferred';
is scalar(posts()), $before, 'for a moment that is all';
later(61);
wait_for('the alarm', sub { posts() > $before });
my $alarm = (posts())[-1];
is $alarm->{agent}, 'bob', 'after a minute the last step\'s people are paged, without the database';
like $alarm->{subject}, qr/^Frontdesk takes no mail: database \S+: .*locked/, 'and told why';
later(300);
wait_for('another look', sub { health() =~ /^503/ });
print $lock "COMMIT;\n.quit\n";
close $lock;
later(61);
wait_for('the database', sub { health() =~ /^200/ });
is scalar(posts()), $before + 1, 'once';
my $fourth = emergency('after all');
is page($fourth, 'sms')->{recipient}, 'alice', 'then all is as before';

# ---- tests ----

my $result = $daemon->json('page', 'test', 'bob', '--channel', 'pager')->{tests}[0];
is $result->{answer}, 'HTTP 200', 'a test of a channel tells what it said';
ok $result->{ok}, 'and that it went well';
my $test = (posts())[-1];
is $test->{test}, JSON::PP::true, 'the page is marked';
like $test->{text}, qr/^TEST /, 'in its text, too';
is scalar @{ $daemon->json('page', 'list', '--all')->{incidents} }, 4, 'it is no incident';

is $site->stop, 0, 'the daemon stops in order';
$_->stop for $hook, $heart;
done_testing;
