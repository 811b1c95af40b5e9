#!/usr/bin/perl
# Mail of ours comes back: the report goes to its ticket, and its address is known to be dead, until somebody proves to write from
# it. Reports that nobody asked for change nothing.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Sink;
use Frontdesk::Test::Support qw(scratch wait_for);

my $folder = scratch('refusing');
my $refusing = Frontdesk::Test::Sink->new("$folder/sink");
$refusing->mode('rcpt 550 5.1.1 no such user here');
my $site = Frontdesk::Test::Site->new('bounces', daemon => { extra => 'authserv-id = {"mail.diytel.ca"}' }, postfix => {
    transport_maps => 'inline:{whole.example=smtp:[127.0.0.1]:' . $refusing->port . '}', internal_mail_filter_classes => 'bounce',
});
my ($daemon, $sink) = ($site->daemon, $site->sink);
my ($una, $ann) = ('una@whole.example', 'ann@customer.example');

sub show { return $daemon->json('show', $_[0]) }
sub write_mail { my ($from, %more) = @_; return $site->send(from => $from, to => ['support@diytel.ca'], mail => mail(from => $from, to => 'support@diytel.ca', %more)) }
sub number { my ($subject) = @_; return (grep { $_->{subject} eq $subject } $daemon->tickets)[0]{number} }
sub filed { my ($number) = @_; return scalar grep { $_->{kind} eq 'automatic' } @{ show($number)->{messages} } }
sub letters { my ($number, $kind) = @_; return grep { $_->{kind} eq $kind } @{ show($number)->{outbox} } }

# A report on WHOM, as Postfix would write it; with ID, of the letter that has that Message-ID.
sub report {
    my ($whom, %more) = @_;
    my $status = $more{status} // '5.1.1';
    my $action = $more{action} // 'failed';
    my $returned = $more{id} ? "--b\nContent-Type: message/rfc822\n\nMessage-ID: <$more{id}>\nSubject: x\n\nx\n" : '';
    return mail(from => 'MAILER-DAEMON@mx.else.example', to => 'support@diytel.ca', subject => 'Undelivered Mail Returned to Sender',
        head => "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\nAuto-Submitted: auto-replied\n",
        body => "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.else.example\n\n"
            . "Final-Recipient: rfc822; $whom\nAction: $action\nStatus: $status\n\n$returned--b--\n");
}

write_mail($una, subject => 'dead');
my $dead = number('dead');
$daemon->reply($dead, "Here you are.\n");
wait_for('the report', sub { filed($dead) });
my $ticket = show($dead);
my ($state) = @{ $ticket->{address_state} };
is "$state->{address} $state->{state} $state->{status}", "$una hard 5.1.1", 'an answer that came back: the address is dead';
like $state->{detail}, qr/no such user here/, 'with what the other server said';
my ($told) = grep { $_->{head} =~ /^Subject: .*came back/mi } @{ wait_for('the letter', sub { my @mails = grep { $_->{head} =~ /came back/ } $sink->mails_to('tier1@diytel.ca'); @mails ? \@mails : 0 }) };
like $told->{body}, qr/\Q$una\E: .*no such user here/, 'the team is told';
is $ticket->{state}, 'open', 'and the ticket is as it was';
is scalar($daemon->tickets), 1, 'the report opens none';
like $daemon->command('show', $dead), qr/MAIL CAME BACK.*\Q$una\E +hard/s, 'people are shown it';
is $daemon->json('customers', 'find', $una)->{address_state}{state}, 'hard', 'also with the customer';

write_mail($una, subject => 'again');
my $again = number('again');
is scalar letters($again, 'acknowledgement'), 0, 'no acknowledgement goes to a dead address';
is scalar letters($again, 'notification'), 1, 'but the team has the ticket';

# Whoever knows that, too, cannot silence others.
my ($ack_id) = do { write_mail($ann, subject => 'fine'); map { $_->{message_id} } letters(number('fine'), 'acknowledgement') };
my $fine = number('fine');
my $reply_to = wait_for('the acknowledgement', sub { my ($mail) = $sink->mails_to($ann); $mail && Frontdesk::Test::Sink::field($mail, 'Reply-To') });
$daemon->reply($fine, "Here you are.\n");
my $return = wait_for('the answer', sub { my ($mail) = grep { $_->{from} } $sink->mails_to($ann); $mail && $mail->{from} });
like $return, qr/^support\+b\.$fine\.[a-z2-7]{16}\@diytel\.ca$/, 'an answer has a signed return address';
my %forged = (
    'no letter of ours' => ['support@diytel.ca', report($ann)],
    'a Message-ID of somebody else' => ['support@diytel.ca', report($ann, id => 'a1@client.example')],
    'a Message-ID that we might have made' => ['support@diytel.ca', report($ann, id => $ack_id =~ s/\.\K[a-z2-7](?=[a-z2-7]{15}@)/0/r)],
    'a return address that we did not make' => [$return =~ s/[a-z2-7](?=@)/0/r, report($ann)],
    'the return address of a ticket that is not theirs' => [$return, report('ben@customer.example')],
);
for my $what (sort keys %forged) {
    like $site->send(from => '', to => [$forged{$what}[0]], mail => $forged{$what}[1])->{end}, qr/^250 /, "a report on $what is taken";
    is_deeply show($fine)->{address_state}, [], 'and changes nothing';
}
is scalar(grep { $_->{kind} eq 'filed' } @{ show($fine)->{events} }), 1, 'only what came to the return address is filed with the ticket';
is $daemon->json('customers', 'find', 'ben@customer.example')->{address_state}, undef, 'nor of anybody else';

$site->send(from => '', to => [$return], mail => report($ann, action => 'delayed', status => '4.4.1'));
is_deeply show($fine)->{address_state}, [], 'a delay is nothing yet';
$site->send(from => '', to => [$return], mail => report($ann, status => '5.2.2'));
$site->send(from => '', to => [$return], mail => report($ann, status => '5.2.2'));
is join(' ', @{ show($fine)->{address_state}[0] }{qw(state count)}), 'soft 2', 'a full mailbox is counted';
write_mail($ann, subject => 'full');
is scalar letters(number('full'), 'acknowledgement'), 1, 'and is written to all the same';
my $notes = letters($fine, 'notification');
$site->send(from => '', to => ['support@diytel.ca'], mail => report($ann, id => $ack_id)) for 1 .. 2;
is show($fine)->{address_state}[0]{state}, 'hard', 'a report on a letter by its Message-ID';
is scalar(letters($fine, 'notification')) - $notes, 1, 'the team is told once';

$site->send(from => '', to => [$return], mail => report($ann, status => '5.2.2'));
is join(' ', @{ show($fine)->{address_state}[0] }{qw(state status count)}), 'hard 5.1.1 5', 'a full mailbox after that does not make it better';

write_mail($una, subject => 'alive', head => "Authentication-Results: mail.diytel.ca; dmarc=fail header.from=whole.example\n");
is scalar letters(number('alive'), 'acknowledgement'), 0, 'somebody else who writes as the dead one';
my $smtp = $site->smtp;
$site->mta->login($smtp, $una);
$smtp->send(from => $una, to => ['support@diytel.ca'], mail => mail(from => $una, to => 'support@diytel.ca', subject => 'proven'));
$smtp->quit;
is scalar letters(number('proven'), 'acknowledgement'), 1, 'who proves to write from it is written to again';
ok scalar(grep { $_->{kind} eq 'reachable' } @{ show(number('proven'))->{events} }), 'which the ticket tells';
is scalar(grep { $_->{standing} } $daemon->tickets), 6, 'no report has opened a ticket';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
