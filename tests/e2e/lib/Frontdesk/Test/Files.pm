package Frontdesk::Test::Files;

# A small web server that gives one text, whatever is asked for; with an ETag, and 304 to who has it. What else it is to
# answer is written whole, head and body, by say(). Keeps the head of each request.

use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use IO::Socket::INET;
use POSIX ();
use Frontdesk::Test::Support qw(slurp spew);

sub new {
    my ($class, $dir, $port) = @_;
    mkdir $dir;
    my $self = bless { dir => "$dir", port => $port }, $class;
    return $self->start;
}

sub start {
    my ($self) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $self->{port} // 0, Listen => 10, ReuseAddr => 1) or die "listener: $!\n";
    $self->{port} = $listener->sockport;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>', '/dev/null';
        eval { $self->serve($listener) };
        POSIX::_exit(0);
    }
    $self->{pid} = $pid;
    return $self;
}

sub port { return $_[0]{port} }
sub origin { return "http://127.0.0.1:$_[0]{port}" }

sub put {
    my ($self, $name, $text) = @_;
    spew("$self->{dir}/$name.new", $text);
    rename "$self->{dir}/$name.new", "$self->{dir}/$name" or die "$name: $!\n";
    return;
}

# From now on it gives TEXT.
sub give {
    my ($self, $text) = @_;
    $self->put('text', $text);
    unlink "$self->{dir}/answer";
    return;
}

# From now on it answers so.
sub say { my ($self, $answer) = @_; return $self->put('answer', $answer) }

sub answer {
    my ($self, $head) = @_;
    return slurp("$self->{dir}/answer") if -e "$self->{dir}/answer";
    my $text = slurp("$self->{dir}/text");
    my $tag = '"' . md5_hex($text) . '"';
    return "HTTP/1.1 304 Not Modified\r\nETag: $tag\r\nConnection: close\r\n\r\n" if $head =~ /^If-None-Match: \Q$tag\E\r$/m;
    return "HTTP/1.1 200 OK\r\nETag: $tag\r\nContent-Type: text/calendar\r\nConnection: close\r\n\r\n$text";
}

sub serve {
    my ($self, $listener) = @_;
    local $SIG{PIPE} = 'IGNORE'; # who was given too much leaves
    for (my $count = () = glob "$self->{dir}/*.request";; $count++) {
        my $client = $listener->accept or next;
        my $head = '';
        while (defined(my $line = <$client>)) { $head .= $line; last if $line eq "\r\n" }
        my $answer = $self->answer($head);
        $self->put(sprintf('%04d.request', $count), $head . ($answer =~ m{\AHTTP/1\.1 (\d+)})[0]);
        print $client $answer;
        close $client;
    }
}

# All requests so far: the head, and the status that was answered as the last line.
sub requests { my ($self) = @_; return map { slurp($_) } sort glob "$self->{dir}/*.request" }

sub stop {
    my ($self) = @_;
    kill 'KILL', $self->{pid} if $self->{pid};
    waitpid delete $self->{pid}, 0 if $self->{pid};
    return;
}

sub DESTROY { local ($?, $@); return $_[0]->stop }

1;
