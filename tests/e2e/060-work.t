#!/usr/bin/perl
# Work on a ticket from the command while the daemon runs.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for);

my $site = Frontdesk::Test::Site->new('work', daemon => { extra => 'close-after = "1s"' });
my $ann = 'ann@customer.example';
my $first = mail(from => $ann, to => 'support@diytel.ca', subject => 'work', id => '<work@customer.example>');
$site->send(from => $ann, to => ['support@diytel.ca'], mail => $first);
$site->daemon->command('note', 1, 'called back');
$site->daemon->command('assign', 1, 'alice');
$site->daemon->command('priority', 1, 'p2');
my $shown = $site->daemon->json('show', 1);
is $shown->{assignee}, 'alice', 'assigned';
is $shown->{priority}, 'p2', 'priority set';
is_deeply [grep { /noted|assigned|priority/ } map { $_->{kind} } @{ $shown->{events} }], [qw(noted assigned priority)], 'with an event each';
is $site->daemon->json('close', 1)->{state}, 'resolved', 'closing resolves';
wait_for('close-after', sub { $site->daemon->json('show', 1)->{state} eq 'closed' }, 5);
pass 'after close-after it is closed, though another process resolved it';
$site->send(from => $ann, to => ['support@diytel.ca'],
    mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'Re: work', head => "In-Reply-To: <work\@customer.example>\n"));
is $site->daemon->json('show', 1)->{state}, 'open', 'its requester\'s mail opens it again';
$site->send(from => 'eve@else.example', to => ['support@diytel.ca'],
    mail => mail(from => 'eve@else.example', to => 'support@diytel.ca', subject => 'Re: work', head => "In-Reply-To: <work\@customer.example>\n"));
is $site->daemon->json('show', 2)->{related}, 1, 'a stranger\'s answer is a new ticket that names it';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
