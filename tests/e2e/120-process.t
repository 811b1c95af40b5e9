#!/usr/bin/perl
# frontdeskd as a process: its command line, the start with and without a terminal, what it tells systemd, and its socket.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Support qw(scratch slurp spew wait_for);
use IO::Select;
use IO::Socket::UNIX;

my ($dir, $elsewhere) = (scratch('process'), scratch('second'));
my $daemon = Frontdesk::Test::Daemon->new($dir, relay => 1);
my $program = "$Frontdesk::Test::Daemon::BUILD/src/frontdeskd";
my ($good, $detached) = $daemon->config_path;
END { kill 'KILL', $detached if $detached }

# Runs COMMAND, for a minute at most, keeps what it says to a terminal in $said, and returns its exit status.
my $said;
sub status_of {
    my (@command) = @_;
    system 'sh', '-c', 'exec timeout 60 "$@" > "$0" 2>&1', "$dir/said", @command;
    $said = slurp("$dir/said");
    return $? >> 8;
}

# A configuration like ours but for one key; its path.
sub with {
    my ($name, $key, $value) = @_;
    spew("$dir/$name.conf", slurp($good) =~ s/^\Q$key\E = .*/$key = "$value"/mr);
    return "$dir/$name.conf";
}

# ---- the command line ----

is status_of($program, '-V'), 0, '-V';
like $said, qr/^frontdesk \d/, 'says the version';
is status_of($program, '--colour'), 64, 'an unknown option: 64';
like $said, qr/--colour/, 'and which';
is status_of($program, 'now'), 64, 'an argument: 64';
is status_of($program, '-t', '-c', $good), 0, '-t with a good configuration: 0';
like $said, qr/\Q$good\E: ok/, 'says so';
spew("$dir/bad.conf", slurp($good) . qq(colour = "red"\n));
my $line = () = slurp("$dir/bad.conf") =~ /\n/g;
is status_of($program, '-t', '-c', "$dir/bad.conf"), 78, '-t with a bad one: 78';
like $said, qr/bad\.conf:$line: .*colour/, 'names file, line and key';
is status_of($program, '-t', '-c', with('speechless', 'templates', "$dir/nothing")), 78, '-t without templates: 78';
like $said, qr{\Q$dir\E/nothing}, 'names the folder';
is status_of($program, '-c', "$dir/missing.conf"), 78, 'no configuration file: 78';
like $said, qr/missing\.conf/, 'names it';
is status_of($program, '-c', "$dir"), 78, 'a folder as configuration file: 78';

# ---- a start that fails is told to whoever typed the command ----

is status_of($program, '-c', with('lost', 'database', "$dir/nothing/frontdesk.db")), 69, 'no folder for the database: 69, detached or not';
like $said, qr{\Q$dir\E/nothing/frontdesk\.db: it cannot be opened}, 'and why';
is status_of($program, '-c', with('deaf', 'listen', "unix:$dir/nothing/sock")), 69, 'no folder for the socket: 69';
like $said, qr{cannot listen on unix:\Q$dir\E/nothing/sock}, 'and why';
like $said, qr{No such file or directory}, 'libmilter has its say, too';
is status_of($program, '-f', '-c', with('odd', 'listen', 'pigeon:4')), 69, 'a kind of socket that libmilter does not know: 69';
is status_of($program, '-f', '-c', with('handed', 'listen', 'fd:9')), 69, 'a descriptor that nobody handed over: 69';
like $said, qr/no listening socket behind "fd:9"/, 'and what is missing';

# ---- detached ----

# Runs "$@" where /dev/log is the socket $1/syslog. Exit 77: this cannot be had here.
my $with_syslog = <<'SH';
mkdir -p "$1/dev" && mount --bind /dev "$1/dev" && mount -t tmpfs tmpfs /dev || exit 77
for device in "$1"/dev/*; do [ "${device##*/}" = log ] || ln -s "$device" /dev/; done
ln -s "$1/syslog" /dev/log
shift
exec "$@"
SH
my $syslog = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "$dir/syslog") or die "$dir/syslog: $!\n";
my $lines = '';
sub syslog_lines {
    my $waiting = IO::Select->new($syslog);
    while ($waiting->can_read(0)) { $syslog->recv(my $text, 8192); $lines .= "$text\n" }
    return $lines;
}

