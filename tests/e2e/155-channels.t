#!/usr/bin/perl
# Every channel: what its gateway is sent, field by field, and what the queue shows when a gateway misbehaves.
use strict;
use warnings;
use Test::More;
use Digest::SHA qw(hmac_sha256_hex);
use Encode qw(decode encode);
use Frontdesk::Test::Http;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(free_port scratch slurp spew wait_for);
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use MIME::QuotedPrint qw(decode_qp);

my $dir = scratch('gateways');
my $gate = Frontdesk::Test::Http->new("$dir/gate");
my ($ann, $json) = ('ann@customer.example', JSON::PP->new->utf8);
my $web = 'https://desk.example';
my %secret = (key => 'R' x 32, token => 'twilio-secret-token', ntfy => 'tk_ntfysecret', hook => 'hook-secret');
my $sid = 'AC' . '0' x 32;
spew("$dir/$_", "$secret{$_}\n"), chmod 0600, "$dir/$_" for keys %secret;
mkdir "$dir/$_" for 'asterisk', 'asterisk/outgoing', 'sms', 'sms/outgoing';
spew("$dir/template.json", '{"alert": "{{subject}}", "to": "{{agent}}"{{if test}}, "test": true{{end}}, "kind": "{{event}}"}' . "\n");

sub twilio { return 'type = "twilio" account = "' . $sid . qq{" token-file = "$dir/token" from = "+16045550100" timeout = "2s" url = "} . $gate->url($_[0]) . '"' }

