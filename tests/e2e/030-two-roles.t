#!/usr/bin/perl
# One message to several recipients: each role its ticket, nobody else's mail touched, refusals for the right one alone.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for);

my $site = Frontdesk::Test::Site->new('roles');
my $ann = 'ann@customer.example';

my $both = $site->send(from => $ann, to => ['support@diytel.ca', 'billing@diytel.ca'],
    mail => mail(from => $ann, to => 'support@diytel.ca, billing@diytel.ca'));
like $both->{end}, qr/^250 /, 'one message to two roles is taken';
is_deeply [sort map { $_->{role} } $site->daemon->tickets], ['billing', 'support'], 'each role has its ticket';
my ($copy) = $site->sink->wait_mails_to('billing@diytel.ca', 1);
is scalar(() = $copy->{head} =~ /^X-Frontdesk-Ticket:/mg), 2, 'one X-Frontdesk-Ticket a ticket';

my $twice = $site->send(from => $ann, to => ['support@diytel.ca', 'Telecom-Support@DIYTEL.ca'],
    mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'two addresses'));
like $twice->{end}, qr/^250 /, 'two addresses of one role are taken';
is scalar(grep { $_->{subject} eq 'two addresses' } $site->daemon->tickets), 1, 'and make one ticket';

my $mixed = $site->send(from => 'eve@else.example', to => ['support@diytel.ca', 'billing@diytel.ca', 'carol@diytel.ca'],
    mail => mail(from => 'eve@else.example', to => 'support@diytel.ca', subject => 'mixed'));
like $mixed->{end}, qr/^250 /, 'refused at one role only: taken';
$site->sink->wait_mails_to('carol@diytel.ca', 1);
my ($refused) = $site->daemon->tickets('--state', 'refused');
is $refused->{role}, 'billing', 'the refused role keeps the mail as refused';
is scalar(grep { $_->{subject} eq 'mixed' } $site->daemon->tickets), 1, 'the other role has a ticket';
$site->sink->wait_mails_to('eve@else.example', 1);
is scalar(grep { Frontdesk::Test::Sink::field($_, 'Subject') eq 'mixed' } $site->sink->mails_to('billing@diytel.ca')), 0,
    'the refused role\'s mailbox does not get it';
is scalar $site->sink->mails_to('billing-team@diytel.ca'), 1, 'nor is its team told';

my $taken = $site->send(from => $ann, to => ['taken@diytel.ca', 'carol@diytel.ca'],
    mail => mail(from => $ann, to => 'taken@diytel.ca', subject => 'kept'));
like $taken->{end}, qr/^250 /, 'deliver = "take" beside another recipient: taken';
wait_for('the other copy', sub { grep { Frontdesk::Test::Sink::field($_, 'Subject') eq 'kept' } $site->sink->mails_to('carol@diytel.ca') });
is scalar $site->sink->mails_to('taken@diytel.ca'), 0, 'the role\'s own mailbox does not get it';

my $only = $site->send(from => $ann, to => ['taken@diytel.ca'], mail => mail(from => $ann, to => 'taken@diytel.ca', subject => 'only'));
like $only->{end}, qr/^250 /, 'take of the only recipient: taken';
ok scalar(grep { $_->{subject} eq 'only' } $site->daemon->tickets), 'it has its ticket';

my $barred = $site->send(from => 'sue@late.example', to => ['support@diytel.ca', 'carol@diytel.ca', 'emergency@diytel.ca'],
    mail => mail(from => 'sue@late.example', to => 'support@diytel.ca', subject => 'suspended'));
like $barred->{rcpt}[0], qr/^550 5\.7\.1 /, 'a barred sender is refused at RCPT';
like $barred->{rcpt}[1], qr/^250 /, 'but not for others';
like $barred->{rcpt}[2], qr/^250 /, 'nor at an emergency role';
like $barred->{end}, qr/^250 /, 'whose ticket is opened';
my ($ticket) = grep { $_->{subject} eq 'suspended' } $site->daemon->tickets;
is $ticket->{role}, 'emergency', 'at the emergency role alone';
my ($phone) = $site->sink->wait_mails_to('sue@late.example', 1);
like $phone->{body}, qr/\+1 604-635-0700/, 'the acknowledgement gives the phone number';
my ($told) = $site->sink->wait_mails_to('noc@diytel.ca', 1);
like $told->{head}, qr/^Subject:.*unverified/mi, 'the team is told';
is scalar $site->daemon->pages, 0, 'and nobody is paged';

$site->daemon->configure(extra => 'acknowledge-limit = 1');
$site->daemon->reload;
my $limited = $site->send(from => 'una@whole.example', to => ['support@diytel.ca', 'billing@diytel.ca'],
    mail => mail(from => 'una@whole.example', to => 'support@diytel.ca', subject => 'limited'));
like $limited->{end}, qr/^250 /, 'two roles and acknowledge-limit = 1: taken';
wait_for('an empty queue', sub { !@{ $site->daemon->json('queue')->{queue} } });
is scalar(grep { $_->{subject} eq 'limited' } $site->daemon->tickets), 2, 'two tickets';
is scalar $site->sink->mails_to('una@whole.example'), 1, 'but one acknowledgement: those of the same message count too';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
