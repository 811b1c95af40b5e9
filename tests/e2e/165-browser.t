#!/usr/bin/perl
# The acknowledgement page as a person sees it: in Chromium, in a window like a phone's.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Browser;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(free_port run wait_for);

my $missing = Frontdesk::Test::Browser::why_not();
plan skip_all => $missing if $missing;

my $port = free_port();
my $teams = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { notify = {"noc@diytel.ca"} }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"tier1", "noc"} }
agent "binh" { name = "Binh Tran" mail = "binh@diytel.ca" language = "vi" }
CONF
my $roles = <<'CONF';
escalation "both" { step "all" { agents = {"alice", "binh"} by = {"pager"} wait = "1h" } }
role "urgent" { address = {"urgent@diytel.ca"} policy = "diytel" priority = "p1" team = "noc" page = "both" page-if = "known" }
CONF
my $site = Frontdesk::Test::Site->new('browser', daemon => { teams => $teams, roles => $roles,
    extra => qq(web = "127.0.0.1:$port"\nweb-url = "http://127.0.0.1:$port"\n) });
my $daemon = $site->daemon;
my $ann = 'ann@customer.example';
my $subject = 'Down: <img src=x onerror="document.title=1"><script>document.title=2</script> ' . 'x' x 120;
$site->send(from => $ann, to => ['urgent@diytel.ca'], mail => mail(from => $ann, to => 'urgent@diytel.ca', subject => $subject));
my %link = map { $_->{agent} => $_->{acknowledge_url} } wait_for('the pages', sub { my @all = $daemon->pages; @all == 2 ? \@all : undef })->@*;

sub state { my $state = run('sqlite3', '-cmd', '.timeout 20000', $daemon->database, 'SELECT state FROM incident'); chomp $state; return $state }

my $browser = Frontdesk::Test::Browser->new($site->{dir});
$browser->go($link{alice});
is $browser->title, 'DIYTel', 'the page is shown, and no script of a subject has run';
like $browser->text('h1'), qr/^#1 Down: <img src=x onerror=/, 'it shows the subject as text';
is scalar $browser->find('img, script, link, iframe'), 0, 'and nothing else';
is $browser->text('strong'), 'Nobody has it yet.', 'nobody has it';
is $browser->text('button'), 'Acknowledge', 'there is one button';
my $button = $browser->rect('button');
my $width = $browser->run('return window.innerWidth');
is $width, 390, 'on a phone';
is $browser->run('return document.documentElement.scrollWidth'), $width, 'nothing is wider than that, long words neither';
cmp_ok $button->{width}, '>', 300, 'the button is wide';
cmp_ok $button->{height}, '>', 48, 'and high enough for a thumb';
is $browser->run('return getComputedStyle(document.querySelector("button")).backgroundColor'), 'rgb(179, 38, 30)', 'its style is taken, whatever else the browser is told not to';
is $browser->run('return performance.getEntriesByType("resource").length'), 0, 'nothing was loaded';
$browser->go($link{alice}) for 1 .. 2;
is state(), 'triggered', 'looking at it does nothing';

$browser->click('button');
$browser->wait_for_text('strong', 'You have it now.');
pass 'a tap, and she has it';
is state(), 'acknowledged', 'so it is';
is $browser->text('button'), 'Resolve', 'now she may end it';

$browser->go($link{binh});
is $browser->attribute('html', 'lang'), 'vi', "the other one's page is in his language";
like $browser->text('strong'), qr/^Alice Nguyen \x{111}ang x\x{1eed} l\x{fd} \(/, 'and says who has it';
is scalar $browser->find('button'), 0, 'without a button';

$browser->go($link{alice});
like $browser->text('strong'), qr/^You have it, since \d\d:\d\d on \w+, Pacific Time\.$/, 'she has it still';
$browser->click('button');
$browser->wait_for_text('strong', 'You have resolved it.');
is state(), 'resolved', 'and ends it';
is scalar $browser->find('button'), 0, 'no button is left';

$browser->go($link{alice} =~ s/.$/$& eq 'a' ? 'b' : 'a'/er);
is $browser->text('h1'), 'This link leads nowhere', 'a link that is not whole says so';
$browser->stop;
is $site->stop, 0, 'the daemon stops in order';
done_testing;
