#!/usr/bin/perl
# The web pages from outside, octet by octet: what is served, what is refused, and what it takes to keep others from it.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Site qw(mail);
use Digest::SHA ();
use Frontdesk::Test::Support qw(free_port run scratch slurp spew start_process end_of_process wait_for);
use Frontdesk::Test::Web;
use IO::Select;
use JSON::PP ();
use MIME::Base64 ();
use POSIX ();
use Time::HiRes ();

my $teams = <<"CONF";
team "tier1" { notify = {"tier1\@diytel.ca"} }
team "billing" { notify = {"billing-team\@diytel.ca"} }
team "noc" { notify = {"noc\@diytel.ca"} }
agent "alice" { name = "Alice Nguyen" mail = "alice\@diytel.ca" teams = {"tier1", "noc"} mobile = "+16045550101" }
agent "bob \303\251" { name = "Bob Roy" mail = "bob\@diytel.ca" mobile = "+16045550102" language = "fr" }
CONF
my $port = free_port();
my $bob = "bob \303\251";
my $settings = qq(web = "127.0.0.1:$port"\nweb-url = "http://127.0.0.1:$port"\nweb-proxies = {"127.0.0.1", "10.0.0.0/8"}\npage-limit = 0\n);
my $secrets = scratch('secrets');
for my $name (qw(token old-token secret)) { spew("$secrets/$name", "$name-1234\n"); chmod 0600, "$secrets/$name" }
my $gateway = free_port(); # nobody listens: what goes out by Twilio fails, and is given an id by hand
my $roles = <<"CONF";
channel "sms" { type = "twilio" account = "AC123" token-file = "$secrets/token" old-token-file = "$secrets/old-token" from = "+16045550100" url = "http://127.0.0.1:$gateway" }
channel "hook" { type = "webhook" url = "http://127.0.0.1:$gateway/" secret-file = "$secrets/secret" }
channel "bare" { type = "webhook" url = "http://127.0.0.1:$gateway/" }
escalation "both" { step "all" { agents = {"alice", "$bob"} by = {"pager"} wait = "1h" } }
role "urgent" { address = {"urgent\@diytel.ca"} policy = "diytel" priority = "p1" team = "noc" page = "both" page-if = "known" }
CONF
my $site = Frontdesk::Test::Site->new('web', daemon => { extra => $settings, teams => $teams, roles => $roles });
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
$daemon->command('oncall', 'override', 'noc', $bob, '--from', $override[0], '--until', $override[1]);
my $cut = $web->get($target);
my %left = map { /^UID:(\S+)/m ? ($1 => 1) : () } $cut->{body} =~ /(^BEGIN:VEVENT.*?^END:VEVENT)/msg;
is scalar(grep { $left{$_} } keys %uids), scalar keys %uids, 'an override ends a duty, which keeps its UID';
is scalar keys %left, 1 + keys %uids, 'and begins another one after it';
my ($bobs) = $daemon->command('oncall', '--feed', $bob) =~ m{(/oncall\.ics\S+)};
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

# ---- acknowledging ----

my $ann = 'ann@customer.example';

