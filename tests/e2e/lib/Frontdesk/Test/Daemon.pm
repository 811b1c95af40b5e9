package Frontdesk::Test::Daemon;

# frontdeskd with a configuration of the test's own, and the frontdesk command beside it.

use strict;
use warnings;
use Frontdesk::Test::Support qw(start_process end_process end_of_process run slurp spew wait_for);
use IO::Socket::UNIX;
use JSON::PP ();
use POSIX ();

our $BUILD = $ENV{FRONTDESK_BUILD} // die "FRONTDESK_BUILD must name the build folder\n";
our $SOURCE = $ENV{FRONTDESK_SOURCE} // die "FRONTDESK_SOURCE must name the source folder\n";
my @under = split ' ', $ENV{FRONTDESK_UNDER} // ''; # valgrind, say
my $faketime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';

# new(dir, relay => port, extra => 'more lines', directory => 'section', page => 'channel body',
#     listen => 'what frontdesk.conf says', policy => 'body of the policy', teams => 'in place of the teams and agents',
#     hostname => 'whose Message-IDs they are', pause => 'the time between two acknowledgements to an address',
#     oncall => 'body of the schedule', window => 'the time in which pages become one', limit => 'pages of a sender an hour',
#     steps => 'body of the escalation', desk => 'a file that has calendars, policies, people and roles, in place of those here',
#     at => 'the time, UTC, that stands still until set_time()', zone => 'of the calendar', preload => 'a library, with AT only')
sub new {
    my ($class, $dir, %option) = @_;
    my $self = bless { dir => "$dir", owner => $$, %option }, $class;
    mkdir "$dir/run";
    mkdir "$dir/state";
    $self->set_time($option{at}) if $option{at};
    $self->configure;
    return $self;
}

sub can_fake_time { return -e $faketime }

# Daemon and commands take it for TIME, "2026-11-23 14:00:00" of UTC, from now on. What waits for a while waits really.
sub set_time {
    my ($self, $time) = @_;
    spew("$self->{dir}/time.new", "$time\n");
    rename "$self->{dir}/time.new", "$self->{dir}/time" or die "time: $!\n";
    $self->{at} = $time;
    return;
}

# What daemon and commands run under.
sub under {
    my ($self) = @_;
    return @under if !$self->{at};
    my $asan = join ':', $ENV{ASAN_OPTIONS} // (), 'verify_asan_link_order=0';
    my $preload = join ':', $faketime, $self->{preload} // ();
    return ('env', "LD_PRELOAD=$preload", "FAKETIME_TIMESTAMP_FILE=$self->{dir}/time", 'FAKETIME_NO_CACHE=1', 'NO_FAKE_STAT=1',
        'FAKETIME_DONT_FAKE_MONOTONIC=1', 'TZ=UTC', "ASAN_OPTIONS=$asan");
}

sub socket_path { return "$_[0]{dir}/run/milter.sock" }
sub milter { return 'unix:' . $_[0]->socket_path }
sub config_path { return "$_[0]{dir}/frontdesk.conf" }
sub database { return "$_[0]{dir}/state/frontdesk.db" }

sub configure {
    my ($self, %change) = @_;
    $self->{$_} = $change{$_} for keys %change;
    my $directory = $self->{directory} // 'directory { type = "table" }';
    my $extra = $self->{extra} // '';
    my $hostname = $self->{hostname} // 'mail.diytel.ca';
    my $pause = $self->{pause} // '0s';
    my $listen = $self->{listen} // $self->milter;
    my $socket = $self->{socket} // 'socket-mode = "0666"';
    my $desk = $self->{desk} ? qq{include("$self->{desk}")\n} : $self->small_desk;
    spew($self->config_path, <<"CONF");
listen = "$listen"
$socket
hostname = "$hostname"
acknowledge-pause = "$pause"
database = "$self->{dir}/state/frontdesk.db"
templates = "$SOURCE/templates"
relay { url = "smtp://127.0.0.1:$self->{relay}" timeout = "10s" }
$directory
$desk
$extra
CONF
    return;
}

# The desk of most tests.
sub small_desk {
    my ($self) = @_;
    my $channel = $self->{channel} // 'type = "command" command = {"/bin/sh", "-c", "page=$(cat); printf \'%s\\\\n\' \\"$page\\" >> ' . $self->{dir} . '/pages"}';
    my $roles = $self->{roles} // '';
    my $policy = $self->{policy} // '';
    my $zone = $self->{zone} // 'America/Vancouver';
    my $window = $self->{window} // '0s';
    my $limit = $self->{limit} // 0;
    my $steps = $self->{steps} // 'step "first" { schedule = "noc" by = {"pager", "mail"} wait = "5m" } step "all" { team = "noc" by = {"mail"} }';
    my $oncall = $self->{oncall} // 'rotation { agents = {"alice"} every = "1w" start = "2026-11-23T08:00" }';
    my $teams = $self->{teams} // <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { notify = {"noc@diytel.ca"} }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"tier1", "noc"} mobile = "+16045550101" }
CONF
    return <<"CONF";
tag = "DIYTel"
company = "DIYTel"
phone = "+1 604-635-0700"
page-window = "$window"
page-limit = $limit
calendar "pacific" { timezone = "$zone" hours = {"mon-fri 06:00-18:00"} }
policy "diytel" { calendar = "pacific" $policy }
$teams
role "support" { address = {"support\@diytel.ca", "telecom-support\@diytel.ca"} policy = "diytel" team = "tier1" }
role "billing" {
  address = {"billing\@diytel.ca"} policy = "diytel" team = "billing" accept = "known"
  refuse = "Billing answers registered customers. Please write from the address on your account, or call +1 604-635-0700."
}
role "emergency" {
  address = {"emergency\@diytel.ca"} policy = "diytel" priority = "p1" team = "noc" page = "noc" page-if = "known"
}
role "taken" { address = {"taken\@diytel.ca"} policy = "diytel" team = "tier1" deliver = "take" }
$roles
channel "pager" { $channel }
channel "mail" { type = "mail" }
schedule "noc" { timezone = "America/Vancouver" $oncall }
escalation "noc" { $steps }
CONF
}

