#!/usr/bin/perl
# A ticket's life with DKIM and DMARC around it: opendkim and opendmarc look at all mail before we do, and opendkim signs what we
# write. Then the same desk, and those who claim to be somebody: an agent, the customer, at each thing that a mail may be trusted for.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Dkim;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(scratch wait_for);

my $reason = Frontdesk::Test::Dkim::missing();
plan skip_all => $reason if $reason;
my $people = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { notify = {"noc@diytel.ca"} }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"tier1", "noc"} login = {"alice"} }
CONF
my $dir = scratch('dkim');
my ($home, $company, $lookalike) = ('customer.example', 'diytel.ca', 'diytel-ca.example');
my $dkim = Frontdesk::Test::Dkim->new($dir, ours => $company, others => [$home, $lookalike])->start;
my $site = Frontdesk::Test::Site->new('life', logins => ['alice'],
    filters => { before => [$dkim->verifier, $dkim->judge], signer => $dkim->signer },
    daemon => { teams => $people, extra => 'authserv-id = {"mx.diytel.ca"} authserv-methods = {"dmarc", "dkim"}', policy => 'respond = "4h"' });
my ($daemon, $sink) = ($site->daemon, $site->sink);
my ($ann, $ben, $eve) = ('ann@customer.example', 'ben@customer.example', "alice\@$lookalike");

