#!/usr/bin/perl
# On-call calendars that change while the daemon serves: files that are replaced, broken or gone, and calendars that are
# fetched, by http from this machine and by https. Whom an emergency pages, what `frontdesk oncall` says, the log and doctor.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Files;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(free_port run slurp spew start_process wait_for);
use IO::Socket::INET;
use JSON::PP ();

my $teams = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { notify = {"noc@diytel.ca"} }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"noc"} mobile = "+16045550101" }
agent "bob" { name = "Bob Singh" mail = "bob@diytel.ca" teams = {"noc"} mobile = "+16045550102" }
agent "carol" { name = "Carol Roy" mail = "carol@diytel.ca" teams = {"noc"} mobile = "+16045550103" }
CONF

# A calendar by which AGENT is on call at any time.
sub calendar {
    my ($agent, @more) = @_;
    return join "\r\n", 'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', 'BEGIN:VEVENT', 'UID:1', "SUMMARY:$agent",
        'DTSTART;VALUE=DATE:20240101', 'RRULE:FREQ=DAILY', @more, 'END:VEVENT', 'END:VCALENDAR', '';
}

my ($site, $daemon, $dir);

# As an editor does.
sub replace {
    my ($text) = @_;
    spew("$dir/noc.ics.new", $text);
    rename "$dir/noc.ics.new", "$dir/noc.ics" or die $!;
    return;
}

