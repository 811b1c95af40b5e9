#!/usr/bin/perl
# Who is on call, from the outside: whom an emergency and a breach page and who gets the ticket, by no calendar, a calendar, an
# override and a rotation; and what `frontdesk oncall` and `frontdesk doctor` say.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(spew wait_for);
use JSON::PP ();

plan skip_all => 'faketime is not installed' if !Frontdesk::Test::Daemon::can_fake_time();

my $teams = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { notify = {"noc@diytel.ca"} assign = "schedule noc" }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"tier1", "noc"} mobile = "+16045550101" }
agent "bob" { name = "Bob Singh" mail = "bob@diytel.ca" teams = {"noc"} mobile = "+16045550102" }
agent "carol" { name = "Carol Roy" mail = "carol@diytel.ca" teams = {"noc"} }
CONF
# Monday, 23 November 2026, 17:00 in Berlin: a zone whose offset is not about to change.
my $site = Frontdesk::Test::Site->new('oncall', daemon => {
    at => '2026-11-23 16:00:00', teams => $teams, policy => 'priority "p3" { respond = "30m" } breach "respond" { page = "noc" }',
    oncall => 'timezone = "Europe/Berlin" calendar = "noc.ics"',
});
my ($daemon, $sink) = ($site->daemon, $site->sink);
my ($ann, $told) = ('ann@customer.example', 0);

# Sends a mail; its ticket, and the agents and channels that it or what came of it paged, as "alice pager".
sub emergency {
    my ($subject, $role) = @_;
    $role //= 'emergency';
    my $answers = $site->send(from => $ann, to => ["$role\@diytel.ca"], mail => mail(from => $ann, to => "$role\@diytel.ca", subject => $subject));
    like $answers->{end}, qr/^250/, "$subject: taken";
    my ($ticket) = grep { $_->{subject} eq $subject } $daemon->tickets;
    return $ticket;
}

sub pages {
    my ($number) = @_;
    return [map { { who => "$_->{recipient} $_->{channel}", why => $_->{reason} } } @{ $daemon->json('show', $number)->{pages} }];
}

sub whom { return [sort map { $_->{who} } @{ pages(@_) }] }
sub oncall { return $daemon->json('oncall', @_) }

