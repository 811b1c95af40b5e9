#!/usr/bin/perl
# The web pages from outside, octet by octet: what is served, what is refused, and what it takes to keep others from it.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(free_port scratch start_process end_of_process wait_for);
use Frontdesk::Test::Web;
use IO::Select;
use POSIX ();
use Time::HiRes ();

my $teams = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { notify = {"noc@diytel.ca"} }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"tier1", "noc"} mobile = "+16045550101" }
CONF
my $port = free_port();
my $settings = qq(web = "127.0.0.1:$port"\nweb-url = "http://127.0.0.1:$port"\nweb-proxies = {"127.0.0.1", "10.0.0.0/8"}\n);
my $site = Frontdesk::Test::Site->new('web', daemon => { extra => $settings, teams => $teams });
my $daemon = $site->daemon;
my $web = Frontdesk::Test::Web->new($port, proxy => 1);

# ---- health ----

my $health = $web->get('/healthz');
is "$health->{status} $health->{body}", "200 ok\n", 'healthz: ok';
is $web->request('HEAD', '/healthz')->{status}, 200, 'HEAD, too';
is $web->request('HEAD', '/healthz')->{body}, '', 'without a body';
like $web->request('HEAD', '/healthz')->{head}, qr/^Content-Length: 3\r?$/m, 'but with its length';
for my $field ("Content-Security-Policy: default-src 'none';", 'X-Frame-Options: DENY', 'X-Content-Type-Options: nosniff', 'Referrer-Policy: no-referrer',
    'X-Robots-Tag: noindex', 'Cache-Control: no-store', 'Connection: close') {
    like $health->{head}, qr/^\Q$field\E/mi, $field;
}

# ---- nothing else ----

my @nothing = ('/', '/index.html', '/healthz/', '/healthz/x', '//healthz', '/HEALTHZ', '/ack', '/ack/', '/hooks', '/hooks/', '/hooks/twilio/pager', '/oncall.ics/x', '/../healthz',
    '/healthz%00', '/healthz%zz', '/healthz%ff', '/./healthz', 'healthz', '*', 'http://desk.example/healthz', '/etc/passwd', '/ack/../healthz', '/?healthz', '/favicon.ico', '/robots.txt');
is_deeply [grep { $web->get($_)->{status} !~ /^40[04]$/ } @nothing], [], 'nothing else is here';
for my $method (qw(POST PUT DELETE OPTIONS PATCH TRACE FOO)) {
    my $answer = $web->request($method, '/healthz');
    is $answer->{status}, 405, "$method: not here";
    like $answer->{head}, qr/^Allow: GET, HEAD\r?$/m, "$method: but what is";
}
is $web->get('/healthz?a=%zz')->{status}, 404, 'a query that is none';

# ---- sizes ----

is $web->get('/healthz', fields => ['X-Long: ' . 'a' x 14000])->{status}, 200, 'header fields below the bound';
like $web->get('/healthz', fields => ['X-Long: ' . 'a' x 20000])->{status}, qr/^(?:431|413|0)$/, 'beyond it';
like $web->get('/healthz?' . 'a' x 20000)->{status}, qr/^(?:414|431|0)$/, 'a long target';
like $web->get('/healthz', fields => [map { "X-$_: a" } 1 .. 3000])->{status}, qr/^(?:431|413|0)$/, 'many header fields';
is $web->raw("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\nContent-Length: 99999999\r\n\r\n")->{status}, 413, 'a long body is refused before it comes';
is $web->raw("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\nContent-Length: 99999999999999999999999\r\n\r\n")->{status} =~ /^4/, 1, 'one beyond numbers, too';
my $chunk = "4000\r\n" . 'a' x 0x4000 . "\r\n";
is $web->raw("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\nTransfer-Encoding: chunked\r\n\r\n" . $chunk x 10)->{status}, 0,
    'one that does not say how long it is ends the connection';
is $web->get('/healthz')->{status}, 200, 'and all is well';

# ---- how often ----

my @many = map { $web->get('/healthz', client => '203.0.113.7') } 1 .. 90;
my $taken = grep { $_->{status} == 200 } @many;
ok $taken >= 60 && $taken < 90, "of 90 requests of one client, $taken were answered";
my ($refused) = grep { $_->{status} != 200 } @many;
is $refused->{status}, 429, 'the others were too many';
like $refused->{head}, qr/^Retry-After: \d+\r?$/m, 'and were told so';
is $web->get('/healthz', client => '203.0.113.8')->{status}, 200, 'another client is served meanwhile';
is $web->get('/healthz', client => '203.0.113.8, 203.0.113.7')->{status}, 429, 'it is the right-most address that counts';
is $web->get('/healthz', client => '203.0.113.8, 203.0.113.7, 10.1.2.3')->{status}, 429, 'beyond the proxies';
is $web->get('/healthz', client => '203.0.113.7, 203.0.113.8')->{status}, 200, 'whatever a client writes before it';

