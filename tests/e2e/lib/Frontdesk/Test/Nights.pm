package Frontdesk::Test::Nights;

# Whom a desk should page in many nights, by which channel, when and why: worked out from the sentences of the manual on
# schedules, escalations and pages, and from what people did, on the wall clock of Berlin. It asks no program of ours.

use strict;
use warnings;
use Exporter 'import';
use List::Util qw(first max min uniq);
use POSIX ();

our @EXPORT_OK = qw(moment next_date wall);

$ENV{TZ} = 'Europe/Berlin';
POSIX::tzset();

# ---- the wall clock ----

sub wall { my ($format, $at) = @_; return POSIX::strftime($format, localtime $at) }

# The wall clock's "2026-10-25 02:30" as seconds since 1970; the first of two.
sub moment {
    my ($text) = @_;
    my ($year, $month, $day, $hour, $minute) = $text =~ /^(\d+)-(\d+)-(\d+) (\d+):(\d+)$/ or die "$text\n";
    for my $summer (1, 0) {
        my $at = POSIX::mktime(0, $minute, $hour, $day, $month - 1, $year - 1900, 0, 0, $summer);
        return $at if wall('%Y-%m-%d %H:%M', $at) eq $text;
    }
    die "the clock never shows $text\n";
}

sub next_date { my ($date, $days) = @_; return wall('%Y-%m-%d', moment("$date 12:00") + 86400 * ($days // 1)) }

# ---- the desk ----

# new(schedules => {name => {..}}, teams => {name => [agents]}, plan => {..}, window => seconds, update => seconds,
#     outages => [[from, to], ..])
# A schedule has shifts => [{agent, days => {MO => 1, ..}, from, to, except => {date => 1}}, ..], or
# turns => {agents => [..], days, start}; a plan has repeat, again, steps => [{name, schedule|team|agents, by, wait}, ..].
sub new {
    my ($class, %desk) = @_;
    return bless { overrides => [], incidents => [], windows => {}, made => [], %desk }, $class;
}

my @DAYS = qw(SU MO TU WE TH FR SA);

# The shift that begins on DATE: [from, to], or nothing.
sub shift_of {
    my ($shift, $date) = @_;
    return if !$shift->{days}{ $DAYS[wall('%w', moment("$date 12:00"))] } || ($shift->{except} // {})->{$date};
    my $end = $shift->{to} gt $shift->{from} ? $date : next_date($date);
    return (moment("$date $shift->{from}"), moment("$end $shift->{to}"));
}

sub by_shifts {
    my ($shifts, $at) = @_;
    my @found;
    for my $shift (@$shifts) {
        for my $date (map { wall('%Y-%m-%d', $at - $_) } 86400, 0) {
            my ($from, $to) = shift_of($shift, $date);
            push @found, $shift->{agent} if $from && $from <= $at && $at < $to;
        }
    }
    return @found;
}

# "A turn begins when the local clock shows the time; where it comes twice, at the first."
sub by_turns {
    my ($turns, $at) = @_;
    my ($date, $time) = split / /, $turns->{start};
    my $turn = 0;
    while (1) {
        $date = next_date($date, $turns->{days});
        return $turns->{agents}[$turn % @{ $turns->{agents} }] if moment("$date $time") > $at;
        $turn++;
    }
    return;
}

# "One that names an agent takes that agent's place, another one everybody's."
sub on_call {
    my ($self, $name, $at) = @_;
    my $schedule = $self->{schedules}{$name};
    my @agents = $schedule->{turns} ? by_turns($schedule->{turns}, $at) : by_shifts($schedule->{shifts}, $at);
    for my $override (grep { $_->{schedule} eq $name && $_->{from} <= $at && $at < $_->{to} } @{ $self->{overrides} }) {
        @agents = $override->{instead} ? map { $_ eq $override->{instead} ? $override->{agent} : $_ } @agents : $override->{agent};
    }
    return uniq @agents;
}

sub people {
    my ($self, $step, $at) = @_;
    return $self->on_call($step->{schedule}, $at) if $step->{schedule};
    return @{ $step->{agents} // $self->{teams}{ $step->{team} } };
}

# ---- pages ----

# "The first page to an agent by a channel goes out at once, further ones wait until the window that began with it has passed,
# and go out together."
sub page {
    my ($self, $incident, $agent, $channel, $at, $template, $why) = @_;
    my $page = { incident => $incident, number => $incident->{number}, agent => $agent, channel => $channel, made => $at,
        template => $template, why => $why };
    push @{ $self->{made} }, $page;
    my $window = $self->{windows}{"$agent $channel"} //= {};
    return push @{ $window->{held} }, $page if $window->{end} && $at < $window->{end};
    $page->{sent} = $at;
    $page->{first} = $page;
    %$window = (end => $at + $self->{window}, held => []);
    return;
}

sub end_window {
    my ($self, $window, $at) = @_;
    my @held = @{ $window->{held} };
    %$window = ();
    return if !@held; # nothing went out, so that nothing need wait for it
    @$_{qw(sent first)} = ($at, $held[0]) for @held;
    %$window = (end => $at + $self->{window}, held => []);
    return;
}

sub drop_held {
    my ($self, $incident) = @_;
    for my $window (values %{ $self->{windows} }) {
        $_->{dropped} = 1 for grep { $_->{incident} == $incident } @{ $window->{held} // [] };
        @{ $window->{held} } = grep { !$_->{dropped} } @{ $window->{held} // [] };
    }
    return;
}

# ---- steps ----

# The first step from that of INCIDENT on that reaches somebody; which were passed by, and why.
sub settle {
    my ($self, $incident, $at) = @_;
    my $plan = $incident->{plan};
    my $passed = '';
    while ($incident->{round} <= $plan->{repeat}) {
        my $step = $plan->{steps}[ $incident->{step} ];
        last if $self->people($step, $at);
        $passed .= qq(; nobody is on call by schedule "$step->{schedule}" of step "$step->{name}");
        next_step($incident);
    }
    if ($incident->{round} > $plan->{repeat}) { # "the last such one is the fallback"
        $incident->{step} = first { !$plan->{steps}[$_]{schedule} } reverse 0 .. $#{ $plan->{steps} };
    }
    return $passed && $passed . qq(, so that step "$plan->{steps}[ $incident->{step} ]{name}" is taken);
}

sub next_step {
    my ($incident) = @_;
    return $incident->{step}++ if $incident->{step} < $#{ $incident->{plan}{steps} };
    @$incident{qw(step round)} = (0, $incident->{round} + 1);
    return;
}

sub page_step {
    my ($self, $incident, $at, $why) = @_;
    my $step = $incident->{plan}{steps}[ $incident->{step} ];
    for my $agent ($self->people($step, $at)) {
        $self->page($incident, $agent, $_, $at, 'page', $why) for @{ $step->{by} };
    }
    $incident->{next} = $at + $step->{wait};
    return;
}

sub take_step {
    my ($self, $incident, $at, $why) = @_;
    my $passed = $self->settle($incident, $at);
    my $plan = $incident->{plan};
    my $stage = $incident->{round} > $plan->{repeat} ? "the fallback, after $plan->{repeat} round" . ($plan->{repeat} == 1 ? '' : 's') : "round $incident->{round} of $plan->{repeat}";
    $self->page_step($incident, $at, qq(step "$plan->{steps}[ $incident->{step} ]{name}", $stage: $why$passed));
    return;
}

sub escalate {
    my ($self, $incident, $at) = @_;
    my $name = $incident->{plan}{steps}[ $incident->{step} ]{name};
    next_step($incident) if $incident->{round} <= $incident->{plan}{repeat};
    return $self->take_step($incident, $at, qq(nobody has acknowledged step "$name"));
}

sub begin {
    my ($self, $incident, $at, $why) = @_;
    @$incident{qw(state step round)} = ('triggered', 0, 1);
    my $passed = $self->settle($incident, $at);
    return $self->page_step($incident, $at, $why . $passed);
}

# "An acknowledged incident without a public update in the policy's interval reminds its holder, then pages again."
sub watch {
    my ($self, $incident, $at) = @_;
    my $since = max($incident->{taken}, $incident->{answered} // 0);
    my $due = $since + $self->{update};
    return $incident->{next} = $due if $due > $at;
    my $why = "$incident->{holder} has it, but the customer was to be told by " . wall('%Y-%m-%d %H:%M %Z', $due) . ' how it goes';
    return $self->begin($incident, $at, $why) if ($incident->{reminded} // 0) > $since;
    my $step = $incident->{plan}{steps}[ $incident->{step} ];
    $self->page($incident, $incident->{holder}, $_, $at, 'page-reminder', $why) for @{ $step->{by} };
    @$incident{qw(reminded next)} = ($at, $at + $step->{wait});
    return;
}

# ---- time ----

# What the desk does while nobody does anything, until UNTIL; the moments at which it does.
sub advance {
    my ($self, $until) = @_;
    my @moments;
    while (1) {
        my ($incident) = sort { $a->{next} <=> $b->{next} || $a->{number} <=> $b->{number} } grep { $_->{next} } @{ $self->{incidents} };
        my ($window) = sort { $a->{end} <=> $b->{end} } grep { $_->{end} && @{ $_->{held} } } values %{ $self->{windows} };
        my $at = min(map { $self->awake($_) } $incident ? $incident->{next} : (), $window ? $window->{end} : ());
        last if !defined $at || $at > $until;
        push @moments, $at;
        if ($window && $self->awake($window->{end}) == $at) { $self->end_window($window, $at) }
        elsif ($incident->{state} eq 'triggered') { $self->escalate($incident, $at) }
        else { $self->watch($incident, $at) }
    }
    return uniq @moments;
}

# What falls into an outage is done when it is over.
sub awake {
    my ($self, $at) = @_;
    for my $outage (@{ $self->{outages} }) { $at = $outage->[1] if $at >= $outage->[0] && $at < $outage->[1] }
    return $at;
}

# ---- people ----

# A customer's mail that is an emergency, ticket NUMBER.
sub emergency {
    my ($self, $at, $number) = @_;
    my $incident = { number => $number, plan => $self->{plan} };
    push @{ $self->{incidents} }, $incident;
    $self->begin($incident, $at, 'an emergency');
    return $incident;
}

# "A further mail on an incident that nobody has acknowledged pages the step that was taken last once more."
sub insist {
    my ($self, $at, $incident) = @_;
    return if $incident->{state} ne 'triggered' || !$incident->{plan}{again};
    $self->take_step($incident, $at, 'a further mail came, and nobody has acknowledged');
    return;
}

# The incidents that the newest mail to AGENT about INCIDENT told of; none when there was no such mail.
sub told_of {
    my ($self, $agent, $incident) = @_;
    my ($mine) = grep { $_->{sent} && $_->{agent} eq $agent && $_->{channel} eq 'mail' && $_->{incident} == $incident } reverse @{ $self->{made} };
    return if !$mine;
    return ($mine->{first}, uniq map { $_->{incident} } grep { ($_->{first} // 0) == $mine->{first} } @{ $self->{made} });
}

sub take {
    my ($self, $at, $agent, @incidents) = @_;
    for my $incident (grep { $_->{state} eq 'triggered' } @incidents) {
        @$incident{qw(state holder taken)} = ('acknowledged', $agent, $at);
        $incident->{next} = $at + $self->{update};
        $self->drop_held($incident);
    }
    return;
}

sub answer { my ($self, $at, $incident) = @_; $incident->{answered} = $at; return }

sub resolve {
    my ($self, $at, @incidents) = @_;
    for my $incident (@incidents) {
        @$incident{qw(state next ended)} = ('resolved', undef, $incident->{ended} // $at);
        $self->drop_held($incident);
    }
    return;
}

1;
