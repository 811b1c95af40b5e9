#!/usr/bin/perl
# The directory is LDAP: known, unknown, suspended; stopped, hung and back again. Down is not unknown.
use strict;
use warnings;
use Test::More;
use Time::HiRes ();
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Slapd;
use Frontdesk::Test::Support qw(wait_for scratch slurp);

plan skip_all => 'slapd is not installed' if !-x '/usr/sbin/slapd';
my $dir = scratch('ldap');
my $slapd = Frontdesk::Test::Slapd->new($dir, slurp("$ENV{FRONTDESK_SOURCE}/contrib/ldap/example.ldif"));
$slapd->start;
my $site = Frontdesk::Test::Site->new('directory', daemon => { extra => "acknowledge-limit = 0", directory =>
    'directory { type = "ldap" uri = {"' . $slapd->uri . '"} base = "ou=customers,dc=example,dc=com" timeout = "4s" cache = "1s"'
    . ' domain-filter = "(&(objectClass=domainRelatedObject)(associatedDomain=%s))" }' });
my $serial = 0;

sub try {
    my ($from, $role) = @_;
    $serial++;
    my $answers = $site->send(from => $from, to => ["$role\@diytel.ca"], mail => mail(from => $from, to => "$role\@diytel.ca", subject => "try $serial"));
    my ($ticket) = grep { $_->{subject} eq "try $serial" } $site->daemon->tickets('--limit', 1000);
    return ($answers->{end} // $answers->{rcpt}[0], $ticket);
}

my ($answer, $ticket) = try('Ann@Customer.Example', 'billing');
like $answer, qr/^250 /, 'a customer in the directory';
is $ticket->{customer}, 'C-1', 'with the customer number of the entry';
($answer, $ticket) = try('somebody@whole.example', 'billing');
like $answer, qr/^250 /, 'a colleague, by the domain';
is $ticket->{standing}, 'known (by domain)', 'is known by domain';
($answer) = try('eve@else.example', 'billing');
like $answer, qr/^550 5\.7\.1 /, 'a stranger';
($answer) = try('sue@late.example', 'support');
like $answer, qr/^550 5\.7\.1 /, 'a suspended customer';
for my $address ('*)(mail=*@customer.example', 'ann*@customer.example', '\\61nn@customer.example') {
    ($answer) = try($address, 'billing');
    unlike $answer, qr/^250 /, "an address cannot change the search: $address";
}

$slapd->stop;
select undef, undef, undef, 1.1; # the cached answers grow old
($answer, $ticket) = try('ann@customer.example', 'billing');
like $answer, qr/^250 /, 'directory stopped: an earlier answer is used';
is $ticket->{standing}, 'known (in the directory)', 'beyond its time';
($answer) = try('new@customer.example', 'billing');
like $answer, qr/^451 4\.3\.0 /, 'a sender without one, at a strict role: 451';
($answer, $ticket) = try('new@customer.example', 'support');
like $answer, qr/^250 /, 'at an open role: taken';
is $ticket->{standing}, 'unknown (directory unavailable)', 'and the ticket says so';
my $mixed = $site->send(from => 'new@customer.example', to => ['billing@diytel.ca', 'carol@diytel.ca'],
    mail => mail(from => 'new@customer.example', to => 'x@diytel.ca', subject => 'mixed'));
like $mixed->{end}, qr/^250 /, 'at a strict role beside another recipient: taken';
ok scalar(grep { $_->{subject} eq 'mixed' && $_->{role} eq 'billing' } $site->daemon->tickets('--limit', 1000)), 'and its ticket is open';
my $pages = $site->daemon->pages;
($answer) = try('new@customer.example', 'emergency');
like $answer, qr/^250 /, 'an emergency: taken';
wait_for('the page', sub { $site->daemon->pages > $pages });
pass 'and paged';

$slapd->start;
wait_for('the directory to be asked again', sub { (try('new2@else.example', 'billing'))[0] =~ /^550/ }, 40);
pass 'restarted: strangers are refused again';

$slapd->hang;
my $start = Time::HiRes::time();
($answer) = try('hung@customer.example', 'support');
like $answer, qr/^250 /, 'directory hung: mail for an open role is taken';
cmp_ok Time::HiRes::time() - $start, '<', 8, 'within the bound';
$start = Time::HiRes::time();
try('hung2@customer.example', 'support');
cmp_ok Time::HiRes::time() - $start, '<', 3, 'and the next one does not wait: the breaker is open';
$slapd->go_on;
wait_for('the directory to be asked again', sub { (try("b$serial\@else.example", 'billing'))[0] =~ /^550/ }, 60);
pass 'going on: it is asked again';
is $site->stop, 0, 'the daemon stops in order';
$slapd->stop;
done_testing;