my @forged = map { $web->get('/healthz', from => '127.0.0.2', client => "192.0.2.$_") } 1 .. 90;
$taken = grep { $_->{status} == 200 } @forged;
ok $taken >= 60 && $taken < 90, 'who is no proxy is not believed to be others';
is $web->get('/healthz', client => '192.0.2.200')->{status}, 200, 'who is one is';
my @elements = map { $web->get('/healthz', client => '', fields => ['Forwarded: for="203.0.113.9:80";proto=https']) } 1 .. 90;
$taken = grep { $_->{status} == 200 } @elements;
ok $taken >= 60 && $taken < 90, 'Forwarded is understood, too';
is $web->get('/healthz', client => '203.0.113.9')->{status}, 429, 'as the same client';

# ---- how many, how slow, and what is no HTTP ----

my %noise = map { ($_ =~ s/[^ -~]/./gr =~ s/^(.{30}).*/$1/r) => [$web->connect, $_] } "\r\n\r\n\r\n\r\n", "GET\r\n\r\n", "GET /healthz\r\n\r\n",
    "GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n", "GET /healthz HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . 'a' x 60 . "\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nno colon here\r\n\r\n", "\0" x 100 . "\r\n\r\n", "HEAD /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n";
syswrite $_->[0], $_->[1] for values %noise;
my @idle = grep { defined } map { $web->connect('127.0.0.3') } 1 .. 12;
my @half = map { $web->connect } 1 .. 3;
syswrite $_, "GET /healthz HTTP/1.1\r\nHost: a\r\n" for @half;
my $since = Time::HiRes::time();
is $web->get('/healthz', from => '127.0.0.4')->{status}, 200, 'connections that say nothing keep nobody out';
is $web->get('/healthz', from => '127.0.0.3')->{status}, 0, 'but their own address has no more';
my $drops = 0; # a drop each half second keeps no connection open
while (my @open = grep { !IO::Select->new($_)->can_read(0) } @half) {
    local $SIG{PIPE} = 'IGNORE';
    last if Time::HiRes::time() - $since > 60;
    for my $socket (@open) { $drops++ if syswrite $socket, 'X' }
    select undef, undef, undef, 0.5;
}
cmp_ok Time::HiRes::time() - $since, '<', 60, "a request that comes by drops is not waited for ($drops drops)";
wait_for('the end of those that said nothing', sub { $web->get('/healthz', from => '127.0.0.3')->{status} == 200 });
pass 'nor one that does not come';
is_deeply [grep { $web->answer($noise{$_}[0])->{status} !~ /^(?:0|4\d\d|505)$/ } sort keys %noise], [], 'what is no HTTP gets no answer, or a refusal';
is $web->get('/healthz')->{status}, 200, 'and all is well';
close $_ for @idle, @half;

# ---- the calendar of those on call ----