# The one whom the pager has been given a page for since the last call.
sub paged {
    my @pages = wait_for('the page', sub { my @all = $daemon->pages; @all > $told ? \@all : undef })->@*;
    my @new = @pages[$told .. $#pages];
    $told = @pages;
    return join ' ', map { $_->{agent} } @new;
}

# It is TIME now, and no emergency is left that somebody would be paged for again.
sub at_time {
    my ($time) = @_;
    $daemon->command('page', 'resolve', $_->{id}, '--as', 'alice') for @{ $daemon->json('page', 'list')->{incidents} };
    $daemon->set_time($time);
    return;
}

# What doctor says of CHECK, whatever else it finds.
sub doctor {
    my ($check) = @_;
    open my $pipe, '-|', $daemon->under, "$Frontdesk::Test::Daemon::BUILD/src/frontdesk", '-c', $daemon->config_path, 'doctor', '--json' or die $!;
    my $checks = JSON::PP->new->utf8->decode(join '', <$pipe>)->{checks};
    close $pipe;
    return map { "$_->{result} $_->{text}" } grep { $_->{check} eq $check } @$checks;
}

# ---- no calendar: the next step, at once ----

is scalar(grep { /^warn .*frontdesk\.conf:\d+: nobody is on call by schedule "noc", as its calendar is not known: .*noc\.ics/ } doctor('configuration')), 1,
    'a calendar that is not there: doctor tells';
my $ticket = emergency('nobody');
is_deeply whom($ticket->{number}), ['alice mail', 'bob mail', 'carol mail'], 'without it the next step is taken at once';
is pages($ticket->{number})->[0]{why}, 'an emergency; nobody is on call by schedule "noc" of step "first", so that step "all" is taken', 'and the page says why';
is $ticket->{assignee}, undef, 'nobody gets the ticket';
is_deeply oncall(), { schedules => [{ schedule => 'noc', agent => undef, until => undef, because => 'nobody is on call' }] }, 'oncall says so, too';

# ---- a calendar ----

spew("$site->{dir}/noc.ics", join "\r\n", 'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN',
    'BEGIN:VEVENT', 'UID:1', 'SUMMARY:bob', 'DTSTART;TZID=Europe/Berlin:20261123T080000', 'DTEND;TZID=Europe/Berlin:20261124T080000',
    'RRULE:FREQ=WEEKLY', 'END:VEVENT',
    'BEGIN:VEVENT', 'UID:2', 'SUMMARY:NOC', 'ATTENDEE:mailto:alice@diytel.ca', 'DTSTART;TZID=Europe/Berlin:20261124T080000',
    'DTEND;TZID=Europe/Berlin:20261127T080000', 'RRULE:FREQ=WEEKLY', 'END:VEVENT', 'END:VCALENDAR', '');
$daemon->reload;
$ticket = emergency('by calendar');
is_deeply whom($ticket->{number}), ['bob mail', 'bob pager'], 'whom the calendar names is paged, and nobody else';
is pages($ticket->{number})->[0]{why}, 'an emergency', 'for no other reason';
is paged(), 'bob', 'by the pager';
is $ticket->{assignee}, 'bob', 'and gets the ticket';
is_deeply oncall(), { schedules => [{ schedule => 'noc', agent => 'bob', until => '2026-11-24T07:00:00+00:00', because => "shift 'bob', Mon 08:00 to Tue 08:00" }] },
    'oncall: who, until when and why';
is oncall('--at', '2026-11-24T08:00')->{schedules}[0]{agent}, 'alice', 'at another time, by the wall clock of the schedule';
my $text = $daemon->command('oncall');
like $text, qr/^SCHEDULE +AGENT +UNTIL +BECAUSE *\nnoc +bob +2026-11-24T07:00:00\+00:00 +shift 'bob'/, 'as a table';
my $span = oncall('--from', '2026-11-23T12:00', '--to', '2026-11-28T00:00');
is_deeply [map { "$_->{schedule} $_->{agent} $_->{start} $_->{end}" } @{ $span->{shifts} }],
    ['noc bob 2026-11-23T07:00:00+00:00 2026-11-24T07:00:00+00:00', 'noc alice 2026-11-24T07:00:00+00:00 2026-11-27T07:00:00+00:00'], 'the shifts of a span, whole';
is_deeply $span->{gaps}, [{ schedule => 'noc', start => '2026-11-27T07:00:00+00:00', end => '2026-11-27T23:00:00+00:00' }], 'and its gaps';
like $daemon->command('oncall', '--from', '2026-11-23T12:00', '--to', '2026-11-28T00:00'), qr/\nNobody is on call:\n.*\nnoc +2026-11-27T07/, 'also in the table';

is_deeply [grep { /gap|nobody/ } doctor('oncall')], [map { "warn nobody is on call by schedule \"noc\" from $_ (Europe/Berlin)" }
    '2026-11-27 08:00 to 2026-11-30 08:00', '2026-12-04 08:00 to 2026-12-07 08:00', '2026-12-11 08:00 to 2026-12-14 08:00', '2026-12-18 08:00 to 2026-12-21 08:00'],
    'doctor tells the gaps of the next 30 days';

# ---- overrides ----

my $made = $daemon->json('oncall', 'override', 'noc', 'carol', '--from', '2026-11-23T12:00', '--until', '2026-11-23T20:00', '--instead', 'bob');
is $made->{overrides}[0]{from}, '2026-11-23T11:00:00+00:00', 'an override, by the wall clock of the schedule';
$ticket = emergency('by override');
is paged(), 'carol', 'it counts at once, without a reload';
is_deeply whom($ticket->{number}), ['carol mail', 'carol pager'], 'for her alone';
is $ticket->{assignee}, 'carol', 'who gets the ticket';
like oncall()->{schedules}[0]{because}, qr/^override 1 by \S+, instead of bob$/, 'oncall knows why';
is oncall()->{schedules}[0]{until}, '2026-11-23T19:00:00+00:00', 'and until when';
is_deeply [map { "$_->{id} $_->{agent} $_->{instead}" } @{ oncall('overrides')->{overrides} }], ['1 carol bob'], 'it is listed';
is_deeply [grep { /carol/ } doctor('oncall')], [], 'mail reaches her';
is oncall('remove', 1)->{overrides}[0]{id}, 1, 'it is taken back';
is oncall()->{schedules}[0]{agent}, 'bob', 'and counts no more';
is_deeply oncall('overrides')->{overrides}, [], 'nor is it listed';
is_deeply [map { "$_->{id} $_->{removed_at}" } @{ oncall('overrides', '--all')->{overrides} }], ['1 2026-11-23T16:00:00+00:00'], 'but among all there were';

# ---- a breach pages who is on call then ----

$ticket = emergency('late', 'support');
at_time('2026-11-24 18:00:00');
wait_for('the breach', sub { @{ pages($ticket->{number}) } });
is_deeply whom($ticket->{number}), ['alice mail', 'alice pager'], 'a breach pages who is on call when it comes';
paged();

# ---- a rotation ----

$daemon->configure(oncall => 'timezone = "Europe/Berlin" rotation { agents = {"carol", "alice"} every = "1d" start = "2026-11-24T08:00" }');
$daemon->reload;
is emergency('first turn')->{assignee}, 'carol', 'the first of the rotation gets it';
is paged(), 'carol', 'and is paged';
like oncall()->{schedules}[0]{because}, qr/^rotation, turn 1 of 2$/, 'oncall knows the turn';
at_time('2026-11-25 06:59:59');
is emergency('last moment')->{assignee}, 'carol', 'until the hour';
is paged(), 'carol', 'who is paged';
at_time('2026-11-25 07:00:00');
is emergency('next turn')->{assignee}, 'alice', 'from then on it is the next one';
is paged(), 'alice', 'who is paged';
is_deeply [doctor('oncall')], ['ok somebody is reached at any time of the next 30 days'], 'no gap: doctor finds nothing';

# ---- two on call at once ----

spew("$site->{dir}/both.ics", join "\r\n", 'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', 'BEGIN:VEVENT', 'UID:1', 'SUMMARY:NOC',
    'ATTENDEE:mailto:alice@diytel.ca', 'ATTENDEE:mailto:carol@diytel.ca', 'DTSTART;VALUE=DATE:20261125', 'END:VEVENT', 'END:VCALENDAR', '');
$daemon->configure(oncall => 'timezone = "Europe/Berlin" calendar = "both.ics"');
$daemon->reload;
my @both = map { emergency($_) } 'both', 'both again';
is_deeply [map { $_->{assignee} } @both], ['alice', 'alice'], 'of two on call the one with fewer tickets gets it';
is_deeply whom($both[0]{number}), ['alice mail', 'alice pager', 'carol mail', 'carol pager'], 'and both are paged';

spew("$site->{dir}/both.ics", join "\r\n", 'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', 'BEGIN:VEVENT', 'UID:1', 'SUMMARY:alice',
    'DTSTART:20261125T080000', 'DTEND:20261125T200000', 'RRULE:FREQ=DAILY', 'END:VEVENT', 'END:VCALENDAR', '');
my @nights = doctor('oncall');
is scalar(@nights), 11, 'a gap each night does not fill the screen';
like $nights[-1], qr/^warn schedule "noc" has 20 more gaps in the next 30 days/, 'but all are counted';

# ---- names that are gone, steps and agents that cannot be reached ----

$daemon->command('oncall', 'override', 'noc', 'bob', '--from', '2026-11-26T08:00', '--until', '2026-11-26T20:00');
$daemon->configure(oncall => 'timezone = "Europe/Berlin"', teams => $teams =~ s/^agent "bob".*\n//mr,
    roles => qq(escalation "sms" {\n step "a" { agents = {"carol"} by = {"pager"} }\n step "b" { team = "billing" by = {"mail"} }\n }));
my @said = doctor('oncall');
is scalar(grep { /^warn nobody is on call by schedule "noc" from 2026-11-25 08:00 to 2026-12-25 08:00/ } @said), 1, 'doctor: an empty schedule';
is scalar(grep { /^warn step "first" of escalation "noc" reaches nobody in the next 30 days: nobody is on call by its schedule/ } @said), 1, 'a step of nobody';
is scalar(grep { /^warn step "b" of escalation "sms" reaches nobody in the next 30 days: no agent is in its team/ } @said), 1, 'one of an empty team';
is scalar(grep { /^warn agent "carol" has no mobile, and step "a" of escalation "sms" has no channel that does without/ } @said), 1, 'an agent without a usable channel';
is scalar(grep { /^warn override 2 changes nothing, as the configuration has no "bob": frontdesk oncall remove 2/ } @said), 1, 'an override of who has left';
is scalar(@said), 5, 'and nothing else';

is $site->stop, 0, 'the daemon stops in order';
done_testing;
