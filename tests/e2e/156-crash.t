#!/usr/bin/perl
# kill -9 at each change of state of an incident's life, before it is written and after it is on the disk: mail in, page, a page
# that is held, a step, acknowledging, reminding, ending. Nothing is lost, a page comes twice at most and says so, and nobody is
# paged for what somebody has. FRONTDESK_CRASHES lives are lived, evenly chosen; with a large number all that there are.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(free_port run slurp spew wait_for);
use Frontdesk::Test::Web;
use JSON::PP ();
use List::Util qw(max min uniq);
use POSIX ();
use Time::Local qw(timegm);

my $library = "$Frontdesk::Test::Daemon::BUILD/tests/e2e/die-at-commit.so";
plan skip_all => 'faketime is not installed' if !Frontdesk::Test::Daemon::can_fake_time();
plan skip_all => 'sqlite3(1) is not installed' if !-x '/usr/bin/sqlite3';
plan skip_all => "$library is not built" if !-e $library;

my $people = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { notify = {"noc@diytel.ca"} }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"noc"} }
agent "bob" { name = "Bob Singh" mail = "bob@diytel.ca" teams = {"noc"} }
CONF
# What "broken" does not take waits to be tried again when somebody acknowledges.
my $steps = 'step "first" { schedule = "noc" by = {"pager"} wait = "5m" } step "second" { agents = {"bob"} by = {"pager", "mail", "broken"} wait = "1h" }';
my ($now, $port) = (timegm(0, 0, 16, 23, 10, 2026), free_port());
my $site = Frontdesk::Test::Site->new('crash', daemon => {
    at => clock(), preload => $library, teams => $people, steps => $steps, window => '2m', roles => 'channel "broken" { type = "command" command = {"/bin/false"} }',
    policy => 'priority "p1" { calendar = "always" update = "30m" }',
    extra => qq(acknowledge-limit-total = 0\npage-limit-total = 0\nweb = "127.0.0.1:$port"\nweb-url = "http://127.0.0.1:$port"\n),
});
my ($daemon, $sink) = ($site->daemon, $site->sink);
my $web = Frontdesk::Test::Web->new($port);
my $order = "$site->{dir}/die";
my ($lives, $deaths, @broken) = (0, 0);

sub clock { return POSIX::strftime('%Y-%m-%d %H:%M:%S', gmtime $now) }
sub start { return $daemon->start('env', "DIE_FILE=$order") }
sub sql { my ($query) = @_; chomp(my $found = run('sqlite3', '-cmd', '.timeout 10000', $daemon->database, $query)); return $found }

# ---- what holds at any time ----

my %invariants = (
    'a triggered incident has a next step' => q{SELECT count(*) FROM incident WHERE state = 'triggered' AND coalesce(next_at, 0) = 0},
    'what somebody has pages nobody any more' => q{SELECT count(*) FROM outbox JOIN incident ON incident.id = outbox.incident
        WHERE incident.state <> 'triggered' AND template = 'page' AND outbox.state IN ('due', 'sending')},
    'a step and its pages are one change' => q{SELECT count(*) FROM incident AS i WHERE (SELECT count(DISTINCT created_at) FROM outbox
        WHERE incident = i.id AND template = 'page') <> 1 + step OR step <> (SELECT count(*) FROM event WHERE ticket = i.ticket AND kind = 'escalation')},
    'an emergency has an incident' => q{SELECT count(*) FROM ticket WHERE role = 'emergency' AND number NOT IN (SELECT ticket FROM incident)},
);

sub check { push @broken, map { "life $lives: $_" } grep { sql($invariants{$_}) ne '0' } sort keys %invariants; return }

# A daemon that was killed is started again, and is not killed a second time.
sub revive {
    return if !defined $daemon->has_ended;
    $deaths++;
    unlink $order;
    start();
    check();
    return;
}

# Whatever a kill has interrupted has been made up for.
sub quiet {
    wait_for('the pages and letters', sub {
        revive();
        sql("SELECT count(*) FROM outbox WHERE state = 'sending' OR (state = 'due' AND due_at <= ${now}000000)") eq '0';
    });
    return;
}

# ---- one life ----

