#!/usr/bin/perl
# Getting somebody to answer: the steps of an escalation and their rounds, the fallback, who takes an emergency and who comes late,
# what its holder is reminded of, and what the ticket tells of it all. The clock stands still until it is set.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(free_port wait_for);
use POSIX ();
use Time::Local qw(timegm);

plan skip_all => 'faketime is not installed' if !Frontdesk::Test::Daemon::can_fake_time();

my $people = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { notify = {"noc@diytel.ca"} }
team "chiefs" { }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"noc"} mobile = "+16045550101" }
agent "bob" { name = "Bob Singh" mail = "bob@diytel.ca" teams = {"noc"} mobile = "+16045550102" }
agent "carol" { name = "Carol Roy" mail = "carol@diytel.ca" teams = {"chiefs"} mobile = "+16045550103" }
CONF
my $steps = <<'CONF';
step "first" { schedule = "noc" by = {"pager"} wait = "5m" }
step "second" { agents = {"bob"} by = {"pager", "mail"} wait = "10m" }
step "chiefs" { team = "chiefs" by = {"pager"} wait = "15m" }
repeat = 2
CONF
my $now = timegm(0, 0, 16, 23, 10, 2026); # Monday
my $site = Frontdesk::Test::Site->new('escalation', daemon => {
    at => clock(), teams => $people, steps => $steps, policy => 'priority "p1" { update = "30m" respond = "4h" } breach "respond" { page = "noc" }',
});
my ($daemon, $sink) = ($site->daemon, $site->sink);
my ($ann, $told, $marks) = ('ann@customer.example', 0, 0);

sub clock { return POSIX::strftime('%Y-%m-%d %H:%M:%S', gmtime $now) }

sub later {
    my ($minutes) = @_;
    $now += 60 * $minutes;
    $daemon->set_time(clock());
    return;
}

# Whom the pager has been given pages for since the last call, once COUNT of them are there.
sub paged {
    my ($count) = @_;
    my $pages = wait_for("$count pages more", sub { my @all = $daemon->pages; @all >= $told + $count ? \@all : undef });
    my @new = @{$pages}[$told .. $#{$pages}];
    $told = @{$pages};
    return join ' ', sort map { $_->{agent} } @new;
}

# The clock has worked off what was due by now: a ticket that waited until then is open again. Incidents come before such.
sub clock_has_run {
    my $number = write_to('support', 'mark ' . ++$marks);
    $daemon->command('pending', $number, '--until', POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $now + 1));
    $now += 1;
    $daemon->set_time(clock());
    wait_for('the clock', sub { $daemon->json('show', $number)->{state} eq 'open' });
    $daemon->command('close', $number, '--quiet');
    return;
}

sub write_to {
    my ($role, $subject, %more) = @_;
    my $answers = $site->send(from => $ann, to => ["$role\@diytel.ca"], mail => mail(from => $ann, to => "$role\@diytel.ca", subject => $subject, %more));
    like $answers->{end}, qr/^250/, "$subject: taken";
    my ($ticket) = grep { $_->{subject} eq $subject } $daemon->tickets;
    return $ticket->{number};
}

sub further_mail {
    my ($number) = @_;
    my $mail = mail(from => $ann, to => 'emergency@diytel.ca', subject => "Re: [DIYTel #$number] hello?");
    return $site->send(from => $ann, to => ['emergency@diytel.ca'], mail => $mail);
}

sub incident { my ($number) = @_; return $daemon->json('show', $number)->{incidents}[-1] }
sub events { my ($number, $kind) = @_; return map { $_->{detail} } grep { $_->{kind} eq $kind } @{ $daemon->json('show', $number)->{events} } }
sub sent { wait_for('an empty queue', sub { !@{ $daemon->json('queue')->{queue} } }); return }

# ---- step after step, round after round, and then the fallback ----