# A mail that pages alice and bob: its ticket's number, and the page of each: {path, token, page, incident}.
sub urgent {
    my ($subject) = @_;
    my $before = () = $daemon->pages;
    $site->send(from => $ann, to => ['urgent@diytel.ca'], mail => mail(from => $ann, to => 'urgent@diytel.ca', subject => $subject));
    my @pages = wait_for("the pages of $subject", sub { my @all = $daemon->pages; @all >= $before + 2 ? \@all : undef })->@*;
    my %by;
    for my $page (@pages[$before .. $#pages]) {
        my ($path) = $page->{acknowledge_url} =~ m{^http://127\.0\.0\.1:$port(/ack/[0-9a-z.]+)$};
        $by{ $page->{agent} eq 'alice' ? 'alice' : 'bob' } = { path => $path, token => $path =~ s{/ack/}{}r, id => $page->{page}, incident => $page->{incident} };
    }
    return ($pages[-1]{ticket}, $by{alice}, $by{bob});
}

sub sql { my ($query) = @_; my $answer = run('sqlite3', '-cmd', '.timeout 20000', $daemon->database, $query); chomp $answer; return $answer }
sub state { my ($page) = @_; return sql("SELECT state || ' ' || coalesce(acknowledged_by, 'nobody') FROM incident WHERE id = $page->{incident}") }

# TEXT as it is read: without tags, blanks in a row as one.
sub words { my ($answer) = @_; return $answer->{body} =~ s/<style>.*?<\/style>//sr =~ s/<[^>]*>/ /gr =~ s/\s+/ /gr }

sub buttons { my ($answer) = @_; return [$answer->{body} =~ /<button name="action" value="(\w+)"/g] }

my ($number, $alices, $bobs_page) = urgent('line <b>cut</b> & "quoted" {{company}}');
my $page = $web->get($alices->{path});
is $page->{status}, 200, 'the link in a page';
like $page->{head}, qr{^Content-Type: text/html; charset=utf-8\r?$}m, 'leads to a page';
like words($page), qr/#$number line &lt;b&gt;cut&lt;\/b&gt; &amp; &quot;quoted&quot; \{\{company\}\} From &lt;ann\@customer\.example&gt; Customer C-1 Since \d\d:\d\d on \w+, Pacific Time Nobody has it yet\. Acknowledge /,
    'with ticket, subject as text, requester, customer, and since when';
is_deeply buttons($page), ['acknowledge'], 'and one button';
like $page->{body}, qr/<html lang="en">.*<meta name="viewport" content="width=device-width/s, 'fit for a phone';
unlike $page->{body}, qr/<script|\bsrc=|\bhref=|url\(|\@import|https?:/i, 'it needs nothing else';
for my $field ("Content-Security-Policy: default-src 'none';", 'Cache-Control: no-store', 'Referrer-Policy: no-referrer', 'X-Frame-Options: DENY', 'X-Robots-Tag: noindex') {
    like $page->{head}, qr/^\Q$field\E/mi, "with $field";
}
$web->get($alices->{path}) for 1 .. 3;
$web->request('HEAD', $alices->{path});
$web->get("$alices->{path}?action=acknowledge");
$web->request('GET', $alices->{path}, body => 'action=acknowledge');
is state($alices), 'triggered nobody', 'who only looks, as what scans links does, acknowledges nothing';
is $web->request($_, $alices->{path})->{status}, 405, "nor by $_" for qw(PUT DELETE OPTIONS PATCH);
like words($web->get($bobs_page->{path})), qr/Personne .* encore en charge\. Prendre en charge /, 'bob is told the same in his language';

is $web->post($alices->{path}, $_->[0], fields => $_->[1])->{status}, $_->[2], "posted as $_->[3]: not taken" for
    ['action=ack', [], 400, 'another action'], ['action=', [], 400, 'none'], ['action=%zz', [], 400, 'no form'],
    ['{"action":"acknowledge"}', ['Content-Type: application/json'], 415, 'JSON'], ['a' x 40_000, [], 413, 'too much'];
is state($alices), 'triggered nobody', 'nothing has changed';

# Both press at once.
my @sockets = map { $web->connect } 1, 2;
my @posts = map { "POST $_->{path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.77\r\nContent-Length: 18\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\naction=acknowledge" } $alices, $bobs_page;
syswrite $sockets[$_], $posts[$_] for 0, 1;
my @told = map { $web->answer($_) } @sockets;
is_deeply [map { $_->{status} } @told], [200, 200], 'both press at once';
my $holder = state($alices) =~ s/^acknowledged //r;
my ($first, $second) = $holder eq 'alice' ? (words($told[0]), words($told[1])) : (words($told[1]), words($told[0]));
like $first, $holder eq 'alice' ? qr/You have it now\./ : qr/Vous l.+avez maintenant en charge\./, 'one has it';
like $second, $holder eq 'alice' ? qr/Alice Nguyen l.+a en charge \(.*\d.*\)/ : qr/Bob Roy has it, since \d\d:\d\d on \w+, Pacific Time\./, 'the other one is told who, and since when';
my ($mine, $others) = $holder eq 'alice' ? ($alices, $bobs_page) : ($bobs_page, $alices);
like words($web->post($mine->{path}, 'action=acknowledge')), qr/You have it, since|Vous l.+avez en charge \(/, 'who presses again has it still';
is_deeply buttons($web->get($mine->{path})), ['resolve'], 'and may end it';
is_deeply buttons($web->get($others->{path})), [], 'the other one may not';
is state($alices), "acknowledged $holder", 'as it stands';
is sql("SELECT count(*) FROM event WHERE ticket = $number AND kind = 'taken' AND actor = '$holder' AND detail = 'by web'"), 1, 'and as the ticket tells, once';
like words($web->post($mine->{path}, 'action=resolve')), qr/You have resolved it|Vous l.+avez r.+solu/, 'ended';
like state($alices), qr/^resolved /, 'it is';
is_deeply buttons($web->get($mine->{path})), [], 'there is nothing left to press';
like words($web->post($others->{path}, 'action=acknowledge')), qr/Resolved: \d\d:\d\d|R.+solu : /, 'who comes late is told so';
like state($alices), qr/^resolved /, 'and changes nothing';

($number, $alices, $bobs_page) = urgent('by ntfy');
is $web->raw("POST $alices->{path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.78\r\nContent-Length: 0\r\n\r\n")->{status}, 200, 'what posts nothing, as a button of ntfy does';
is state($alices), 'acknowledged alice', 'acknowledges';
is sql("SELECT assignee FROM ticket WHERE number = $number"), 'alice', 'and gets the ticket';

# ---- links that lead nowhere ----

# What the daemon would sign, from its own key.
sub token {
    my ($purpose, $value) = @_;
    my $mac = substr Digest::SHA::hmac_sha256("token\0$purpose\0$value\0", slurp($daemon->database . '.d/secret')), 0, 10;
    my $bits = unpack 'B*', $mac;
    return "$value." . join '', map { substr 'abcdefghijklmnopqrstuvwxyz234567', oct "0b$_", 1 } $bits =~ /(.{5})/g;
}
($number, $alices, $bobs_page) = urgent('links');
is token('page', $alices->{id}), $alices->{token}, 'a token is a page\'s id, signed';
my %nowhere = (
    'a forged one' => $alices->{token} =~ s/.$/$& eq 'a' ? 'b' : 'a'/er, "of another page, with this one's signature" => $alices->{token} =~ s/^\d+/$bobs_page->{id}/r,
    'of a page that there is not' => token('page', 999_999), 'for another purpose' => token('oncall', $alices->{id}), 'of no page' => token('page', 'alice'),
    'beyond numbers' => token('page', '99999999999999999999'), 'of page 0' => token('page', 0), 'bare' => $alices->{id}, 'long' => 'a' x 8000,
);
for my $name (sort keys %nowhere) {
    my @answers = ($web->get("/ack/$nowhere{$name}"), $web->post("/ack/$nowhere{$name}", 'action=acknowledge'));
    is_deeply [map { $_->{status} } @answers], [404, 404], "a token $name";
    like words($answers[0]), qr/This link leads nowhere/, 'a plain page says so' if $name eq 'a forged one';
}
sql("UPDATE outbox SET created_at = created_at - 7 * 86400000000 WHERE id = $bobs_page->{id}");
my $expired = $web->post($bobs_page->{path}, 'action=acknowledge');
is $expired->{status}, 410, 'a link is good for seven days';
like words($expired), qr/Ce lien n.+est plus valable/, 'as its page says, in his language';
is_deeply buttons($expired), [], 'without a button';
is state($alices), 'triggered nobody', 'none of these changed anything';

# ---- a page of several ----

$daemon->configure(window => '2s');
$daemon->reload;
for my $subject ('storm 1', 'storm 2', 'storm 3') {
    $site->send(from => $ann, to => ['urgent@diytel.ca'], mail => mail(from => $ann, to => 'urgent@diytel.ca', subject => $subject));
}
my $leader = wait_for('the page of two', sub { sql("SELECT leader FROM outbox WHERE leader IS NOT NULL AND recipient = 'alice'") });
my $storm_path = '/ack/' . token('page', $leader);
my $several = $web->get($storm_path);
like words($several), qr/storm 2 .*storm 3 /, 'a page of several shows all of them';
is_deeply buttons($several), ['acknowledge'], 'with one button';
my @both = words($web->post($storm_path, 'action=acknowledge')) =~ /You have it now\./g;
is scalar @both, 2, 'for all';
$daemon->configure(window => '0s');
$daemon->reload;

# ---- Twilio ----

sub escape { my ($text) = @_; return $text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ger }

# A request of Twilio to HOOK ("sms") with FORM, signed by TOKEN; CHANGED is what comes instead of what was signed.
sub twilio {
    my ($hook, $form, $token, %changed) = @_;
    my $target = "/hooks/twilio/sms/$hook";
    my $text = join '', ($changed{url} // "http://127.0.0.1:$port") . $target, map { $_, $form->{$_} } sort keys %$form;
    my $signature = $changed{signature} // MIME::Base64::encode(Digest::SHA::hmac_sha1($text, $token // 'token-1234'), '');
    my %sent = (%$form, %{ $changed{form} // {} });
    return $web->post($changed{target} // $target, join('&', map { escape($_) . '=' . escape($sent{$_}) } sort keys %sent),
        fields => $changed{unsigned} ? [] : ["X-Twilio-Signature: $signature"]);
}

# What the sender of an SMS is answered.
sub sms {
    my ($from, $body) = @_;
    my $answer = twilio('sms', { From => $from, To => '+16045550100', Body => $body, MessageSid => 'SM' . 'a' x 32 });
    return "$answer->{status} $answer->{body}" if $answer->{status} != 200;
    return $answer->{body} =~ m{^<\?xml version="1\.0" encoding="UTF-8"\?>\n<Response>(?:<Message>(.*)</Message>)?</Response>\n\z}s ? $1 // '' : "not TwiML: $answer->{body}";
}

my ($alices_phone, $bobs_phone) = ('+16045550101', '+16045550102');
my ($older, $older_page) = urgent('older');
($number, $alices, $bobs_page) = urgent('newer');
my %ack = (From => $alices_phone, Body => 'ack');
my %refused = (
    'no signature' => twilio('sms', \%ack, undef, unsigned => 1), 'another token' => twilio('sms', \%ack, 'token-12345'), 'an empty token' => twilio('sms', \%ack, ''),
    'an empty signature' => twilio('sms', \%ack, undef, signature => ''), 'another URL' => twilio('sms', \%ack, undef, url => 'http://127.0.0.1:1'),
    'another sender' => twilio('sms', { %ack, From => $bobs_phone }, undef, form => { From => $alices_phone }),
    'a field too many' => twilio('sms', \%ack, undef, form => { Extra => '1' }), 'another query' => twilio('sms', \%ack, undef, target => '/hooks/twilio/sms/sms?a=b'),
);
is_deeply { map { $_ => $refused{$_}{status} } keys %refused }, { map { $_ => 403 } keys %refused }, 'an SMS that Twilio has not signed is refused';
is twilio('sms', \%ack, undef, target => "/hooks/twilio/$_/sms")->{status}, 404, "$_ is no channel of Twilio's" for qw(pager hook nobody);
is $web->get("/hooks/twilio/sms/$_")->{status}, 405, "$_ is not read" for qw(sms status digits);
is state($alices), 'triggered nobody', 'nobody has acknowledged by that';
is sms('+16045559999', 'ack'), '', 'a stranger gets no answer';
is sms('6045550101', 'ack'), '', 'nor does half a number';
like sms($alices_phone, 'what is going on?'), qr/^Answer &quot;ack&quot; or &quot;resolve&quot;/, 'an agent who writes something else is told what to write';
like sms($alices_phone, 'ack 999999'), qr/^There is no page to you for that\.$/, 'a ticket that there is not';
is state($alices), 'triggered nobody', 'it is as it was';
is sms($alices_phone, " ACK! \n"), "Ticket $number: you have it now.", 'ack: the last page';
is_deeply [state($alices), state($older_page)], ['acknowledged alice', 'triggered nobody'], 'and no other one';
like sms($bobs_phone, 'a'), qr/^Dossier $number : Alice Nguyen l.+a en charge \(/, 'a later one is told who has it, in his language';
is sms($bobs_phone, "ack #$older."), "Dossier $older : vous l\xe2\x80\x99avez maintenant en charge.", 'with a number, that ticket';
is state($older_page), "acknowledged $bob", 'is his';
is twilio('sms', { %ack, Body => 'r' }, 'old-token-1234')->{status}, 200, 'the token before this one is good while it is being changed';
is state($alices), 'resolved alice', 'r: resolved';
is scalar(grep { sms($alices_phone, 'hello') ne '' } 1 .. 40) <= 20, 1, 'two machines do not answer each other for ever';
like sms($bobs_phone, 'hello'), qr/^R/, 'but others are answered';
my ($silent, $silent_page) = urgent('silent');
is sms($alices_phone, 'ack'), '', 'who gets no answer any more';
is state($silent_page), 'acknowledged alice', 'acknowledges all the same';

# What became of a page: the outbox row of alice's page is taken for one that went out by this channel.
my $sid = 'SM' . '0123456789abcdef' x 2;
my $call = 'CA' . '0123456789abcdef' x 2;
($number, $alices, $bobs_page) = urgent('states');
sql("UPDATE outbox SET channel = 'sms', provider_id = '$sid' WHERE id = $alices->{id}; UPDATE outbox SET channel = 'sms', provider_id = '$call' WHERE id = $bobs_page->{id}");
sub fate { my ($row) = @_; return sql("SELECT coalesce(fate, 'none') || ' ' || (SELECT count(*) FROM event WHERE ticket = $number AND kind IN ('reached', 'undelivered')) FROM outbox WHERE id = $row->{id}") }
sub status { return twilio('status', {@_})->{status} }
is status(MessageSid => $sid, MessageStatus => 'queued'), 200, 'queued';
is fate($alices), 'none 0', 'tells nothing';
is status(MessageSid => $sid, MessageStatus => 'delivered'), 200, 'delivered';
is fate($alices), 'reached 1', 'is kept, and told in the ticket';
is status(MessageSid => $sid, MessageStatus => $_), 200, "$_, late or again" for qw(delivered sent sending queued);
is fate($alices), 'reached 1', 'changes nothing';
is status(MessageSid => 'SM' . 'f' x 32, MessageStatus => 'failed'), 200, 'of another message';
is status(MessageSid => $sid, MessageStatus => 'dancing'), 200, 'an unknown state';
is status(MessageStatus => 'failed'), 400, 'of none';
is fate($alices), 'reached 1', 'change nothing';
is twilio('status', { MessageSid => $sid, MessageStatus => 'failed' }, 'wrong')->{status}, 403, 'unsigned, it is refused';
is status(CallSid => $call, CallStatus => 'completed', SequenceNumber => 3), 200, 'a call that was answered';
is fate($bobs_page), 'reached 2', 'has reached him';
is state($bobs_page), 'triggered nobody', 'but is no acknowledgement';
is status(CallSid => $call, CallStatus => 'ringing', SequenceNumber => 1), 200, 'ringing, which comes late';
is status(CallSid => $call, CallStatus => 'no-answer', SequenceNumber => 2), 200, 'by its number';
is fate($bobs_page), 'reached 2', 'changes nothing';

my ($twice, $twice_page) = urgent('failed for now');
sql("UPDATE outbox SET channel = 'sms', provider_id = 'SM" . 'b' x 32 . "' WHERE id = $twice_page->{id}");
is status(MessageSid => 'SM' . 'b' x 32, MessageStatus => 'undelivered', ErrorCode => '30008'), 200, 'an error that may pass';
is sql("SELECT state || ' ' || last_error FROM outbox WHERE id = $twice_page->{id}"), 'due undelivered, error 30008', 'the page goes out again';
sql("UPDATE outbox SET state = 'sent', provider_id = 'SM" . 'c' x 32 . "' WHERE id = $twice_page->{id}");
is status(MessageSid => 'SM' . 'c' x 32, MessageStatus => 'delivered'), 200, 'the second try is delivered';
is sql("SELECT fate FROM outbox WHERE id = $twice_page->{id}"), 'reached', 'and counts, whatever the first one came to';

# A digit in a call.
sub digits {
    my ($token, $digit) = @_;
    my $target = '/hooks/twilio/sms/digits?page=' . escape($token);
    my $text = "http://127.0.0.1:$port$target" . 'CallSid' . $call . (defined $digit ? "Digits$digit" : '');
    my $answer = $web->post($target, "CallSid=$call" . (defined $digit ? '&Digits=' . escape($digit) : ''),
        fields => ['X-Twilio-Signature: ' . MIME::Base64::encode(Digest::SHA::hmac_sha1($text, 'token-1234'), '')]);
    return "$answer->{status} $answer->{body}";
}
for my $digit ('2', '', '11', '*', undef) {
    like digits($bobs_page->{token}, $digit), qr{^200 .*<Response><Gather numDigits="1" timeout="10" method="POST" action="http://127\.0\.0\.1:$port/hooks/twilio/sms/digits\?page=\Q$bobs_page->{token}\E"><Say language="fr-FR">Appuyez sur 1 pour prendre en charge\.</Say></Gather></Response>}s,
        (defined $digit ? "the digit '$digit'" : 'no digit') . ': asked again';
}
is state($bobs_page), 'triggered nobody', 'which is no acknowledgement';
like digits($alices->{token} =~ s/.$/$& eq 'a' ? 'b' : 'a'/er, 1), qr{^200 .*<Response><Say language="en-US">This page is no longer good\.</Say></Response>}s, 'a forged page';
like digits($bobs_page->{token}, 1), qr{^200 .*<Response><Say language="fr-FR">Dossier $number : vous l.+avez maintenant en charge\.</Say></Response>}s, '1 acknowledges';
is state($bobs_page), "acknowledged $bob", 'for him';
like digits($alices->{token}, 1), qr{<Say language="en-US">Ticket $number: Bob Roy has it, since }, 'a later one is told who has it';
is twilio('digits', { Digits => 1 })->{status}, 200, 'no page at all';

# ---- other programs ----

# A post to the hook of CHANNEL, signed; its status, and what it says. `text`: the request alone.
sub hook {
    my ($channel, $body, %option) = @_;
    my $at = int(Time::HiRes::time()) - ($option{age} // 0);
    my $mac = Digest::SHA::hmac_sha256_hex("$at.$body", $option{secret} // 'secret-1234');
    my $text = $web->compose('POST', "/hooks/page/$channel", body => $option{sent} // $body, fields => ['Content-Type: application/json',
        $option{unsigned} ? () : ('X-Frontdesk-Timestamp: ' . ($option{at} // $at), 'X-Frontdesk-Signature: sha256=' . ($option{mac} // $mac))]);
    return $text if $option{text};
    my $answer = $web->raw($text);
    my $said = eval { JSON::PP->new->utf8->decode($answer->{body}) };
    return wantarray ? ($answer->{status}, $said) : $answer->{status};
}

($number, $alices, $bobs_page) = urgent('hook');
my $order = qq({"token": "$alices->{token}", "action": "acknowledge"});
my %hooks = (
    'unsigned' => scalar hook('hook', $order, unsigned => 1), 'by another secret' => scalar hook('hook', $order, secret => 'secret'), 'an hour ago' => scalar hook('hook', $order, age => 3600),
    'for an hour from now' => scalar hook('hook', $order, age => -3600), 'at another time' => scalar hook('hook', $order, age => 10, at => int Time::HiRes::time()),
    'with another body' => scalar hook('hook', $order, sent => $order =~ s/acknowledge/resolve/r), 'without a time' => scalar hook('hook', $order, at => ''), 'by nothing' => scalar hook('hook', $order, mac => ''),
);
is_deeply \%hooks, { map { $_ => 403 } keys %hooks }, 'a hook that is not signed by the secret, and now, is refused';
is hook($_, $order), 404, "$_ is no channel with a secret" for qw(bare sms pager nobody);
is $web->get('/hooks/page/hook')->{status}, 405, 'it is not read';
is hook('hook', $_), 400, "not understood: $_" for '', '[]', '"x"', '{}', '{"action":"acknowledge"}', '{"token":1}', qq({"token":"$alices->{token}","action":"dance"}), qq({"token":"$alices->{token}","action":1}), $order . 'x';
is hook('hook', qq({"token":"1.aaaaaaaaaaaaaaaa"})), 404, 'a forged token';
is hook('hook', qq({"token":"$bobs_page->{token}"}), age => 100), 200, 'acknowledge, where nothing else is said';
is state($alices), "acknowledged $bob", 'for the agent of that page';
my ($code, $said) = hook('hook', $order);
is $code, 200, 'another one';
is_deeply $said, { incidents => [{ incident => $alices->{incident}, ticket => $number, state => 'acknowledged', acknowledged_by => $bob =~ s/\303\251/\x{e9}/r, done => JSON::PP::false }] }, 'is told who has it';
($code, $said) = hook('hook', qq({"token":"$bobs_page->{token}","action":"resolve"}));
is_deeply [$said->{incidents}[0]{state}, $said->{incidents}[0]{done}], ['resolved', JSON::PP::true], 'resolve';
chmod 0644, "$secrets/secret";
is hook('hook', $order), 403, 'a secret that others can read is none';
like $daemon->log, qr{channel hook: secret-file \Q$secrets\E/secret is open to others: chmod 600 it}, 'as the log says';
unlike $daemon->log, qr/(?:token|secret)-1234/, 'which tells no secret';

# ---- how many, how slow, and what is no HTTP; and all of it while the database is locked ----

($number, $alices, $bobs_page) = urgent('locked');
chmod 0600, "$secrets/secret";
open my $lock, '|-', 'sqlite3', $daemon->database or die $!;
$lock->autoflush(1);
print $lock ".timeout 20000\nBEGIN IMMEDIATE;\n.shell touch $site->{dir}/locked\n";
wait_for('the lock', sub { -e "$site->{dir}/locked" });
# From an address of their own: what the server has not seen the end of yet counts for the one that it came from.
my @waiting = map { $web->send($web->compose('POST', $alices->{path}, body => $_), '127.0.0.5') } 'action=acknowledge', 'action=resolve';
my $hook = $web->send(hook('hook', qq({"token":"$alices->{token}"}), text => 1), '127.0.0.5');

my %noise = map { ($_ =~ s/[^ -~]/./gr =~ s/^(.{30}).*/$1/r) => [$web->connect, $_] } "\r\n\r\n\r\n\r\n", "GET\r\n\r\n", "GET /healthz\r\n\r\n",
    "GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n", "GET /healthz HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . 'a' x 60 . "\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nno colon here\r\n\r\n", "\0" x 100 . "\r\n\r\n", "HEAD /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n";
syswrite $_->[0], $_->[1] for values %noise;
my @idle = grep { defined } map { $web->connect('127.0.0.3') } 1 .. 12;
my @half = map { $web->connect } 1 .. 3;
syswrite $_, "GET /healthz HTTP/1.1\r\nHost: a\r\n" for @half;
my $since = Time::HiRes::time();
is $web->get('/healthz', from => '127.0.0.3')->{status}, 0, 'connections that say nothing leave their own address no more';
like $web->get('/healthz', from => '127.0.0.4')->{status}, qr/^(?:200|503)$/, 'but keep nobody else out';
my $drops = 0; # a drop each half second keeps no connection open
while (my @open = grep { !IO::Select->new($_)->can_read(0) } @half) {
    local $SIG{PIPE} = 'IGNORE';
    last if Time::HiRes::time() - $since > 60;
    for my $socket (@open) { $drops++ if syswrite $socket, 'X' }
    select undef, undef, undef, 0.5;
}
cmp_ok Time::HiRes::time() - $since, '<', 60, "a request that comes by drops is not waited for ($drops drops)";
wait_for('the end of those that said nothing', sub { $web->get('/healthz', from => '127.0.0.3')->{status} });
pass 'nor one that does not come';
is_deeply [grep { $web->answer($noise{$_}[0])->{status} !~ /^(?:0|4\d\d|505)$/ } sort keys %noise], [], 'what is no HTTP gets no answer, or a refusal';
close $_ for @idle, @half;
for my $answer (map { $web->answer($_) } @waiting) {
    is $answer->{status}, 503, 'what cannot be written is not said to be done';
    like words($answer), qr/This cannot be done now/, 'but that it cannot';
}
is $web->answer($hook)->{status}, 503, 'nor to another program';
my @ill = map { $web->send($web->compose('GET', '/healthz')) } 1 .. 8; # each tries the database, which takes a while
like words($web->get($alices->{path})), qr/Nobody has it yet/, 'the page is shown meanwhile, however many ask how we are';
@ill = map { $web->answer($_) } @ill;
is_deeply [map { $_->{status} } @ill], [(503) x 8], 'healthz tells';
is scalar(grep { $_->{body} =~ /\A(?:database \S+: [^\n]+|the database does not answer)\n\z/ } @ill), 8, 'why, in a line';
print $lock "COMMIT;\n.quit\n";
close $lock;
wait_for('recovery', sub { $web->get('/healthz')->{status} == 200 });
like words($web->post($alices->{path}, 'action=acknowledge')), qr/You have it now\./, 'and all is well again';

# ---- a start that cannot listen, and a reload ----

my $elsewhere = scratch('web2');
my $other = Frontdesk::Test::Daemon->new($elsewhere, relay => 1, extra => $settings);
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
