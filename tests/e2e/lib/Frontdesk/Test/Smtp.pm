package Frontdesk::Test::Smtp;

# A raw SMTP client: it says what it is told and gives back the exact answers.

use strict;
use warnings;
use IO::Socket::INET;

sub new {
    my ($class, $port) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 20)
        or die "cannot connect to port $port: $!\n";
    return $class->on($socket);
}

# On a socket that is connected already.
sub on {
    my ($class, $socket) = @_;
    $socket->autoflush(1);
    my $self = bless { socket => $socket }, $class;
    $self->{greeting} = $self->answer;
    $self->{ehlo} = $self->say('EHLO client.example');
    return $self;
}

# The next answer, all of its lines.
sub answer {
    my ($self) = @_;
    my ($text, $socket) = ('', $self->{socket});
    while (defined(my $line = <$socket>)) {
        $text .= $line;
        last if $line =~ /^\d{3} /;
    }
    $text =~ s/\r\n\z//;
    return $text;
}

sub say {
    my ($self, $line) = @_;
    print { $self->{socket} } "$line\r\n";
    return $self->answer;
}

# One transaction: {from, to => [..], mail, mail_args}. Returns {mail, rcpt => [..], data, end}: end is undef when no
# recipient was taken.
sub send {
    my ($self, %message) = @_;
    my %answers;
    $answers{mail} = $self->say("MAIL FROM:<$message{from}>" . ($message{mail_args} ? " $message{mail_args}" : ''));
    $answers{rcpt} = [map { $self->say("RCPT TO:<$_>") } @{ $message{to} }];
    if (!grep { /^2/ } @{ $answers{rcpt} }) {
        $self->say('RSET');
        return \%answers;
    }
    $answers{data} = $self->say('DATA');
    $answers{end} = $answers{data} =~ /^354/ ? $self->content($message{mail}) : $answers{data};
    return \%answers;
}

# Sends MAIL (LF or CRLF line ends) after a 354, dots doubled; returns the answer.
sub content {
    my ($self, $mail) = @_;
    $mail =~ s/\r?\n/\r\n/g;
    $mail =~ s/^\./../mg;
    $mail .= "\r\n" if $mail !~ /\r\n\z/;
    print { $self->{socket} } $mail, ".\r\n";
    return $self->answer;
}

# Octets as they are.
sub raw {
    my ($self, $octets) = @_;
    print { $self->{socket} } $octets;
    return;
}

sub quit {
    my ($self) = @_;
    my $answer = $self->say('QUIT');
    close $self->{socket};
    return $answer;
}

# Leaves in the middle of whatever is going on.
sub drop {
    my ($self) = @_;
    close $self->{socket};
    return;
}

1;
