#!/usr/bin/perl
# CR and LF alone, in the header and in the body: what they mean is for Postfix to say, and it says it in two ways. In each
# the mail is the ticket that the transaction is, keeps its octets, and puts nothing into what we write. Sendmail ends
# the conversation over either.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(run wait_for);

plan skip_all => 'sqlite3(1) is not installed' if !-x '/usr/bin/sqlite3';
my ($ann, $eve) = ('ann@customer.example', 'eve@else.example');
my ($site, $count);

sub kept { return pack 'H*', run('sqlite3', $site->daemon->database, 'SELECT hex(data) FROM raw ORDER BY rowid DESC LIMIT 1') =~ s/\s//gr }

# Sends OCTETS; they are one ticket of ann, kept so that WANT is in them. Returns the ticket.
sub keeps {
    my ($name, $octets, $want) = @_;
    my $smtp = $site->smtp;
    $smtp->say("MAIL FROM:<$ann>");
    $smtp->say('RCPT TO:<support@diytel.ca>');
    $smtp->say('DATA');
    $smtp->raw("From: $ann\r\n$octets\r\n.\r\n");
    like $smtp->answer, qr/^250 /, "$name: taken";
    $smtp->drop;
    my @tickets = sort { $a->{number} <=> $b->{number} } $site->daemon->tickets('--limit', 1000);
    is scalar @tickets, ++$count, 'as one ticket';
    is $tickets[-1]{requester}, $ann, 'of its sender';
    ok index(kept(), $want) >= 0, 'its octets are kept' or diag kept();
    return $tickets[-1];
}

sub begin {
    my ($name, %settings) = @_;
    $count = 0;
    $site = Frontdesk::Test::Site->new($name, daemon => { extra => 'acknowledge-limit = 0' },
        postfix => { smtpd_forbid_bare_newline_exclusions => '', %settings });
    return;
}

begin('strict', smtpd_forbid_bare_newline => 'normalize', cleanup_replace_stray_cr_lf => 'no');
keeps('CR in the body', "Subject: body\r\n\r\none\rtwo\r\nthree\r\r\nfour", "\r\n\r\none\rtwo\r\nthree\r\r\nfour\r\n");
my $ticket = keeps('CR in the header', "Subject: one\rBcc: two\r\nX-After: 1\r\n\r\nbody", "Subject: one\rBcc: two\r\nX-After: 1\r\n");
is $ticket->{subject}, 'one Bcc: two', 'the subject is one line';
$site->sink->wait_mails_to($ann, $count);
is scalar(grep { $_->{text} =~ /[\r\n]Bcc:/ } $site->sink->mails_to($ann)), 0, 'also in what we write';
keeps('CR before what looks like a From field', "Subject: from\rFrom: $eve\r\n\r\nbody", "Subject: from\rFrom: $eve\r\n");
keeps('a header line of a CR', "Subject: line\r\nX-Before: 1\r\n\r\r\nX-Behind: 1\r\n\r\nbody", "\r\n\r\n\r\r\nX-Behind: 1\r\n\r\nbody\r\n");
keeps('LF in the body', "Subject: lf\r\n\r\none\ntwo", "\r\n\r\none\r\ntwo\r\n");
keeps('LF in the header', "Subject: lf\nX-After: 1\r\n\r\nbody", "Subject: lf\r\nX-After: 1\r\n");
my $hidden = "\n.\nMAIL FROM:<$eve>\nRCPT TO:<support\@diytel.ca>\nDATA\nFrom: $eve\nSubject: hidden\n\nbody";
keeps('a conversation hidden in the body', "Subject: hides\r\n\r\nbody$hidden", "\r\nMAIL FROM:<$eve>\r\n");
is $site->stop, 0, 'the daemon stops in order';

begin('lax', smtpd_forbid_bare_newline => 'no', cleanup_replace_stray_cr_lf => 'yes');
keeps('lax: CR in the body', "Subject: body\r\n\r\none\rtwo", "\r\n\r\none two\r\n");
is keeps('CR in the header', "Subject: one\rBcc: two\r\n\r\nbody", "Subject: one Bcc: two\r\n")->{subject}, 'one Bcc: two', 'with a blank';
keeps('LF in the body', "Subject: lf\r\n\r\none\ntwo", "\r\n\r\none\r\ntwo\r\n");
my $smtp = $site->smtp;
$smtp->say("MAIL FROM:<$ann>");
$smtp->say('RCPT TO:<support@diytel.ca>');
$smtp->say('DATA');
$smtp->raw("From: $ann\r\nSubject: hides\r\n\r\nbody$hidden\r\n.\r\n");
is_deeply [map { substr $smtp->answer, 0, 3 } 1 .. 5], [250, 250, 250, 354, 250], 'a hidden conversation is led';
my %by = map { $_->{subject} => $_->{requester} } $site->daemon->tickets;
is_deeply [@by{qw(hides hidden)}], [$ann, $eve], 'to a ticket for each of its two mails';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