# Fills the embedded directory from lines "mail,name,organization,customer,language,status".
sub customers {
    my ($self, @lines) = @_;
    spew("$self->{dir}/customers.csv", join "\n", 'mail,name,organization,customer,language,status', @lines, '');
    return $self->command('customers', 'import', "$self->{dir}/customers.csv");
}

sub start {
    my ($self, @wrapper) = @_;
    my $before = () = $self->log =~ /serving on/g;
    $self->{pid} = start_process("$self->{dir}/daemon.log", @wrapper, $self->under, "$BUILD/src/frontdeskd", '-c', $self->config_path, '-f');
    wait_for('frontdeskd: ' . $self->socket_path, sub {
        die 'frontdeskd ended: ' . $self->log if !kill 0, $self->{pid};
        my $now = () = $self->log =~ /serving on/g; # the socket is there before its group is set
        $now > $before && IO::Socket::UNIX->new(Peer => $self->socket_path);
    });
    return $self;
}

sub log { return -e "$_[0]{dir}/daemon.log" ? slurp("$_[0]{dir}/daemon.log") : '' }

# libmilter looks whether it is to stop every five seconds, and whenever somebody connects.
sub stop {
    my ($self, $signal) = @_;
    return end_process(delete $self->{pid}, $signal, sub { IO::Socket::UNIX->new(Peer => $self->socket_path) });
}

# The wait status of a daemon that has ended by itself, else undef.
sub has_ended {
    my ($self) = @_;
    my $status = end_of_process($self->{pid});
    delete $self->{pid} if defined $status;
    return $status;
}

# TERM, and knocks at the socket, because libmilter looks for a stop when something comes or after five seconds.
sub begin_stop {
    my ($self, $signal) = @_;
    my $before = () = $self->log =~ /stopping/g;
    kill $signal // 'TERM', $self->{pid};
    wait_for('the stop', sub { IO::Socket::UNIX->new(Peer => $self->socket_path); my $now = () = $self->log =~ /stopping/g; $now > $before });
    return;
}

# Holds the thread NAME up until thaw(); false where ptrace(2) may not be used.
sub freeze {
    my ($self, $name) = @_;
    # A thread that ends meanwhile can hide another one from the listing.
    my $thread = wait_for("the thread \"$name\"", sub {
        my ($found) = grep { (eval { slurp("$_/comm") } // '') eq "$name\n" } glob "/proc/$self->{pid}/task/*";
        $found && $found =~ m{(\d+)$} ? $1 + 0 : 0; # a number: syscall() takes text for an address
    });
    my ($seize, $interrupt, $any_thread) = (0x4206, 0x4207, 0x40000000);
    pipe my $held, my $done or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        close $held;
        require 'syscall.ph';
        my $ptrace = SYS_ptrace();
        my $stopped = syscall($ptrace, $seize, $thread, 0, 0) == 0 && syscall($ptrace, $interrupt, $thread, 0, 0) == 0
            && waitpid($thread, $any_thread) == $thread;
        syswrite $done, $stopped ? 'y' : 'n';
        waitpid $thread, $any_thread; # until it ends, or this process does
        POSIX::_exit(0);
    }
    close $done;
    sysread $held, my $answer, 1;
    $self->{holder} = $pid;
    $self->thaw if ($answer // '') ne 'y';
    return ($answer // '') eq 'y';
}

sub thaw {
    my ($self) = @_;
    kill 'KILL', $self->{holder};
    waitpid delete $self->{holder}, 0;
    return;
}

sub reload {
    my ($self) = @_;
    my $before = () = $self->log =~ /reloaded/g;
    kill 'USR1', $self->{pid};
    wait_for('the reload', sub { my $now = () = $self->log =~ /reloaded/g; $now > $before });
    return;
}

# Runs a subcommand; returns what it prints.
sub command {
    my ($self, @arguments) = @_;
    return run($self->under, "$BUILD/src/frontdesk", '-c', $self->config_path, @arguments);
}

sub json {
    my ($self, @arguments) = @_;
    return JSON::PP->new->utf8->decode($self->command($arguments[0], '--json', @arguments[1 .. $#arguments]));
}

sub tickets {
    my ($self, @filter) = @_;
    return @{ $self->json('tickets', @filter)->{tickets} };
}

# Answers ticket NUMBER as an agent does.
sub reply {
    my ($self, $number, $text) = @_;
    spew("$self->{dir}/answer", $text);
    return run('sh', '-c', 'exec "$@" <"$0"', "$self->{dir}/answer", $self->under, "$BUILD/src/frontdesk", '-c', $self->config_path, 'reply', $number);
}

# What the pager was given: one structure a page.
sub pages {
    my ($self) = @_;
    return map { JSON::PP->new->utf8->decode($_) } -e "$self->{dir}/pages" ? grep { /\S/ } split /\n/, slurp("$self->{dir}/pages") : ();
}

1;
