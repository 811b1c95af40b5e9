#!/usr/bin/perl
# Many emergencies in a short time: the first page goes out at once, those of the following minute together, by each kind of
# channel once; who takes such a page takes all that it tells of. And limits, so that a mail loop does not ring all night. The
# clock stands still until it is set.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Http;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(free_port run scratch slurp wait_for);
use Frontdesk::Test::Web;
use JSON::PP ();
use POSIX ();
use Time::Local qw(timegm);

plan skip_all => 'faketime is not installed' if !Frontdesk::Test::Daemon::can_fake_time();

my $storm = 1000;
my $people = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"noc"} mobile = "+16045550101" }
agent "bob" { name = "Bob Singh" mail = "bob@diytel.ca" teams = {"noc"} mobile = "+16045550102" language = "fr" }
CONF
my $now = timegm(0, 0, 16, 23, 10, 2026); # Monday
my $folder = scratch('storm-hook');
my $http = Frontdesk::Test::Http->new("$folder/http");
my $port = free_port();
my $settings = qq(page-limit-total = 0\nweb = "127.0.0.1:$port"\nweb-url = "http://127.0.0.1:$port"\nacknowledge-limit-total = 5\n);
my $channels = <<"CONF";
channel "hook" { type = "webhook" url = "${\ $http->url}" timeout = "3s" }
channel "sms" { type = "mail" to = "{mobile}\@sms.example" short = true }
CONF
my $steps = 'step "all" { agents = {"alice"} by = {"pager"} wait = "24h" }';
my $site = Frontdesk::Test::Site->new('storm', daemon => {
    at => clock(), teams => $people, steps => $steps, window => '1m', roles => $channels, extra => $settings,
});
my ($daemon, $sink) = ($site->daemon, $site->sink);
my $web = Frontdesk::Test::Web->new($port);
$daemon->customers(@Frontdesk::Test::Site::CUSTOMERS, '@customer.example,,Customer Inc,C-1,en,active');
my ($ann, %told) = ('ann@customer.example');

