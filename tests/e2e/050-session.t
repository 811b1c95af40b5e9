#!/usr/bin/perl
# What may happen in a connection: several messages, RSET, a client that leaves, limits, reload.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for);

my $site = Frontdesk::Test::Site->new('session', daemon => { extra => 'max-size = 100000' });
my $ann = 'ann@customer.example';
my $smtp = $site->smtp;

for my $number (1 .. 3) {
    my $answers = $smtp->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'x@diytel.ca', subject => "part $number"));
    like $answers->{end}, qr/^250 /, "message $number of one connection";
}
$smtp->say("MAIL FROM:<$ann>");
$smtp->say('RCPT TO:<support@diytel.ca>');
like $smtp->say('RSET'), qr/^250 /, 'RSET';
my $after = $smtp->send(from => $ann, to => ['carol@diytel.ca'], mail => mail(from => $ann, to => 'carol@diytel.ca'));
like $after->{end}, qr/^250 /, 'a mail for somebody else after RSET';
is scalar $site->daemon->tickets, 3, 'three tickets: the reset one left nothing';

my $large = $smtp->send(from => $ann, to => ['support@diytel.ca', 'carol@diytel.ca'], mail_args => 'SIZE=200000',
    mail => mail(from => $ann, to => 'carol@diytel.ca'));
like $large->{rcpt}[0], qr/^552 5\.3\.4 /, 'a declared size beyond max-size is refused at RCPT';
like $large->{rcpt}[1], qr/^250 /, 'for the role alone';
$smtp->quit;

my $leaver = $site->smtp;
$leaver->say("MAIL FROM:<$ann>");
$leaver->say('RCPT TO:<support@diytel.ca>');
$leaver->say('DATA');
$leaver->raw("From: $ann\r\nSubject: half\r\n\r\nhalf a bo");
$leaver->drop;
like $site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'x@diytel.ca', subject => 'next'))->{end},
    qr/^250 /, 'a message after a client that left in the middle of DATA';
is scalar $site->daemon->tickets, 4, 'which left no ticket';

my $own = Frontdesk::Test::Smtp->new($site->mta->relay_port);
like $own->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'x@diytel.ca', subject => 'ours'))->{end},
    qr/^250 /, 'the listener for what Frontdesk writes takes a mail';
is scalar $site->daemon->tickets, 4, 'and asks no filter';
$own->quit;

my $idle = $site->smtp;
$idle->say("MAIL FROM:<$ann>");
$idle->say('RCPT TO:<support@diytel.ca>');
$site->daemon->configure(extra => 'max-in-progress = 1');
$site->daemon->reload;
my $busy = $site->send(from => $ann, to => ['carol@diytel.ca', 'support@diytel.ca'], mail => mail(from => $ann, to => 'carol@diytel.ca'));
like $busy->{rcpt}[1], qr/^451 4\.3\.2 /, 'past max-in-progress a role is answered 451 at RCPT';
like $busy->{end}, qr/^250 /, 'and nobody else is held up';
$idle->say('RSET');
$idle->say("MAIL FROM:<$ann>");
like $idle->say('RCPT TO:<carol@diytel.ca>'), qr/^250 /, 'the other client starts again, to somebody else';
like $site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'x@diytel.ca', subject => 'reset'))->{end},
    qr/^250 /, 'and its place is free';
like $idle->say('RCPT TO:<support@diytel.ca>'), qr/^250 /, 'it takes one again';
like $site->send(from => $ann, to => ['support@diytel.ca'], mail => 'none')->{rcpt}[0], qr/^451 4\.3\.2 /, 'which is the only one';
$idle->quit;
like $site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'x@diytel.ca', subject => 'free'))->{end},
    qr/^250 /, 'the place is free again when the other client has left';

$site->daemon->configure(extra => 'colour = "red"');
kill 'USR1', $site->daemon->{pid};
wait_for('the refused reload', sub { $site->daemon->log =~ /not reloaded, the old configuration stays: .*frontdesk\.conf:\d+/ });
like $site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'x@diytel.ca', subject => 'still'))->{end},
    qr/^250 /, 'a bad configuration changes nothing';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
