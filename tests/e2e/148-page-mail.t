#!/usr/bin/perl
# Taking an emergency by mail: an answer to the page's own signed address, or by an agent whose mail is authenticated. A From
# address alone does nothing, nor does a machine's mail, a wrong signature or another word.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for);

my $people = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { notify = {"noc@diytel.ca"} }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"noc"} login = {"alice", "alice@diytel.ca"} }
agent "bob" { name = "Bob Singh" mail = "bob@diytel.ca" teams = {"noc"} }
CONF
my $site = Frontdesk::Test::Site->new('page-mail', logins => ['alice'], daemon => {
    teams => $people, extra => 'authserv-id = {"mx.diytel.ca"}', steps => 'step "all" { team = "noc" by = {"mail"} wait = "1h" }',
});
my ($daemon, $sink) = ($site->daemon, $site->sink);
my $ann = 'ann@customer.example';
my %seen;

# Opens an emergency; its ticket, and the addresses of the two agents' pages.
sub emergency {
    my ($subject) = @_;
    my $answers = $site->send(from => $ann, to => ['emergency@diytel.ca'], mail => mail(from => $ann, to => 'emergency@diytel.ca', subject => $subject));
    like $answers->{end}, qr/^250/, "$subject: taken";
    my ($ticket) = grep { $_->{subject} eq $subject } $daemon->tickets;
    return ($ticket->{number}, map { page_address($_, $subject) } 'alice@diytel.ca', 'bob@diytel.ca');
}

sub page_address {
    my ($agent, $subject) = @_;
    my $page = wait_for("the page to $agent", sub { (grep { $_->{text} =~ /^Subject: EMERGENCY .*\Q$subject\E/m } $sink->mails_to($agent))[0] });
    $page->{text} =~ /^Reply-To: .*?(emergency\+p\.[0-9a-z.]+\@diytel\.ca)/mi or die "no page address in $page->{text}";
    return $1;
}

# Sends an answer to ADDRESS; the SMTP answer to it.
sub answer {
    my ($from, $address, $body, %more) = @_;
    my $answers = $site->send(from => $more{envelope} // $from, to => [$address],
        mail => mail(from => $from, to => $address, subject => 'Re: EMERGENCY', body => $body, %more));
    return $answers->{end} // $answers->{rcpt}[-1];
}

sub incident { my ($number) = @_; return $daemon->json('show', $number)->{incidents}[-1] }
sub state_of { my ($number) = @_; my $incident = incident($number); return join ' ', grep { defined } $incident->{state}, $incident->{acknowledged_by} }
# What AGENT is told of an answer, when it says SAYS.
sub told {
    my ($agent, $says) = @_;
    return scalar wait_for("a letter to $agent", sub { grep { $_->{text} =~ /^Subject: Re: \[DIYTel/m && $_->{text} =~ $says } $sink->mails_to($agent) });
}

my ($number, $to_alice, $to_bob) = emergency('dead lines');
isnt $to_alice, $to_bob, 'each page has an address of its own';

# ---- what does nothing ----

like answer('alice@diytel.ca', $to_alice, "I am not in the office.\n", head => "Auto-Submitted: auto-replied\n"), qr/^250/, 'an out-of-office answer is taken';
is state_of($number), 'triggered', 'and does nothing';
like answer('alice@diytel.ca', $to_alice, "ack\n", head => "Auto-Submitted: auto-replied\n", envelope => ''), qr/^250/, 'whatever it says';
is state_of($number), 'triggered', 'nothing';
like answer('alice@diytel.ca', $to_alice, "What is this?\n> ack\n"), qr/^250/, 'another word';
is state_of($number), 'triggered', 'does nothing';
ok told('alice@diytel.ca', qr/Nothing was done: the first word/), 'and the agent is told';
(my $forged = $to_alice) =~ s/\+p\.\d+\./+p.999./;
my $before = $daemon->tickets;
answer('alice@diytel.ca', $forged, "ack\n");
is state_of($number), 'triggered', 'an address whose signature is wrong does nothing';
answer('bob@diytel.ca', 'emergency@diytel.ca', "ack\n", head => '', subject => "Re: [DIYTel #$number] dead lines");
is state_of($number), 'triggered', 'nor does an agent\'s From address alone';
is scalar(grep { $_->{direction} eq 'in' } @{ $daemon->json('show', $number)->{messages} }), 4, 'what came to the page\'s address is kept with its ticket';

# ---- what does ----

like answer('alice@private.example', $to_alice, "\n> EMERGENCY [DIYTel] dead lines\n\nACK, on my way\n"), qr/^250/, 'the page\'s own address, from wherever it is written';
is state_of($number), 'acknowledged alice', 'acknowledges, for whom was paged';
ok told('alice@diytel.ca', qr/#$number: you have it/), 'who is told so';
like answer('bob@diytel.ca', $to_bob, "On Monday Frontdesk wrote:\n> dead lines\nack\n"), qr/^250/, 'the other one is late';
is state_of($number), 'acknowledged alice', 'and changes nothing';
ok told('bob@diytel.ca', qr/#$number: somebody else has it since .*It is alice's\./s), 'but is told who has it';
like answer('bob@diytel.ca', $to_bob, "Resolve\n"), qr/^250/, 'it is ended by mail, too';
is state_of($number), 'resolved alice', 'by anybody who was paged';
like answer('alice@diytel.ca', $to_alice, "ack\n"), qr/^250/, 'an old page\'s answer';
is state_of($number), 'resolved alice', 'does not bring it back';
ok told('alice@diytel.ca', qr/#$number: it was resolved before/), 'and its agent is told';
is scalar(grep { $_->{text} =~ /^Subject: Re: EMERGENCY/m } $sink->mails_to('emergency@diytel.ca')), 0, 'such answers go to no mailbox';

# ---- an agent whose mail is authenticated ----

my ($second) = emergency('no tone');
my $smtp = $site->smtp;
like $site->mta->login($smtp, 'alice'), qr/^2/, 'alice logs in';
$smtp->send(from => 'alice@diytel.ca', to => ['emergency@diytel.ca'],
    mail => mail(from => 'alice@diytel.ca', to => 'emergency@diytel.ca', subject => "Re: [DIYTel #$second] no tone", body => "ack\n"));
$smtp->quit;
is state_of($second), 'acknowledged alice', 'her login is enough';

is $site->stop, 0, 'the daemon stops in order';
done_testing;
