#!/usr/bin/perl
# The clock of a policy, with time that stands still until it is set: warning, breach, holding updates, pauses, an
# outage, a reload, and an answer by a person.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(free_port wait_for);

plan skip_all => 'faketime is not installed' if !Frontdesk::Test::Daemon::can_fake_time();

# It begins on Monday, 23 November 2026, at nine in a zone that is always UTC-8: opening hours are 14:00 to 02:00 UTC.
my $teams = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} escalate-to = "tier2" }
team "tier2" { notify = {"tier2@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { notify = {"noc@diytel.ca"} escalate-to = "tier2" }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"tier1", "noc"} }
CONF
my $policy = <<'CONF';
acknowledge = "15m" respond = "60m" resolve = "8h"
priority "p1" { calendar = "always" respond = "15m" update = "30m" resolve = "24h" }
breach "resolve" { raise = true page = "noc" }
CONF
my $site = Frontdesk::Test::Site->new('clock', daemon => { at => '2026-11-23 17:00:00', policy => $policy, teams => $teams, zone => 'Etc/GMT+8' });
my ($daemon, $sink) = ($site->daemon, $site->sink);
my $ann = 'ann@customer.example';

# Sends a mail; the number of its ticket.
sub open_ticket {
    my ($role, $subject) = @_;
    my $answers = $site->send(from => $ann, to => ["$role\@diytel.ca"], mail => mail(from => $ann, to => "$role\@diytel.ca", subject => $subject));
    like $answers->{end}, qr/^250/, "$subject: taken";
    my ($ticket) = grep { $_->{subject} eq $subject } $daemon->tickets;
    return $ticket->{number};
}

sub events { my ($number) = @_; return map { $_->{kind} } @{ $daemon->json('show', $number)->{events} } }
sub count { my ($number, $kind) = @_; return scalar grep { $_ eq $kind } events($number) }
sub event { my ($number, $kind) = @_; my ($event) = reverse grep { $_->{kind} eq $kind } @{ $daemon->json('show', $number)->{events} }; return $event->{detail} }
sub letters { my ($to, $subject) = @_; return grep { $_->{text} =~ /^Subject: $subject/m } $sink->mails_to($to) }
sub settle { wait_for('an empty queue', sub { !@{ $daemon->json('queue')->{queue} } }) }

my $first = open_ticket('support', 'first');
settle();
my $due = $daemon->json('show', $first)->{due};
is $due->{respond}, '2026-11-23T18:00:00+00:00', 'the first answer is due within the hour';
is $due->{acknowledge}, undef, 'the acknowledgement is out';
$daemon->set_time('2026-11-23 17:45:00');
wait_for('the warning', sub { count($first, 'warned') });
settle();
is scalar(letters('tier1@diytel.ca', '\[DIYTel #1\] due soon')), 1, 'the team is warned at 75 per cent';
$daemon->set_time('2026-11-23 18:00:00');
wait_for('the breach', sub { count($first, 'breached') });
settle();
is scalar(letters($_, '\[DIYTel #1\] promise NOT kept')), 1, "$_ is told of the breach" for 'tier1@diytel.ca', 'tier2@diytel.ca';
my $shown = $daemon->json('show', $first);
is $shown->{team}, 'tier2', 'the ticket goes to the next team';
is_deeply $shown->{breached}, ['respond'], 'breached says so';
is count($first, 'warned'), 1, 'one warning';

like $daemon->reply($first, "We look into it.\n"), qr/^ticket #$first: open/, 'an answer';
settle();
my ($answer) = letters($ann, 'Re: \[DIYTel #1\] first');
($answer) = grep { $_->{text} =~ /We look into it/ } $sink->mails_to($ann);
like $answer->{text}, qr/^From: .*support\@diytel\.ca/m, 'from the role';
unlike $answer->{text}, qr/^(Auto-Submitted|Precedence)/m, 'as a person writes';
is $daemon->json('show', $first)->{due}{respond}, undef, 'the clock of the answer has stopped';
$site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => "Re: [DIYTel #$first] first"));
is $daemon->json('show', $first)->{due}{respond}, '2026-11-23T19:00:00+00:00', 'the customer\'s next message starts it again';
like $daemon->reply($first, "Done.\n"), qr/^ticket #$first: open/, 'answered again';

