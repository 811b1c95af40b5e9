#!/usr/bin/perl
# The relay refuses, answers 4xx, hangs: nothing is lost, nothing is sent twice, a page does not wait for it.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Sink;
use Frontdesk::Test::Support qw(wait_for);

my $site = Frontdesk::Test::Site->new('relay');
my $relay = Frontdesk::Test::Sink->new("$site->{dir}/relay");
$site->daemon->configure(relay => $relay->port);
$site->daemon->reload;
my $ann = 'ann@customer.example';

sub row {
    my ($ticket, $kind) = @_;
    return (grep { $_->{kind} eq $kind } @{ $site->daemon->json('show', $ticket)->{outbox} })[0];
}

$relay->mode('rcpt 451 4.3.0 not now');
$site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'one'));
wait_for('the first try', sub { row(1, 'acknowledgement')->{last_error} });
my $row = row(1, 'acknowledgement');
like $row->{last_error}, qr/451 4\.3\.0 not now after RCPT/, '4xx: the queue says what the relay answered';
is $row->{state}, 'due', 'and it is tried again';
is scalar(grep { $_->{ticket} == 1 } @{ $site->daemon->json('queue')->{queue} }), 2, 'queue lists it';
$relay->mode('accept');
$relay->wait_mails_to($ann, 1);
wait_for('the record', sub { row(1, 'acknowledgement')->{state} eq 'sent' });
is scalar $relay->mails_to($ann), 1, 'it arrives once';
ok $site->daemon->json('show', 1)->{acknowledged_at}, 'and the ticket is acknowledged';

$relay->mode('rcpt 550 5.1.1 no such user');
my $ben = 'ben@customer.example';
$site->send(from => $ben, to => ['support@diytel.ca'], mail => mail(from => $ben, to => 'support@diytel.ca', subject => 'two'));
wait_for('the refusal', sub { (row(2, 'acknowledgement') // { state => '' })->{state} eq 'failed' });
is row(2, 'acknowledgement')->{attempts}, 1, '5xx: tried once';
is $site->daemon->json('show', 2)->{address_state}[0]{state}, 'hard', 'what that says of the address is kept';
ok scalar(grep { $_->{kind} eq 'undelivered' } @{ $site->daemon->json('show', 2)->{events} }), 'with an event';
is scalar(grep { $_->{template} eq 'team-failed' } @{ $site->daemon->json('show', 2)->{outbox} }), 1, 'and a notification to the team';

$relay->mode('hang');
$site->send(from => $ann, to => ['emergency@diytel.ca'], mail => mail(from => $ann, to => 'emergency@diytel.ca', subject => 'three'));
wait_for('the page', sub { $site->daemon->pages }, 5);
pass 'a relay that hangs holds up no page';
$relay->stop;
$site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'four'));
wait_for('the failure', sub { (row(4, 'acknowledgement') // {})->{last_error} }, 30);
is row(4, 'acknowledgement')->{state}, 'due', 'a relay that is gone: tried again';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