sub offer {
    my ($subject) = @_;
    my $from = "$subject\@whole.example";
    my $mail = mail(from => $from, to => 'emergency@diytel.ca', subject => $subject);
    wait_for("$subject to be taken", sub {
        revive();
        my $answers = eval { $site->send(from => $from, to => ['emergency@diytel.ca'], mail => $mail) };
        $answers && ($answers->{end} // '') =~ /^250/;
    });
    quiet();
    return;
}

# All pages of SUBJECT that the pager was given, in their order.
sub pages_of {
    my ($subject) = @_;
    my $pages = -e "$site->{dir}/pages" ? slurp("$site->{dir}/pages") : '';
    return map { JSON::PP->new->utf8->decode($_) } grep { index($_, qq("$subject")) >= 0 } split /\n/, $pages;
}

# The time passes until the pager has KEYS different pages of SUBJECT.
sub elapse {
    my ($seconds, $subject, $keys) = @_;
    $now += $seconds;
    $daemon->set_time(clock());
    wait_for("page $keys of $subject", sub { revive(); uniq(map { $_->{key} } pages_of($subject)) >= $keys });
    quiet();
    return;
}

sub ticket { my ($subject) = @_; return sql("SELECT number FROM ticket WHERE subject = '$subject'") }
sub incident { my ($subject) = @_; return sql("SELECT incident.id FROM incident JOIN ticket ON number = ticket WHERE subject = '$subject'") }

my %take = (
    command => sub { my ($subject) = @_; return $daemon->command('page', 'ack', incident($subject), '--as', 'bob') =~ /acknowledged|you have/ },
    web => sub {
        my ($subject) = @_;
        my ($path) = map { $_->{acknowledge_url} =~ m{(/ack/.+)} } grep { $_->{agent} eq 'bob' } pages_of($subject);
        return $web->post($path, 'action=acknowledge')->{status} == 200;
    },
    mail => sub {
        my ($subject) = @_;
        my ($page) = grep { $_->{text} =~ /^Subject: EMERGENCY .*\b\Q$subject\E\b/m } $sink->mails_to('bob@diytel.ca');
        $page && $page->{text} =~ /^Reply-To: .*?(emergency\+p\.[0-9a-z.]+\@diytel\.ca)/mi or return;
        my $to = $1;
        my $answers = eval { $site->send(from => 'bob@diytel.ca', to => [$to],
            mail => mail(from => 'bob@diytel.ca', to => $to, subject => 'Re: EMERGENCY', id => "<$subject-ack\@diytel.ca>", body => "ack\n")) };
        return $answers && ($answers->{end} // '') =~ /^250/;
    },
);
my @ways = sort keys %take;

# Two emergencies, of which the second one's page is held and soon over, in which the daemon is killed at its commit number AT.
sub live {
    my ($at, $when) = @_;
    my ($first, $second, $way) = ('a' . ++$lives, "b$lives", $ways[$lives % @ways]);
    spew("$order.new", "$lives $at $when\n");
    rename "$order.new", $order or die $!;
    offer($first);
    elapse(0, $first, 1);
    offer($second);
    my $held = !pages_of($second);
    elapse(121, $second, 1);
    $daemon->command('close', ticket($second), '--quiet');
    quiet();
    elapse(180, $first, 2);
    wait_for("$first to be acknowledged by $way", sub { revive(); $take{$way}->($first) });
    my $told = pages_of($first);
    quiet();
    elapse(1800, $first, 3);
    $daemon->command('page', 'resolve', incident($first), '--as', 'bob');
    $daemon->command('close', ticket($first), '--quiet');
    quiet();
    unlink $order;
    check();
    my @after = (pages_of($first))[$told .. scalar(pages_of($first)) - 1];
    is_deeply account($first, $second, $held, @after), expected(), "killed $when commit $at, acknowledged by $way";
    $now += 3600;
    $daemon->set_time(clock());
    return;
}

sub events { my ($subject) = @_; return sql("SELECT group_concat(kind || ' ' || n, ', ') FROM (SELECT kind, count(*) AS n FROM event WHERE ticket = "
    . ticket($subject) . " AND kind IN ('opened', 'escalation', 'taken', 'late', 'reminded', 'incident resolved', 'resolved') GROUP BY kind ORDER BY kind)") }

# What came of it, as anybody would see it.
sub account {
    my ($first, $second, $held, @after) = @_;
    my %seen;
    my @wrong = grep { my $times = ++$seen{ $_->{key} }; $times > 2 || ($times == 2 && $_->{text} !~ /^\(possibly again\) /) } pages_of($first), pages_of($second);
    my ($taken) = events($first) =~ s/, late \d+//r;
    return {
        first => join(', ', uniq(map { $_->{agent} . ($_->{text} =~ /REMINDER/ ? ' reminded' : '') } pages_of($first))),
        second => join(', ', uniq(map { $_->{agent} } pages_of($second))),
        held => $held ? 'yes' : 'no',
        tickets => sql("SELECT count(*) FROM ticket WHERE subject IN ('$first', '$second')"),
        twice => join("\n", map { $_->{text} } @wrong),
        after => join("\n", grep { !/REMINDER/ } map { $_->{text} } @after),
        events => $taken,
        holder => sql("SELECT state || ' ' || acknowledged_by || ' ' || coalesce(next_at, 'over') FROM incident WHERE id = " . incident($first)),
        dropped => sql('SELECT group_concat(channel || \' \' || template, \', \') FROM outbox WHERE state = \'dropped\' AND ticket = ' . ticket($first)),
        left => sql('SELECT count(*) FROM outbox WHERE state NOT IN (\'sent\', \'dropped\') AND ticket IN (' . ticket($first) . ', ' . ticket($second) . ')'),
    };
}

sub expected {
    return {
        first => 'alice, bob, bob reminded', second => 'alice', held => 'yes', tickets => 2, twice => '', after => '',
        events => 'escalation 1, incident resolved 1, opened 1, reminded 1, resolved 1, taken 1', holder => 'resolved bob over', left => 0,
        dropped => 'broken page, broken page-reminder',
    };
}

# ---- all lives ----

$daemon->stop;
start();
live(0, 'before');
is $deaths, 0, 'one life without a kill';
chomp(my $commits = slurp("$order.count"));
note "$commits commits";
my @all = map { [$_, 'before'], [$_, 'after'] } 1 .. $commits;
my $chosen = min($ENV{FRONTDESK_CRASHES} // 12, scalar @all);
live(@{ $all[int(($_ + 0.5) * @all / $chosen)] }) for 0 .. $chosen - 1;
cmp_ok $deaths, '>=', $chosen / 2, "the others are killed ($deaths of $chosen)"; # fewer commits where some are joined
is_deeply \@broken, [], 'what must hold at any time holds when the daemon is back';

# ---- the command that acknowledges is killed ----

# What it says, and the signal that ended it.
sub killed_command {
    my ($at, $when, $incident) = @_;
    spew("$site->{dir}/die-command", "1 $at $when\n");
    open my $pipe, '-|', 'env', "DIE_FILE=$site->{dir}/die-command", $daemon->under, "$Frontdesk::Test::Daemon::BUILD/src/frontdesk", '-c', $daemon->config_path,
        'page', 'ack', $incident, '--as', 'bob' or die $!;
    local $/;
    my $said = <$pipe> // '';
    close $pipe;
    return ($said, $? & 127);
}

offer('killed');
elapse(301, 'killed', 2);
my $killed = incident('killed');
my $row = "SELECT state || ' ' || coalesce(acknowledged_by, 'nobody') || ' ' || (SELECT count(*) FROM event WHERE ticket = incident.ticket AND kind = 'taken') FROM incident WHERE id = $killed";
for my $kill ([1, 'before'], [1, 'after'], [2, 'before'], [2, 'after']) {
    my ($said, $signal) = killed_command(@{$kill}, $killed);
    like "$signal $said", qr/^(?:9 $|0 .*acknowledged$|0 you have)/, "the command is killed $kill->[1] its commit $kill->[0], and says nothing"; # or has none
    like sql($row), qr/^(?:triggered nobody 0|acknowledged bob 1)$/, 'it is done, or it is not';
}
check();
is_deeply \@broken, [], 'and all holds that must';
like $daemon->command('page', 'ack', $killed, '--as', 'bob'), qr/: acknowledged$|^you have incident $killed already/, 'tried again, it says that bob has it';
is sql($row), 'acknowledged bob 1', 'and he has';
$daemon->command('page', 'resolve', $killed, '--as', 'bob');

# ---- what the customers and bob were sent ----

my %letters; # {address}{Message-ID} = subject
for my $mail ($sink->mails) {
    my ($id, $subject) = map { Frontdesk::Test::Sink::field($mail, $_) } 'Message-ID', 'Subject';
    $letters{ $mail->{to}[0] }{$id} = $mail->{text} =~ /A member of our staff has taken/ ? 'taken' : 'received';
}
sub letters_to { my ($address) = @_; return join ' ', sort values %{ $letters{$address} } }
is_deeply [grep { letters_to("a$_\@whole.example") !~ /^received (?:received )?taken$/ } 1 .. $lives], [], 'each customer is told, and of who took it once';
is_deeply [grep { letters_to("b$_\@whole.example") !~ /^received/ } 1 .. $lives], [], 'the others, too';
is $daemon->json('doctor')->{checks}[0]{result}, 'ok', 'doctor is content';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
