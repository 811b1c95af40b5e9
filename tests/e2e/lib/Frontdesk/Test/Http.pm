package Frontdesk::Test::Http;

# A small HTTP listener: keeps each request as a file, answers with the status in its status file.

use strict;
use warnings;
use IO::Socket::INET;
use POSIX ();
use Frontdesk::Test::Support qw(slurp spew);

sub new {
    my ($class, $dir) = @_;
    mkdir $dir;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 10) or die "listener: $!\n";
    my $self = bless { dir => "$dir", port => $listener->sockport }, $class;
    $self->status('200 OK');
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>', '/dev/null';
        eval { $self->serve($listener) };
        POSIX::_exit(0);
    }
    $self->{pid} = $pid;
    return $self;
}

sub url { return "http://127.0.0.1:$_[0]{port}/page" }

sub status {
    my ($self, $status) = @_;
    spew("$self->{dir}/status.new", $status);
    rename "$self->{dir}/status.new", "$self->{dir}/status";
    return;
}

sub serve {
    my ($self, $listener) = @_;
    for (my $count = 1;; $count++) {
        my $client = $listener->accept or next;
        my ($head, $body) = ('', '');
        while (defined(my $line = <$client>)) { $head .= $line; last if $line eq "\r\n" }
        read $client, $body, $1 if $head =~ /^Content-Length: (\d+)/mi;
        my $name = sprintf '%s/%04d', $self->{dir}, $count;
        spew("$name.tmp", "$head$body");
        rename "$name.tmp", "$name.request";
        print $client 'HTTP/1.1 ', slurp("$self->{dir}/status"), "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        close $client;
    }
}

# All requests so far, each {head, body}.
sub requests {
    my ($self) = @_;
    return map { my ($head, $body) = split /\r\n\r\n/, slurp($_), 2; { head => $head, body => $body } } sort glob "$self->{dir}/*.request";
}

sub stop {
    my ($self) = @_;
    kill 'KILL', $self->{pid} if $self->{pid};
    waitpid delete $self->{pid}, 0 if $self->{pid};
    return;
}

1;
