package Frontdesk::Test::Account;

# What a desk that promises as DIYTel does should do about one ticket, and when: worked out from the sentences of the customer
# service policy and from what people did, on the wall clock of America/Vancouver. It asks no program of ours.

use strict;
use warnings;
use utf8;
use Exporter 'import';
use List::Util qw(max min);
use POSIX ();

our @EXPORT_OK = qw(account add date_of due_of hours_of moment wall);

$ENV{TZ} = 'America/Vancouver';
POSIX::tzset();

# "Monday through Friday: 6:00 AM to 6:00 PM Pacific Time. Closed on statutory holidays"
our %HOLIDAYS = ('2026-11-11' => 'Remembrance Day', '2026-12-25' => 'Christmas Day');
our $TEN_DAYS = 10 * 86400;

# Who is told, and to whom a team escalates.
my %notify = (tier1 => 'tier1@diytel.ca', tier2 => 'tier2@diytel.ca', management => 'management@diytel.ca',
    success => 'success-team@diytel.ca', ceo => 'ceo@diytel.ca', noc => 'noc@diytel.ca');
my %next_team = (tier1 => 'tier2', tier2 => 'management', management => 'success', success => 'ceo', noc => 'management');
my %mail_of = (omar => 'omar@diytel.ca', june => 'june@diytel.ca', maya => 'maya@diytel.ca');
my %name_of = (omar => 'Omar Example', june => 'June Example', maya => 'Maya Example');
# Who is paged, by mail, until somebody acknowledges: after each five minutes, three rounds of the one step, and then it is the
# fallback.
my ($step, $patience, $rounds) = ('first', 300, 3);
my @emergency_team = qw(june omar);
my %pausable = (update => 1, resolve => 1);
my %reassigns = (respond => 1, resolve => 1);

# ---- the calendar ----