sub clock { return POSIX::strftime('%Y-%m-%d %H:%M:%S', gmtime $now) }
sub later { $now += $_[0]; $daemon->set_time(clock()); return }
sub sql { my ($query) = @_; return run('sqlite3', '-readonly', $daemon->database, $query) =~ s/\n\z//r }

# Number and subject of the ticket that a mail opens.
sub write_emergency {
    my ($subject, %more) = @_;
    my $answers = $site->send(from => $ann, to => ['emergency@diytel.ca'], mail => mail(from => $ann, to => 'emergency@diytel.ca', subject => $subject, %more));
    die "$answers->{end}\n" if $answers->{end} !~ /^250/;
    return sql("SELECT max(number) FROM ticket");
}

my %given = (
    pager => sub { my ($agent) = @_; return grep { $_->{agent} eq $agent } $daemon->pages },
    hook => sub { my ($agent) = @_; return grep { $_->{agent} eq $agent } map { JSON::PP->new->utf8->decode($_->{body}) } $http->requests },
    mail => sub { my ($agent) = @_; return grep { $_->{head} =~ /^Reply-To: .*\+p\./mi } $sink->mails_to("$agent\@diytel.ca") },
    sms => sub { my ($agent) = @_; return $sink->mails_to({ alice => '+16045550101', bob => '+16045550102' }->{$agent} . '@sms.example') },
);

our $at_least = 1; # pages that handed() waits for

# What each channel has been given for AGENT since the last call, once there is something.
sub handed {
    my ($agent, @channels) = @_;
    my %new;
    for my $channel (@channels ? @channels : sort keys %given) {
        my $before = $told{"$agent $channel"} // 0;
        my $all = wait_for("a page to $agent by $channel", sub { my @all = $given{$channel}->($agent); @all >= $before + $at_least ? \@all : undef }, 120);
        $told{"$agent $channel"} = @$all;
        $new{$channel} = [@{$all}[$before .. $#{$all}]];
    }
    return \%new;
}

# How many more there are.
sub given_more { my $count = 0; for my $key (keys %told) { my ($agent, $channel) = split / /, $key; $count += $given{$channel}->($agent) - $told{$key} } return $count }
sub none_waits { wait_for('no page to wait', sub { !sql("SELECT count(*) FROM outbox WHERE kind = 'page' AND state IN ('due', 'sending')") }, 120); return }
sub states { return join ' ', map { sql("SELECT coalesce((SELECT state || coalesce('-' || acknowledged_by, '') FROM incident WHERE ticket = $_ ORDER BY id DESC LIMIT 1), 'none')") } @_ }

# ---- by the link, and one of them by command ----

my @some = map { write_emergency("another $_") } 1 .. 4;
is handed('alice', 'pager')->{pager}[0]{ticket}, $some[0], 'the first one goes out at once';
later(60);
my $page = handed('alice', 'pager')->{pager}[0];
is_deeply [$page->{count}, $page->{list} =~ /#(\d+)/g], [3, @some[1 .. 3]], 'and the others together, all of them in the list';
$daemon->command('page', 'ack', sql("SELECT id FROM incident WHERE ticket = $some[2]"), '--as', 'bob');
is states(@some), 'triggered triggered acknowledged-bob triggered', 'one of them is taken by command';
my ($path) = $page->{acknowledge_url} =~ m{(/ack/.*)};
my $shown = $web->get($path);
is_deeply [$shown->{status}, map { $shown->{body} =~ /#$_\b/ ? 1 : 0 } @some], [200, 0, 1, 1, 1], 'the link of the page shows its incidents';
is $web->post($path)->{status}, 200, 'and takes';
is states(@some), 'triggered acknowledged-alice acknowledged-bob acknowledged-alice', 'all of them that nobody has';

# ---- a page of several that fails is tried again whole ----

$daemon->configure(steps => 'step "all" { agents = {"alice"} by = {"hook"} wait = "24h" }');
$daemon->reload;
later(120);
$told{'alice hook'} = $given{hook}->('alice');
@some = map { write_emergency("again $_") } 1 .. 5;
handed('alice', 'hook');
$http->answer('/page', hang => 1);
later(60);
my $tried = handed('alice', 'hook')->{hook}[0];
is $tried->{count}, 4, 'a page of four, which its gateway does not answer';
$daemon->command('page', 'ack', sql("SELECT id FROM incident WHERE ticket = $some[3]"), '--as', 'bob'); # while it is being sent
$http->answer('/page', status => '200 OK');
wait_for('the failure', sub { sql("SELECT count(*) FROM outbox WHERE kind = 'page' AND state = 'due' AND last_error IS NOT NULL") == 3 });
is sql("SELECT count(DISTINCT due_at) FROM outbox WHERE kind = 'page' AND state = 'due'"), 1, 'all of it waits for the same moment';
later(5);
my $again = handed('alice', 'hook')->{hook};
is scalar @$again, 1, 'it is tried again as one';
is_deeply [@{ $again->[0] }{qw(count possible_repeat)}, $again->[0]{list} =~ /#(\d+)/g], [3, JSON::PP::true, @some[1, 2, 4]],
    'whole, without the one that was taken meanwhile';
none_waits();
is sql("SELECT group_concat(state, ' ') FROM (SELECT state FROM outbox WHERE kind = 'page' AND ticket >= $some[0] ORDER BY ticket)"),
    'sent sent sent dropped sent', 'and nothing is left of it';

# ---- reminders become one, too, and are not mixed with pages ----

$daemon->configure(steps => 'step "all" { agents = {"alice"} by = {"mail"} wait = "24h" }', policy => 'priority "p1" { update = "30m" respond = "4h" }');
$daemon->reload;
later(120);
@some = map { write_emergency("tell me $_") } 1 .. 3;
later(60);
$told{'alice mail'} = wait_for('both pages', sub { my @all = $given{mail}->('alice'); @all == 2 ? 2 : 0 });
none_waits();
$daemon->command('page', 'ack', sql("SELECT id FROM incident WHERE ticket = $_"), '--as', 'alice') for @some;
later(30 * 60);
my $reminder = handed('alice', 'mail')->{mail}[0];
like $reminder->{head}, qr/^Subject: REMINDER \[DIYTel #$some[0]\]/m, 'a reminder at once';
my $fresh = write_emergency('in the same minute');
later(60);
my @two = wait_for('two pages', sub { my @all = $given{mail}->('alice'); @all > $told{'alice mail'} + 1 ? \@all : undef });
none_waits();
my @letters = $given{mail}->('alice');
my @new = splice @letters, $told{'alice mail'};
is scalar @new, 2, 'then further ones and a page as two letters';
my ($alarm) = grep { $_->{head} =~ /^Subject: EMERGENCY \[DIYTel #$fresh\] in the same minute/m } @new;
ok $alarm, 'the page says what it is';
my ($reminders) = grep { $_->{head} =~ /^Subject: 2 REMINDERS, the first is \[DIYTel #$some[1]\]/m } @new;
ok $reminders, 'and so do the reminders';
like $reminders->{body}, qr/^#$some[1] tell me 2 .*\n#$some[2] tell me 3 /m, 'which have a list' if $reminders;

# ---- limits ----

sub page_events { my ($number, $kind) = @_; return sql("SELECT coalesce(group_concat(detail, '|'), '') FROM event WHERE ticket = $number AND kind = '$kind'") }

(my $with_notify = $people) =~ s/team "noc" \{ \}/team "noc" { notify = {"noc\@diytel.ca"} }/;
$daemon->configure(teams => $with_notify, policy => '', window => '0s', limit => 3, steps => 'step "all" { agents = {"alice"} by = {"pager", "mail", "sms"} wait = "24h" }',
    extra => $settings =~ s/total = 0/total = 5/r);
$daemon->reload;
later(2 * 3600);
$told{"alice $_"} = $given{$_}->('alice') for keys %given;
my @loop = map { write_emergency("loop $_") } 1 .. 5;
none_waits();
is states(@loop), 'triggered triggered triggered none none', 'of one sender, as many page as the limit says';
my $pages = do { local $at_least = 3; handed('alice', 'pager', 'mail', 'sms') };
is join(' ', map { $_->{ticket} } sort { $a->{ticket} <=> $b->{ticket} } @{ $pages->{pager} }), "@loop[0 .. 2]", 'and no more';
my $note = qr/this sender's further emergencies of this hour page nobody/;
my ($final) = grep { $_->{ticket} == $loop[2] } @{ $pages->{pager} };
like $final->{text}, $note, 'the last one says so: as data';
like $final->{limit}, qr/^$note$/, 'in a member of its own, too';
is scalar(grep { defined $_->{limit} || $_->{text} =~ /page nobody/ } @{ $pages->{pager} }), 1, 'and no other one';
my @noted = grep { $_->{body} =~ /^Take note: this sender's further emergencies of this\s+hour page nobody\./m } @{ $pages->{mail} };
is join(' ', map { $_->{text} =~ /^Subject: EMERGENCY \[DIYTel #(\d+)\]/m } @noted), $loop[2], 'by mail';
is scalar(grep { $_->{body} =~ /\[DIYTel #$loop[2]\].*page nobody/ } @{ $pages->{sms} }), 1, 'by SMS';
is page_events($loop[3], 'not paged'), 'there have been 3 emergencies from this sender within the hour', 'the next one\'s ticket says why it pages nobody';
is sql("SELECT state FROM ticket WHERE number = $loop[3]"), 'open', 'but is open';
my $letters = wait_for('letters to the team', sub { my @all = grep { $_->{text} =~ /there have been 3 emergencies/ } $sink->mails_to('noc@diytel.ca'); @all == 2 ? \@all : undef });
is_deeply [sort map { $_->{text} =~ /^Subject: .*\[DIYTel #(\d+)\]/m } @$letters], [@loop[3, 4]], 'its team is told by mail';
$ann = 'ben@customer.example';
my @other = map { write_emergency("other $_") } 1 .. 3;
is states(@other), 'triggered triggered none', 'all senders together have a limit, too';
is page_events($other[2], 'not paged'), 'there have been 5 emergencies in all within the hour', 'as the ticket says';
none_waits();
$pages = handed('alice', 'pager')->{pager};
like((grep { $_->{ticket} == $other[1] } @$pages)[0]{text}, qr/: other 2 \(.*further emergencies of this hour page nobody/, 'and the last page within it');
later(3599);
is states(write_emergency('in vain')), 'none', 'a second before the hour is over';
later(2);
is states(write_emergency('an hour later')), 'triggered', 'then somebody is paged again';

# A mail loop, all night: the same sender, a Message-ID of its own each time.
later(2 * 3600);
($ann, my $rung) = ('ann@customer.example', sql('SELECT count(*) FROM incident'));
for my $mail (1 .. 24) { write_emergency("looping $mail"); later(600) }
is sql('SELECT count(*) FROM incident') - $rung, 12, 'a mail every ten minutes for four hours rings three times an hour';
my $worst = sql("SELECT max((SELECT count(*) FROM incident j WHERE j.started_at BETWEEN i.started_at AND i.started_at + 3599999999)) FROM incident i WHERE id > $rung");
is $worst, 3, 'and in no hour more often';

# A loop of answers to a ticket whose policy pages anew for each.
$daemon->configure(limit => 3, steps => 'page-again = true step "all" { agents = {"alice"} by = {"pager"} wait = "24h" }');
$daemon->reload;
later(2 * 3600);
none_waits();
$rung = $daemon->pages;
my $looped = write_emergency('to be answered');
for my $answer (1 .. 6) {
    write_emergency("Re: [DIYTel #$looped] to be answered $answer");
    wait_for('the clock', sub { !sql('SELECT count(*) FROM incident WHERE again') });
    none_waits();
}
is $daemon->pages - $rung, 3, 'answers to a ticket page anew as often as the limit says';
is page_events($looped, 'not paged'), join('|', ('3 messages have come on this ticket within the hour') x 4), 'and the ticket tells of the others';
later(3601);
write_emergency("Re: [DIYTel #$looped] to be answered at last");
wait_for('a page after an hour', sub { $daemon->pages == $rung + 4 });

# ---- a gateway that hangs ----

my @six = map { "agent$_" } 1 .. 6;
my $hung = Frontdesk::Test::Http->new("$folder/hung");
$hung->answer('/page', hang => 1);
$daemon->configure(limit => 0, teams => $people . join('', map { qq(agent "$_" { mail = "$_\@diytel.ca" }\n) } @six),
    roles => $channels . qq(channel "hung" { type = "webhook" url = "${\ $hung->url}" timeout = "5m" }\n),
    steps => 'step "all" { agents = {' . join(', ', map { qq("$_") } @six) . '} by = {"hung", "pager"} wait = "24h" }');
$daemon->reload;
later(7200);
my $held_up = write_emergency('by two ways');
is_deeply [sort map { $_->{agent} } wait_for('pages', sub { my @all = grep { $_->{ticket} == $held_up } $daemon->pages; @all == 6 ? \@all : undef })->@*], \@six,
    'a gateway that does not answer holds up nobody\'s page by another';
ok $hung->requests < 6, 'though it is asked for some of them only at the same time';
$daemon->command('close', $held_up);
$hung->stop;

# ---- the storm ----

$daemon->configure(teams => $people, roles => $channels, window => '1m', extra => $settings, steps => 'step "all" { team = "noc" by = {"pager", "hook", "mail", "sms"} wait = "24h" }');
$daemon->reload;
later(7200 - $now % 60);
my $until = POSIX::strftime('%Y-%m-%dT%H:%M:%S+00:00', gmtime $now + 60);
for my $agent (qw(alice bob)) { $told{"$agent $_"} = $given{$_}->($agent) for keys %given }
$ann = 'ann@customer.example';
my $first = write_emergency('the first of many');
for my $agent (qw(alice bob)) {
    my $pages = handed($agent);
    is join(' ', map { scalar @{ $pages->{$_} } } sort keys %$pages), '1 1 1 1', "the first page goes out at once, by each channel of $agent";
    is_deeply [@{ $pages->{pager}[0] }{qw(ticket count list)}], [$first, 0, undef], 'and tells of its own incident';
}
my ($second, $last) = ($first + 1, $first + $storm);
my @load = ("$Frontdesk::Test::Daemon::BUILD/tests/bench/milter-load", '--socket', $daemon->socket_path, '--to', 'emergency@diytel.ca', '--connections', 20, '--each', 25);
later(10);
my $taken = 0;
for my $part (1 .. 2) {
    my $result = JSON::PP::decode_json(run(@load, '--messages', $storm / 2, '--size', 200));
    $taken += $result->{accepted};
    later(20);
}
is $taken, $storm, "$storm more within the minute are taken";
is sql("SELECT count(DISTINCT requester) || ' ' || count(*) FROM ticket WHERE number > $first"), $storm / 2 . " $storm", 'from many senders, a ticket each';
is sql("SELECT count(*) FROM incident WHERE state = 'triggered' AND ticket >= $first"), $storm + 1, 'an incident each';
is sql("SELECT count(*) FROM ticket t WHERE number > $first AND 8 <> (SELECT count(*) FROM event WHERE ticket = t.number AND kind = 'held')"), 0,
    'each ticket tells of each page that is held';
my @queue = grep { $_->{kind} eq 'page' && $_->{ticket} > $first } @{ $daemon->json('queue')->{queue} };
is scalar @queue, 8 * $storm, 'the queue shows them all';
my %moments = map { join(' ', $_->{held} ? 'held' : 'not held', @{$_}{qw(state due_at)}) => 1 } @queue;
is_deeply [keys %moments], ["held due $until"], 'held, until the minute is over';
my ($line) = $daemon->command('queue') =~ /^($second +page +alice +pager .*)/m;
like $line, qr/ due +0 +\Q$until\E +held: goes out together with others$/, 'and says why';
is given_more(), 0, 'nobody was given another page meanwhile';

my @gone = ($first + 2, $first + 7, $last);
$daemon->command('page', 'ack', sql("SELECT id FROM incident WHERE ticket = $_"), '--as', 'bob') for @gone;
later(9);
is given_more(), 0, 'a second before its end nothing goes out';
later(1);
my $count = $storm - @gone;
my %group;
for my $agent (qw(alice bob)) {
    my $pages = $group{$agent} = handed($agent);
    is join(' ', map { scalar @{ $pages->{$_} } } sort keys %$pages), '1 1 1 1', "then $agent gets one page by each channel";
}
none_waits();
for my $channel (qw(pager hook)) {
    my $page = $group{alice}{$channel}[0];
    is "$page->{event} $page->{count} $page->{ticket}", "trigger $count $second", "$channel: count and first ticket";
    my @list = split /\n/, $page->{list};
    my ($more) = (pop @list) =~ /^and (\d+) more$/;
    is @list + ($more // 0), $count, 'a list, whose end says how many it leaves out';
    like $list[0], qr/^#$second The line at site \d+ is down \(customer\d+\@customer\.example\)$/, 'with number, subject and sender';
    like $list[1], qr/^#${\ ($first + 3)} /, 'without what was taken meanwhile';
    like $page->{text}, qr/^DIYTel: $count emergencies, the first is #$second emergency: The line/, 'and one line of text';
}
my $letter = $group{alice}{mail}[0];
like $letter->{head}, qr/^Subject: $count EMERGENCIES, the first is \[DIYTel #$second\] The line/m, 'mail: the subject says how many';
like $letter->{body}, qr/^#${\ ($first + 3)} The line at site .*^and \d+ more/ms, 'the body has the list';
like $letter->{body}, qr/answer this mail with "ack": that takes all $count/, 'and says that an answer takes all of them';
like $group{bob}{mail}[0]{head}, qr/^Subject: $count URGENCES, /m, 'in the agent\'s language';
my ($brief) = $group{alice}{sms}[0]{body} =~ /(\S.*\S)/;
like $brief, qr/^$count EMERGENCIES, first \[DIYTel #$second\] The line/, 'by SMS: how many, and the first';
cmp_ok length $brief, '<=', 160, 'in one SMS';

is sql("SELECT count(*) FROM outbox WHERE kind = 'page' AND state = 'sent' AND ticket > $first"), 8 * $count, 'the page of each ticket is sent';
is sql("SELECT count(*) FROM ticket t WHERE number > $first AND 8 <> (SELECT count(*) FROM event WHERE ticket = t.number AND kind = 'paged')"), scalar @gone,
    'as each ticket tells';
is sql("SELECT group_concat(state) FROM (SELECT DISTINCT state FROM outbox WHERE kind = 'page' AND ticket IN (" . join(',', @gone) . '))'), 'dropped',
    'but for those that were taken before';

# ---- who takes it takes all, by mail ----

my ($address) = $letter->{head} =~ /^Reply-To: .*?(emergency\+p\.[0-9a-z.]+\@diytel\.ca)/mi;
my $answer = $site->send(from => 'alice@diytel.ca', to => [$address], mail => mail(from => 'alice@diytel.ca', to => $address, subject => 'Re: EMERGENCIES', body => "ack\n"));
like $answer->{end}, qr/^250/, 'alice answers "ack"';
is sql("SELECT group_concat(s, ' ') FROM (SELECT state || '-' || coalesce(acknowledged_by, '') || '-' || count(*) AS s FROM incident WHERE ticket >= $first GROUP BY state, acknowledged_by ORDER BY 1)"),
    'acknowledged-alice-' . $count . ' acknowledged-bob-' . @gone . ' triggered--1', 'and has all that the page told of, and no other';

is $site->stop, 0, 'the daemon stops in order';
$http->stop;
done_testing;