my $number = write_to('emergency', 'all lines dead');
is paged(1), 'alice', 'the first step pages who is on call';
is incident($number)->{state}, 'triggered', 'the incident runs';
later(4);
clock_has_run();
is scalar($daemon->pages), $told, 'nobody else within the wait';
later(1);
is paged(1), 'bob', 'the second step after it';
like((events($number, 'escalation'))[-1], qr/^step "second", round 1 of 2: nobody has acknowledged step "first"$/, 'the ticket says why');
sent();
is scalar(grep { $_->{text} =~ /^Subject: EMERGENCY/m } $sink->mails_to('bob@diytel.ca')), 1, 'by each channel of the step';
later(10);
is paged(1), 'carol', 'the third one';
later(15);
is paged(1), 'alice', 'then the second round begins';
is incident($number)->{round}, 2, 'which the incident knows';
later(5);
paged(1);
later(10);
is paged(1), 'carol', 'to its end';
later(15);
is paged(1), 'carol', 'then the fallback is paged, the last step that names somebody';
later(15);
is paged(1), 'carol', 'again and again';
like((events($number, 'escalation'))[-1], qr/^step "chiefs", the fallback, after 2 rounds/, 'as the ticket says');
is $daemon->stop, 0, 'a stop';
later(240);
$daemon->start;
is paged(1), 'carol', 'and an outage: one page when it is over, not one for each that was missed';
wait_for('the breach', sub { events($number, 'breached') });
sent();
is scalar($daemon->pages), $told, 'nor one for the answer that was promised: somebody is being paged already';

# ---- the first who takes it has it ----

like $daemon->command('page', 'ack', incident($number)->{id}, '--as', 'bob'), qr/: acknowledged$/, 'bob takes it';
my $incident = incident($number);
is "$incident->{state} $incident->{acknowledged_by}", 'acknowledged bob', 'it is his';
is $daemon->json('show', $number)->{assignee}, 'bob', 'and so is the ticket';
like $daemon->command('page', 'ack', $incident->{id}, '--as', 'alice'), qr/somebody has incident \d+ already\nit is bob's since/, 'who comes later is told who has it, and since when';
is incident($number)->{acknowledged_by}, 'bob', 'and changes nothing';
is_deeply [events($number, 'taken')], ['by command'], 'the ticket tells who took it';
like((events($number, 'late'))[0], qr/^would acknowledge by command; bob has it$/, 'and who was late');
sent();
is scalar(grep { $_->{text} =~ /A member of our staff has taken your request/ } $sink->mails_to($ann)), 1, 'the customer is told, once';
my ($taken) = grep { $_->{text} =~ /A member of our staff/ } $sink->mails_to($ann);
like $taken->{text}, qr/^Auto-Submitted: auto-generated/m, 'by a letter that says what it is';

# ---- the holder has to tell the customer ----

later(29);
clock_has_run();
is scalar($daemon->pages), $told, 'nothing while there is time';
later(1);
is paged(1), 'bob', 'the holder is reminded when the customer was to be told';
like(($daemon->pages)[-1]{text}, qr/^REMINDER /, 'by a page that says so');
$daemon->reply($number, "We are at it.\n");
later(16);
clock_has_run();
is incident($number)->{state}, 'acknowledged', 'an answer is enough';
later(15);
is paged(1), 'bob', 'until the next one is due';
later(15);
is paged(1), 'alice', 'without an answer the steps begin anew';
is incident($number)->{state}, 'triggered', 'nobody has it any more';
like((events($number, 'paged again'))[0], qr/^bob has it, but the customer was to be told by /, 'and the ticket says why');
$daemon->command('page', 'ack', incident($number)->{id}, '--as', 'alice');
$daemon->command('pending', $number);
later(40);
clock_has_run();
is scalar($daemon->pages), $told, 'nobody is reminded while the ticket waits for the customer';
$daemon->command('reopen', $number);

# ---- its end ----

