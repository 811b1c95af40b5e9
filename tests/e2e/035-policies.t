#!/usr/bin/perl
# The shipped policies at work, included in a configuration of its own: mail by mail what a policy makes of it.
use strict;
use warnings;
use Test::More;
use Time::Piece ();
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(slurp spew wait_for);

my $shipped = join '', map { qq(include ("$Frontdesk::Test::Daemon::SOURCE/conf/policies/$_.conf")\n) } qw(priorities departments standards office);
my $site = Frontdesk::Test::Site->new('policies', daemon => { extra => $shipped });
my ($desk, $sink, $dir) = ($site->daemon, $site->sink, $site->{dir});
my ($ann, $eve) = ('ann@customer.example', 'eve@else.example');

# Sends a mail and gives its ticket as it is then.
sub open_ticket {
    my ($from, $to, $subject, $body) = @_;
    my $before = @{ $desk->json('tickets', '--limit', 1000)->{tickets} };
    like $site->send(from => $from, to => [$to], mail => mail(from => $from, to => $to, subject => $subject, body => "$body\n"))->{end},
        qr/^250 /, "$to: $subject";
    my @tickets = sort { $b->{number} <=> $a->{number} } @{ $desk->json('tickets', '--limit', 1000)->{tickets} };
    is scalar @tickets, $before + 1, 'a ticket';
    return $desk->json('show', $tickets[0]{number});
}

# Exit status and complaint of a command that is given TEXT.
sub try {
    my ($text, @arguments) = @_;
    spew("$dir/text", $text);
    system 'sh', '-c', 'exec "$@" <"$0/text" >/dev/null 2>"$0/err"', $dir, "$Frontdesk::Test::Daemon::BUILD/src/frontdesk", '-c',
        $desk->config_path, @arguments;
    return ($? >> 8, slurp("$dir/err"));
}