# The wall clock's "2026-10-26 09:00" or "2026-10-26 09:00:30" as seconds since 1970.
sub moment {
    my ($text) = @_;
    my ($year, $month, $day, $hour, $minute, $second) = $text =~ /^(\d+)-(\d+)-(\d+) (\d+):(\d+)(?::(\d+))?$/ or die "$text\n";
    return POSIX::mktime($second // 0, $minute, $hour, $day, $month - 1, $year - 1900, 0, 0, -1);
}

sub wall { my ($format, $at) = @_; return POSIX::strftime($format, localtime $at) }
sub date_of { return wall('%Y-%m-%d', $_[0]) }

# The hours of the local date DATE; nothing when it is closed.
sub hours_of {
    my ($date) = @_;
    return if $HOLIDAYS{$date} || wall('%u', moment("$date 12:00")) > 5;
    return [moment("$date 06:00"), moment("$date 18:00")];
}

# The stretches of CALENDAR ("desk" or "always") between FROM and TO that count, without PAUSES.
sub stretches {
    my ($calendar, $from, $to, @pauses) = @_;
    my @open = $calendar eq 'always' ? ([$from, $to]) : ();
    my $noon = moment(date_of($from) . ' 12:00');
    while ($calendar eq 'desk' && $noon < $to + 86400) {
        push @open, map { [max($_->[0], $from), min($_->[1], $to)] } hours_of(date_of($noon));
        $noon = moment(date_of($noon + 86400) . ' 12:00');
    }
    for my $pause (@pauses) {
        @open = map { [$_->[0], min($_->[1], $pause->[0])], [max($_->[0], $pause->[1]), $_->[1]] } @open;
    }
    return grep { $_->[0] < $_->[1] } @open;
}

# When SECONDS have counted since FROM.
sub add {
    my ($calendar, $from, $seconds, @pauses) = @_;
    for my $stretch (stretches($calendar, $from, $from + $TEN_DAYS, @pauses)) {
        my $length = $stretch->[1] - $stretch->[0];
        return $stretch->[0] + $seconds if $seconds <= $length;
        $seconds -= $length;
    }
    die "no end within ten days\n";
}

sub measure {
    my ($calendar, $from, $to, @pauses) = @_;
    my $sum = 0;
    $sum += $_->[1] - $_->[0] for stretches($calendar, $from, $to, @pauses);
    return $sum;
}

sub next_opening { my ($at) = @_; my ($first) = stretches('desk', $at, $at + $TEN_DAYS); return $first->[0] }

# ---- words ----

my %days = (fr => [qw(lundi mardi mercredi jeudi vendredi samedi dimanche)]);

# "14:05 on Monday, Pacific Time"; all moments here are less than a week off.
sub words {
    my ($language, $at) = @_;
    return wall('%H:%M on %A, Pacific Time', $at) if $language eq 'en';
    return $days{fr}[wall('%u', $at) - 1] . ' à ' . wall('%H:%M', $at) . ', heure du Pacifique nord-américain';
}

# A promise is not named before its minute is full.
sub promise_words {
    my ($language, $at) = @_;
    my $by = words($language, $at + -$at % 60);
    return $language eq 'en' ? "by $by" : "au plus tard $by";
}

# ---- what is promised ----

# What TICKET's terms give for TARGET: the calendar and seconds.
sub target {
    my ($ticket, $target) = @_;
    my $escalation = $ticket->{role} eq 'escalation';
    my $hours = $escalation || $ticket->{kind} eq 'escalated' ? 48 : $ticket->{kind} eq 'complex' ? 24 : 0;
    return ['always', $hours * 3600] if $target eq 'resolve' && $hours;
    my $first = $ticket->{priority} == 1 && !$escalation;
    my %usual = (acknowledge => 15, respond => 10, resolve => 30);
    my %emergency = (acknowledge => 1, respond => 15, update => 30, resolve => 24 * 60);
    my $minutes = $first ? $emergency{$target} : $usual{$target};
    return $minutes && [$first ? 'always' : 'desk', $minutes * 60];
}

sub pauses { my ($ticket, $target) = @_; return $pausable{$target} ? @{ $ticket->{pauses} } : () }

# When PROMISE is due as things are; undef while its clock stands still.
sub due {
    my ($ticket, $promise) = @_;
    my ($calendar, $seconds) = @{ target($ticket, $promise->{target}) };
    return if $ticket->{paused} && $pausable{ $promise->{target} };
    return add($calendar, $promise->{since}, $seconds, pauses($ticket, $promise->{target}));
}

# Three quarters of the time.
sub warning {
    my ($ticket, $promise) = @_;
    my ($calendar, $seconds) = @{ target($ticket, $promise->{target}) };
    return add($calendar, $promise->{since}, $seconds * 3 / 4, pauses($ticket, $promise->{target}));
}

sub is_open { return !$_[0]{met} && !$_[0]{dropped} }
sub find { my ($ticket, $target) = @_; return grep { $_->{target} eq $target && is_open($_) } @{ $ticket->{promises} } }

# The time that letters name for TARGET.
sub due_of { my ($ticket, $target) = @_; my ($promise) = find($ticket, $target); return $promise && due($ticket, $promise) }

sub begin {
    my ($ticket, $target, $since) = @_;
    push @{ $ticket->{promises} }, { target => $target, since => $since } if target($ticket, $target);
    return;
}

sub meet {
    my ($ticket, $target, $at) = @_;
    my ($promise) = find($ticket, $target) or return;
    my $due = due($ticket, $promise);
    $promise->{breached} //= $at if $due && $due < $at; # in an outage, before anybody noticed
    $promise->{met} = $at;
    $promise->{took} = measure(target($ticket, $target)->[0], $promise->{since}, $at, pauses($ticket, $target));
    return;
}

sub drop { my ($ticket, $target, $at) = @_; $_->{dropped} = $at for find($ticket, $target); return }

# ---- what goes out ----

sub event { my ($ticket, $at, $kind, $detail) = @_; push @{ $ticket->{events} }, [$at, $kind, $detail // '']; return }

# What came while nobody was there is seen to when somebody is again.
sub after_outage {
    my ($ticket, $at) = @_;
    for my $outage (@{ $ticket->{outages} }) { $at = $outage->[1] if $at >= $outage->[0] && $at < $outage->[1] }
    return $at;
}

sub letter {
    my ($ticket, $at, $to, $template, %said) = @_;
    my $sent = after_outage($ticket, $at);
    push @{ $ticket->{letters} },
        { at => $at, sent => $sent, to => $to, template => $template, number => $ticket->{number}, said => \%said };
    event($ticket, $sent, 'written', "$template to $to") if $to eq $ticket->{from} && $template =~ /^(update|resolved|reply|taken)$/;
    return;
}

# What letters to customers say about the future, as far as it is one.
sub promised {
    my ($ticket, $at, %names) = @_;
    my %said;
    while (my ($name, $target) = each %names) {
        my $due = due_of($ticket, $target);
        $said{$name} = promise_words($ticket->{language}, $due) if $due && $due > $at;
    }
    return %said;
}

sub who_has { my ($ticket) = @_; return $ticket->{assignee} ? (agent => $name_of{ $ticket->{assignee} }) : () }

sub tell_team {
    my ($ticket, $at, $team, $template, %said) = @_;
    letter($ticket, $at, $notify{$team}, $template, %said) if $team;
    return;
}

sub tell_assignee {
    my ($ticket, $at, $template, %said) = @_;
    letter($ticket, $at, $mail_of{ $ticket->{assignee} }, $template, %said) if $ticket->{assignee};
    return;
}

sub acknowledge {
    my ($ticket, $at) = @_;
    my $holiday = $HOLIDAYS{ date_of($at) };
    my $opening = next_opening($at);
    my $template = $ticket->{paged} ? 'emergency' : $ticket->{role} eq 'emergency' ? 'emergency-unverified'
        : $opening == $at ? 'acknowledgement' : $holiday ? 'holiday' : 'after-hours';
    my %said = promised($ticket, $at, answer => 'respond', solution => 'resolve');
    %said = (%said, promised($ticket, $at, update => 'update')) if $template eq 'emergency';
    $said{opening} = words($ticket->{language}, $opening) if $template =~ /^(holiday|after-hours)$/;
    $said{holiday} = $holiday if $template eq 'holiday';
    letter($ticket, $at, $ticket->{from}, $template, %said);
    event($ticket, $at, 'acknowledged', "to $ticket->{from}");
    meet($ticket, 'acknowledge', $at);
    return;
}

# ---- emergencies ----

sub page_agent {
    my ($ticket, $at, $agent, $template, $why) = @_;
    letter($ticket, $at, $mail_of{$agent}, $template);
    event($ticket, $at, 'paged', "$agent by noc-mail");
    push @{ $ticket->{pages} }, [$at, $agent, 'noc-mail', $template, $why];
    return;
}

sub page {
    my ($ticket, $at, $why) = @_;
    page_agent($ticket, $at, $_, 'page', $why) for @emergency_team;
    $ticket->{incident}{next} = $at + $patience;
    return;
}

sub begin_incident {
    my ($ticket, $at) = @_;
    $ticket->{incident} = { state => 'triggered', round => 1 };
    page($ticket, $at, $ticket->{role} eq 'emergency' ? 'an emergency' : 'a rule');
    return;
}

# Nobody has acknowledged within the time.
sub escalate {
    my ($ticket, $at) = @_;
    my $incident = $ticket->{incident};
    my $stage = ++$incident->{round} > $rounds ? "the fallback, after $rounds rounds" : "round $incident->{round} of $rounds";
    my $why = qq(step "$step", $stage: nobody has acknowledged step "$step");
    event($ticket, $at, 'escalation', $why);
    page($ticket, $at, $why);
    return;
}

# Whoever has it is to tell the customer in time how it goes; else they are reminded, and then all are paged again.
sub watch_holder {
    my ($ticket, $at) = @_;
    my $incident = $ticket->{incident};
    my $since = max($incident->{taken}, $ticket->{answered} // 0);
    my $target = target($ticket, 'update');
    my $due = $target && add(@$target[0], $since, @$target[1]);
    return $incident->{next} = $due if !$due || $due > $at;
    my $why = "$incident->{holder} has it, but the customer was to be told by " . wall('%Y-%m-%d %H:%M %Z', $due) . ' how it goes';
    my $reminded = ($incident->{reminded} // 0) > $since;
    event($ticket, $at, $reminded ? 'paged again' : 'reminded', $why);
    if (!$reminded) {
        page_agent($ticket, $at, $incident->{holder}, 'page-reminder', $why);
        @$incident{qw(reminded next)} = ($at, $at + $patience);
        return;
    }
    @$incident{qw(state round holder)} = ('triggered', 1);
    page($ticket, $at, $why);
    return;
}

sub go_on { my ($ticket, $at) = @_; return $ticket->{incident}{state} eq 'triggered' ? escalate(@_) : watch_holder(@_) }

# AGENT's word by WAY, "command", "mail" or "web"; only who is first changes anything.
sub take {
    my ($ticket, $at, $agent, $way) = @_;
    my $incident = $ticket->{incident};
    event($ticket, $at, 'filed') if $way eq 'mail';
    my $late = $incident->{state} ne 'triggered';
    event($ticket, $at, $late ? 'late' : 'taken', $late ? "would acknowledge by $way; $incident->{holder} has it" : "by $way");
    my $since = wall('%Y-%m-%d %H:%M %Z', $late ? $incident->{taken} : $at);
    my $answer = !$late ? 'you have it' : $incident->{holder} eq $agent ? "you have had it since $since"
        : "somebody else has it since $since. It is $incident->{holder}'s";
    letter($ticket, $at, $mail_of{$agent}, 'page-answer', taken => $answer) if $way eq 'mail';
    return if $late;
    @$incident{qw(state holder taken)} = ('acknowledged', $agent, $at);
    $ticket->{assignee} //= $agent;
    watch_holder($ticket, $at);
    return if $incident->{reminded}; # the customer was told before
    letter($ticket, $at, $ticket->{from}, 'taken', who_has($ticket), promised($ticket, $at, update => 'update', solution => 'resolve'));
    return;
}

sub end_incident {
    my ($ticket, $at) = @_;
    @{ $ticket->{incident} }{qw(state next)} = ('resolved') if $ticket->{incident};
    return;
}

# ---- opening ----

sub open_ticket {
    my ($ticket, $at) = @_;
    event($ticket, $at, 'opened');
    event($ticket, $at, $ticket->{escalated} ? 'escalated' : 'rule') if $ticket->{rule};
    begin($ticket, $_, $at) for qw(acknowledge respond update resolve);
    begin_incident($ticket, $at) if $ticket->{paged};
    acknowledge($ticket, $at);
    my $unpaged = $ticket->{role} eq 'emergency' && !$ticket->{paged};
    tell_team($ticket, $at, $ticket->{team}, $unpaged ? 'team-unverified' : 'team-new');
    return;
}

# ---- what the clock does ----

sub warn_of {
    my ($ticket, $promise, $at) = @_;
    my ($target, $due) = ($promise->{target}, due($ticket, $promise));
    $promise->{warned} = $at;
    event($ticket, $at, 'warned', "$target is due " . wall('%Y-%m-%d %H:%M %Z', $due));
    my %said = (due => words('en', $due));
    return tell_assignee($ticket, $at, 'team-reminder', %said) if $target eq 'update' && $ticket->{assignee};
    my $template = $target eq 'update' ? 'team-reminder' : 'team-warning';
    $said{target} = $target if $target ne 'update';
    tell_team($ticket, $at, $ticket->{team}, $template, %said);
    tell_assignee($ticket, $at, $template, %said);
    return;
}

sub miss {
    my ($ticket, $promise, $at) = @_;
    my ($target, $due) = ($promise->{target}, due($ticket, $promise));
    my $late = int(($at - $due) / 60);
    $promise->{breached} = $at;
    my $noticed = $at - $due > 60 ? "; noticed $late min late" : '';
    event($ticket, $at, 'breached', "$target was due " . wall('%Y-%m-%d %H:%M %Z', $due) . $noticed);
    my %said = (target => $target, due => words('en', $due));
    tell_assignee($ticket, $at, 'team-breach', %said);
    tell_team($ticket, $at, $_, 'team-breach', %said) for $ticket->{team}, $next_team{ $ticket->{team} };
    if ($target eq 'update') {
        my $length = $due - $promise->{since};
        $promise->{dropped} = $at;
        begin($ticket, 'update', $due + $length > $at ? $due : $at); # not a letter for each half hour that nobody was there
        letter($ticket, $at, $ticket->{from}, 'update', who_has($ticket), promised($ticket, $at, update => 'update', solution => 'resolve'));
    }
    if ($reassigns{$target} && $next_team{ $ticket->{team} }) {
        $ticket->{team} = $next_team{ $ticket->{team} };
        $ticket->{assignee} = undef;
        $ticket->{escalated} = 1;
    }
    return;
}

# The next thing that the clock has to do about TICKET: when, and for which promise, if it is not its incident.
sub next_timer {
    my ($ticket) = @_;
    my @found = $ticket->{incident} && $ticket->{incident}{next} ? [$ticket->{incident}{next}] : ();
    for my $promise (grep { is_open($_) && !$_->{breached} } @{ $ticket->{promises} }) {
        my $due = due($ticket, $promise) // next;
        my $warning = warning($ticket, $promise);
        push @found, [$promise->{warned} ? $due : $warning, $promise];
    }
    return (sort { $a->[0] <=> $b->[0] } @found)[0];
}

sub pass_time {
    my ($ticket, $until) = @_;
    while (my $timer = next_timer($ticket)) {
        my ($at, $promise) = @$timer;
        $at = after_outage($ticket, $at < $ticket->{now} ? $ticket->{now} : $at);
        return if $at > $until;
        if (!$promise) { go_on($ticket, $at) }
        else { due($ticket, $promise) <= $at ? miss($ticket, $promise, $at) : warn_of($ticket, $promise, $at) }
        $ticket->{now} = $ticket->{clock} = $at;
    }
    return;
}

# ---- what people do ----

# A target that is gone is promised no more; one that is new counts from the opening, an update from the last answer.
sub change_terms {
    my ($ticket, $at) = @_;
    my $answer = max(map { $_->{met} // 0 } grep { $_->{target} =~ /respond|update/ } @{ $ticket->{promises} });
    my $updates = grep { $_->{target} eq 'update' } @{ $ticket->{promises} };
    drop($ticket, 'update', $at) if !target($ticket, 'update');
    begin($ticket, 'update', $answer || $ticket->{opened}) if !$updates;
    return;
}

sub end_pause {
    my ($ticket, $at) = @_;
    push @{ $ticket->{pauses} }, [delete $ticket->{paused}, $at] if $ticket->{paused};
    return;
}

my %acts = (
    reply => sub {
        my ($ticket, $at) = @_;
        event($ticket, $at, 'answered');
        meet($ticket, $_, $at) for qw(respond update);
        begin($ticket, 'update', $at);
        letter($ticket, $at, $ticket->{from}, 'reply');
        $ticket->{answers}++;
        $ticket->{answered} = $at;
    },
    close => sub {
        my ($ticket, $at) = @_;
        event($ticket, $at, 'resolved');
        end_incident($ticket, $at);
        meet($ticket, 'resolve', $at);
        drop($ticket, $_, $at) for qw(respond update);
        $ticket->{paused} //= $at;
        $ticket->{state} = 'resolved';
        $ticket->{resolved} = $at;
        letter($ticket, $at, $ticket->{from}, 'resolved');
    },
    take => \&take,
    solve => sub { my ($ticket, $at) = @_; event($ticket, $at, 'incident resolved', 'by command'); end_incident($ticket, $at) },
    note => sub { my ($ticket, $at) = @_; event($ticket, $at, 'root cause') },
    assign => sub { my ($ticket, $at, $agent) = @_; event($ticket, $at, 'assigned', $agent); $ticket->{assignee} = $agent },
    kind => sub {
        my ($ticket, $at, $kind) = @_;
        event($ticket, $at, 'kind', $kind);
        $ticket->{kind} = $kind;
    },
    priority => sub {
        my ($ticket, $at, $priority) = @_;
        event($ticket, $at, 'priority', "from p$ticket->{priority} to p$priority");
        $ticket->{priority} = $priority;
        change_terms($ticket, $at);
    },
    pending => sub {
        my ($ticket, $at) = @_;
        event($ticket, $at, 'pending');
        $ticket->{paused} //= $at;
        $ticket->{state} = 'pending';
    },
    resume => sub { # by itself, at the time that was given with "pending"
        my ($ticket, $at) = @_;
        event($ticket, $at, 'resumed');
        end_pause($ticket, $at);
        $ticket->{state} = 'open';
    },
    write => sub {
        my ($ticket, $at, %more) = @_;
        my $ended = $ticket->{state} =~ /resolved|closed/;
        event($ticket, $at, 'continued');
        event($ticket, $at, $ended ? 'reopened' : 'resumed') if $ended || $ticket->{state} eq 'pending';
        end_pause($ticket, $at);
        if ($ended) {
            delete @$_{qw(met took)} for grep { $_->{target} eq 'resolve' } @{ $ticket->{promises} };
            delete $ticket->{resolved};
            begin($ticket, 'update', $at);
            $ticket->{reopened} = 1;
        }
        $ticket->{state} = 'open';
        begin($ticket, 'respond', $at) if !find($ticket, 'respond');
        return if $more{moves};
        $ticket->{assignee} ? tell_assignee($ticket, $at, 'team-message') : tell_team($ticket, $at, $ticket->{team}, 'team-message');
    },
);
$acts{alarm} = sub { # the customer writes that it has become an emergency
    my ($ticket, $at) = @_;
    $acts{write}->($ticket, $at, moves => 1); # the team that has it now is told
    event($ticket, $at, 'rule');
    @$ticket{qw(priority team assignee)} = (1, 'noc', undef);
    change_terms($ticket, $at);
    begin_incident($ticket, $at);
    tell_team($ticket, $at, 'noc', 'team-new');
};

# Fills in what becomes of TICKET: role, from, language, priority, kind, team, opened, acts => [[at, act, argument], ..];
# nobody is there during OUTAGES, [from, to].
sub account {
    my ($ticket, $until, @outages) = @_;
    %$ticket = (kind => 'standard', %$ticket, outages => \@outages, now => $ticket->{opened}, state => 'open', answers => 0,
        events => [], letters => [], pages => [], promises => [],
        pauses => []);
    open_ticket($ticket, $ticket->{opened});
    for my $act (sort { $a->[0] <=> $b->[0] } @{ $ticket->{acts} }) {
        my ($at, $what, @arguments) = @$act;
        pass_time($ticket, $at);
        die "$ticket->{subject}: clock and people at the same moment, in no order\n" if $ticket->{clock} && $ticket->{clock} == $at;
        $ticket->{now} = $at;
        $acts{$what}->($ticket, $at, @arguments);
    }
    pass_time($ticket, $until);
    return;
}

1;
