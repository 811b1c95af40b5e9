#!/usr/bin/perl
# A page by webhook: what is posted, and what becomes of each kind of answer.
use strict;
use warnings;
use Test::More;
use JSON::PP ();
use Frontdesk::Test::Http;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for scratch);

my $dir = scratch('hook');
my $hook = Frontdesk::Test::Http->new("$dir/hook");
my $site = Frontdesk::Test::Site->new('webhook', daemon => { channel => 'type = "webhook" url = "' . $hook->url . '" body = "json" timeout = "2s"' });
my $ann = 'ann@customer.example';

sub pager_row {
    my ($ticket) = @_;
    return (grep { ($_->{channel} // '') eq 'pager' } @{ $site->daemon->json('show', $ticket)->{pages} })[0];
}

$hook->status('500 Internal Server Error');
$site->send(from => $ann, to => ['emergency@diytel.ca'], mail => mail(from => $ann, to => 'emergency@diytel.ca', subject => 'line cut'));
wait_for('the first try', sub { (pager_row(1) // {})->{last_error} });
like pager_row(1)->{last_error}, qr/HTTP 500/, '500: the queue says so';
is pager_row(1)->{state}, 'due', 'and it is tried again';
$hook->status('200 OK');
wait_for('the second try', sub { pager_row(1)->{state} eq 'sent' });
my @requests = $hook->requests;
is scalar @requests, 2, 'until it is taken';
my @keys = map { $_->{head} =~ /^Idempotency-Key: (.+)$/mi ? $1 : '' } @requests;
ok $keys[0] && $keys[0] eq $keys[1], 'with the same idempotency key';
my $page = JSON::PP->new->utf8->decode($requests[1]{body});
is $page->{subject}, 'line cut', 'the JSON has the subject';
is $page->{agent}, 'alice', 'the agent';
is $page->{mobile}, '+16045550101', 'and the number to reach';

$hook->status('404 Not Found');
$site->send(from => $ann, to => ['emergency@diytel.ca'], mail => mail(from => $ann, to => 'emergency@diytel.ca', subject => 'second'));
wait_for('the refusal', sub { (pager_row(2) // {})->{last_error} });
is pager_row(2)->{state}, 'due', 'a page is not given up while its incident is open, whatever the answer';
$site->daemon->command('close', 2);
is pager_row(2)->{state}, 'dropped', 'but dropped when its ticket is resolved';
is $site->stop, 0, 'the daemon stops in order';
$hook->stop;
done_testing;