my %channel = (
    json => 'type = "webhook" url = "' . $gate->url('/json') . qq{" headers = {"X-Site: north"} secret-file = "$dir/hook"},
    form => 'type = "webhook" body = "form" method = "PUT" url = "' . $gate->url('/form') . '"',
    slack => 'type = "webhook" body = "slack" url = "' . $gate->url('/slack') . '"',
    template => qq{type = "webhook" template = "$dir/template.json" url = "} . $gate->url('/template') . '"',
    pagerduty => qq{type = "pagerduty" key-file = "$dir/key" url = "} . $gate->url('/v2/enqueue') . '"',
    sms => twilio('/sms'),
    call => twilio('/call') . ' kind = "call"',
    ntfy => qq{type = "ntfy" token-file = "$dir/ntfy" url = "} . $gate->url('/topic') . '"',
    asterisk => qq{type = "asterisk" spool = "$dir/asterisk/outgoing" channel-pattern = "PJSIP/{mobile}\@trunk" context = "page" extension = "s" caller-id = "Desk <+16045550100>"},
    smstools => qq{type = "smstools" spool = "$dir/sms/outgoing"},
    short => 'type = "mail" to = "{digits}@sms.example.net" short = true',
    letter => 'type = "mail"',
);
# Each of these has a path of its own, and is well again when the test says so.
my %trouble = (
    hang => { hang => 1 }, drop => { drop => 1 }, slow => { slow => 1 }, error => { status => '500 Internal Server Error', body => "out\nof order" },
    later => { status => '429 Too Many Requests', head => ['Retry-After: 300'] },
    date => { status => '503 Service Unavailable', head => ['Retry-After: ' . http_date(time + 400)] },
    long => { status => '429 Too Many Requests', head => ['Retry-After: 86400'] },
    gone => { status => '404 Not Found' },
);
my %broken = map { ($_ => 'type = "webhook" timeout = "2s" url = "' . $gate->url("/$_") . '"') } keys %trouble;
$broken{chat} = 'type = "webhook" body = "slack" url = "' . $gate->url('/chat') . '"';
$broken{nochat} = 'type = "webhook" body = "slack" url = "' . $gate->url('/nochat') . '"';
$broken{badsms} = twilio('/badsms');
$broken{denied} = twilio('/denied');
$broken{badduty} = qq{type = "pagerduty" key-file = "$dir/key" url = "} . $gate->url('/badduty') . '"';
$broken{refused} = 'type = "webhook" url = "http://127.0.0.1:' . free_port() . '/"';
$broken{open} = qq{type = "ntfy" token-file = "$dir/open" url = "} . $gate->url('/open') . '"';
$broken{nospool} = qq{type = "smstools" spool = "$dir/nowhere/outgoing"};
spew("$dir/open", "$secret{ntfy}\n"), chmod 0644, "$dir/open";

sub http_date {
    my @t = gmtime $_[0];
    return sprintf '%s, %02d %s %04d %02d:%02d:%02d GMT', (qw(Sun Mon Tue Wed Thu Fri Sat))[$t[6]], $t[3],
        (qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[$t[4]], $t[5] + 1900, @t[2, 1, 0];
}

sub escalation {
    my ($name, $agent, @channels) = @_;
    my $by = join ', ', map { qq{"$_"} } @channels;
    return qq{escalation "$name" { step "all" { agents = {"$agent"} by = {$by} } }\n}
        . qq{role "$name" { address = {"$name\@diytel.ca"} policy = "diytel" priority = "p1" team = "noc" page = "$name" page-if = "known" }\n};
}

my %all = (%channel, %broken);
my $roles = join '', (map { qq{channel "$_" { $all{$_} }\n} } sort keys %all), escalation('every', 'alice', sort keys %channel),
    escalation('some', 'alice', sort keys %broken), escalation('numberless', 'carol', 'sms', 'smstools', 'asterisk', 'short');
my $teams = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { notify = {"noc@diytel.ca"} }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"noc"} mobile = "+16045550101" }
agent "carol" { name = "Carol Roy" mail = "carol@diytel.ca" mobile = "604 555" }
CONF

$gate->answer($_, %{ $trouble{ substr $_, 1 } }) for map { "/$_" } keys %trouble;
$gate->answer('/slack', body => 'ok');
$gate->answer('/chat', body => '<html>welcome</html>');
$gate->answer('/nochat', body => '{"ok":false,"error":"channel_is_archived"}');
$gate->answer('/v2/enqueue', status => '202 Accepted', body => '{"status":"success"}');
$gate->answer('/badduty', status => '400 Bad Request', body => qq({"status":"invalid event","errors":["'routing_key' $secret{key} is invalid"]}));
my $messages = "/2010-04-01/Accounts/$sid/Messages.json";
$gate->answer("/sms$messages", status => '201 Created', body => '{"sid":"SM' . '1' x 32 . '","status":"queued"}');
$gate->answer('/call' . $messages =~ s/Messages/Calls/r, status => '201 Created', body => '{"sid":"CA' . '2' x 32 . '"}');
$gate->answer("/badsms$messages", status => '201 Created', body => '{"sid":');
$gate->answer("/denied$messages", status => '401 Unauthorized', body => '{"code":20003,"message":"Authenticate"}');
$gate->answer('/topic', body => '{"id":"nTf1"}');

my $site = Frontdesk::Test::Site->new('channels', daemon => { roles => $roles, teams => $teams, extra => qq{web-url = "$web"} });
my $daemon = $site->daemon;

# Sends an emergency; its ticket's number.
sub emergency {
    my ($role, $subject) = @_;
    my $encoded = $subject =~ /[^ -~]/ ? '=?UTF-8?B?' . encode_base64(encode('UTF-8', $subject), '') . '?=' : $subject;
    $site->send(from => $ann, to => ["$role\@diytel.ca"], mail => mail(from => $ann, to => "$role\@diytel.ca", subject => $encoded));
    return (grep { $_->{role} eq $role } $daemon->tickets)[0]{number};
}

# The pages of a ticket by their channels.
sub pages {
    my ($ticket) = @_;
    return { map { ($_->{channel} => $_) } @{ $daemon->json('show', $ticket)->{pages} } };
}

sub form {
    my ($text) = @_;
    return [map { my ($name, $value) = split /=/, $_, 2; $value =~ s/%([0-9A-F]{2})/chr hex $1/ge; ($name, decode('UTF-8', $value)) } split /&/, $text];
}

# ---- what each is sent ----

my $subject = "Ng\x{1eaf}t <!here>; & \x{1f4ee} #9";
my $number = emergency('every', $subject);
my $text = "DIYTel #$number every: $subject ($ann)";
my $sent = wait_for('all pages', sub { my $pages = pages($number); (grep { $_->{state} ne 'sent' } values %$pages) ? undef : $pages }, 60);
is scalar keys %$sent, scalar keys %channel, 'every channel takes its page';
my ($hook) = $gate->requests('/json');
my $page = $json->decode($hook->{body});
my $link = $page->{acknowledge_url};
my ($incident_key, $page_id) = @$page{qw(incident_key page)};
my ($token) = $link =~ m{^\Q$web\E/ack/(\d+\.[a-z2-7]{16})$};
ok $token && $token =~ /^$page_id\./, 'the link has a signed token of its page';
is_deeply $page, {
    page => $sent->{json}{id}, incident => $page->{incident}, ticket => $number, event => 'trigger', test => JSON::PP::false,
    possible_repeat => JSON::PP::false, key => $sent->{json}{message_id}, incident_key => $incident_key, agent => 'alice',
    agent_name => 'Alice Nguyen', mobile => '+16045550101', role => 'every', priority => 'p1', subject => $subject, requester => $ann,
    customer => $page->{customer}, phone => '+1 604-635-0700', company => 'DIYTel', by => undef, count => 0, list => undef, limit => undef,
    acknowledge_url => $link, text => $text,
}, 'webhook: the JSON';
is $hook->{line}, 'POST /json HTTP/1.1', 'posted';
is $hook->{fields}{'content-type'}, 'application/json', 'as JSON';
is $hook->{fields}{'x-site'}, 'north', 'with the header of the configuration';
is $hook->{fields}{'idempotency-key'}, $page->{key}, 'with its key';
like $hook->{fields}{'x-frontdesk-timestamp'}, qr/^\d{10}$/, 'with the time';
is $hook->{fields}{'x-frontdesk-signature'}, 'sha256=' . hmac_sha256_hex("$hook->{fields}{'x-frontdesk-timestamp'}.$hook->{body}", $secret{hook}),
    'and signed, time and body';

my ($form) = $gate->requests('/form');
my %form = @{ form($form->{body}) };
is $form->{line}, 'PUT /form HTTP/1.1', 'form: the method of the configuration';
is $form->{fields}{'content-type'}, 'application/x-www-form-urlencoded', 'a form';
is_deeply [@form{qw(text event test by ticket mobile)}], [$text, 'trigger', 'false', '', $number, '+16045550101'], 'with the same values';
is_deeply [sort keys %form], [sort keys %$page], 'and the same names';
is $form->{fields}{'x-frontdesk-signature'}, undef, 'unsigned without a secret';

my ($slack) = $gate->requests('/slack');
my ($slack_link) = $slack->{body} =~ m{(\Q$web\E/ack/[0-9a-z.]+)};
my $escaped = $text =~ s/&/&amp;/gr =~ s/</&lt;/gr =~ s/>/&gt;/gr;
is_deeply $json->decode($slack->{body}), { text => "$escaped\n$slack_link" }, 'slack: the text, with nothing that Slack takes for its own';

my ($template) = $gate->requests('/template');
is_deeply $json->decode($template->{body}), { alert => $subject, to => 'alice', kind => 'trigger' }, 'template: filled in';

my ($duty) = map { $json->decode($_->{body}) } $gate->requests('/v2/enqueue');
my ($duty_link, $at) = ($duty->{client_url}, delete $duty->{payload}{timestamp});
like $at, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'pagerduty: the time in ISO 8601';
like $duty_link, qr{^\Q$web\E/ack/$sent->{pagerduty}{id}\.}, 'its own link';
is_deeply $duty, {
    routing_key => $secret{key}, event_action => 'trigger', dedup_key => $incident_key, client => 'DIYTel', client_url => $duty_link,
    links => [{ href => $duty_link, text => 'Acknowledge' }],
    payload => { summary => $text, source => 'DIYTel', severity => 'critical', group => 'every', class => 'emergency',
        custom_details => { ticket => $number, subject => $subject, requester => $ann, customer => $page->{customer}, agent => 'alice',
            test => JSON::PP::false, count => 0, list => undef } },
}, 'pagerduty: an event';

my ($sms) = $gate->requests("/sms$messages");
is $sms->{line}, "POST /sms$messages HTTP/1.1", 'twilio: the path';
is $sms->{fields}{authorization}, 'Basic ' . encode_base64("$sid:$secret{token}", ''), 'account and token';
my ($sms_link) = $sms->{body} =~ m{ack%2F([0-9a-z.]+)};
is_deeply form($sms->{body}), [To => '+16045550101', From => '+16045550100', Body => "$text\n$web/ack/$sms_link",
    StatusCallback => "$web/hooks/twilio/sms/status"], 'the form of an SMS';
my ($call) = $gate->requests('/call' . $messages =~ s/Messages/Calls/r);
my @call = @{ form($call->{body}) };
like $call[5], qr{^<Response><Gather numDigits="1" timeout="10" method="POST" action="\Q$web\E/hooks/twilio/call/digits\?page=$sent->{call}{id}\.[a-z2-7]{16}"><Say loop="3">\Q$escaped\E\. Press 1 to acknowledge\.</Say></Gather></Response>$},
    'twilio: what a call says';
is_deeply [@call[0 .. 4], @call[6 .. $#call]], [To => '+16045550101', From => '+16045550100', 'Twiml', StatusCallback => "$web/hooks/twilio/call/status",
    map { (StatusCallbackEvent => $_) } qw(initiated ringing answered completed)], 'the form of a call';

my ($ntfy) = $gate->requests('/topic');
is decode('UTF-8', $ntfy->{body}), $text, 'ntfy: the text';
is decode('MIME-Header', $ntfy->{fields}{title}), "DIYTel #$number: $subject", 'the title, as encoded words';
unlike $ntfy->{head}, qr/[^\r\n -~]/, 'and no header field has other characters than ASCII';
is_deeply [@{ $ntfy->{fields} }{qw(priority tags authorization)}], ['5', 'rotating_light', "Bearer $secret{ntfy}"], 'priority, tag and token';
is $ntfy->{fields}{actions}, "http, Acknowledge, $ntfy->{fields}{click}, method=POST, clear=true", 'a button that acknowledges';
like $ntfy->{fields}{click}, qr{^\Q$web\E/ack/$sent->{ntfy}{id}\.}, 'by its own link';

my ($call_file) = glob "$dir/asterisk/outgoing/*";
like $call_file, qr{/frontdesk-$sent->{asterisk}{id}-\d+\.call$}, 'asterisk: the name has the page in it';
my @lines = map { decode('UTF-8', $_) } split /\n/, slurp($call_file);
my ($agent_token) = grep { /FRONTDESK_TOKEN/ } @lines;
my ($asterisk_token) = $agent_token =~ /=(.*)/;
is_deeply \@lines, ['Channel: PJSIP/+16045550101@trunk', 'CallerID: Desk <+16045550100>', 'MaxRetries: 0', 'WaitTime: 45', 'Context: page',
    'Extension: s', 'Priority: 1', 'Setvar: FRONTDESK_TEXT=' . "DIYTel $number every: Ng\x{1eaf}t <!here>\\; & \x{1f4ee} 9 ($ann)",
    'Setvar: FRONTDESK_EVENT=trigger', "Setvar: FRONTDESK_TICKET=$number", "Setvar: FRONTDESK_INCIDENT=$page->{incident}",
    "Setvar: FRONTDESK_PAGE=$sent->{asterisk}{id}", 'Setvar: FRONTDESK_AGENT=alice', "Setvar: FRONTDESK_TOKEN=$asterisk_token",
    "Setvar: FRONTDESK_URL=$web/ack/$asterisk_token", 'Archive: yes'], 'the call file';
is_deeply [grep { !m{/outgoing$} } glob "$dir/asterisk/{*,.[a-z]*}"], [], 'and nothing is left beside the spool';

my ($sms_file) = glob "$dir/sms/outgoing/*";
my ($head, $body) = split /\n\n/, slurp($sms_file), 2;
is $head, "To: 16045550101\nAlphabet: UCS\nX-Frontdesk-Page: $sent->{smstools}{id}", 'smstools: the header';
like decode('UTF-16BE', $body), qr/^DIYTel #$number every: Ng\x{1eaf}t <!here>; & \? #9 \(\Q$ann\E\)\n\Q$web\E\/ack\//, 'the text in UCS-2';

my @mails = wait_for('both mails', sub { my @all = grep { "@{ $_->{to} }" =~ /alice|sms\.example/ } $site->sink->mails; @all == 2 ? \@all : undef })->@*;
my ($short) = grep { "@{ $_->{to} }" =~ /sms\.example/ } @mails;
my ($letter) = grep { "@{ $_->{to} }" =~ /alice/ } @mails;
is_deeply $short->{to}, ['16045550101@sms.example.net'], 'mail to SMS: the address';
is decode('UTF-8', decode_qp($short->{body} =~ s/\r//gr)), "EMERGENCY [DIYTel #$number] Ngat <!here>; & \x{1f4ee} #9 ($ann)\n",
    'one line, in the alphabet of SMS where that has a likeness';
like Frontdesk::Test::Sink::field($letter, 'Reply-To'), qr/^every\+p\.$sent->{letter}{id}\.[a-z2-7]{16}\@diytel\.ca$/, 'mail: answers go to the page\'s own address';
like $letter->{body}, qr{^Take it: \Q$web\E/ack/$sent->{letter}{id}\.[a-z2-7]{16}\r?$}m, 'the letter has the link';
like $letter->{body}, qr/answer this mail with "ack"; to end it, with "resolve"/, 'and says what an answer does';
my $events = join "\n", map { $_->{detail} // '' } @{ $daemon->json('show', $number)->{events} };
like $events, qr/alice by sms: HTTP 201 SM1{32}/, 'the ticket shows what the gateway called it';
$daemon->command('close', $number);

# ---- what goes wrong ----

my $some = emergency('some', 'trouble');
my $failed = wait_for('every failure', sub { my $pages = pages($some); (grep { !defined $_->{last_error} } values %$pages) ? undef : $pages }, 60);
my %says = (
    hang => qr/^channel hang: Timeout was reached$/, slow => qr/^channel slow: Timeout was reached$/,
    drop => qr/^channel drop: Server returned nothing/, refused => qr/^channel refused: Couldn't connect/,
    error => qr/^channel error: HTTP 500 out of order$/, later => qr/^channel later: HTTP 429$/, date => qr/^channel date: HTTP 503$/,
    long => qr/^channel long: HTTP 429$/, gone => qr/^channel gone: HTTP 404$/, chat => qr/^channel chat: HTTP 200, but the answer is not "ok"$/,
    nochat => qr/^channel nochat: HTTP 200, but not taken: channel_is_archived$/, badsms => qr/^channel badsms: HTTP 201, but the answer names no sid$/,
    denied => qr/^channel denied: HTTP 401 .*Authenticate/, badduty => qr/^channel badduty: HTTP 400 .*'routing_key' \*\*\* is invalid/,
    open => qr{^channel open: token-file \Q$dir\E/open is open to others: chmod 600 it}, nospool => qr{^channel nospool: \Q$dir\E/nowhere/outgoing/.* No such file},
);
like $failed->{$_}{last_error}, $says{$_}, "$_: the queue says so" for sort keys %says;
is_deeply [sort keys %says], [sort keys %$failed], 'no other page failed';
is_deeply [grep { $_->{state} !~ /^(?:due|sending)$/ } values %$failed], [], 'and none is given up';
is scalar $gate->requests('/open'), 0, 'a token that others can read is not used';

# Seconds from now until a page's next try.
sub pause {
    my ($channel) = @_;
    chomp(my $seconds = qx(date -d '$failed->{$channel}{due_at}' +%s));
    return $seconds - time;
}
# By itself a page would be tried again within a minute or so.
ok pause('later') > 120 && pause('later') <= 301, '429: tried again when the gateway said';
ok pause('date') > 120 && pause('date') <= 401, '503: as a date, too';
cmp_ok pause('long'), '<=', 601, 'but not put off for a day';

$gate->answer("/$_") for keys %trouble;
my $again = wait_for('the second tries', sub { my $pages = pages($some); (grep { $pages->{$_}{state} ne 'sent' } qw(hang drop slow error)) ? undef : $pages }, 90);
for my $channel (qw(hang drop slow error)) {
    my @tries = $gate->requests("/$channel");
    my @keys = map { $_->{fields}{'idempotency-key'} } @tries;
    my $last = $json->decode($tries[-1]{body});
    is_deeply [grep { $_ ne $again->{$channel}{message_id} } @keys], [], "$channel: each try has the same key";
    ok @tries > 1 && $last->{possible_repeat} && $last->{text} =~ /\(possibly again\)/, 'and the later one says that it may be a repetition';
}
like $daemon->log, qr{^.*channel open: token-file \Q$dir\E/open is open to others.*\n(?s:.*)serving on}m, 'a token that others can read: told at the start';
my $said = slurp("$daemon->{dir}/daemon.log") . $daemon->command('queue') . $daemon->command('show', $some) . join '', map { "$_" } values %$failed;
is_deeply [grep { index($said, $_) >= 0 } values %secret], [], 'no log and no queue has a secret in it';
$daemon->command('close', $some);

# ---- who has no number ----

my $numberless = emergency('numberless', 'quiet');
$failed = wait_for('the refusals', sub { my $pages = pages($numberless); (grep { !defined $_->{last_error} } values %$pages) ? undef : $pages });
is_deeply { map { ($_ => $failed->{$_}{last_error}) } keys %$failed },
    { map { ($_ => qq{channel $_: agent "carol" has no mobile in the form +16045550101}) } qw(sms smstools asterisk short) }, 'an agent without a number: the queue says so';
my $daemon_path = "$Frontdesk::Test::Daemon::BUILD/src";
my $checked = join '', qx($daemon_path/frontdeskd -t -c ${\$daemon->config_path} 2>&1);
like $checked, qr/frontdesk\.conf:\d+: step "all": agent "carol" has no mobile in the form \+16045550101, which channel "$_" needs/, "-t: $_" for qw(sms smstools asterisk short);
like $checked, qr{^channel open: token-file .* is open to others}m, '-t: the token that others can read';
my $doctor = join '', qx($daemon_path/frontdesk -c ${\$daemon->config_path} doctor 2>&1);
like $doctor, qr/^oncall +warn +agent "carol" has no mobile in the form \+16045550101, which channel "sms" of step "all" of escalation "numberless" needs/m, 'doctor: the number';
like $doctor, qr{^channels +fail +channel nospool: spool: files cannot be made in \Q$dir\E/nowhere}m, 'doctor: the spool';
unlike $doctor, qr/channel (?:pagerduty|ntfy|asterisk|template): /, 'doctor: nothing of what is in order';
is_deeply [grep { index("$checked$doctor", $_) >= 0 } values %secret], [], 'neither shows a secret';

is $site->stop, 0, 'the daemon stops in order';
$gate->stop;
done_testing;
