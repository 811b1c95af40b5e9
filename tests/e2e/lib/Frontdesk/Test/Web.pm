package Frontdesk::Test::Web;

# A client of the web pages that sends exactly what it is told to.

use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes ();

# new(port, proxy => 'true: 127.0.0.1 is one of web-proxies, and each request is that of another client')
sub new {
    my ($class, $port, %option) = @_;
    return bless { port => $port, serial => 0, %option }, $class;
}

# A connection, from the address FROM (127.0.0.1).
sub connect {
    my ($self, $from) = @_;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, LocalAddr => $from // '127.0.0.1', Timeout => 30);
}

# All that comes until the server ends the connection: {status, head, body}; status 0 when that is no answer.
sub answer {
    my ($self, $socket, $seconds) = @_;
    my ($text, $deadline) = ('', Time::HiRes::time() + ($seconds // 60));
    my $select = IO::Select->new($socket);
    while ((my $left = $deadline - Time::HiRes::time()) > 0) {
        next if !$select->can_read($left);
        my $got = sysread $socket, $text, 65536, length $text;
        last if !$got;
    }
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    return { status => ($head // '') =~ m{^HTTP/1\.1 (\d+) } ? $1 : 0, head => $head // '', body => $body // '' };
}

# Sends TEXT as it is; the connection.
sub send {
    my ($self, $text, $from) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $socket = $self->connect($from);
    syswrite $socket, $text if $socket;
    return $socket;
}

sub raw {
    my ($self, $text, $from) = @_;
    my $socket = $self->send($text, $from);
    return $socket ? $self->answer($socket) : { status => 0, head => '', body => '' };
}

# One request as text; FIELDS are further header fields, CLIENT the address that a proxy would name.
sub compose {
    my ($self, $method, $target, %option) = @_;
    my $body = $option{body};
    my @fields = ("Host: desk.example", @{ $option{fields} // [] });
    my $client = $option{client} // sprintf '198.51.%d.%d', 100 + int($self->{serial} / 250), 1 + $self->{serial}++ % 250;
    push @fields, "X-Forwarded-For: $client" if $self->{proxy} && $client;
    push @fields, 'Content-Length: ' . length $body if defined $body;
    push @fields, 'Content-Type: application/x-www-form-urlencoded' if defined $body && !grep { /^Content-Type:/i } @fields;
    return join("\r\n", "$method $target HTTP/1.1", @fields, '', '') . ($body // '');
}

# The same, sent FROM an address, and its answer.
sub request {
    my ($self, $method, $target, %option) = @_;
    return $self->raw($self->compose($method, $target, %option), $option{from});
}

sub get { my ($self, $target, %option) = @_; return $self->request('GET', $target, %option) }
sub post { my ($self, $target, $body, %option) = @_; return $self->request('POST', $target, %option, body => $body // '') }

1;
