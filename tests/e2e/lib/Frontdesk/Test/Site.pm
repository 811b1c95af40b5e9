package Frontdesk::Test::Site;

# A whole site for one test: a sink for what leaves, frontdeskd, and in front of it a private Postfix, or the MTA that
# FRONTDESK_MTA names.

use strict;
use warnings;
use Exporter 'import';
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Postfix;
use Frontdesk::Test::Sendmail;
use Frontdesk::Test::Sink;
use Frontdesk::Test::Smtp;
use Frontdesk::Test::Support qw(scratch);

our @EXPORT_OK = qw(mail);

our @CUSTOMERS = (
    'ann@customer.example,Ann Lee,Customer Inc,C-1,en,active',
    'ben@customer.example,Ben Roy,Customer Inc,C-1,fr,active',
    'sue@late.example,Sue Late,Late Ltd,C-2,en,suspended',
    '@whole.example,,Whole Co,C-3,en,active',
);

# new(name, daemon => {..}, postfix => {..}, logins => [..], filters => {before, signer}): everything runs when it returns.
sub new {
    my ($class, $name, %option) = @_;
    my $sendmail = ($ENV{FRONTDESK_MTA} // 'postfix') eq 'sendmail';
    local $ENV{FRONTDESK_SCRATCH} = $Frontdesk::Test::Sendmail::ROOT if $sendmail; # it trusts no socket below /var/tmp
    my $dir = scratch($name);
    my $self = bless { dir => $dir, sink => Frontdesk::Test::Sink->new("$dir/sink") }, $class;
    my %daemon = %{ $option{daemon} // {} };
    $self->{daemon} = Frontdesk::Test::Daemon->new($dir, relay => 1, %daemon);
    my %mta = (milter => $self->{daemon}->milter, sink => $self->{sink}->port, %{ $option{filters} // {} });
    $self->{mta} = $sendmail ? Frontdesk::Test::Sendmail->new(%mta, logins => $option{logins})
                             : Frontdesk::Test::Postfix->new($dir, %mta, settings => $option{postfix});
    $self->{daemon}->configure(relay => $self->{mta}->relay_port);
    $self->{daemon}->customers(@CUSTOMERS);
    $self->{daemon}->start;
    $self->{mta}->start;
    return $self;
}

sub daemon { return $_[0]{daemon} }
sub mta { return $_[0]{mta} }
sub sink { return $_[0]{sink} }
sub smtp { return Frontdesk::Test::Smtp->new($_[0]{mta}->port) }

# One message in a connection of its own; the answers as Smtp::send gives them.
sub send {
    my ($self, @message) = @_;
    my $smtp = $self->smtp;
    my $answers = $smtp->send(@message);
    $smtp->quit;
    return $answers;
}

my $serial = 0;

# A plain mail: mail(from => .., to => .., subject => .., head => "More: fields\n", body => ..).
sub mail {
    my (%part) = @_;
    my $id = $part{id} // "<$$." . ++$serial . '@client.example>';
    return join '', "From: $part{from}\n", "To: $part{to}\n", 'Subject: ' . ($part{subject} // 'help') . "\n", "Message-ID: $id\n",
        "Date: Mon, 23 Nov 2026 10:00:00 -0800\n", $part{head} // '', "\n", $part{body} // "Please help.\n";
}

# Ends everything, in order; returns the daemon's exit status.
sub stop {
    my ($self) = @_;
    $self->{mta}->stop;
    my $status = $self->{daemon}->stop;
    $self->{sink}->stop;
    return $status;
}

1;