# Pending holds the solution up, and nothing else.
my $before = $daemon->json('show', $first)->{due}{resolve};
$daemon->command('pending', $first);
is $daemon->json('show', $first)->{due}{resolve}, undef, 'while it waits for the customer, no solution is due';
$daemon->set_time('2026-11-23 19:00:00');
$site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => "Re: [DIYTel #$first] first"));
$shown = $daemon->json('show', $first);
is $shown->{state}, 'open', 'the customer\'s mail ends the wait';
is $before, '2026-11-24T01:00:00+00:00', 'the solution was due at five in the afternoon';
is $shown->{due}{resolve}, '2026-11-24T02:00:00+00:00', 'and is now an hour later, which is closing time';
my ($resolve) = grep { $_->{target} eq 'resolve' } @{ $shown->{deadlines} };
is_deeply $resolve->{days}, [{ date => '2026-11-23', seconds => 8 * 3600 }], 'show says how the hours add up';
is_deeply $resolve->{pauses}, [{ from => '2026-11-23T18:00:00+00:00', to => '2026-11-23T19:00:00+00:00' }], 'and what was left out';
$daemon->command('priority', $first, 'p1');
is $daemon->json('show', $first)->{due}{resolve}, '2026-11-24T18:00:00+00:00', 'another priority counts from the opening, less the pause';
is $daemon->json('close', $first)->{state}, 'resolved', 'closed';
settle();
is scalar(grep { $_->{text} =~ /We consider your request/ } $sink->mails_to($ann)), 1, 'the customer is told';

# An emergency that nobody writes about.
my $urgent = open_ticket('emergency', 'urgent');
settle();
$daemon->set_time('2026-11-23 19:30:00');
wait_for('the missed update', sub { count($urgent, 'breached') == 2 });
settle();
is scalar(grep { $_->{text} =~ /"urgent" \(ticket 2\) is not solved\s+yet/ } $sink->mails_to($ann)), 1, 'the customer gets the holding update';
is $daemon->json('show', $urgent)->{due}{update}, '2026-11-23T20:00:00+00:00', 'the next one is due half an hour later';
$daemon->stop;
$daemon->set_time('2026-11-23 23:10:00');
$daemon->start;
wait_for('what is overdue', sub { count($urgent, 'breached') == 3 });
settle();
is scalar(grep { $_->{text} =~ /"urgent" \(ticket 2\) is not solved\s+yet/ } $sink->mails_to($ann)), 2, 'after an outage one update, not one for each half hour';
like event($urgent, 'breached'), qr/noticed 190 min late/, 'and the event says how late';
$daemon->set_time('2026-11-23 20:00:00');

# A reload with other promises.
my $third = open_ticket('support', 'third');
is $daemon->json('show', $third)->{due}{respond}, '2026-11-23T21:00:00+00:00', 'promised within the hour';
$daemon->configure(policy => $policy =~ s/respond = "60m"/respond = "30m"/r);
$daemon->reload;
wait_for('the new promise', sub { $daemon->json('show', $third)->{due}{respond} eq '2026-11-23T20:30:00+00:00' });
is count($urgent, 'breached'), 3, 'meanwhile, a clock that jumped back has repeated nothing';
pass 'a reload works deadlines out anew, from the same beginning';

# The relay is gone: the acknowledgement is late, and goes out all the same.
my $relay = $daemon->{relay};
$daemon->configure(relay => free_port());
$daemon->reload;
my $fourth = open_ticket('support', 'fourth');
$daemon->set_time('2026-11-23 20:15:00');
wait_for('the late acknowledgement', sub { grep { $_ eq 'acknowledge' } @{ $daemon->json('show', $fourth)->{breached} } });
$daemon->configure(relay => $relay);
$daemon->reload;
$daemon->set_time('2026-11-23 21:00:00');
settle();
my ($late) = grep { $_->{target} eq 'acknowledge' } @{ $daemon->json('show', $fourth)->{deadlines} };
is $late->{state}, 'late', 'an acknowledgement that the relay did not take in time is late';
is scalar(grep { $_->{text} =~ /^Subject: Re: \[DIYTel #$fourth\]/m } $sink->mails_to($ann)), 1, 'and goes out';

# A solution that is missed, where the policy raises the priority and pages.
$daemon->set_time('2026-11-24 16:00:00');
wait_for('the missed solution', sub { event($fourth, 'breached') =~ /^resolve/ });
settle();
is $daemon->json('show', $fourth)->{priority}, 'p2', 'the priority is raised';
is scalar(grep { $_->{ticket} == $fourth } $daemon->pages), 1, 'and somebody is paged';

my $report = $daemon->json('report', '--since', '2026-11-23T00:00:00Z', '--until', '2026-11-24T00:00:00Z');
my ($all) = grep { !defined $_->{role} } @{ $report->{groups} };
is $all->{opened}, 4, 'the report counts the tickets';
is $all->{respond}{missed}, 4, 'and what was missed';
is $all->{respond}{kept}, 1, 'and kept';
is_deeply $all->{respond}{breaches}, [$first, $urgent, $third, $fourth], 'by name';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
