#!/usr/bin/perl
# Two Frontdesks that write to each other, and programs that answer whatever they get and heed no header, all through Postfix: one
# acknowledgement at most each way, and then it is quiet.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Sink;
use Frontdesk::Test::Smtp;
use Frontdesk::Test::Support qw(scratch spew wait_for);

my $routes = scratch('routes');
spew("$routes/a", '');
spew("$routes/b", '');
my $a = Frontdesk::Test::Site->new('desk-a', daemon => { pause => '30s' }, postfix => { transport_maps => "texthash:$routes/a" });
spew("$routes/desk", <<'CONF');
policy "p" { calendar = "always" }
team "t" { notify = {"team@desk-b.example"} }
role "support" { address = {"support@desk-b.example"} policy = "p" team = "t" }
CONF
my $b = Frontdesk::Test::Site->new('desk-b', daemon => { pause => '30s', desk => "$routes/desk", hostname => 'mail.desk-b.example' },
    postfix => { transport_maps => "texthash:$routes/b" });

# Answers every mail from the address that it was sent to, as BODY wants it: (the field whose address is written to, subject, more fields).
package Robot {
    use parent -norequire, 'Frontdesk::Test::Sink';

    sub keep {
        my ($self, $mail, $text, $name) = @_;
        $self->SUPER::keep($mail, $text, $name);
        my $got = Frontdesk::Test::Sink::parse("from $mail->{from}\nto $mail->{to}[0]\n\n$text");
        my ($kind) = $mail->{to}[0] =~ /^([a-z]+)/;
        my $field = sub { Frontdesk::Test::Sink::field($got, $_[0]) // '' };
        my ($to) = $field->($kind eq 'polite' ? 'Reply-To' : 'From') =~ /([^\s<]+\@[^\s>]+)/;
        my $subject = $kind eq 'counting' ? "Your mail is number $name" : $kind eq 'constant' ? 'We have your mail' : 'Re: ' . $field->('Subject');
        my $smtp = Frontdesk::Test::Smtp->new($a->mta->port);
        $smtp->send(from => $mail->{to}[0], to => [$to],
            mail => "From: $mail->{to}[0]\nTo: $to\nSubject: $subject\nMessage-ID: <$name\@robot.example>\n\nThank you.\n");
        $smtp->quit;
        return;
    }
}

my $folder = scratch('robot');
my $robot = Robot->new("$folder/sink");
spew("$routes/a", 'desk-b.example smtp:[127.0.0.1]:' . $b->mta->port . "\nrobot.example smtp:[127.0.0.1]:" . $robot->port . "\n");
spew("$routes/b", 'diytel.ca smtp:[127.0.0.1]:' . $a->mta->port . "\n");

# Waits until nobody has anything to send: twice the same, as what leaves one place may not be in the next yet.
sub await_quiet {
    my $last = '';
    wait_for('quiet', sub {
        my $busy = grep { $_->mta->queue || @{ $_->daemon->json('queue')->{queue} } } $a, $b;
        my $state = join ' ', $busy, $robot->count, map { my $site = $_; scalar($site->daemon->tickets), $site->sink->count, scalar(() = $site->daemon->log =~ /decision=/g) } $a, $b;
        my $same = $state eq $last;
        $last = $state;
        !$busy && $same;
    }, 60);
    return;
}

# Acknowledgements that SITE has sent to ADDRESS.
sub acknowledged {
    my ($site, $address) = @_;
    return scalar grep { $_->{kind} eq 'acknowledgement' && $_->{recipient} eq $address } map { @{ $site->daemon->json('show', $_->{number})->{outbox} } } $site->daemon->tickets;
}

my ($ours, $theirs) = ('support@diytel.ca', 'support@desk-b.example');
$a->send(from => $theirs, to => [$ours], mail => mail(from => $theirs, to => $ours, subject => 'from desk to desk'));
await_quiet();
is acknowledged($a, $theirs), 1, 'a mail from the other desk is acknowledged';
is scalar($b->daemon->tickets), 0, 'which opens no ticket there, and so is not';
my ($number) = map { $_->{number} } $a->daemon->tickets;
$a->daemon->reply($number, "What can we do for you?\n");
await_quiet();
is join(' ', map { $_->{requester} } $b->daemon->tickets), $ours, 'what one of our agents answers is a ticket there, as a person wrote it';
is acknowledged($b, $ours), 0, 'though nothing is answered to it';
$b->daemon->reply(1, "Nothing, thank you.\n");
await_quiet();
is scalar(grep { $_->{direction} eq 'in' } @{ $a->daemon->json('show', $number)->{messages} }), 2, 'an answer by an agent there comes to our ticket';
is scalar($a->daemon->tickets), 1, 'and opens none';
is acknowledged($a, $theirs) + acknowledged($b, $ours), 1, 'and that was all';

for my $kind (qw(polite quoting constant counting)) {
    my $who = "$kind\@robot.example";
    $a->send(from => $who, to => [$ours], mail => mail(from => $who, to => $ours, subject => "hello from $kind"));
    wait_for('the acknowledgement', sub { $robot->mails_to($who) });
    await_quiet();
    is acknowledged($a, $who), 1, "a $kind responder gets one acknowledgement";
    is scalar($robot->mails_to($who)), 1, 'and nothing else';
}
is scalar(grep { $_->{requester} =~ /^(?:polite|quoting)/ } $a->daemon->tickets), 2, 'those that say what they answer have one ticket each';
is scalar(grep { $_->{requester} =~ /^(?:constant|counting)/ } $a->daemon->tickets), 4, 'those that do not have another one, not acknowledged';
$robot->stop;
is $_->stop, 0, 'the daemon stops in order' for $a, $b;
done_testing;
1;
