#!/usr/bin/perl
# SMTP AUTH (told to Postfix by XCLIENT): a login that is the From address verifies, another one does not.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);

my ($ann, $ben) = ('ann@customer.example', 'ben@customer.example');
my $site = Frontdesk::Test::Site->new('login', daemon => { extra => 'authserv-id = {"mx.diytel.ca"}' }, logins => [$ann, $ben]);

sub standing_with {
    my ($login, $subject, $head) = @_;
    my $smtp = $site->smtp;
    like $site->mta->login($smtp, $login), qr/^2/, "logged in as $login";
    $smtp->send(from => $ann, to => ['support@diytel.ca'],
        mail => ($head // '') . mail(from => $ann, to => 'support@diytel.ca', subject => $subject));
    $smtp->quit;
    my ($ticket) = grep { $_->{subject} eq $subject } $site->daemon->tickets;
    return $ticket->{standing};
}

is standing_with($ann, 'own'), 'verified (SMTP AUTH)', 'which is the From address: verified';
is standing_with($ben, 'other'), 'known (in the directory)', 'which is somebody else: known only';
is standing_with($ben, 'results', "Authentication-Results: mx.diytel.ca; dmarc=pass header.from=customer.example\n"),
    'known (in the directory)', 'with a login no Authentication-Results counts';
my $results = $site->send(from => $ann, to => ['support@diytel.ca'],
    mail => "Authentication-Results: mx.diytel.ca; dmarc=pass header.from=customer.example\n"
        . mail(from => $ann, to => 'support@diytel.ca', subject => 'believed'));
like $results->{end}, qr/^250 /, 'without one';
my ($believed) = grep { $_->{subject} eq 'believed' } $site->daemon->tickets;
is $believed->{standing}, 'verified (dmarc=pass)', 'the result at the very top is believed';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