sub oncall { return $daemon->json('oncall')->{schedules}[0]{agent} // 'nobody' }
sub count_log { my ($pattern) = @_; my $count = () = $daemon->log =~ /$pattern/g; return $count }

# Waits until the log has one more line of PATTERN than before CODE.
sub logs {
    my ($pattern, $code) = @_;
    my $before = count_log($pattern);
    $code->();
    wait_for("$pattern in the log", sub { count_log($pattern) > $before });
    return;
}

my $again = qr/calendars read again/;
my ($ann, $count) = ('ann@customer.example', 0);

# Whom an emergency that comes now pages.
sub paged {
    my $subject = 'emergency ' . ++$count;
    my $answers = $site->send(from => $ann, to => ['emergency@diytel.ca'], mail => mail(from => $ann, to => 'emergency@diytel.ca', subject => $subject));
    die "$answers->{end}\n" if $answers->{end} !~ /^250/;
    my ($ticket) = grep { $_->{subject} eq $subject } $daemon->tickets;
    my %who = map { $_->{recipient} => 1 } @{ $daemon->json('show', $ticket->{number})->{pages} };
    return join ' ', sort keys %who;
}

# What doctor says, "CHECK RESULT TEXT", a line each.
sub doctor {
    open my $pipe, '-|', "$Frontdesk::Test::Daemon::BUILD/src/frontdesk", '-c', $daemon->config_path, 'doctor', '--json' or die $!;
    my $checks = JSON::PP->new->utf8->decode(join '', <$pipe>)->{checks};
    close $pipe;
    return join '', map { "$_->{check} $_->{result} $_->{text}\n" } @$checks;
}

sub copy { (my $copy) = glob $daemon->database . '.d/calendars/*.ics'; return $copy }

# ---- a file ----

$site = Frontdesk::Test::Site->new('calendars', daemon => { teams => $teams, oncall => 'calendar = "noc.ics"' });
($daemon, $dir) = ($site->daemon, $site->{dir});
wait_for('the warning at the start', sub { count_log(qr/nobody is on call by schedule "noc", as its calendar is not known/) });
wait_for('the look ahead', sub { count_log(qr/step "first" of escalation "noc" reaches nobody in the next 30 days/) });
is paged(), 'alice bob carol', 'no calendar: the next step';

logs($again, sub { replace(calendar('alice')) });
is paged(), 'alice', 'a file that appears is read without a reload';
is oncall(), 'alice', 'and by the command';
logs($again, sub { replace(calendar('bob')) });
is paged(), 'bob', 'a file that is replaced is read again';
is oncall(), 'bob', 'by the command, too';
logs($again, sub { spew("$dir/noc.ics", calendar('alice', 'LOCATION:home')) });
is paged(), 'alice', 'as one that is written over';

logs(qr/nobody is on call by "dave"/, sub { replace(calendar('bob') =~ s/(?=END:VCALENDAR)/"BEGIN:VEVENT\r\nSUMMARY:dave\r\nDTSTART;VALUE=DATE:20990101\r\nEND:VEVENT\r\n"/er) });
is count_log(qr/noc\.ics:10: nobody is on call by "dave"/), 1, 'a name that is not known is in the log, with its line';

my $half = calendar('carol') =~ s/END:VCALENDAR\r\n//r;
my $not_taken = qr/the calendar of schedule "noc" is not taken, and the last good copy, of [-0-9: ]+, counts: \S+noc\.ics:\d+: /;
logs($not_taken, sub { replace($half) });
like $daemon->log, qr/noc\.ics:\d+: the file breaks off here: END:VCALENDAR is missing/, 'a file that is half written: file and line';
is paged(), 'bob', 'the last good one stays';
is oncall(), 'bob', 'for the command, too';
like doctor(), qr/^configuration warn .*$not_taken/m, 'doctor says so';
$daemon->configure(extra => qq(escalation "more" {\n step "a" { team = "billing" by = {"mail"} }\n step "b" { agents = {"bob"} by = {"mail"} }\n }\n));
logs(qr/step "a" of escalation "more" reaches nobody/, sub { $daemon->reload });
is count_log($not_taken), 1, 'it is logged once, by a reload not again';
$daemon->stop;
$daemon->start;
is paged(), 'bob', 'after a restart, the last good one counts';
wait_for('the warning', sub { count_log($not_taken) == 2 });
unlink "$dir/noc.ics";
wait_for('a word on the lost file', sub { $daemon->log =~ /counts: .*noc\.ics.*No such file/ });
is paged(), 'bob', 'as when the file is gone';

my $good = slurp($daemon->config_path);
spew($daemon->config_path, "$good\ncolour = \"red\"\n");
logs($again, sub { replace(calendar('carol')) });
spew($daemon->config_path, $good);
is paged(), 'carol', 'a configuration that is being worked on is not in the way';

# ---- holidays ----

$daemon->configure(extra => 'calendar "c" { hours = {"mon 08:00-09:00"} holidays = {"h.ics"} }');
$daemon->reload;
my $stay = qr/calendars are not read again, those read before stay: holidays of calendar "c": \S+h\.ics:\d+: /;
logs($stay, sub { spew("$dir/h.ics", "BEGIN:VCALENDAR\r\n") });
logs($again, sub { spew("$dir/h.ics", join "\r\n", 'BEGIN:VCALENDAR', 'BEGIN:VEVENT', 'DTSTART;VALUE=DATE:20261225', 'END:VEVENT', 'END:VCALENDAR', '') });
is count_log($stay), 1, 'a mistake in a file of holidays is logged once, and the file is read when it is mended';

# ---- by http, from this machine ----

my $files = Frontdesk::Test::Files->new("$dir/files");
my $secret = 's3cret-path';
my $url = $files->origin . "/$secret/noc.ics?token=t0ken";
spew("$dir/login", "reader:open sesame\n");
$files->give(calendar('alice'));
$daemon->configure(oncall => "calendar = \"$url\" calendar-interval = \"1h\" calendar-password-file = \"$dir/login\"");
unlink copy();
is oncall(), 'nobody', 'before it is fetched nobody is on call';
like doctor(), qr/^calendar warn the calendar of schedule "noc" has not been fetched from \Q${\ $files->origin}\E yet/m, 'as doctor says';
logs($again, sub { $daemon->reload });
is paged(), 'alice', 'a calendar is fetched';
is oncall(), 'alice', 'and the command knows';
my ($request) = $files->requests;
like $request, qr{^GET /$secret/noc\.ics\?token=t0ken HTTP}, 'what is asked for';
like $request, qr{^Authorization: Basic cmVhZGVyOm9wZW4gc2VzYW1l\r$}m, 'with the login';
like doctor(), qr/^calendar ok the calendar of schedule "noc" was last fetched from \Q${\ $files->origin}\E less than 1m ago/m, 'doctor tells its age';

utime 1, 1, copy();
wait_for('a reload that finds the same', sub { $daemon->reload if !grep { /304\z/ } $files->requests; grep { /304\z/ } $files->requests });
wait_for('the copy to be as of now', sub { (stat copy())[9] > 1 });
is oncall(), 'alice', '304: the copy is good';

$files->give(calendar('bob'));
logs($again, sub { $daemon->reload });
is paged(), 'bob', 'another one is taken';

my $fails = qr/the calendar of schedule "noc" cannot be fetched, and its copy, \d+ minutes old, counts meanwhile/;
my $crowd = join "\r\n", 'HTTP/1.1 200 OK', 'Connection: close', '', 'BEGIN:VCALENDAR', map { "X-FILL:" . 'x' x 60 } 1 .. 70_000;
for my $trouble (
    ['a page for people', "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>Please log in</html>\r\n", qr{\Q${\ $files->origin}\E/\.\.\.:1: this is no line of an iCalendar file}],
    ['one that breaks off', "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n$half", qr/END:VCALENDAR is missing/],
    ['one that is too large', $crowd, qr/it is larger than 4194304 octets/],
    ['one that says it is too large', "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\nBEGIN", qr/it is larger than/],
    ['a failure', "HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\n", qr/HTTP 500/],
    ['a redirection without TLS', "HTTP/1.1 302 Found\r\nLocation: @{[ $files->origin ]}/other\r\nConnection: close\r\n\r\n", qr/it redirects to something else than https/],
) {
    my ($name, $answer, $says) = @$trouble;
    $files->say($answer);
    my $said = count_log($fails);
    logs(qr/$fails: .*$says/, sub { $daemon->reload });
    my $asked = () = $files->requests;
    $daemon->reload;
    wait_for('another try', sub { $files->requests > $asked });
    $files->give(calendar('bob'));
    logs(qr/the calendar of schedule "noc" is fetched again/, sub { $daemon->reload });
    is count_log($fails), $said + 1, "$name: said once";
    is oncall(), 'bob', "$name: the copy counts";
}
is scalar(grep { m{^GET /other} } $files->requests), 0, 'the redirection was not followed';

$files->stop;
$daemon->stop;
logs($fails, sub { $daemon->start });
is paged(), 'bob', 'a restart while the server is down: the copy counts';
utime time - 4 * 3600, time - 4 * 3600, copy();
like doctor(), qr/^calendar warn the calendar of schedule "noc" was last fetched from \Q${\ $files->origin}\E 4h ago: see that frontdeskd runs/m, 'doctor: the copy is old';

unlink copy();
$daemon->stop;
logs(qr/NOBODY IS ON CALL by schedule "noc", as its calendar cannot be fetched and there is no copy of it: \Q${\ $files->origin}\E: /, sub { $daemon->start });
is paged(), 'alice bob carol', 'a first start while the server is down: it serves, and the next step is taken';
$daemon->stop;
$files->start;
$files->give(calendar('carol'));
$daemon->start;
is paged(), 'carol', 'a first start with the server: it serves when it knows who is on call';
unlike $daemon->log . doctor(), qr/\Q$secret\E|t0ken|sesame/, 'no secret of the URL or the login is told';
$files->stop;

# ---- by https ----

SKIP: {
    skip 'openssl is not installed', 6 if !-x '/usr/bin/openssl';
    my $port = free_port();
    for my $certificate (['authority'], ['stranger'], ['server', '-CA', "$dir/authority.crt", '-CAkey', "$dir/authority.key", '-addext', 'subjectAltName=IP:127.0.0.1']) {
        my ($name, @signed) = @$certificate;
        run('/bin/sh', '-c', 'exec "$@" 2>/dev/null', 'sh', 'openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
            '-days', '7', '-subj', "/CN=$name", '-keyout', "$dir/$name.key", '-out', "$dir/$name.crt", @signed);
    }
    mkdir "$dir/tls";
    my $give = sub { my ($name, $answer) = @_; return spew("$dir/tls/$name", $answer) };
    $give->('noc.ics', "HTTP/1.0 200 OK\r\n\r\n" . calendar('alice'));
    $give->('moved.ics', "HTTP/1.0 302 Found\r\nLocation: /noc.ics\r\n\r\n");
    $give->('clear.ics', "HTTP/1.0 302 Found\r\nLocation: @{[ $files->origin ]}/noc.ics\r\n\r\n");
    $give->('round.ics', "HTTP/1.0 302 Found\r\nLocation: /round.ics\r\n\r\n");
    start_process("$dir/tls.log", 'sh', '-c', 'cd "$0" && exec "$@"', "$dir/tls", 'openssl', 's_server', '-HTTP', '-accept', "127.0.0.1:$port",
        '-cert', "$dir/server.crt", '-key', "$dir/server.key", '-quiet');
    wait_for('openssl s_server', sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) });
    my $schedule = sub {
        my ($host, $file, $authority) = @_;
        $daemon->configure(oncall => "calendar = \"https://$host:$port/$file\" ca-file = \"$dir/$authority.crt\"");
        return;
    };
    my $cannot = sub {
        my ($name, $says, @where) = @_;
        $schedule->(@where);
        logs(qr/NOBODY IS ON CALL .*$says/, sub { $daemon->reload });
        return is oncall(), 'nobody', "$name: refused";
    };
    $cannot->('a certificate of another authority', qr/(?:certificate|SSL)/, '127.0.0.1', 'noc.ics', 'stranger');
    $cannot->('a certificate for another name', qr/(?:certificate|SSL)/, 'localhost', 'noc.ics', 'authority');
    $cannot->('a redirection out of TLS', qr/it redirects to something else than https/, '127.0.0.1', 'clear.ics', 'authority');
    $cannot->('redirections without end', qr/redirects/i, '127.0.0.1', 'round.ics', 'authority');
    $schedule->('127.0.0.1', 'noc.ics', 'authority');
    logs($again, sub { $daemon->reload });
    is oncall(), 'alice', 'a calendar is fetched by TLS';
    $schedule->('127.0.0.1', 'moved.ics', 'authority');
    logs($again, sub { $daemon->reload });
    is oncall(), 'alice', 'and by a redirection within it';
}
is $site->stop, 0, 'the daemon stops in order';
done_testing;
