#!/usr/bin/perl
# Three weeks of DIYTel's desk by conf/policies/diytel.conf, from 26 October to 15 November 2026: the clocks may change in them,
# and Remembrance Day is a holiday. Time stands still and is set from event to event; mail comes through the MTA. What goes
# out and what happens is compared with an account that is worked out beforehand (Frontdesk::Test::Account).
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Account qw(account add date_of due_of hours_of moment wall);
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(free_port wait_for);
use Frontdesk::Test::Web;
use utf8;
use Encode ();
use MIME::QuotedPrint ();
use POSIX ();
use Time::Local ();

plan skip_all => 'faketime is not installed' if !Frontdesk::Test::Daemon::can_fake_time();

sub utc { return POSIX::strftime('%Y-%m-%d %H:%M:%S', gmtime $_[0]) }
sub utc_argument { return utc($_[0]) =~ s/ /T/r . 'Z' }

my $week = 7 * 86400;
my $end = moment('2026-11-16 00:00');
my @outage = (moment('2026-11-05 20:00'), moment('2026-11-06 06:21'));

# ---- the schedule ----

# What is done about a ticket: [minute of opening hours since it came, act, arguments].
my %styles = (
    prompt => [[4, 'reply'], [18, 'close']],
    late => [[12, 'reply'], [18, 'close']],
    slow => [[4, 'reply'], [38, 'close']],
    ignored => [[38, 'reply'], [38, 'close']],
    insists => [[38, 'reply'], [40, 'write'], [44, 'reply'], [44, 'close']],
    forgotten => [],
    waits => [[4, 'reply'], [6, 'pending'], [120, 'write'], [124, 'reply'], [138, 'close']],
    until => [[4, 'reply'], [6, 'pending', 120], [120, 'resume'], [138, 'close']],
    chatty => [[2, 'write'], [6, 'reply'], [14, 'write'], [18, 'reply'], [18, 'close']],
    unheard => [[4, 'reply'], [12, 'write'], [38, 'reply'], [38, 'close']],
    again => [[4, 'reply'], [18, 'close'], [1440, 'write'], [1444, 'reply'], [1450, 'close']],
    complex => [[2, 'kind', 'complex'], [6, 'reply'], [240, 'close']],
    raised => [[2, 'priority', 1], [6, 'reply'], [12, 'assign', 'omar'], [47, 'note'], [47, 'close']],
    lowered => [[2, 'priority', 1], [6, 'reply'], [18, 'priority', 3], [24, 'close']],
    worsens => [[4, 'reply'], [6, 'alarm'], [12, 'reply'], [13, 'take', 'june', 'web'], [24, 'note'], [24, 'close']],
    returns => [[4, 'reply'], [18, 'close'], [4320, 'write'], [4324, 'reply'], [4328, 'close']],
    yesterday => [[4, 'reply'], [960, 'priority', 1], [964, 'reply'], [964, 'note'], [964, 'close']],
    assigned => [[2, 'assign', 'maya'], [12, 'reply'], [38, 'close']],
);
# The same by the clock, for emergencies.
my %emergencies = (
    solved => [[3, 'take', 'omar', 'command'], [8, 'reply'], [34, 'reply'], [52, 'note'], [52, 'close']],
    unpaged => [[8, 'reply'], [34, 'reply'], [52, 'note'], [52, 'close']],
    silence => [[4, 'assign', 'omar'], [12, 'take', 'june', 'mail'], [13, 'take', 'omar', 'mail'], [58, 'take', 'omar', 'mail'],
        [59, 'take', 'june', 'command'], [71, 'reply'], [71, 'note'], [71, 'close']],
    unanswered => [[678, 'take', 'omar', 'mail'], [679, 'take', 'june', 'web'], [703, 'reply'], [703, 'note'], [703, 'close']],
    false => [[14, 'reply'], [17, 'solve', 'june'], [21, 'note'], [21, 'close']],
);

my @tickets;

