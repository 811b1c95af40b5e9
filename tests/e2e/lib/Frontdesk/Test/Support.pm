package Frontdesk::Test::Support;

# Waiting for events, free ports, folders and processes that end with the test.

use strict;
use warnings;
use Exporter 'import';
use File::Temp ();
use IO::Socket::INET;
use POSIX ();

our @EXPORT_OK = qw(wait_for free_port scratch start_process end_process end_of_process run slurp spew);

my %processes;
my $owner = $$;

# Waits until CODE returns something true, at most SECONDS; returns it, or dies saying WHAT did not come.
sub wait_for {
    my ($what, $code, $seconds) = @_;
    my $deadline = time + ($seconds // 30);
    while (1) {
        my $result = $code->();
        return $result if $result;
        die "waited in vain for $what\n" if time > $deadline;
        select undef, undef, undef, 0.02;
    }
}

# A port of 127.0.0.1 that nobody listens on.
sub free_port {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die "no free port: $!\n";
    return $socket->sockport;
}

# A folder that goes with the test.
sub scratch {
    my ($name) = @_;
    my $base = $ENV{FRONTDESK_SCRATCH} // '/var/tmp';
    my $dir = File::Temp->newdir("frontdesk-$name-XXXXXX", DIR => $base, CLEANUP => !$ENV{FRONTDESK_KEEP});
    chmod 0755, "$dir";
    return $dir;
}

# Starts COMMAND with its output in LOG; returns its process id.
sub start_process {
    my ($log, @command) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp;
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>>', $log or POSIX::_exit(127);
        open STDERR, '>&', \*STDOUT;
        exec @command or POSIX::_exit(127);
    }
    $processes{$pid} = 1;
    return $pid;
}

# Ends a process by SIGNAL, calling NUDGE until it has ended; returns its wait status.
sub end_process {
    my ($pid, $signal, $nudge) = @_;
    return if !$pid || !delete $processes{$pid};
    kill $signal // 'TERM', $pid;
    my $deadline = time + 30;
    while (waitpid($pid, POSIX::WNOHANG()) == 0) {
        kill 'KILL', $pid if time > $deadline;
        $nudge->() if $nudge;
        select undef, undef, undef, 0.02;
    }
    return $?;
}

# The wait status of a process that has ended by itself, else undef.
sub end_of_process {
    my ($pid) = @_;
    return if waitpid($pid, POSIX::WNOHANG()) != $pid;
    delete $processes{$pid};
    return $?;
}

# Runs COMMAND; returns its output, dies when it fails.
sub run {
    my (@command) = @_;
    open my $pipe, '-|', @command or die "$command[0]: $!\n";
    local $/;
    my $output = <$pipe>;
    close $pipe or die "@command failed: " . ($? >> 8) . "\n$output";
    return $output;
}

sub slurp {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/;
    return scalar <$file>;
}

sub spew {
    my ($path, $text) = @_;
    open my $file, '>:raw', $path or die "$path: $!\n";
    print $file $text;
    close $file or die "$path: $!\n";
    return;
}

END {
    if ($$ == $owner) {
        local $?;
        end_process($_, 'KILL') for keys %processes;
    }
}

1;
