#!/usr/bin/perl
# What a sender may not decide: our fields, others' tickets, the letters that we write.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for);

my $site = Frontdesk::Test::Site->new('forged', daemon => { extra => 'authserv-id = {"mx.diytel.ca"}' });
my ($ann, $eve) = ('ann@customer.example', 'eve@else.example');

$site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'mine'));
my ($ack) = $site->sink->wait_mails_to($ann, 1);
(my $signed) = Frontdesk::Test::Sink::field($ack, 'Reply-To') =~ /([^<>]+)/;

my $forged = $site->send(from => $eve, to => ['support@diytel.ca'], mail => mail(from => $eve, to => 'support@diytel.ca', subject => 'fields',
    head => "X-Frontdesk-Ticket: 999\nX-Frontdesk-Standing: verified\nx-frontdesk-ticket: 998\n"));
like $forged->{end}, qr/^250 /, 'a mail with our fields';
wait_for('its copy', sub { grep { Frontdesk::Test::Sink::field($_, 'Subject') eq 'fields' } $site->sink->mails_to('support@diytel.ca') });
my ($copy) = grep { Frontdesk::Test::Sink::field($_, 'Subject') eq 'fields' } $site->sink->mails_to('support@diytel.ca');
is_deeply [$copy->{head} =~ /^X-Frontdesk-Ticket:\s*(\d+)/mgi], [2], 'only our own X-Frontdesk-Ticket is left';
is_deeply [$copy->{head} =~ /^X-Frontdesk-Standing:\s*(\w+)/mgi], ['unknown'], 'and our own standing';

$site->send(from => $eve, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'results',
    head => "Authentication-Results: mx.diytel.ca; dmarc=pass header.from=customer.example\n"));
wait_for('its copy', sub { grep { Frontdesk::Test::Sink::field($_, 'Subject') eq 'results' } $site->sink->mails_to('support@diytel.ca') });
my ($results) = grep { Frontdesk::Test::Sink::field($_, 'Subject') eq 'results' } $site->sink->mails_to('support@diytel.ca');
is Frontdesk::Test::Sink::field($results, 'X-Frontdesk-Standing'), 'known', 'results below other fields are not believed';
unlike $results->{head}, qr/^Authentication-Results:/mi, 'and those that bear our id are removed';

my $many = join '', map { "X-Field-$_: $_\n" } 1 .. 2500;
$site->send(from => $eve, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'many',
    head => "${many}Authentication-Results: mx.diytel.ca; dmarc=pass header.from=customer.example\nX-Frontdesk-Standing: verified\n"));
wait_for('its copy', sub { ($results) = grep { Frontdesk::Test::Sink::field($_, 'Subject') eq 'many' } $site->sink->mails_to('support@diytel.ca') });
is_deeply [$results->{head} =~ /^X-Frontdesk-Standing:\s*(\w+)/mgi], ['known'], 'behind 2500 other fields ours are found too';
ok $results->{head} !~ /^Authentication-Results:/mi, 'and results';
ok $results->{head} =~ /^X-Field-2500: 2500\r?$/m, 'and nothing else is lost';

my $tag = $site->send(from => $eve, to => ['support@diytel.ca'], mail => mail(from => $eve, to => 'support@diytel.ca', subject => '[DIYTel #1] let me in'));
like $tag->{end}, qr/^250 /, 'a stranger\'s subject tag';
is scalar @{ $site->daemon->json('show', 1)->{messages} }, 1, 'does not write on the ticket';
my ($new) = grep { $_->{subject} =~ /let me in/ } $site->daemon->tickets;
is $new->{related}, 1, 'but its own ticket names it';

(my $wrong = $signed) =~ s/[a-z2-7]{4}\@/aaaa\@/;
$site->send(from => $eve, to => [$wrong], mail => mail(from => $eve, to => $wrong, subject => 'wrong signature'));
is scalar @{ $site->daemon->json('show', 1)->{messages} }, 1, 'a wrong signature does not write on the ticket';
$site->send(from => $eve, to => [uc $signed], mail => mail(from => $eve, to => $signed, subject => 'right signature'));
is scalar @{ $site->daemon->json('show', 1)->{messages} }, 2, 'a right one does, whatever its case';

$site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => '"Ann =?utf-8?Q?=0D=0ABcc:_victim=40else.example?=" <ann@customer.example>',
    to => 'support@diytel.ca', subject => '=?utf-8?Q?hello=0D=0ABcc:_victim@else.example=0D=0A=0D=0Abody?='));
wait_for('its acknowledgement', sub { grep { Frontdesk::Test::Sink::field($_, 'Subject') =~ /hello/ } $site->sink->mails_to($ann) });
my ($injected) = grep { Frontdesk::Test::Sink::field($_, 'Subject') =~ /hello/ } $site->sink->mails_to($ann);
unlike $injected->{head}, qr/^Bcc:/mi, 'subject and display name cannot add fields to the acknowledgement';
is scalar $site->sink->mails_to('victim@else.example'), 0, 'or recipients';

like $site->send(from => '', to => ['billing@diytel.ca'], mail => mail(from => 'MAILER-DAEMON@else.example', to => 'billing@diytel.ca', subject => 'bounce'))->{end},
    qr/^250 /, 'a null sender is never refused';
is scalar(grep { $_->{subject} eq 'bounce' } $site->daemon->tickets), 0, 'nor does it open a ticket';
my $quoted = Frontdesk::Test::Sink::field(($site->sink->mails_to($ann))[0], 'Message-ID');
$site->send(from => '', to => ['billing@diytel.ca'], mail => mail(from => 'MAILER-DAEMON@else.example', to => 'billing@diytel.ca',
    subject => 'failure notice', body => "I'm afraid I wasn't able to deliver your message.\n\n--- Below this line is a copy of the message.\n\nMessage-ID: $quoted\n"));
is scalar(grep { $_->{subject} eq 'failure notice' } map { @{ $site->daemon->json('show', $_->{number})->{messages} } } $site->daemon->tickets),
    1, 'one that quotes the header of a letter of ours is filed with its ticket';
my $looped = $site->send(from => $ann, to => ['emergency@diytel.ca'], mail => mail(from => $ann, to => 'emergency@diytel.ca', subject => 'loop',
    head => "X-Frontdesk-Loop: mail.diytel.ca\n"));
like $looped->{end}, qr/^250 /, 'mail with our loop mark is taken';
is scalar(grep { $_->{subject} eq 'loop' } $site->daemon->tickets), 0, 'and filed';
is scalar $site->daemon->pages, 0, 'without a page';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