SKIP: {
    my $started = status_of('unshare', '--mount', 'sh', '-c', $with_syslog, 'sh', "$dir", $program, '-c', $good);
    skip 'no name space for a private /dev/log here', 9 if $started =~ /^(?:1|77|127)$/ && !-S $daemon->socket_path;
    is $started, 0, 'frontdeskd detaches once it serves: 0';
    is $said, '', 'and has nothing to say to the terminal';
    ok +IO::Socket::UNIX->new(Peer => $daemon->socket_path), 'the socket is there by then';
    wait_for('a line in the log', sub { syslog_lines() =~ /serving on/ });
    like $lines, qr/^<21>.* frontdeskd\[\d+\]: serving on unix:/m, 'it logs to syslog, facility mail';
    ($detached) = $lines =~ /frontdeskd\[(\d+)\]: serving/;
    my $null = (stat '/dev/null')[6];
    is_deeply [map { (stat "/proc/$detached/fd/$_")[6] } 0 .. 2], [($null) x 3], 'descriptors 0 to 2 are /dev/null';
    is readlink "/proc/$detached/cwd", '/', 'it stands in /';
    is +(split ' ', (slurp("/proc/$detached/stat") =~ s/^.*\) //sr))[3], $detached, 'in a session of its own';
    kill 'HUP', $detached;
    wait_for('its end', sub { IO::Socket::UNIX->new(Peer => $daemon->socket_path); syslog_lines() =~ /: stopped/ });
    pass 'HUP is a stop, in order';
    like $lines, qr/: stopping/, 'that the log tells of';
    undef $detached;
}

# ---- what systemd is told ----

my $manager = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "$dir/notify") or die "$dir/notify: $!\n";
my $told = IO::Select->new($manager);
sub next_word {
    my ($seconds) = @_;
    my $text;
    $manager->recv($text, 8192) if $told->can_read($seconds);
    return $text;
}
sub words_until {
    my ($end) = @_;
    my @words;
    wait_for("\"$end\"", sub { my $word = next_word(0.1); push @words, $word if defined $word; @words && $words[-1] =~ /$end/ });
    return grep { !/^WATCHDOG=1$/ } @words;
}

$daemon->start('env', "NOTIFY_SOCKET=$dir/notify", 'WATCHDOG_USEC=400000');
is_deeply [words_until('^READY')], ['READY=1'], 'READY=1 once it serves';
$daemon->reload;
my @reload = words_until('^READY');
like $reload[0], qr/^RELOADING=1\nMONOTONIC_USEC=\d+$/, 'RELOADING=1 with the time';
is $reload[1], 'READY=1', 'and READY=1 after it';
words_until('^WATCHDOG=1') for 1 .. 3;
pass 'WATCHDOG=1, again and again';
SKIP: {
    skip 'a thread cannot be held up here', 2 if !$daemon->freeze('store writer');
    while (defined next_word(0)) { } # what was said before
    my $words = 0;
    $words++ while $words < 2 && defined next_word(2);
    cmp_ok $words, '<', 2, 'none while the writer hangs, but for one that was on its way';
    $daemon->thaw;
    words_until('^WATCHDOG=1');
    pass 'and again when it goes on';
}
$daemon->begin_stop;
is_deeply [words_until('^STOPPING')], ['STOPPING=1'], 'STOPPING=1 at the stop';
is $daemon->stop, 0, 'which ends with 0';

# ---- its socket ----

my $group = getgrnam 'mail';
$daemon->configure(socket => qq(socket-mode = "0660"\nsocket-group = "mail"));
$daemon->start('sh', '-c', 'umask 077; exec "$@"', 'sh');
my @socket = stat $daemon->socket_path;
is sprintf('%04o', $socket[2] & 07777), '0660', 'socket-mode, whatever the umask';
is $socket[5], $group, 'socket-group';
my $second = Frontdesk::Test::Daemon->new($elsewhere, relay => 1, listen => $daemon->milter);
is status_of($program, '-f', '-c', $second->config_path), 69, 'a second daemon on the socket: 69';
like $said, qr/another daemon serves it/, 'and why';
is status_of($program, '-c', with('same', 'listen', "unix:$dir/run/other.sock")), 69, 'a second daemon on the database: 69';
like $said, qr/frontdesk\.db: another frontdeskd works with it/, 'and why';
ok +IO::Socket::UNIX->new(Peer => $daemon->socket_path), 'the first one serves on';
$daemon->stop('KILL');
ok -S $daemon->socket_path, 'kill -9 leaves the socket there';
$daemon->configure(socket => 'socket-group = "nobody-has-this"');
is status_of($program, '-f', '-c', $good), 69, 'a group that is not there: 69';
like $said, qr/no group "nobody-has-this"/, 'and which';
$daemon->configure(socket => 'socket-mode = "0600"');
$daemon->start;
pass 'the next start takes its place';
$daemon->stop('KILL');
done_testing;
