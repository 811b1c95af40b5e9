#!/usr/bin/perl
# The six mails of the main job: what the client is told, what tickets there are, what goes out.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for);

my $site = Frontdesk::Test::Site->new('demo');
my $ann = 'Ann Lee <ann@customer.example>';

my $first = $site->send(from => 'ann@customer.example', to => ['support@diytel.ca'],
    mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'No dial tone', id => '<first@customer.example>'));
like $first->{end}, qr/^250 /, 'a known customer writes to support: taken';
my ($ack) = $site->sink->wait_mails_to('ann@customer.example', 1);
is $ack->{from}, '', 'the acknowledgement has the null sender';
is Frontdesk::Test::Sink::field($ack, 'Auto-Submitted'), 'auto-replied', 'it says that a machine wrote it';
is Frontdesk::Test::Sink::field($ack, 'In-Reply-To'), '<first@customer.example>', 'it answers the message';
like Frontdesk::Test::Sink::field($ack, 'Subject'), qr/\[DIYTel #1\] No dial tone/, 'its subject has the tag';
like $ack->{body}, qr/^Monday to Friday: 06:00-18:00\r?\nPacific Time\r?$/m, 'it gives the opening hours in words, with their zone';
my ($notice) = $site->sink->wait_mails_to('tier1@diytel.ca', 1);
like $notice->{body}, qr/^New ticket 1 for support, opened at \d\d:\d\d on \w+day, Pacific Time\.\r?$/m, 'the team reads when it was opened';
my $reply_to = Frontdesk::Test::Sink::field($ack, 'Reply-To');
like $reply_to, qr/^<?support\+t\.1\.[a-z2-7]{16}\@diytel\.ca>?$/, 'answers go to the signed address';
$reply_to =~ s/[<>]//g;

my $answer = $site->send(from => 'ann@customer.example', to => [$reply_to],
    mail => mail(from => $ann, to => $reply_to, subject => 'Re: [DIYTel #1] No dial tone', body => "Line 7.\n"));
like $answer->{end}, qr/^250 /, 'an answer on that ticket: taken';
my @tickets = $site->daemon->tickets;
is scalar @tickets, 1, 'it continues the ticket';
my $shown = $site->daemon->json('show', 1);
is scalar @{ $shown->{messages} }, 2, 'which now has two messages';
is $shown->{standing}, 'known (in the directory)', 'the sender is known';
is $shown->{customer}, 'C-1', 'by the customer number of the directory';

my $stranger = $site->send(from => 'eve@else.example', to => ['billing@diytel.ca'],
    mail => mail(from => 'eve@else.example', to => 'billing@diytel.ca'));
is $stranger->{end}, '550 5.7.1 Billing answers registered customers. Please write from the address on your account, '
    . 'or call +1 604-635-0700.', 'an unknown sender to billing: refused in the session with the role\'s text';
is scalar $site->daemon->tickets, 1, 'and there is no ticket of it';

my $emergency = $site->send(from => 'ann@customer.example', to => ['emergency@diytel.ca'],
    mail => mail(from => $ann, to => 'emergency@diytel.ca', subject => 'Exchange is down'));
like $emergency->{end}, qr/^250 /, 'an emergency of a known customer: taken';
wait_for('the page', sub { $site->daemon->pages });
my ($page) = $site->daemon->pages;
is $page->{subject}, 'Exchange is down', 'the page says what it is about';
is $page->{agent}, 'alice', 'and goes to the agent of the team';
$site->sink->wait_mails_to('alice@diytel.ca', 1);
is $site->daemon->json('show', 2)->{priority}, 'p1', 'its ticket is p1';
my (undef, $urgent) = $site->sink->wait_mails_to('ann@customer.example', 2);
like $urgent->{body}, qr/\+1 604-635-0700/, 'its acknowledgement gives the phone number';

my $machine = $site->send(from => 'ann@customer.example', to => ['support@diytel.ca'],
    mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'Out of office', head => "Auto-Submitted: auto-replied\n"));
like $machine->{end}, qr/^250 /, 'an auto-reply: taken';
is scalar $site->daemon->tickets, 2, 'but no ticket';

my $normal = $site->send(from => 'ann@customer.example', to => ['carol@diytel.ca'],
    mail => mail(from => $ann, to => 'carol@diytel.ca', subject => 'Lunch'));
like $normal->{end}, qr/^250 /, 'a mail to a mailbox: taken';
my ($lunch) = $site->sink->wait_mails_to('carol@diytel.ca', 1);
unlike $lunch->{head}, qr/^X-Frontdesk/mi, 'and it passes untouched';

my ($passed) = $site->sink->wait_mails_to('support@diytel.ca', 1);
is Frontdesk::Test::Sink::field($passed, 'X-Frontdesk-Ticket'), 1, 'the mail to support passes on with its ticket\'s number';
is Frontdesk::Test::Sink::field($passed, 'X-Frontdesk-Standing'), 'known', 'and the sender\'s standing';
wait_for('an empty queue', sub { !@{ $site->daemon->json('queue')->{queue} } });
is scalar $site->sink->mails_to('ann@customer.example'), 2, 'two acknowledgements in all: none for the answer, none for the machine';
is_deeply [sort map { Frontdesk::Test::Sink::field($_, 'Subject') =~ /new, p3/ ? 'new' : 'further' } $site->sink->mails_to('tier1@diytel.ca')], ['further', 'new'],
    'the team is told of the new ticket, and of the further mail on it';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
