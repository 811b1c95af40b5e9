#!/usr/bin/perl
# Out-of-office answers, as the mail programs and servers of several countries write them, are kept with their ticket and change
# nothing of it, whatever state it is in: no clock, no state, no assignee, and nobody is written to.
use strict;
use warnings;
use utf8;
use Encode qw(encode);
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Sink;
use Frontdesk::Test::Support qw(wait_for);

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output);
my $policy = 'respond = "4h" update = "8h" resolve = "3bd"';
my $site = Frontdesk::Test::Site->new('absence', daemon => { policy => $policy });
my ($daemon, $sink) = ($site->daemon, $site->sink);
my $ann = 'ann@customer.example';

sub show { return $daemon->json('show', $_[0]) }

# What must not change, and the number of mails that the ticket has.
sub shape {
    my $ticket = show(1);
    my %shape = map { $_ => $ticket->{$_} } qw(state assignee team priority due breached responded_at resolved_at deadlines outbox incidents);
    return (\%shape, scalar @{ $ticket->{messages} });
}

$site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'no dial tone'));
my ($ack) = $sink->wait_mails_to($ann, 1);
$daemon->command('assign', 1, 'alice');
$daemon->reply(1, "Please try again.\n");
my ($answer) = wait_for('the answer', sub { my ($mail) = grep { $_->{from} } $sink->mails_to($ann); $mail });
my ($signed, $id) = map { Frontdesk::Test::Sink::field($answer, $_) } qw(Reply-To Message-ID);
my $tag = '[DIYTel #1] no dial tone';

# Each as its program writes it: subject, further fields, the envelope sender, and what it is sent to.
my @notices = (
    ['Gmail', "Out of office Re: $tag", "In-Reply-To: $id\nReferences: $id\nAuto-Submitted: auto-replied\nX-Autoreply: yes\nPrecedence: bulk\n", $ann, $signed],
    ['Outlook', "Automatic reply: $tag", "In-Reply-To: $id\nAuto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n", '', $answer->{from}],
    ['Exchange of old', "Out of Office: $tag", "X-Auto-Response-Suppress: DR, OOF, AutoReply\n", '', $answer->{from}],
    ['vacation(1)', "away from my mail", "In-Reply-To: $id\nPrecedence: junk\n", '', $answer->{from}],
    ['Sieve', "Auto: $tag", "In-Reply-To: $id\nAuto-Submitted: auto-replied (vacation)\n", '', $answer->{from}],
    ['iCloud', "Re: $tag", "In-Reply-To: $id\nX-Apple-Action: VACATION\nAuto-Submitted: auto-replied\n", $ann, $signed],
    ['cPanel', "Auto reply: $tag", "X-Autorespond: Re\nX-Precedence: auto_reply\n", $ann, $signed],
    ['German, without a mark', "Abwesenheitsnotiz: $tag", "In-Reply-To: $id\n", $ann, $signed],
    ['French, without a mark', "Réponse automatique : $tag", "In-Reply-To: $id\n", $ann, 'support@diytel.ca'],
    ['Vietnamese, without a mark', "Trả lời tự động: $tag", "In-Reply-To: $id\n", $ann, $signed],
    ['Spanish, without a mark', 'Respuesta automática: no dial tone', "In-Reply-To: $id\n", $ann, 'support@diytel.ca'],
    ['Swedish, by its tag alone', "Frånvaro: $tag", '', $ann, 'support@diytel.ca'],
);

sub unchanged {
    my ($state, @some) = @_;
    wait_for('an empty queue', sub { !@{ $daemon->json('queue')->{queue} } });
    my ($before, $count) = shape();
    is $before->{state}, $state, "the ticket is $state";
    my $letters = $sink->mails_to($ann) + $sink->mails_to('alice@diytel.ca') + $sink->mails_to('tier1@diytel.ca');
    for my $notice (@some) {
        my ($what, $subject, $fields, $from, $to) = @$notice;
        my $mail = mail(from => $ann, to => $to, subject => encode('MIME-Header', $subject), head => $fields, body => "I am away.\n");
        like $site->send(from => $from, to => [$to], mail => $mail)->{end}, qr/^250 /, "$what: taken";
        my ($after, $now) = shape();
        is $now, ++$count, 'kept with its ticket';
        is_deeply $after, $before, 'which is as it was';
    }
    is scalar($daemon->tickets), 1, 'no other ticket';
    is $sink->mails_to($ann) + $sink->mails_to('alice@diytel.ca') + $sink->mails_to('tier1@diytel.ca'), $letters, 'and nobody is written to';
    return;
}

unchanged('open', @notices);
$daemon->command('pending', 1);
unchanged('pending', @notices[0, 1, 7, 11]);
$daemon->command('close', 1);
unchanged('resolved', @notices[0, 1, 7, 11]);

my $person = mail(from => $ann, to => $signed, subject => "Re: $tag", head => "In-Reply-To: $id\nX-Auto-Response-Suppress: OOF\n");
$site->send(from => $ann, to => [$signed], mail => $person);
is show(1)->{state}, 'open', 'a person who answers from Exchange opens it again';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