$daemon->command('page', 'resolve', incident($number)->{id}, '--as', 'alice');
is incident($number)->{state}, 'resolved', 'it is resolved';
like $daemon->command('page', 'ack', incident($number)->{id}, '--as', 'bob'), qr/is resolved already/, 'a late acknowledgement does not bring it back';
is incident($number)->{state}, 'resolved', 'as it only ever goes on';
is_deeply $daemon->json('page', 'list')->{incidents}, [], 'none runs';
is scalar @{ $daemon->json('page', 'list', '--all')->{incidents} }, 1, 'one there was';
later(600);
clock_has_run();
is scalar($daemon->pages), $told, 'and nobody is paged any more';
sent();
is scalar(grep { $_->{text} =~ /A member of our staff has taken/ } $sink->mails_to($ann)), 1, 'nor was the customer told a second time';

# ---- closing the ticket ends it, reopening begins another ----

my $second = write_to('emergency', 'no ring tone');
paged(1);
$daemon->command('close', $second);
is incident($second)->{state}, 'resolved', 'an incident ends with its ticket';
later(6);
clock_has_run();
is scalar($daemon->pages), $told, 'and pages nobody then';
my $answers = $site->send(from => $ann, to => ['emergency@diytel.ca'], mail => mail(from => $ann, to => 'emergency@diytel.ca', subject => "Re: [DIYTel #$second] it is back"));
like $answers->{end}, qr/^250/, 'its requester writes again';
is paged(1), 'alice', 'that pages';
is scalar @{ $daemon->json('show', $second)->{incidents} }, 2, 'by an incident of its own';

# ---- a further mail, and a changed escalation ----

further_mail($second);
clock_has_run();
is scalar($daemon->pages), $told, 'a further mail on a running incident pages nobody';
$daemon->configure(steps => 'page-again = true step "only" { agents = {"carol"} by = {"pager"} wait = "1m" }');
$daemon->reload;
later(5);
is paged(1), 'bob', 'a running incident goes by the escalation that it began with';
further_mail($second);
clock_has_run();
is scalar($daemon->pages), $told, 'a further mail on it, too, pages nobody as before';
my $third = write_to('emergency', 'new rules');
is paged(1), 'carol', 'a new incident goes by the new one';
further_mail($third);
is paged(1), 'carol', 'where the policy says so, a further mail pages its step anew';
$daemon->configure(steps => 'step "only" { agents = {"bob"} by = {"pager"} wait = "1m" }');
$daemon->reload;
further_mail($third);
is paged(1), 'carol', 'as when the incident began, whatever a reload changes';
$daemon->command('page', 'ack', incident($third)->{id}, '--as', 'carol');
further_mail($third);
clock_has_run();
is scalar($daemon->pages), $told, 'unless somebody has it';

$daemon->command('page', 'resolve', incident($_)->{id}, '--as', 'bob') for $second, $third;

# ---- what is taken out of the configuration while an incident runs ----

# The row of NUMBER's page to AGENT by CHANNEL that was made last.
sub page_row {
    my ($number, $agent, $channel) = @_;
    return (grep { $_->{recipient} eq $agent && $_->{channel} eq $channel } @{ $daemon->json('show', $number)->{pages} })[-1];
}

sub reload_with { $daemon->configure(@_); $daemon->reload; return }

