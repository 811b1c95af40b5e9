#!/usr/bin/perl
# Thirty nights on call in Berlin, from 12 October to 10 November 2026: the clocks are put back in one of them. A calendar with
# gaps, a rotation, overrides; three agents who take emergencies, are late, fall asleep, or forget the customer; a changed
# escalation, a replaced calendar and an outage while incidents run. Time stands still and is set from event to event. Each
# page, to whom, by which channel, when and why, is compared with an account that is worked out beforehand
# (Frontdesk::Test::Nights).
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Nights qw(moment next_date wall);
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(scratch slurp spew wait_for);
use IO::Handle;
use IPC::Open2 qw(open2);
use JSON::PP ();
use List::Util qw(uniq);
use POSIX ();

plan skip_all => 'faketime is not installed' if !Frontdesk::Test::Daemon::can_fake_time();
plan skip_all => 'sqlite3(1) is not installed' if !-x '/usr/bin/sqlite3';

sub utc { return POSIX::strftime('%Y-%m-%d %H:%M:%S', gmtime $_[0]) }
sub utc_argument { return utc($_[0]) =~ s/ /T/r . 'Z' }

# ---- the desk ----

my ($first_night, $nights) = ('2026-10-12', 30);
my @outage = (moment('2026-11-04 01:00'), moment('2026-11-04 03:00'));
my ($window, $update) = (30, 20 * 60);
my %teams = (chiefs => ['alice', 'carol']);

sub days { return { map { $_ => 1 } @_ } }

# Who is on call by the calendar, one shift a line; nobody on Fridays, nor on the evening of 20 October.
my @weeks = (
    { agent => 'alice', days => days(qw(MO TU WE)), from => '20:00', to => '02:30', except => { '2026-10-20' => 1 } },
    { agent => 'bob', days => days(qw(TU WE TH)), from => '02:30', to => '07:00' },
    { agent => 'carol', days => days(qw(TH)), from => '20:00', to => '07:00' },
    { agent => 'bob', days => days(qw(SA)), from => '20:00', to => '02:30' },
    { agent => 'alice', days => days(qw(SA)), from => '22:00', to => '03:30' },
    { agent => 'carol', days => days(qw(SU)), from => '02:30', to => '23:00' },
    { agent => 'bob', days => days(qw(SU)), from => '23:00', to => '07:00' },
);
# What replaces it in the night of 29 October, in the middle of an incident.
my @other_weeks = (
    { agent => 'bob', days => days(qw(MO TU WE TH FR SA SU)), from => '21:00', to => '01:15' },
    { agent => 'carol', days => days(qw(MO WE FR)), from => '01:15', to => '06:00' },
);
my %deputies = (agents => [qw(carol alice bob)], days => 1, start => '2026-10-01 02:30');

sub step { my ($name, $who, $whom, $wait, @by) = @_; return { name => $name, $who => $whom, wait => 60 * $wait, by => \@by } }
my %plan = (repeat => 2, again => 1, steps => [
    step('night', schedule => 'noc', 4, 'pager', 'mail'),
    step('chiefs', team => 'chiefs', 6, 'sms', 'mail'),
    step('deputy', schedule => 'deputies', 5, 'siren'),
]);
my %other_plan = (repeat => 1, again => 0, steps => [
    step('carol', agents => ['carol'], 3, 'mail'),
    step('deputy', schedule => 'deputies', 4, 'siren'),
    step('night', schedule => 'noc', 7, 'pager', 'mail'),
]);

