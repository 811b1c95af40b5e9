#!/usr/bin/perl
# SMTPUTF8 (RFC 6531): addresses in UTF-8 name roles and senders, in either form of their domain, and are answered.
# Not on Sendmail: Debian's does not offer it.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for);

my $site = Frontdesk::Test::Site->new('smtputf8', postfix => { smtputf8_enable => 'yes' },
    daemon => { roles => 'role "hilfe" { address = {"hilfe@büro.example"} policy = "diytel" team = "tier1" accept = "known" }' });
my ($joerg, $ann) = ('jörg@kunde.example', 'ann@customer.example');
$site->daemon->customers(@Frontdesk::Test::Site::CUSTOMERS, "$joerg,Jörg Müller,Kunde GmbH,K-7,de,active",
    'info@käufer.example,,Käufer AG,K-8,de,active');
my @forms = ('hilfe@büro.example', 'hilfe@xn--bro-hoa.example', 'HILFE@BÜRO.EXAMPLE', 'Hilfe@XN--BRO-HOA.example');
my $count = 0;

# Sends a mail of FROM to TO; returns its ticket.
sub ticket_of {
    my ($from, $to, %more) = @_;
    my $subject = 'Störung ' . ++$count;
    my $answers = $site->send(from => $from, to => [$to], mail_args => 'SMTPUTF8', %more,
        mail => mail(from => $from, to => $to, subject => $subject));
    like $answers->{end} // $answers->{rcpt}[0], qr/^250 /, "$from to $to: taken";
    wait_for('the acknowledgement', sub { !@{ $site->daemon->json('queue')->{queue} } });
    my ($ticket) = grep { $_->{number} == $count } $site->daemon->tickets;
    return $ticket;
}

for my $to (@forms) {
    my $ticket = ticket_of($joerg, $to);
    is $ticket->{role}, 'hilfe', 'at its role';
    is $ticket->{customer}, 'K-7', 'its sender is found in the directory';
}
my @acks = $site->sink->wait_mails_to($joerg, scalar @forms);
is scalar @acks, scalar @forms, 'each is acknowledged at the address in UTF-8';
like Frontdesk::Test::Sink::field($acks[0], 'To'), qr/\Q$joerg\E>?$/, 'which the letter bears';

is ticket_of('JÖRG@Kunde.example', 'support@diytel.ca')->{customer}, 'K-7', 'case does not count beyond ASCII either';
is ticket_of($joerg, 'support@diytel.ca', mail_args => undef)->{customer}, 'K-7', 'nor whether the client says SMTPUTF8';
is ticket_of('info@käufer.example', 'support@diytel.ca')->{customer}, 'K-8', 'a sender\'s domain in UTF-8';
is ticket_of('info@xn--kufer-gra.example', 'support@diytel.ca')->{customer}, 'K-8', 'or not';
is scalar(() = $site->sink->wait_mails_to('info@xn--kufer-gra.example', 2)), 2, 'is acknowledged in ASCII, which any server takes';

ticket_of($ann, $forms[1], mail_args => undef);
my ($ack) = $site->sink->wait_mails_to($ann, 1);
unlike $ack->{text}, qr/[^\0-\x7f]/, 'nothing but ASCII is sent to a customer with an ASCII address';
my ($signed) = Frontdesk::Test::Sink::field($ack, 'Reply-To') =~ /([^<>]+)/;
(my $utf8 = $signed) =~ s/xn--bro-hoa/büro/;
isnt $utf8, $signed, 'the signed address is in ASCII';
for my $to ($signed, $utf8) {
    $site->send(from => $ann, to => [$to], mail_args => 'SMTPUTF8', mail => mail(from => $ann, to => $to, body => "To $to\n"));
}
is scalar @{ $site->daemon->json('show', $count)->{messages} }, 3, 'an answer in either form continues the ticket';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