my $extra = <<'CONF';
channel "broken" { type = "command" command = {"/bin/false"} }
escalation "extra" { step "bob" { agents = {"bob"} by = {"broken"} wait = "10m" } step "carol" { agents = {"carol"} by = {"pager"} wait = "10m" } repeat = 1 }
role "extra" { address = {"extra@diytel.ca"} policy = "diytel" priority = "p1" team = "noc" page = "extra" page-if = "known" }
CONF
reload_with(roles => $extra, steps => 'step "left" { agents = {"alice"} by = {"pager"} wait = "5m" }');
my $fourth = write_to('extra', 'bob leaves');
wait_for('the failure', sub { (page_row($fourth, 'bob', 'broken')->{last_error} // '') =~ /exit/ });
reload_with(teams => $people =~ s/^agent "bob".*\n//mr, roles => $extra =~ s/agents = \{"bob"\}/agents = {"alice"}/r);
later(2);
wait_for('the next try', sub { page_row($fourth, 'bob', 'broken')->{last_error} =~ /the configuration has no agent "bob"/ });
is page_row($fourth, 'bob', 'broken')->{state}, 'due', 'a page whose agent is there no more waits for the agent to come back, and says so';
is scalar(grep { $_->{recipient} eq 'bob' } @{ $daemon->json('queue')->{queue} }), 1, 'in the queue, too';
later(8);
is paged(1), 'carol', 'the next step is taken nevertheless';
reload_with(teams => $people, roles => $extra);
$daemon->command('page', 'ack', incident($fourth)->{id}, '--as', 'carol');
is page_row($fourth, 'bob', 'broken')->{state}, 'dropped', 'and it ends with an acknowledgement';
$daemon->command('page', 'resolve', incident($fourth)->{id}, '--as', 'carol');

my $fifth = write_to('extra', 'the channel leaves');
wait_for('the failure', sub { (page_row($fifth, 'bob', 'broken')->{last_error} // '') =~ /exit/ });
reload_with(roles => $extra =~ s/^channel.*\n//mr =~ s/"broken"/"mail"/r);
later(2);
wait_for('the next try', sub { page_row($fifth, 'bob', 'broken')->{last_error} =~ /no channel "broken"/ });
is page_row($fifth, 'bob', 'broken')->{state}, 'due', 'a page whose channel is there no more waits for that, too';
reload_with(roles => $extra =~ s/false/true/r);
later(2);
ok wait_for('the page', sub { page_row($fifth, 'bob', 'broken')->{state} eq 'sent' }), 'and goes out when it is back';

reload_with(roles => '');
later(10);
is paged(1), 'carol', 'an incident whose escalation and role are there no more goes by what it began with';
reload_with(teams => $people =~ s/^agent "(?:bob|carol)".*\n//mgr);
later(10);
is paged(1), 'alice', 'and when nobody of that is left, by any that reaches somebody';
like $daemon->command('page', 'ack', incident($fifth)->{id}, '--as', 'alice'), qr/: acknowledged$/, 'who can take it';
is incident($fifth)->{acknowledged_by}, 'alice', 'and has it';
$daemon->command('page', 'resolve', incident($fifth)->{id}, '--as', 'alice');

# ---- a relay that is down for long ----

my $well = $daemon->{relay};
reload_with(relay => free_port(), teams => $people, extra => 'give-up = "1d"', steps => 'step "mail" { agents = {"alice"} by = {"mail"} wait = "1h" } repeat = 1');
my $sixth = write_to('emergency', 'no relay');
wait_for('the first try', sub { page_row($sixth, 'alice', 'mail')->{last_error} });
for my $day (1 .. 3) {
    for (1 .. 3) { later(8 * 60); clock_has_run() }
    wait_for('another try', sub { page_row($sixth, 'alice', 'mail')->{last_error} });
    is page_row($sixth, 'alice', 'mail')->{state}, 'due', "day $day: a page is not given up";
}
is scalar(grep { $_->{state} eq 'due' } @{ $daemon->json('show', $sixth)->{pages} }), 1, 'one of them waits, and not one for each step';
reload_with(relay => $well);
later(2);
wait_for('the page', sub { page_row($sixth, 'alice', 'mail')->{state} eq 'sent' });
sent();
is scalar(grep { $_->{text} =~ /^Subject: EMERGENCY .*no relay/m } $sink->mails_to('alice@diytel.ca')), 1, 'when the relay is back, it is one page that comes';
$daemon->command('page', 'ack', incident($sixth)->{id}, '--as', 'alice');

is $site->stop, 0, 'the daemon stops in order';
done_testing;