sub steps_section {
    my ($plan) = @_;
    my $text = "repeat = $plan->{repeat}\npage-again = " . ($plan->{again} ? 'true' : 'false') . "\n";
    for my $step (@{ $plan->{steps} }) {
        my $who = $step->{schedule} ? qq(schedule = "$step->{schedule}") : $step->{team} ? qq(team = "$step->{team}")
            : 'agents = {' . join(', ', map { qq("$_") } @{ $step->{agents} }) . '}';
        $text .= qq(step "$step->{name}" { $who by = {) . join(', ', map { qq("$_") } @{ $step->{by} }) . "} wait = \"$step->{wait}s\" }\n";
    }
    return $text;
}

sub ics {
    my @lines = ('BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN');
    for my $shift (@_) {
        my ($date) = grep { Frontdesk::Test::Nights::shift_of($shift, $_) } map { next_date('2026-09-28', $_) } 0 .. 7;
        my $zoned = sub { my ($name, $day, $time) = @_; return "$name;TZID=Europe/Berlin:" . "${day}T${time}00" =~ s/[-:]//gr };
        my $end = $shift->{to} gt $shift->{from} ? $date : next_date($date);
        push @lines, 'BEGIN:VEVENT', 'UID:' . @lines, "SUMMARY:$shift->{agent}", $zoned->('DTSTART', $date, $shift->{from}), $zoned->('DTEND', $end, $shift->{to}),
            'RRULE:FREQ=WEEKLY;BYDAY=' . join(',', sort keys %{ $shift->{days} }), (map { $zoned->('EXDATE', $_, $shift->{from}) } keys %{ $shift->{except} // {} }), 'END:VEVENT';
    }
    return join "\r\n", @lines, 'END:VCALENDAR', '';
}

my $account = Frontdesk::Test::Nights->new(
    schedules => { noc => { shifts => \@weeks }, deputies => { turns => \%deputies } },
    teams => \%teams, plan => \%plan, window => $window, update => $update, outages => [\@outage],
);

# ---- what people do ----

# What is done about an emergency: [minutes since it came, act, arguments].
my %styles = (
    prompt => [[2, 'take', 'command'], [17, 'close']],
    by_mail => [[2, 'take', 'mail'], [15, 'close']],
    second => [[6, 'take', 'mail'], [15, 'resolve', 'mail'], [16, 'close']],
    late => [[18, 'take', 'mail'], [19, 'take', 'command'], [32, 'close']],
    asleep => [[38, 'take', 'mail'], [47, 'close']],
    dozes => [[22, 'take', 'mail'], [23, 'close']],
    forgets => [[3, 'take', 'command'], [31, 'take', 'mail'], [33, 'answer'], [48, 'close']],
    reminded => [[3, 'take', 'command'], [25, 'answer'], [42, 'close']],
    insists => [[1, 'insist'], [8, 'insist'], [9, 'take', 'mail'], [10, 'insist'], [21, 'close']],
    unheard => [[27, 'close']],
    unanswered => [],
    held => [[3, 'take', 'command']],
    over => [[2, 'resolve', 'mail'], [8, 'take', 'mail'], [9, 'close']],
);
my @common = (('prompt') x 2, ('by_mail') x 4, ('second') x 3, ('over') x 2, 'late', 'insists', 'reminded');

srand 20261012;
my @script; # [moment, what, arguments]
my @emergencies; # {number, incident => the account's}, as it will be known

sub plan_emergency {
    my ($at, $style) = @_;
    my $emergency = {};
    push @emergencies, $emergency;
    push @script, [$at, 'emergency', $emergency];
    for my $act (@{ $styles{$style} }) {
        my ($minutes, $what, @arguments) = @$act;
        push @script, [$at + 60 * $minutes + int rand 50, $what, $emergency, @arguments];
    }
    return;
}

# The nights of which more is told below.
my %special = map { $_ => 1 } '2026-10-20', '2026-10-24', '2026-10-29', '2026-11-02', '2026-11-03';
for my $night (0 .. $nights - 1) {
    my $date = next_date($first_night, $night);
    next if $special{$date};
    plan_emergency(moment("$date 22:00") + int rand 3 * 3600, $common[rand @common]) if $night % 3;
    plan_emergency(moment(next_date($date) . ' 01:30') + int rand 4 * 3600, $common[rand @common]);
}
# A gap by an exception, and four emergencies in half a minute, of which one is taken before its page goes out.
plan_emergency(moment('2026-10-20 22:10'), 'dozes');
plan_emergency(moment('2026-10-21 03:00') + $_, 'by_mail') for 0, 8, 16;
push @script, [moment('2026-10-21 03:00') + 10, 'take', $emergencies[-2], 'command'];
# A page that waits for others is not needed any more: what comes next need not wait.
plan_emergency(moment('2026-10-21 05:00') + $_, 'over') for 0, 10, 40;
push @script, [moment('2026-10-21 05:00') + 20, 'take', $emergencies[-2], 'command'];
# The clocks are put back at 03:00; 02:10 and 02:40 come twice.
plan_emergency(moment('2026-10-25 01:50'), 'asleep');
plan_emergency(moment('2026-10-25 02:28'), 'late');
plan_emergency(moment('2026-10-25 02:40') + 3600, 'insists');
plan_emergency(moment('2026-10-25 02:10') + 3600, 'forgets');
plan_emergency(moment('2026-10-25 03:20'), 'unheard');
# A calendar that is replaced, an escalation that is changed.
plan_emergency(moment('2026-10-30 00:50'), 'dozes');
push @script, [moment('2026-10-30 01:00') + 20, 'calendar', \@other_weeks];
plan_emergency(moment('2026-11-02 22:30'), 'asleep');
push @script, [moment('2026-11-02 22:37') + 5, 'reload', \%other_plan];
push @script, [moment('2026-11-02 22:41') + 5, 'insist', $emergencies[-1]];
plan_emergency(moment('2026-11-02 22:45'), 'dozes');
push @script, [moment('2026-11-02 22:50') + 5, 'insist', $emergencies[-1]];
# An outage: one incident waits for somebody, one has its holder, and one comes when it is over.
plan_emergency(moment('2026-11-04 00:40'), 'held');
plan_emergency(moment('2026-11-04 00:52'), 'unanswered');
plan_emergency(moment('2026-11-04 03:10'), 'late');
push @script, [moment('2026-11-04 01:30'), 'tried'], [$outage[1], 'end of the outage'];
push @script, [moment('2026-11-04 03:14'), 'take', $emergencies[-2], 'mail'], [moment('2026-11-04 03:15'), 'take', $emergencies[-3], 'mail'],
    [moment('2026-11-04 03:25') + 30, 'close', $emergencies[-2]], [moment('2026-11-04 03:26'), 'close', $emergencies[-3]];
# A gap at the last step of the last round.
plan_emergency(moment('2026-11-05 02:00'), 'insists');
# Overrides: one for another, one for all, one that is taken back.
push @script, [moment('2026-10-13 12:00'), 'override', 'noc', 'carol', 'alice', moment('2026-10-13 21:00'), moment('2026-10-16 03:00')],
    [moment('2026-10-16 12:00'), 'override', 'noc', 'bob', undef, moment('2026-10-16 20:00'), moment('2026-10-17 03:30')],
    [moment('2026-10-22 12:00'), 'override', 'deputies', 'alice', undef, moment('2026-10-25 02:30') + 3600, moment('2026-10-26 06:00')],
    [moment('2026-10-26 12:00'), 'override', 'noc', 'carol', undef, moment('2026-10-26 20:00'), moment('2026-11-01 06:00')],
    [moment('2026-10-27 12:00'), 'remove', 4];
srand; # the names of temporary folders are no part of the script
@script = sort { $a->[0] <=> $b->[0] } @script;

# ---- what the account makes of it ----

my ($number, %acts, %clock) = (0); # acts by their moments; the moments at which the desk does something by itself

# By whom an act is done: {by, way, page => the page that is answered, about => [incidents]}.
sub choose {
    my ($at, $incident, $way) = @_;
    for my $agent ($way eq 'mail' ? qw(bob carol alice) : ()) {
        my ($page, @told) = $account->told_of($agent, $incident);
        return { by => $agent, way => 'mail', page => $page, about => \@told } if $page;
    }
    my ($agent) = $account->on_call('deputies', $at);
    return { by => $agent, way => 'command', about => [$incident] };
}

my %foretells = (
    emergency => sub { my ($at, $act) = @_; $act->[2]{number} = ++$number; $act->[2]{incident} = $account->emergency($at, $number) },
    take => sub { my ($at, $act) = @_; my $choice = $act->[3] = choose($at, $act->[2]{incident}, $act->[3]); $account->take($at, $choice->{by}, @{ $choice->{about} }) },
    resolve => sub { my ($at, $act) = @_; my $choice = $act->[3] = choose($at, $act->[2]{incident}, $act->[3]); $account->resolve($at, @{ $choice->{about} }) },
    close => sub { my ($at, $act) = @_; $account->resolve($at, $act->[2]{incident}) },
    answer => sub { my ($at, $act) = @_; $account->answer($at, $act->[2]{incident}) },
    insist => sub { my ($at, $act) = @_; $account->insist($at, $act->[2]{incident}) },
    override => sub {
        my ($at, $act) = @_;
        my %override;
        @override{qw(schedule agent instead from to)} = @$act[2 .. 6];
        push @{ $account->{overrides} }, \%override;
    },
    remove => sub { my ($at, $act) = @_; splice @{ $account->{overrides} }, $act->[2] - 1, 1 },
    calendar => sub { my ($at, $act) = @_; $account->{schedules}{noc}{shifts} = $act->[2] },
    reload => sub { my ($at, $act) = @_; $account->{plan} = $act->[2] },
);
for my $act (@script) {
    my ($at, $what) = @$act;
    $clock{$_} = 1 for $account->advance($at);
    my $before = @{ $account->{made} };
    $foretells{$what}->($at, $act) if $foretells{$what};
    $_->{by_act} = 1 for @{ $account->{made} }[$before .. $#{ $account->{made} }];
    push @{ $acts{$at} }, $act;
}
my $end = $script[-1][0] + 3600;
$clock{$_} = 1 for $account->advance($end);
my @moments = sort { $a <=> $b } uniq keys %acts, keys %clock, $end;
my @pages = grep { $_->{sent} } @{ $account->{made} };
my %kinds = ('a gap' => qr/nobody is on call by schedule "noc"/, 'a fallback' => qr/the fallback/, 'a gap before it' => qr/the fallback.*nobody is on call/,
    'a second round' => qr/round 2 of 2/, 'a further mail' => qr/a further mail/, 'a silent holder' => qr/has it, but/);
is_deeply [grep { my $why = $kinds{$_}; !grep { $_->{why} =~ $why } @pages } sort keys %kinds], [], 'the script has all that can happen';
note scalar @emergencies, ' emergencies, ', scalar @pages, ' pages, ', scalar @moments, ' moments, ', scalar keys %clock, ' of the clock';

# ---- what really happens ----

my $people = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { }
team "chiefs" { }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"noc", "chiefs"} mobile = "+16045550101" }
agent "bob" { name = "Bob Singh" mail = "bob@diytel.ca" teams = {"noc"} mobile = "+16045550102" }
agent "carol" { name = "Carol Roy" mail = "carol@diytel.ca" teams = {"chiefs"} mobile = "+16045550103" }
CONF
my %mobiles = (alice => '+16045550101', bob => '+16045550102', carol => '+16045550103');
my %mailboxes = map { ("$_\@diytel.ca" => [$_, 'mail'], "$mobiles{$_}\@sms.example" => [$_, 'sms']) } keys %mobiles;

# A channel whose pages are lines of FILE.
sub lines_to { my ($file) = @_; return qq(type = "command" command = {"/bin/sh", "-c", "page=\$(cat); printf '%s\\\\n' \\"\$page\\" >> $file"}) }

my $dir = scratch('nights-desk');
spew("$dir/noc.ics", ics(@weeks));
my $turns = join ', ', map { qq("$_") } @{ $deputies{agents} };
my $roles = qq(channel "siren" { @{[ lines_to("$dir/sirens") ]} }\nchannel "sms" { type = "mail" to = "{mobile}\@sms.example" }\n)
    . qq(schedule "deputies" { timezone = "Europe/Berlin" rotation { agents = {$turns} every = "1d" start = "@{[ $deputies{start} =~ s/ /T/r ]}" } }\n);
my $site = Frontdesk::Test::Site->new('nights', daemon => {
    at => utc($moments[0] - 60), teams => $people, roles => $roles, zone => 'Europe/Berlin', window => "${window}s", channel => lines_to("$dir/pages"),
    oncall => qq(timezone = "Europe/Berlin" calendar = "$dir/noc.ics"), steps => steps_section(\%plan),
    policy => qq(priority "p1" { calendar = "always" update = "${update}s" respond = "4h" }),
});
my ($daemon, $sink, $ann) = ($site->daemon, $site->sink, 'ann@customer.example');

# One sqlite3 answers all questions: starting one for each takes longer than the nights.
my $reader = open2(my $answers, my $questions, 'stdbuf', '-oL', 'sqlite3', '-readonly', '-separator', "\t", '-cmd', '.timeout 20000', $daemon->database);
$questions->autoflush(1);

sub sql {
    my ($query) = @_;
    my @rows;
    print {$questions} "$query;\nSELECT 'that is all';\n";
    while (defined(my $line = <$answers>)) {
        chomp $line;
        return @rows if $line eq 'that is all';
        push @rows, [split /\t/, $line];
    }
    die "sqlite3 has ended\n";
}

sub write_to {
    my ($to, $from, $subject, $body) = @_;
    return $site->send(from => $from, to => [$to], mail => mail(from => $from, to => $to, subject => $subject, body => "$body\n"));
}

sub accepted { my ($answers) = @_; return ($answers->{end} // '') =~ /^250/ || die 'not taken: ', join(' ', map { $_ // '' } $answers->{mail}, $answers->{end}), "\n" }

# The address of page ID, once its mail is there.
my %address_of;

sub address_of {
    my ($id) = @_;
    return $address_of{$id} //= wait_for("page $id", sub {
        for my $mail ($sink->new_mails) { $address_of{$2} = $1 if $mail->{head} =~ /^Reply-To: .*?(emergency\+p\.(\d+)\.[0-9a-z.]+\@diytel\.ca)/m }
        $address_of{$id};
    });
}

# WORD, "ack" or "resolve", from who is to say it, as they do.
sub say_word {
    my ($word, $emergency, $choice) = @_;
    return $daemon->command('page', $word, $emergency->{number}, '--as', $choice->{by}) if $choice->{way} eq 'command';
    my $page = $choice->{page};
    my ($row) = sql("SELECT id FROM outbox WHERE kind = 'page' AND ticket = $page->{number} AND recipient = '$choice->{by}' AND channel = 'mail' "
        . "AND leader IS NULL AND sent_at = $page->{sent} * 1000000") or die "no such page\n";
    return accepted(write_to(address_of($row->[0]), "$choice->{by}\@private.example", 'Re: EMERGENCY', $word));
}

my %does = (
    emergency => sub { accepted(write_to('emergency@diytel.ca', $ann, "case $_[0]{number}", 'Nothing works.')) },
    insist => sub { accepted(write_to('emergency@diytel.ca', $ann, "Re: [DIYTel #$_[0]{number}] case $_[0]{number}", 'Is anybody there?')) },
    take => sub { say_word('ack', @_) },
    resolve => sub { say_word('resolve', @_) },
    close => sub { $daemon->command('close', $_[0]{number}, '--quiet') },
    answer => sub { $daemon->reply($_[0]{number}, "We are at it.\n") },
    override => sub {
        my ($schedule, $agent, $instead, $from, $to) = @_;
        $daemon->command('oncall', 'override', $schedule, $agent, '--from', utc_argument($from), '--until', utc_argument($to), $instead ? ('--instead', $instead) : ());
    },
    remove => sub { $daemon->command('oncall', 'remove', $_[0]) },
    calendar => sub {
        my $again = () = $daemon->log =~ /calendars read again/g;
        spew("$dir/noc.new", ics(@{ $_[0] }));
        rename "$dir/noc.new", "$dir/noc.ics" or die $!;
        wait_for('the new calendar', sub { my $now = () = $daemon->log =~ /calendars read again/g; $now > $again });
    },
    reload => sub { $daemon->configure(steps => steps_section($_[0])); $daemon->reload },
    tried => sub { write_to('emergency@diytel.ca', $ann, 'not now', 'Nothing works.')->{mail} =~ /^451/ or die "taken by nobody\n" },
    'end of the outage' => sub { },
);

# What must hold whatever happens, also between two events: what breaks it.
my $broken = <<'SQL';
SELECT 'incident ' || id || ' waits for nothing' FROM incident WHERE state = 'triggered' AND next_at IS NULL
UNION ALL SELECT 'nobody watches the holder of incident ' || id FROM incident WHERE state = 'acknowledged' AND next_at IS NULL
UNION ALL SELECT 'resolved incident ' || id || ' goes on' FROM incident WHERE state = 'resolved' AND next_at IS NOT NULL
UNION ALL SELECT 'page ' || outbox.id || ' of an incident that is ' || incident.state || ' waits to go out' FROM outbox JOIN incident ON
    incident.id = outbox.incident WHERE kind = 'page' AND outbox.state IN ('due', 'sending') AND (incident.state = 'resolved' OR
    (incident.state = 'acknowledged' AND template = 'page'))
UNION ALL SELECT 'page ' || outbox.id || ' went out after the end of its incident' FROM outbox JOIN incident ON incident.id = outbox.incident
    WHERE kind = 'page' AND outbox.state = 'sent' AND sent_at > resolved_at
SQL
my @breaks;

sub check_always {
    my ($when) = @_;
    push @breaks, map { "$when: $_->[0]" } sql($broken);
    return;
}

# All that is due is done, and COUNT pages have gone out.
sub settle {
    my ($at, $count) = @_;
    my $now = $at * 1_000_000;
    my $query = "SELECT (SELECT count(*) FROM incident WHERE state = 'triggered' AND next_at <= $now), (SELECT count(*) FROM outbox WHERE kind = 'page' AND "
        . "state IN ('due', 'sending') AND due_at <= $now), (SELECT count(*) FROM outbox WHERE kind = 'page' AND state = 'sent')";
    my $found = '';
    eval { wait_for('pages', sub { $found = "@{ (sql($query))[0] }"; $found eq "0 0 $count" }, 15); 1 }
        or die utc($at), ": incidents and pages that are due and pages sent: $found instead of 0 0 $count\n";
    return;
}

sub count_sent { my ($at, $acted) = @_; return scalar grep { $_->{sent} < $at || ($_->{sent} == $at && ($acted || !$_->{by_act} || $_->{made} < $at)) } @pages }

sub live_through {
    my ($at) = @_;
    my $outage = $at >= $outage[0] && $at < $outage[1];
    $daemon->stop if $daemon->{pid} && $outage;
    $daemon->set_time(utc($at));
    $daemon->start if !$daemon->{pid} && !$outage;
    settle($at, count_sent($at)) if $clock{$at};
    for my $act (@{ $acts{$at} // [] }) {
        my (undef, $what, @arguments) = @$act;
        $does{$what}->(@arguments);
        check_always(wall('%m-%d %H:%M:%S %Z', $at) . ", after: $what");
    }
    settle($at, count_sent($at, 1)) if $acts{$at} && !$outage;
    check_always(wall('%m-%d %H:%M:%S %Z', $at));
    return;
}

my ($lived, $started) = (0, time);
for my $at (@moments) {
    last if !eval { live_through($at); 1 };
    $lived = $at;
}
is $@, '', 'a month of nights, from event to event';
is_deeply \@breaks, [], 'an incident that runs has a next action, and one that somebody has or that is over pages nobody';
note time - $started, ' seconds';

# ---- whom it paged, when and why ----

# Compares two lists whose order does not matter, and shows what only one of them has.
sub same {
    my ($found, $expected, $name) = @_;
    my %count;
    $count{$_}++ for @$found;
    $count{$_}-- for @$expected;
    my @wrong = grep { $count{$_} } sort keys %count;
    return pass $name if !@wrong;
    fail $name;
    splice @wrong, 40 if @wrong > 40;
    diag map { sprintf "%s: %s\n", $count{$_} > 0 ? 'not expected' : 'missing', $_ } @wrong;
    return;
}

sub line_of { my ($at, @words) = @_; return join ' | ', wall('%m-%d %H:%M:%S %Z', $at), @words }

@pages = grep { $_->{sent} <= $lived } @pages;
my $rows = "recipient, channel, template, '#' || ticket, reason FROM outbox WHERE kind = 'page'";
same([map { line_of(@$_) } sql("SELECT sent_at / 1000000, $rows AND state = 'sent'")],
    [map { line_of(@$_{qw(sent agent channel template)}, "#$_->{number}", $_->{why}) } @pages], @pages . ' pages: whom, how, when and why');
my @dropped = grep { $_->{dropped} && $_->{made} <= $lived } @{ $account->{made} };
same([map { line_of(@$_) } sql("SELECT created_at / 1000000, $rows AND state <> 'sent'")],
    [map { line_of(@$_{qw(made agent channel template)}, "#$_->{number}", $_->{why}) } @dropped], @dropped . ' pages were not needed any more');

# What came out of each channel: who, which emergency, and how many in one.
my %together;
$together{ $_->{first} }++ for @pages;
my @outs = grep { $_->{first} == $_ } @pages;

sub expected_by { my ($channel) = @_; return [map { "$_->{agent} #$_->{number} $together{$_}" } grep { $_->{channel} eq $channel } @outs] }

for my $channel (['pager', "$dir/pages"], ['siren', "$dir/sirens"]) {
    my ($name, $file) = @$channel;
    my @found = map { JSON::PP->new->utf8->decode($_) } -e $file ? split /\n/, slurp($file) : ();
    same([map { "$_->{agent} #$_->{ticket} " . ($_->{count} || 1) } @found], expected_by($name), "the $name was given each, and none twice");
}
address_of($_->[0]) for sql("SELECT id FROM outbox WHERE kind = 'page' AND state = 'sent' AND channel IN ('mail', 'sms') AND leader IS NULL");
my %came = (mail => [], sms => []);
for my $mail ($sink->mails) {
    my ($number) = $mail->{text} =~ /^Subject: (?:EMERGENCY|REMINDER) \[DIYTel #(\d+)\]/m or next;
    my $count = $mail->{body} =~ /^(\d+) emergencies; this is the first/m ? $1 : 1;
    my ($agent, $channel) = @{ $mailboxes{ $mail->{to}[0] } };
    push @{ $came{$channel} }, "$agent #$number $count";
}
same($came{$_}, expected_by($_), "by $_ each went out, and none twice") for sort keys %came;

# ---- how they stand ----

is_deeply [map { join ' ', @$_ } sql("SELECT ticket, state, coalesce(acknowledged_by, '-'), step, round FROM incident ORDER BY id")],
    [map { join ' ', $_->{number}, $_->{state}, $_->{holder} // '-', $_->{step}, $_->{round} } @{ $account->{incidents} }], 'who has taken which, and at which step' if $lived == $moments[-1];
close $questions;
waitpid $reader, 0;
is $site->stop, 0, 'the daemon stops in order';
done_testing;