sub seconds { return Time::Piece->strptime($_[0] =~ s/\+00:00$//r, '%Y-%m-%dT%H:%M:%S')->epoch }

# ---- departments ----

my $quote = open_ticket($ann, 'care@example.com', 'Quotation', 'Please');
is $quote->{team}, 'business', 'a quotation is for business';
my $domain = open_ticket($ann, 'care@example.com', 'Our domain', 'It expires');
is $domain->{team}, 'technical', 'a domain is for the technical department';
is $domain->{due}{respond}, undef, 'it waits for the end of the first';
my $other = open_ticket($eve, 'care@example.com', 'Logo', 'In blue');
$desk->command('priority', $other->{number}, 'p1');
is_deeply [map { $_->{number} } @{ $desk->json('tickets', '--role', 'care')->{tickets} }], [map { $_->{number} } $quote, $domain, $other],
    'the queue is worked off in the order of arrival, whatever is urgent';
my ($status, $complaint) = try('Here it is.', 'reply', $quote->{number});
is $status, 65, 'an answer without the policy\'s words is not taken';
like $complaint, qr/begin with "Dear customers"/, 'and it says which';
my $answer = "Dear customers,\nhere it is.\nThank you for your interest in our products and services.";
($status, $complaint) = try($answer, 'reply', $quote->{number});
is $status, 0, 'with them it is' or diag $complaint;
my $solved = $desk->json('close', $quote->{number})->{resolved_at};
is seconds($desk->json('show', $domain->{number})->{due}{respond}) - seconds($solved), 24 * 3600, 'a day after the first is solved, the next is due';

# ---- priorities ----

my $down = open_ticket($ann, 'service@example.com', 'The system is down', 'Help');
is $down->{priority}, 'p1', 'what is down is critical';
like +(grep { $_->{kind} eq 'rule' } @{ $down->{events} })[0]{detail}, qr/^rule "critical", "system is down" \(en\)$/, 'with the reason';
($status, $complaint) = try('', 'close', $down->{number});
is $status, 65, 'it is not closed without a root cause';
$desk->command('note', $down->{number}, '--root-cause', 'a cable');
is $desk->json('close', $down->{number})->{state}, 'resolved', 'but with one';
my $major = open_ticket($ann, 'service@example.com', 'Major problem', 'Nothing can be saved.');
is $major->{priority}, 'p2', 'a major problem';
is $desk->json('close', $major->{number})->{state}, 'resolved', 'is closed without one';
my $recurring = open_ticket($ann, 'service@example.com', 'MAJOR problem', 'It is here again.');
($status, $complaint) = try('', 'close', $recurring->{number});
is $status, 65, 'but not when it came again';
my $elsewhere = open_ticket($eve, 'service@example.com', 'Major problem', 'I cannot save.');
is $desk->json('close', $elsewhere->{number})->{state}, 'resolved', 'which somebody else\'s has not';
$desk->json('close', open_ticket($eve, 'service@example.com', '', 'A major problem')->{number});
my $nameless = open_ticket($eve, 'service@example.com', '', 'Another major problem');
is((try('', 'close', $nameless->{number}))[0], 0, 'mails without a subject have none in common');

# ---- standards ----

is open_ticket($ann, 'help@example.com', 'Bill', 'Please explain it.')->{assignee}, 'sofia', 'an agent has it';
is open_ticket($eve, 'help@example.com', 'Bill', 'Please explain it.')->{assignee}, 'tomas', 'then the next one';
my $manager = open_ticket($ann, 'help@example.com', 'Bill 2', 'I want to speak to a manager.');
is $manager->{team}, 'supervisors', 'who asks for a manager gets to the supervisors';
like +(grep { $_->{kind} eq 'escalated' } @{ $manager->{events} })[0]{detail}, qr/^rule "asks for a manager", "speak to a manager" \(en\)$/,
    'as escalated, with the reason';
my @named;
wait_for('three acknowledgements', sub { (@named = map { $_->{body} =~ /has been given to (\w+) Example/ } $sink->mails) >= 3 });
is_deeply [sort @named], [qw(Sofia Tomas Vera)], 'each acknowledgement names the person';

# ---- office ----

my $asked = open_ticket($ann, 'office@example.com', 'Question', 'When do you open?');
my ($waiting) = grep { $_->{kind} eq 'acknowledgement' } @{ $asked->{outbox} };
is $waiting->{state}, 'due', 'the acknowledgement waits';
cmp_ok $waiting->{due_at}, 'gt', $asked->{opened_at}, 'for hours';
($status, $complaint) = try('At nine.', 'reply', $asked->{number});
is $status, 0, 'an answer' or diag $complaint;
wait_for('the answer', sub { grep { $_->{body} =~ /At nine\./ } $sink->mails });
my $answered = $desk->json('show', $asked->{number});
is_deeply [grep { $_->{kind} eq 'acknowledgement' && $_->{state} =~ /due|sent|sending/ } @{ $answered->{outbox} }], [], 'takes its place';
is $answered->{due}{respond}, undef, 'and keeps the promise';
# ---- diytel, with a calendar that is closed until next year: what comes is first read then ----

my $next_year = (localtime)[5] + 1901;
my $diytel = slurp("$Frontdesk::Test::Daemon::SOURCE/conf/policies/diytel.conf");
$diytel =~ s/^  hours .*/  extra = {"$next_year-03-02 06:00-18:00"}/m;
$diytel =~ s{"\.\./holidays}{"$Frontdesk::Test::Daemon::SOURCE/conf/holidays};
my @kept = grep { /^(?:listen|socket-mode|hostname|database|templates|relay) / } split /^/, slurp($desk->config_path);
spew($desk->config_path, join '', @kept, $diytel);
$desk->reload;
my $plain = open_ticket($ann, 'support@diytel.ca', 'Voicemail', 'How do I change my greeting?');
my $urgent = open_ticket($eve, 'support@diytel.ca', 'URGENT: faxes', 'They arrive blank.');
is $urgent->{due}{respond}, $plain->{due}{respond}, 'both are due in the first minutes of the next business day';
is_deeply [map { $_->{number} } @{ $desk->json('tickets', '--role', 'support')->{tickets} }], [map { $_->{number} } $urgent, $plain],
    'the urgent one comes first';
my ($letter) = grep { $_->{kind} eq 'acknowledgement' } @{ $plain->{outbox} };
like $letter->{template}, qr{^(?:after-hours|holiday)$}, 'and the letter says that we are closed';
for my $case (['support@diytel.ca', 'A complete outage'], ['emergency@diytel.ca', 'Help']) {
    my $emergency = open_ticket($ann, $case->[0], $case->[1], 'No calls at all');
    is_deeply [@$emergency{qw(priority team)}], [qw(p1 noc)], 'an emergency';
    is seconds($emergency->{due}{respond}) - seconds($emergency->{opened_at}), 15 * 60, 'is answered within 15 minutes, though we are closed';
    is_deeply [sort map { $_->{recipient} } @{ $emergency->{pages} }], [qw(june omar)], 'those of the NOC are paged';
}
is_deeply open_ticket($eve, 'support@diytel.ca', 'A complete outage', 'No calls at all')->{pages}, [], 'but not for a stranger';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
