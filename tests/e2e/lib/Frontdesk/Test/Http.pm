package Frontdesk::Test::Http;

# A small HTTP listener: keeps each request as a file. What it answers can be changed while it runs: for all paths by
# status(), for one path by answer().

use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Frontdesk::Test::Support qw(slurp spew);

sub new {
    my ($class, $dir) = @_;
    mkdir $dir;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 100) or die "listener: $!\n";
    my $self = bless { dir => "$dir", port => $listener->sockport }, $class;
    $self->status('200 OK');
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp; # its conversations end with it
        open STDOUT, '>', '/dev/null';
        eval { $self->serve($listener) };
        POSIX::_exit(0);
    }
    $self->{pid} = $pid;
    return $self;
}

sub url { return "http://127.0.0.1:$_[0]{port}" . ($_[1] // '/page') }

sub put {
    my ($self, $name, $text) = @_;
    spew("$self->{dir}/$name.new", $text);
    rename "$self->{dir}/$name.new", "$self->{dir}/$name" or die "$name: $!\n";
    return;
}

sub status { return $_[0]->put('status', $_[1]) }

# From now on requests for PATH are answered by: status => '429 Too Many Requests', head => ['Retry-After: 7'], body => 'text'.
# Or by what goes wrong: hang => 1, no answer until the other side leaves; drop => 1, none at all; slow => 1, a body that
# never ends.
sub answer {
    my ($self, $path, %answer) = @_;
    return $self->put(file_of($path), JSON::PP->new->utf8->encode(\%answer));
}

sub file_of { return 'answer' . $_[0] =~ s{[/?].*?}{-}gr }

sub serve {
    my ($self, $listener) = @_;
    $SIG{CHLD} = 'IGNORE';
    $SIG{INT} = $SIG{TERM} = 'DEFAULT';
    for (my $count = 1;; $count++) {
        my $client = $listener->accept or next;
        next if fork;
        close $listener;
        eval { $self->talk($client, sprintf '%s/%04d', $self->{dir}, $count) };
        POSIX::_exit(0);
    }
}

sub talk {
    my ($self, $client, $name) = @_;
    my ($head, $body) = ('', '');
    $client->autoflush(1);
    while (defined(my $line = <$client>)) { $head .= $line; last if $line eq "\r\n" }
    read $client, $body, $1 if $head =~ /^Content-Length: (\d+)/mi;
    spew("$name.tmp", "$head$body");
    my ($path) = $head =~ m{^\S+ ([^? ]*)};
    my $file = "$self->{dir}/" . file_of($path);
    my $answer = -e $file ? JSON::PP->new->utf8->decode(slurp($file)) : { status => slurp("$self->{dir}/status") };
    rename "$name.tmp", "$name.request";
    return if $answer->{drop};
    if ($answer->{hang}) { 1 while defined <$client>; return }
    my $text = $answer->{body} // '';
    my $length = $answer->{slow} ? 1_000_000 : length $text;
    print $client join "\r\n", 'HTTP/1.1 ' . ($answer->{status} // '200 OK'), @{ $answer->{head} // [] }, "Content-Length: $length",
        "Connection: close\r\n\r\n$text";
    local $SIG{PIPE} = 'DEFAULT';
    while ($answer->{slow}) { print $client 'x'; select undef, undef, undef, 0.1 }
    return;
}

# All requests so far, or those for PATH, each {head, body, line, path, fields => {name in lower case => value}}.
sub requests {
    my ($self, $path) = @_;
    my @all = map { request_of(slurp($_)) } sort glob "$self->{dir}/*.request";
    return defined $path ? grep { $_->{path} eq $path } @all : @all;
}

sub request_of {
    my ($head, $body) = split /\r\n\r\n/, $_[0], 2;
    my ($line, @fields) = split /\r\n/, $head;
    return { head => $head, body => $body, line => $line, path => $line =~ m{^\S+ ([^? ]*)} ? $1 : '',
        fields => { map { /^([^:]+):\s*(.*)$/ ? (lc $1, $2) : () } @fields } };
}

sub stop {
    my ($self) = @_;
    kill 'KILL', -$self->{pid}, $self->{pid} if $self->{pid};
    waitpid delete $self->{pid}, 0 if $self->{pid};
    return;
}

1;