my ($feed) = $daemon->command('oncall', '--feed', 'alice') =~ m{^(http://127\.0\.0\.1:$port/oncall\.ics\?agent=alice&key=\S+)$};
ok $feed, 'oncall --feed tells where an agent can subscribe';
is $daemon->json('oncall', '--feed', 'alice')->{feed}, $feed, 'as JSON, too';
my ($target) = ($feed // '') =~ m{(/oncall\.ics.*)};
my $calendar = $web->get($target);
is $calendar->{status}, 200, 'the calendar';
like $calendar->{head}, qr{^Content-Type: text/calendar; charset=utf-8}m, 'is one';
like $calendar->{body}, qr/^BEGIN:VCALENDAR\r\n.*^METHOD:PUBLISH\r\n.*^END:VCALENDAR\r\n\z/ms, 'published';
my @events = $calendar->{body} =~ /(^BEGIN:VEVENT.*?^END:VEVENT)/msg;
ok @events >= 17, 'with a duty each week: ' . @events;
like $events[0], qr/^SUMMARY:noc: Alice Nguyen\r\n.*/m, 'named after the schedule';
is scalar(grep { /^DTSTART:\d{8}T\d{6}Z\r$/m && /^DTEND:\d{8}T\d{6}Z\r$/m } @events), scalar @events, 'at times of UTC';
is_deeply [grep { $_->{from} ge $_->{to} } map { { from => /^DTSTART:(\S+)/m, to => /^DTEND:(\S+)/m } } @events], [], 'that end after they begin';
my %uids = map { /^UID:(\S+)/m ? ($1 => 1) : () } @events;
is scalar keys %uids, scalar @events, 'each with a UID of its own';
my $again = $web->get($target);
is $again->{body}, $calendar->{body}, 'the same duties are the same octets';
my ($tag) = $calendar->{head} =~ /^ETag: (\S+)\r?$/m;
my $known = $web->get($target, fields => ["If-None-Match: W/\"x\", $tag"]);
is "$known->{status} $known->{body}", '304 ', 'which a client that has them is not sent again';
is $web->get($target, fields => ['If-None-Match: "x"'])->{status}, 200, 'but another one is';
like $calendar->{head}, qr/^Cache-Control: private, max-age=\d+\r?$/m, 'no cache on the way keeps them';
is $web->request('HEAD', $target)->{body}, '', 'HEAD';

# An override cuts alice's duty in two, and what lies outside of it keeps its UID.
my $day = Time::HiRes::time() + 86400 * 3;
my @override = map { POSIX::strftime('%Y-%m-%dT%H:00:00Z', gmtime $_) } $day, $day + 7200;
$daemon->configure(teams => $teams . qq(agent "bob \303\251" { mail = "bob\@diytel.ca" language = "fr" }\n));
$daemon->reload;
$daemon->command('oncall', 'override', 'noc', "bob \303\251", '--from', $override[0], '--until', $override[1]);
my $cut = $web->get($target);
my %left = map { /^UID:(\S+)/m ? ($1 => 1) : () } $cut->{body} =~ /(^BEGIN:VEVENT.*?^END:VEVENT)/msg;
is scalar(grep { $left{$_} } keys %uids), scalar keys %uids, 'an override ends a duty, which keeps its UID';
is scalar keys %left, 1 + keys %uids, 'and begins another one after it';
my ($bobs) = $daemon->command('oncall', '--feed', "bob \303\251") =~ m{(/oncall\.ics\S+)};
unlike $bobs, qr/[^!-~]/, 'a name with blanks and letters from elsewhere is one in a URL, too';
my $his = $web->get($bobs);
my ($from, $to) = map { tr/:-//dr } @override;
like $his->{body}, qr/^DTSTART:$from\r\nDTEND:$to\r\n/m, 'bob has the two hours';
is scalar(() = $his->{body} =~ /BEGIN:VEVENT/g), 1, 'and no more';

my ($key) = $target =~ /key=(\S+)/;
my ($bobs_key) = $bobs =~ /key=(\S+)/;
my %wrong = (
    'no key' => '?agent=alice', 'no agent' => "?key=$key", 'an empty key' => '?agent=alice&key=', "another's key" => "?agent=alice&key=$bobs_key",
    "another's name" => "?agent=bob%20%C3%A9&key=$key", 'a forged key' => '?agent=alice&key=' . ($key =~ s/.$/$& eq 'a' ? 'b' : 'a'/er),
    'somebody else' => "?agent=nobody&key=$key", 'nothing' => '', 'the key only' => '?agent=alice&key=' . ($key =~ s/^alice\.//r),
);
is_deeply [grep { $web->get("/oncall.ics$wrong{$_}")->{status} != 404 } sort keys %wrong], [], 'without the right key there is nothing';
is $web->post($target, '')->{status}, 405, 'it is not posted to';

# ---- a start that cannot listen, and a reload ----

my $second = scratch('web2');
my $other = Frontdesk::Test::Daemon->new($second, relay => 1, extra => $settings);
my $pid = start_process("$other->{dir}/daemon.log", $other->under, "$Frontdesk::Test::Daemon::BUILD/src/frontdeskd", '-c', $other->config_path, '-f');
my $end = wait_for('the end of a daemon without its address', sub { my $status = end_of_process($pid); defined $status ? [$status] : undef });
is $end->[0] >> 8, 69, 'a daemon that cannot listen does not start';
like $other->log, qr/the web pages cannot be served on 127\.0\.0\.1:$port: Address already in use; see who listens there, or change "web"/, 'and says what to do';
$daemon->configure(extra => $settings =~ s/, "10\.0\.0\.0\/8"//r =~ s/^web = .*/web = "127.0.0.1:1"/r);
$daemon->reload;
like $daemon->log, qr/a changed "listen", "web" or "database" takes effect at the next start only/, 'a changed address is told of';
is $web->get('/healthz', client => '203.0.113.7, 10.1.2.3')->{status}, 200, 'what is believed changes with a reload: 10.1.2.3 is a client now';

is $site->stop, 0, 'the daemon stops in order';
is $web->connect, undef, 'and nobody serves any more';
done_testing;
