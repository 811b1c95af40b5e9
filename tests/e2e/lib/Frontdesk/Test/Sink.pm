package Frontdesk::Test::Sink;

# An SMTP server that keeps what it is given: one file a mail, the envelope in its first lines. What it answers can be
# changed while it runs, by its mode file: "accept", "rcpt 451 4.3.0 no" (an answer to RCPT), "hang".

use strict;
use warnings;
use IO::Socket::INET;
use Time::HiRes ();
use Frontdesk::Test::Support qw(start_process end_process wait_for slurp spew);

sub new {
    my ($class, $dir) = @_;
    mkdir $dir;
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 100, ReuseAddr => 1) or die "sink: $!\n";
    my $self = bless { dir => "$dir", port => $listener->sockport }, $class;
    $self->mode('accept');
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp; # its conversations end with it
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        eval { $self->serve($listener) };
        require POSIX;
        POSIX::_exit(0);
    }
    setpgrp $pid, $pid; # whoever comes first: it may be ended at once
    $self->{pid} = $pid;
    close $listener;
    return $self;
}

sub port { return $_[0]{port} }

sub mode {
    my ($self, $mode) = @_;
    spew("$self->{dir}/mode.new", $mode);
    rename "$self->{dir}/mode.new", "$self->{dir}/mode";
    return;
}

sub serve {
    my ($self, $listener) = @_;
    $SIG{CHLD} = 'IGNORE';
    $SIG{INT} = $SIG{TERM} = 'DEFAULT';
    while (1) {
        my $client = $listener->accept or next;
        next if fork;
        close $listener;
        eval { $self->talk($client) };
        require POSIX;
        POSIX::_exit(0);
    }
}

sub talk {
    my ($self, $client) = @_;
    my (%mail, $count);
    $client->autoflush(1);
    print $client "220 sink ESMTP\r\n";
    while (defined(my $line = <$client>)) {
        my $mode = slurp("$self->{dir}/mode");
        if ($mode eq 'hang') { 1 while defined <$client>; last } # no answer until the other side leaves
        if ($line =~ /^EHLO/i) { print $client "250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n" }
        elsif ($line =~ /^MAIL FROM:<(.*?)>/i) { %mail = (from => $1, to => []); print $client "250 2.1.0 Ok\r\n" }
        elsif ($line =~ /^RCPT TO:<(.*?)>/i) {
            if ($mode =~ /^rcpt (.+)/) { print $client "$1\r\n" }
            else { push @{ $mail{to} }, $1; print $client "250 2.1.5 Ok\r\n" }
        }
        elsif ($line =~ /^DATA/i) {
            if (!@{ $mail{to} // [] }) { print $client "554 5.5.1 No valid recipients\r\n"; next }
            print $client "354 go on\r\n";
            my ($text, $part) = ('');
            while (defined($part = <$client>) && $part ne ".\r\n") {
                $part =~ s/^\.//;
                $text .= $part;
            }
            last if !defined $part; # the other side left in the middle
            $self->keep(\%mail, $text, $$ . '-' . ++$count);
            print $client "250 2.0.0 Ok\r\n";
        }
        elsif ($line =~ /^QUIT/i) { print $client "221 2.0.0 Bye\r\n"; last }
        else { print $client "250 2.0.0 Ok\r\n" }
    }
    return;
}

sub keep {
    my ($self, $mail, $text, $name) = @_;
    spew("$self->{dir}/$name.tmp", "from $mail->{from}\n" . join('', map { "to $_\n" } @{ $mail->{to} }) . "\n$text");
    rename "$self->{dir}/$name.tmp", "$self->{dir}/$name.mail";
    return;
}

# All mails so far: {from, to => [..], text, head, body}.
sub mails {
    my ($self) = @_;
    my @files = map { [$_, (Time::HiRes::stat($_))[9]] } glob "$self->{dir}/*.mail";
    return map { parse(slurp($_->[0])) } sort { $a->[1] <=> $b->[1] } @files; # as they came: a second is too coarse
}

# Those that have come since it was asked last.
sub new_mails { my ($self) = @_; return map { parse(slurp($_)) } grep { !$self->{told}{$_}++ } glob "$self->{dir}/*.mail" }

sub count { my ($self) = @_; return scalar(() = glob "$self->{dir}/*.mail") }

sub parse {
    my ($kept) = @_;
    my ($envelope, $text) = split /\n\n/, $kept, 2;
    my %mail = (to => [], text => $text);
    for my $line (split /\n/, $envelope) {
        $mail{from} = $1 if $line =~ /^from (.*)/;
        push @{ $mail{to} }, $1 if $line =~ /^to (.*)/;
    }
    ($mail{head}, $mail{body}) = split /\r\n\r\n/, $text, 2;
    $mail{head} =~ s/\r\n[ \t]+/ /g;
    return \%mail;
}

# The field NAME of MAIL, or undef.
sub field {
    my ($mail, $name) = @_;
    return $mail->{head} =~ /^\Q$name\E:[ \t]*(.*?)\r?$/mi ? $1 : undef;
}

# Mails to ADDRESS.
sub mails_to {
    my ($self, $address) = @_;
    return grep { grep { lc eq lc $address } @{ $_->{to} } } $self->mails;
}

# Waits for COUNT mails to ADDRESS; returns them.
sub wait_mails_to {
    my ($self, $address, $count) = @_;
    my @mails;
    wait_for("$count mails to $address", sub { (@mails = $self->mails_to($address)) >= ($count // 1) }, 40);
    return @mails;
}

sub stop {
    my ($self) = @_;
    kill 'KILL', -$self->{pid} if $self->{pid};
    waitpid delete $self->{pid}, 0 if $self->{pid};
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@);
    $self->stop if $self->{pid} && $self->{pid} != $$;
    return;
}

1;