sub plan_ticket {
    my ($wall, $style, %more) = @_;
    my $tried = moment($wall);
    my $listened = $tried < $outage[0] || $tried >= $outage[1]; # who is not listened to tries again
    my $opened = $listened ? $tried : $outage[1] + 240;
    my $place = @tickets + 1;
    my %ticket = (role => 'support', from => "u$place\@whole.example", language => 'en', priority => 3, opened => $opened,
        style => $style, acts => [], subject => "case $place", tried => $listened ? undef : $tried, %more);
    my %teams = (success => 'success', escalation => 'management', emergency => 'noc');
    $ticket{team} //= $teams{ $ticket{role} } // 'tier1';
    $ticket{priority} = 1 if $ticket{role} eq 'emergency';
    $ticket{priority} = 2 if $ticket{role} eq 'escalation';
    my $calendar = $ticket{role} eq 'emergency' || $ticket{paged} ? 'always' : 'desk';
    for (@{ $styles{$style} // $emergencies{$style} }) {
        my ($minute, $what, @arguments) = @$_;
        $_ = add($calendar, $opened, $_ * 60) for $what eq 'pending' ? @arguments : ();
        my $at = add($calendar, $opened, $minute * 60);
        push @{ $ticket{acts} }, [$at, $what, @arguments] if $at < $end;
    }
    push @tickets, \%ticket;
    return;
}

srand 20261026;
sub one_of { return $_[int rand @_] }

# Words that the policy's rules know, and what they make of a ticket.
my @ruled = (
    { subject => 'urgent: the invoice', rule => 1, priority => 2 },
    { subject => 'our firewall drops calls', rule => 1, team => 'tier2', kind => 'complex' },
    { subject => 'a formal complaint', rule => 1, team => 'management', kind => 'escalated', escalated => 1 },
);

sub plan_some {
    my ($wall, $count, @styles) = @_;
    for my $i (1 .. $count) {
        my %more = (role => one_of(qw(support support telecom-support billing success), ("@styles" =~ /complex/ ? () : 'escalation')));
        %more = (%more, from => 'ben@customer.example', language => 'fr') if rand() < 0.15;
        if (rand() < 0.2) {
            my %rule = %{ one_of(@ruled) };
            $rule{subject} .= ' ' . (@tickets + 1);
            %more = (%more, role => 'support', %rule);
        }
        plan_ticket($wall, $styles[$i % @styles], %more);
    }
    return;
}

my @quiet = qw(prompt late slow);
my @busy = ([qw(ignored assigned)], [qw(waits until)], [qw(chatty unheard)], [qw(raised lowered)], [qw(again complex)]);
for my $day (0 .. 20) {
    my $date = date_of(moment('2026-10-26 12:00') + $day * 86400);
    my $works = hours_of($date);
    my $in_week = $day % 7; # 0 is Monday
    my $busy = $works && $in_week < 3 && shift @busy;
    plan_some(sprintf('%s %02d:%02d', $date, 7 + rand 7, rand 60), 6, @$busy) if $busy;
    plan_some(sprintf('%s %02d:%02d', $date, 19 + rand 5, rand 60), 2, one_of(@quiet)) if $works && $in_week < 4 && rand() < 0.2;
    plan_some("$date 17:55", 2, one_of(@quiet)) if $works && $in_week == 4;
    plan_some(sprintf('%s %02d:%02d', $date, 9 + rand 10, rand 60), 3, one_of(@quiet)) if !$works;
}
plan_ticket('2026-10-27 03:00', 'solved', role => 'emergency', paged => 1);
plan_ticket('2026-11-01 00:40', 'silence', role => 'emergency', paged => 1);
plan_ticket('2026-11-05 19:30', 'unanswered', role => 'emergency', paged => 1);
plan_ticket('2026-11-11 14:00', 'false', paged => 1, rule => 1, priority => 1, team => 'noc',
    subject => 'all our phones are down');
plan_ticket('2026-11-14 03:00', 'unpaged', role => 'emergency', from => 'somebody@nowhere.example');
plan_ticket('2026-11-03 10:00', 'yesterday');
plan_ticket('2026-11-03 10:00', 'worsens');
plan_ticket('2026-11-12 10:00', 'insists', %{ $ruled[2] }, subject => 'a formal complaint about you');
plan_ticket('2026-11-12 10:00', 'forgotten');
plan_ticket('2026-11-05 19:10', 'late');
plan_ticket('2026-11-05 19:10', 'ignored');
plan_ticket('2026-10-27 03:00', 'returns');
plan_ticket('2026-11-05 23:00', 'prompt');
srand; # the names of temporary folders are no part of the schedule
@tickets = sort { $a->{opened} <=> $b->{opened} } @tickets;


my $number = 0;
for my $ticket (@tickets) {
    $ticket->{number} = ++$number;
    account($ticket, $end, \@outage);
}

# ---- what comes at which moment ----

# {moment => {send => [..], acts => [..], letters => number, closed => [tickets]}}
my %points;
for my $ticket (@tickets) {
    push @{ $points{ $ticket->{opened} }{send} }, $ticket;
    $points{ $ticket->{tried} }{tried} = $ticket if $ticket->{tried};
    push @{ $points{ $_->[0] }{acts} }, [$ticket, @$_[1 .. $#$_]] for @{ $ticket->{acts} };
    $points{ $_->{sent} }{letters}++ for @{ $ticket->{letters} };
}
my @moments = sort { $a <=> $b } keys %points;
# A week after its solution a ticket is closed, at the first moment when time is looked at.
for my $ticket (@tickets) {
    my @ended = grep { $_->[1] =~ /^(resolved|reopened)$/ } @{ $ticket->{events} };
    for my $i (0 .. $#ended) {
        next if $ended[$i][1] ne 'resolved';
        my ($at) = grep { $_ >= $ended[$i][0] + $week && !($_ >= $outage[0] && $_ < $outage[1]) } @moments;
        next if !$at || ($i < $#ended && $ended[ $i + 1 ][0] <= $at);
        push @{ $ticket->{events} }, [$at, 'closed', ''];
        push @{ $points{$at}{closed} }, $ticket;
        $ticket->{state} = 'closed' if $ticket->{state} eq 'resolved' && $i == $#ended;
    }
}
# Pages to the same agent within half a minute would become one.
my @paged = sort { $a->[0] <=> $b->[0] } grep { $_->[1] eq 'june' && $_->[3] eq 'page' } map { @{ $_->{pages} } } @tickets;
$paged[$_][0] >= $paged[ $_ - 1 ][0] + 30 or die "two pages at once\n" for 1 .. $#paged;
note scalar @tickets, ' tickets, ', scalar @moments, ' moments';

# ---- what really happens ----

my $desk = "$Frontdesk::Test::Daemon::SOURCE/conf/policies/diytel.conf";
my $port = free_port();
my $site = Frontdesk::Test::Site->new('weeks', daemon => {
    at => utc($moments[0] - 60), desk => $desk, extra => qq(web = "127.0.0.1:$port"\nweb-url = "http://127.0.0.1:$port"),
});
my ($daemon, $sink, $web) = ($site->daemon, $site->sink, Frontdesk::Test::Web->new($port));

sub send_mail {
    my ($ticket, $subject, %more) = @_;
    my $to = "$ticket->{role}\@diytel.ca";
    my $mail = mail(from => $ticket->{from}, to => $to, subject => $subject, %more);
    return $site->send(from => $ticket->{from}, to => [$to], mail => $mail);
}

sub write_again { my ($ticket, %more) = @_; return send_mail($ticket, "Re: [DIYTel #$ticket->{number}] $ticket->{subject}", %more) }

# What stands in the page that AGENT got last and PATTERN finds.
sub find_in_page {
    my ($ticket, $agent, $pattern) = @_;
    my @pages = grep { $_->{text} =~ /^Subject: (?:EMERGENCY|REMINDER) \[DIYTel #$ticket->{number}\]/m } $sink->mails_to("$agent\@diytel.ca");
    my @found = map { $_->{text} =~ $pattern } @pages;
    return $found[-1] // die "nothing like $pattern in the pages to $agent\n";
}

# An answer to it, from wherever they are.
sub answer_page {
    my ($ticket, $agent) = @_;
    my $address = find_in_page($ticket, $agent, qr/^Reply-To: [^\r\n]*?([\w-]+\+p\.[0-9a-z.]+\@diytel\.ca)/m);
    my $mail = mail(from => "$agent\@private.example", to => $address, subject => 'Re: EMERGENCY', body => "Ack.\n");
    my $end = $site->send(from => "$agent\@private.example", to => [$address], mail => $mail)->{end};
    return $end =~ /^250/ || die "answer to $address: $end\n";
}

# The button on the page behind its link.
sub press_button {
    my ($ticket, $agent) = @_;
    my $path = find_in_page($ticket, $agent, qr{http://127\.0\.0\.1:$port(/ack/[0-9a-z.]+)});
    my $status = $web->post($path, 'action=acknowledge')->{status};
    return $status == 200 || die "$path: $status\n";
}

sub incident_of { my ($ticket) = @_; return $daemon->json('show', $ticket->{number})->{incidents}[-1]{id} }

my %does = (
    take => sub {
        my ($ticket, $agent, $way) = @_;
        return answer_page($ticket, $agent) if $way eq 'mail';
        return press_button($ticket, $agent) if $way eq 'web';
        return $daemon->command('page', 'ack', incident_of($ticket), '--as', $agent);
    },
    solve => sub { my ($ticket, $agent) = @_; $daemon->command('page', 'resolve', incident_of($ticket), '--as', $agent) },
    reply => sub { my ($ticket) = @_; $daemon->reply($ticket->{number}, "We have looked into it.\n") },
    close => sub { $daemon->command('close', $_[0]{number}) },
    note => sub { $daemon->command('note', $_[0]{number}, '--root-cause', 'a cable') },
    assign => sub { $daemon->command('assign', $_[0]{number}, $_[1]) },
    kind => sub { $daemon->command('kind', $_[0]{number}, $_[1]) },
    priority => sub { $daemon->command('priority', $_[0]{number}, "p$_[1]") },
    pending => sub { $daemon->command('pending', $_[0]{number}, $_[1] ? ('--until', utc_argument($_[1])) : ()) },
    resume => sub {
        my ($ticket) = @_;
        wait_for('the end of the wait', sub { $daemon->json('show', $ticket->{number})->{state} eq 'open' });
    },
    write => sub { write_again($_[0]) },
    alarm => sub { write_again($_[0], body => "Now all our phones are down.\n") },
);

sub wait_for_closing {
    my %left = map { $_->{number} => 1 } @_;
    return wait_for('tickets to be closed', sub { delete @left{ map { $_->{number} } $daemon->tickets('--state', 'closed') }; !%left });
}

my $sent = 0; # mails that the sink has to have by now
sub live_through {
    my ($at) = @_;
    my $point = $points{$at};
    $daemon->stop if $daemon->{pid} && $at >= $outage[0] && $at < $outage[1];
    $daemon->set_time(utc($at));
    $daemon->start if !$daemon->{pid} && $at >= $outage[1];
    wait_for_closing(@{ $point->{closed} }) if $point->{closed};
    for my $ticket (@{ $point->{send} // [] }) {
        my $end = send_mail($ticket, $ticket->{subject})->{end};
        $end =~ /^250/ or die "case $ticket->{number}: $end\n";
        $sent++;
    }
    send_mail($point->{tried}, $point->{tried}{subject})->{mail} =~ /^451/ or die "taken by nobody\n" if $point->{tried};
    for my $act (@{ $point->{acts} // [] }) {
        my ($ticket, $what, @arguments) = @$act;
        $sent += $what =~ /write|alarm/;
        $does{$what}->($ticket, @arguments);
    }
    $sent += $point->{letters} // 0;
    wait_for(utc($at) . ": $sent mails", sub { $sink->count >= $sent }, 20);
    wait_for('an empty queue', sub { !@{ $daemon->json('queue')->{queue} } }) if $daemon->{pid};
    return;
}

my ($lived, $started) = (0, time);
for my $at (@moments) {
    last if !eval { live_through($at); 1 };
    $lived = $at;
}
is $@, '', 'three weeks, from event to event';
my $complete = $lived == $moments[-1];
note time - $started, ' seconds';

# ---- letters ----

my %target_words =
    (acknowledgement => 'acknowledge', 'first answer' => 'respond', 'update to the customer' => 'update', solution => 'resolve');
my @templates = (
    [qr/received your emergency message|reçu votre message d'urgence/, 'emergency'],
    [qr/did NOT page/, 'emergency-unverified'],
    [qr/closed today|fermés aujourd'hui/, 'holiday'],
    [qr/closed now|fermés en ce moment/, 'after-hours'],
    [qr/received your message|reçu votre message/, 'acknowledgement'],
    [qr/We consider your request|Nous considérons votre demande/, 'resolved'],
    [qr/not solved yet|n'est pas encore résolue/, 'update'],
    [qr/has taken your request|a pris en charge votre demande/, 'taken'],
    [qr/^EMERGENCY /, 'page'],
    [qr/^REMINDER /, 'page-reminder'],
    [qr/^Re: \[DIYTel #\d+\] .*: (?:you have|somebody else has) /, 'page-answer'],
    [qr/^\S+ \S+ unverified emergency/, 'team-unverified'],
    [qr/^\S+ \S+ due soon/, 'team-warning'],
    [qr/^\S+ \S+ promise NOT kept/, 'team-breach'],
    [qr/^\S+ \S+ write to the customer/, 'team-reminder'],
    [qr/^\S+ \S+ new, p\d/, 'team-new'],
    [qr/has written on ticket|a écrit au sujet du dossier/, 'team-message'],
    [qr/We have looked into it/, 'reply'],
);
my $moment = qr/\d\d:\d\d on \w+, Pacific Time|\w+ à \d\d:\d\d, heure du Pacifique nord-américain/;
my $by = qr/(?:by|au plus tard) $moment/;
my %said = (
    answer => qr/(?:first answer|première réponse) ($by)\./,
    solution => qr/(?:to be solved|solution est prévue) ($by)\./,
    update => qr/(?:hear from us again|de nos nouvelles) ($by)\./,
    opening => qr/(?:open again at|rouvrons) ($moment)\./,
    holiday => qr/(?:closed today|fermés aujourd'hui) ?: (.*?)\./,
    due => qr/(?:Due: |is due )($moment)/,
    agent => qr/(?|(\w+ Example) has it|est confiée à (\w+ Example))\./,
    taken => qr/#\d+: (you have.*?|somebody else has.*?)\. *Ticket/,
    target => qr/Promise: (acknowledgement|first answer|update to the customer|solution) /,
);

# One line that says all of a letter.
sub line_of {
    my ($at, $to, $template, $number, $said) = @_;
    return join ' | ', wall('%m-%d %H:%M:%S %Z', $at), $to, "#$number", $template, map { "$_: $said->{$_}" } sort keys %$said;
}

my %months;
@months{qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec)} = 0 .. 11;

sub read_date {
    my ($text) = @_;
    my ($day, $month, $year, $hour, $minute, $second, $sign, $hours, $minutes) =
        $text =~ /(\d+) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)/ or die "Date: $text\n";
    return Time::Local::timegm($second, $minute, $hour, $day, $months{$month}, $year) - "${sign}1" * ($hours * 60 + $minutes) * 60;
}

# The line of a mail that the sink has; nothing for a customer's own, which goes on to the team's mailbox.
sub read_letter {
    my ($mail) = @_;
    my $field = sub { return Frontdesk::Test::Sink::field($mail, $_[0]) // '' };
    return if $mail->{from} =~ /example$/;
    my $body = $mail->{body};
    $body = MIME::QuotedPrint::decode_qp($body) if $field->('Content-Transfer-Encoding') =~ /quoted-printable/i;
    my $text = join ' ', Encode::decode('MIME-Header', $field->('Subject')), Encode::decode('UTF-8', $body);
    $text =~ s/\s+/ /g;
    my ($number) = $text =~ /\[DIYTel #(\d+)\]/;
    my ($known) = grep { $text =~ $_->[0] } @templates;
    my %found;
    for my $name (keys %said) { $found{$name} = $1 if $text =~ $said{$name} }
    $found{target} = $target_words{ $found{target} } if $found{target};
    return line_of(read_date($field->('Date')), $mail->{to}[0], $known ? $known->[1] : "unknown: $text", $number // 0, \%found);
}

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
    diag map { sprintf "%s: %s\n", $count{$_} > 0 ? 'not expected' : 'missing', Encode::encode('UTF-8', $_) } @wrong;
    return;
}

my @letters = grep { $_->{sent} <= $lived } map { @{ $_->{letters} } } @tickets;
same([map { read_letter($_) } $sink->mails], [map { line_of(@$_{qw(at to template number said)}) } @letters], @letters . ' letters');

# ---- events and state ----

sub read_time {
    my ($text) = @_;
    return if !defined $text;
    my ($year, $month, $day, $hour, $minute, $second) = $text =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)\+00:00$/ or die "time: $text\n";
    return Time::Local::timegm($second, $minute, $hour, $day, $month - 1, $year);
}

# What an event says, as far as the account knows.
my %details = map { $_ => 1 } qw(acknowledged paged reminded escalation taken late written warned breached priority kind assigned),
    'paged again', 'incident resolved';

sub detail_of {
    my ($kind, $detail) = @_;
    return '' if !$details{$kind};
    return $detail =~ s/: 250 .*//r;
}

# How a ticket stands at the end, as the account has it.
sub standing_of {
    my ($ticket) = @_;
    my %standing = map { $_ => $ticket->{$_} } qw(state team kind subject assignee);
    my %breached = map { $_->{target} => 1 } grep { $_->{breached} } @{ $ticket->{promises} };
    my %due = map { $_ => scalar due_of($ticket, $_) } qw(acknowledge respond update resolve);
    return { %standing, priority => "p$ticket->{priority}", breached => [sort keys %breached], due => \%due };
}

for my $ticket (grep { $_->{opened} <= $lived } @tickets) {
    my $name = "case $ticket->{number} ($ticket->{style}, $ticket->{role})";
    my $shown = $daemon->json('show', $ticket->{number});
    my $line = sub { my ($at, $kind, $detail) = @_; return join ' ', wall('%m-%d %H:%M:%S %Z', $at), $kind, $detail };
    my @events = grep { $_->[0] <= $lived } @{ $ticket->{events} };
    same([map { $line->(read_time($_->{at}), $_->{kind}, detail_of($_->{kind}, $_->{detail})) } @{ $shown->{events} }],
        [map { $line->(@$_) } @events], "$name: what happened, and when");
    same([map { $line->(read_time($_->{sent_at}), "$_->{recipient} $_->{channel} $_->{template}", $_->{reason} =~ s/^rule .*/a rule/r) } @{ $shown->{pages} }],
        [map { $line->($_->[0], "@$_[1, 2, 3]", $_->[4]) } grep { $_->[0] <= $lived } @{ $ticket->{pages} }], "$name: whom it paged, how and why")
        if @{ $shown->{pages} } || @{ $ticket->{pages} };
    my %standing = map { $_ => $shown->{$_} } qw(state team kind subject assignee priority);
    my %due = map { $_ => scalar read_time($shown->{due}{$_}) } keys %{ $shown->{due} };
    is_deeply { %standing, breached => [sort @{ $shown->{breached} }], due => \%due }, standing_of($ticket), "$name: how it stands" if $complete;
}

# ---- the report ----

# What became of all promises of TARGET, as the account has it.
sub count_promises {
    my ($target) = @_;
    my (%count, %missed, @took);
    @count{qw(kept missed open)} = (0) x 3;
    for my $ticket (@tickets) {
        for my $promise (grep { $_->{target} eq $target } @{ $ticket->{promises} }) {
            push @took, $promise->{took} if $promise->{met};
            $missed{ $ticket->{number} } = 1 if $promise->{breached};
            $count{ $promise->{breached} ? 'missed' : $promise->{met} ? 'kept' : $promise->{dropped} ? 'dropped' : 'open' }++;
        }
    }
    delete $count{dropped};
    @took = sort { $a <=> $b } @took;
    return { %count, median_seconds => $took[int((@took + 1) / 2) - 1], breaches => [sort { $a <=> $b } keys %missed] };
}

my $reported = $daemon->json('report', '--since', utc_argument(moment('2026-10-26 00:00')), '--until', utc_argument($end));
my ($all) = grep { !defined $_->{role} } @{ $reported->{groups} };
my @ended = grep { $_->{resolved} } @tickets;
my %counts = (opened => scalar @tickets, resolved => scalar @ended);
for my $what (qw(reopened escalated)) { $counts{$what} = grep { $_->{$what} } @tickets }
$counts{first_contact} = grep { $_->{answers} <= 1 && !$_->{reopened} } @ended;
is_deeply { map { $_ => $all->{$_} } keys %counts }, \%counts, 'the report counts the same tickets';
for my $target (qw(acknowledge respond update resolve)) {
    my %found = map { $_ => $all->{$target}{$_} } qw(kept missed open median_seconds breaches);
    is_deeply \%found, count_promises($target), "the report counts the same promises: $target";
}
is $site->stop, 0, 'the daemon stops in order';
done_testing;