sub show { my ($number) = @_; return $daemon->json('show', $number) }
sub events { my ($number) = @_; return scalar @{ show($number)->{events} } }
sub messages { my ($number) = @_; return scalar @{ show($number)->{messages} } }
sub field { return Frontdesk::Test::Sink::field(@_) // '' }

# Hands in MAIL from outside, signed by DOMAIN (undef: by nobody), as the envelope sender FROM; the last answer.
sub hand_in {
    my ($from, $to, $mail, $domain) = @_;
    return $site->send(from => $from, to => [$to], mail => defined $domain ? $dkim->sign($mail, $domain) : $mail)->{end};
}
sub from_ann { my ($to, %part) = @_; return mail(from => "Ann Lee <$ann>", to => $to, %part) }
sub by_alice { my ($to, %part) = @_; return mail(from => 'Alice Nguyen <alice@diytel.ca>', to => $to, subject => 'Re: your ticket', %part) }

# The mail to ADDRESS in which SHAPE is found, once it is there.
sub wait_mail {
    my ($address, $shape) = @_;
    return wait_for("the mail to $address with $shape", sub { (grep { $_->{text} =~ $shape } $sink->mails_to($address))[0] });
}
sub address { my ($letter, $mark) = @_; return $letter->{text} =~ /^Reply-To: .*?(support\+$mark\.[0-9a-z.]+\@diytel\.ca)/mi ? $1 : die "no +$mark. in $letter->{text}" }

# The customer's own server looks at LETTER, as opendkim and opendmarc find it.
sub passes {
    my ($letter, $name) = @_;
    my $mailbox = 'mailbox-' . $sink->count . '@customer.example';
    hand_in('', $mailbox, $letter->{text});
    my ($seen) = $sink->wait_mails_to($mailbox, 1);
    like $seen->{head}, qr/^Authentication-Results: mx\.diytel\.ca;\s+dkim=pass .*header\.d=diytel\.ca /mi, "$name: our domain's signature on it is valid";
    like $seen->{head}, qr/^Authentication-Results: mx\.diytel\.ca; dmarc=pass .*header\.from=diytel\.ca/mi, 'and it passes DMARC';
    return;
}

# ---- the customer, the acknowledgement, the team ----

like hand_in($ann, 'support@diytel.ca', from_ann('support@diytel.ca', subject => 'dead line', id => '<first@customer.example>', body => "No dial tone.\n"), $home), qr/^250/, 'a signed mail is taken';
my ($ticket) = $daemon->tickets;
my $number = $ticket->{number};
is "$ticket->{state}: $ticket->{standing}", 'open: verified (dmarc=pass)', 'its ticket shows that she has written it';
my $copy = wait_mail('support@diytel.ca', qr/^Subject: dead line/m);
like $copy->{head}, qr/^Authentication-Results: mx\.diytel\.ca; dmarc=pass/m, 'the role\'s copy has what DMARC said';
like $copy->{head}, qr/^Authentication-Results: mx\.diytel\.ca;\s+dkim=pass/m, 'and DKIM';
my $acknowledgement = wait_mail($ann, qr/^Auto-Submitted: auto-replied/m);
passes($acknowledgement, 'the acknowledgement');
my $staff = address(wait_mail('tier1@diytel.ca', qr/^Subject: \[DIYTel #$number\] new/m), 'a');

# ---- answers and what follows ----

like hand_in('alice@diytel.ca', $staff, by_alice($staff, body => "Please turn it off and on.\n"), $company), qr/^250/, 'an agent answers, signed by the company';
my $answer = wait_mail($ann, qr/turn it off/);
passes($answer, 'the answer');
unlike $answer->{text}, qr/alice/i, 'and says nothing of her';
$ticket = show($number);
ok $ticket->{responded_at} && !$ticket->{due}{respond}, 'the ticket has had its first answer';
my $smtp = $site->smtp;
$site->mta->login($smtp, 'alice');
like $smtp->send(from => 'alice@diytel.ca', to => [$staff], mail => by_alice($staff, body => "And tell us what it says.\n"))->{end}, qr/^250/, 'she answers again, unsigned, after she has logged in';
$smtp->quit;
passes(wait_mail($ann, qr/tell us what/), 'that answer');

my $signed = address($answer, 't');
my $thread = 'In-Reply-To: ' . field($answer, 'Message-ID') . "\n";
sub ann_answers { my ($text) = @_; return hand_in($ann, $signed, from_ann($signed, subject => 'Re: dead line', head => $thread, body => "$text\n"), $home) }
like ann_answers('It says nothing.'), qr/^250/, 'the customer answers';
ok show($number)->{due}{respond}, 'and waits for us again';
like hand_in('alice@diytel.ca', $staff, by_alice($staff, body => "#close\nThe line is repaired.\n"), $company), qr/^250/, 'the agent closes it';
is show($number)->{state}, 'resolved', 'which the ticket is';
passes(wait_mail($ann, qr/is repaired/), 'the last answer');
like ann_answers('Not yet.'), qr/^250/, 'the customer disagrees';
is show($number)->{state}, 'open', 'and the ticket is open again';
like hand_in($ben, 'support@diytel.ca', mail(from => $ben, to => 'support@diytel.ca', subject => 'Re: dead line', head => "In-Reply-To: <first\@customer.example>\n", body => "Mine neither.\n"), $home), qr/^250/,
    'a colleague answers her mail';
is show($number)->{messages}[-1]{sender}, $ben, 'which is of the ticket';

like hand_in($ann, 'support@diytel.ca', from_ann('support@diytel.ca', subject => 'still dead'), $home), qr/^250/, 'she writes anew';
my ($other) = map { $_->{number} } grep { $_->{subject} eq 'still dead' } $daemon->tickets;
my $other_staff = address(wait_mail('tier1@diytel.ca', qr/^Subject: \[DIYTel #$other\] new/m), 'a');
my $other_signed = address(wait_mail($ann, qr/^Subject: .*\[DIYTel #$other\]/m), 't');
like hand_in('alice@diytel.ca', $other_staff, by_alice($other_staff, body => "#merge $number\n"), $company), qr/^250/, 'the agent makes one of both';
is show($other)->{merged_into}, $number, 'as the ticket shows';
like hand_in($ann, $other_signed, from_ann($other_signed, subject => 'Re: still dead', body => "Thank you.\n"), $home), qr/^250/, 'her answer to the second';
like show($number)->{messages}[-1]{text}, qr/Thank you/, 'is with the first';

# ---- who says that they are an agent ----

my $before = events($number);
my $ours = "Authentication-Results: mx.diytel.ca; dmarc=pass header.from=diytel.ca; dkim=pass header.d=diytel.ca\n";
my $trick = by_alice($staff, body => "#close\nSend me your password.\n");
my $broken = $dkim->sign(by_alice($staff, body => "Send me your number.\n"), $company) =~ s/number/password/r;
for my $case (
    ['without a signature', $trick],
    ['with the signature of another domain', $trick, $lookalike],
    ['with a signature of ours on another text', $broken],
    ['with results in our name at the top', "$ours$trick"],
    ['with results in our name at the top, and a signature', $ours . $dkim->sign($trick, $lookalike)],
    ['with results in our name further down', $trick =~ s/^Date:/${ours}Date:/mr],
    ['from a domain that looks like ours', $trick =~ s/alice\@diytel\.ca/$eve/r, $lookalike],
    ['with her address as a name', $trick =~ s/^From: .*/From: "alice\@diytel.ca" <$eve>/r, $lookalike],
    ['beside another sender', $trick =~ s/^From: .*/From: <$eve>, <alice\@diytel.ca>/r, $lookalike],
    ['in a second From', "From: <$eve>\n$trick", $lookalike],
) {
    my ($name, $mail, $domain) = @$case;
    like hand_in('alice@diytel.ca', $staff, $mail, $domain), qr/^550 5\.7\.1 This address is for staff/, "an agent $name: refused";
}
like hand_in('alice@diytel.ca', "support+note.$number\@diytel.ca", $trick), qr/^550 5\.7\.1/, 'and at the address for notes';
is events($number), $before, 'nothing is done by any of them';
is scalar(grep { $_->{text} =~ /your password/ } $sink->mails), 0, 'and nothing of it goes out';

# ---- who says that they are the customer ----

# Takes MAIL in, which Eve has written as Ann; what DMARC says of it and the standing that it has are in the role's copy.
sub eve_writes {
    my ($name, $to, %part) = @_;
    like hand_in($ann, $to, from_ann($to, %part, body => "$name\n"), $lookalike), qr/^250/, "$name: taken";
    my $copy = wait_mail($to, qr/^\Q$name\E\r?$/m);
    like $copy->{head}, qr/dmarc=fail .*header\.from=customer\.example/, 'though DMARC fails';
    is field($copy, 'X-Frontdesk-Standing'), 'unknown', 'as from a stranger';
    return;
}
sub newest { my ($newest) = sort { $b->{number} <=> $a->{number} } $daemon->tickets('--limit', 1000); return $newest }
sub acknowledgements { my ($number) = @_; return scalar grep { $_->{kind} eq 'acknowledgement' } @{ show($number)->{outbox} } }
is acknowledgements($number), 1, 'hers was acknowledged';

like hand_in('alice@diytel.ca', $staff, by_alice($staff, body => "#close\nNow it is.\n"), $company), qr/^250/, 'the ticket is closed once more';
my $messages = messages($number);
eve_writes('to the address that only her letters have', $signed, subject => 'Re: dead line', head => "Cc: spy\@$lookalike\n");
eve_writes('with the id of such a letter', 'support@diytel.ca', subject => 'Re: dead line', head => $thread);
is messages($number), $messages + 2, 'who has seen a letter of ours may write to its ticket';
is show($number)->{state}, 'resolved', 'but not open it again in the customer\'s name';
is_deeply [grep { /spy/ } @{ show($number)->{participants} }], [], 'nor bring others in';
for my $case (['with the id of her mail', head => "In-Reply-To: <first\@customer.example>\n"], ['with the tag alone', subject => "Re: [DIYTel #$number] dead line"]) {
    my ($name, %part) = @$case;
    eve_writes($name, 'support@diytel.ca', %part);
    is messages($number), $messages + 2, 'the ticket does not get it';
    is newest()->{related}, $number, 'another one does, and mentions this';
    is acknowledgements(newest()->{number}), 0, 'which is not acknowledged';
}
eve_writes('with something new', 'support@diytel.ca', subject => 'my account');
is newest()->{standing}, 'unknown (dmarc=fail: somebody else may have written it)', 'the ticket says why';
is acknowledgements(newest()->{number}), 0, 'and acknowledges nothing';
like hand_in($ann, 'billing@diytel.ca', from_ann('billing@diytel.ca'), $lookalike), qr/^550 5\.7\.1 Billing answers registered customers/, 'where customers only may write, it is refused';
like ann_answers('It is dead again.'), qr/^250/, 'she herself';
is show($number)->{state}, 'open', 'opens it again';
is $site->stop, 0, 'the daemon stops in order';
$dkim->stop;
done_testing;
1;
