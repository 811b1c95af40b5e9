#!/usr/bin/perl
# Mail as it is in the wild: each is one ticket, and its octets are kept.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(slurp wait_for);

my $site = Frontdesk::Test::Site->new('odd', daemon => { extra => 'acknowledge-limit = 0' });
my $ann = 'ann@customer.example';
my $count = 0;

sub one_ticket {
    my ($name, $text) = @_;
    my $smtp = $site->smtp;
    $smtp->say("MAIL FROM:<$ann>");
    $smtp->say('RCPT TO:<support@diytel.ca>');
    $smtp->say('DATA');
    $smtp->raw($text . "\r\n.\r\n");
    like $smtp->answer, qr/^250 /, "$name: taken";
    $smtp->quit;
    is scalar $site->daemon->tickets('--limit', 1000), ++$count, "$name: one ticket";
    return;
}

SKIP: {
    skip 'Sendmail hands no field beyond 64 KiB to a filter (it answers 451 or 552 itself)', 5 if ($ENV{FRONTDESK_MTA} // '') eq 'sendmail';
    one_ticket('a header of 70 KB', "From: $ann\r\nSubject: long\r\nX-Long: " . join("\r\n ", ('x' x 900) x 78) . "\r\n\r\nbody");
    one_ticket('a header line of 1 MB', "From: $ann\r\nX-Long: " . 'x' x (1024 * 1024) . "\r\nSubject: behind 1 MB\r\n\r\nbody");
    is scalar(grep { $_->{subject} eq 'behind 1 MB' } $site->daemon->tickets), 1, 'and what stands behind it is read';
}
one_ticket('2500 fields', "From: $ann\r\nSubject: many\r\n" . join('', map { "X-Field-$_: $_\r\n" } 1 .. 2500) . "\r\nbody");
one_ticket('NUL octets', "From: $ann\r\nSubject: nul\r\n\r\nbo\0dy\0");
one_ticket('8-bit header', "From: $ann\r\nSubject: gr\xfc\xdfe \xe2\x82\xac\r\n\r\nbody");
one_ticket('no headers at all', "\r\nonly a body");
one_ticket('no Message-ID', "From: $ann\r\nSubject: no id\r\n\r\nbody");
one_ticket('two From fields', "From: $ann\r\nFrom: ben\@customer.example\r\nSubject: two\r\n\r\nbody");
one_ticket('an empty message', '');
one_ticket('an unterminated address', "From: Ann <ann\@customer.example\r\nSubject: open\r\n\r\nbody");

my ($two) = grep { $_->{subject} eq 'two' } $site->daemon->tickets('--limit', 1000);
like $two->{standing}, qr/^unknown/, 'two From fields: the sender is unknown';

my $again = mail(from => $ann, to => 'support@diytel.ca', subject => 'twice', id => '<twice@customer.example>');
like $site->send(from => $ann, to => ['support@diytel.ca'], mail => $again)->{end}, qr/^250 /, 'a message';
like $site->send(from => $ann, to => ['support@diytel.ca'], mail => $again)->{end}, qr/^250 /, 'offered again, it is taken again';
is scalar(grep { $_->{subject} eq 'twice' } $site->daemon->tickets('--limit', 1000)), 1, 'but is one ticket';
(my $other = $again) =~ s/Please help/Something else/;
like $site->send(from => $ann, to => ['support@diytel.ca'], mail => $other)->{end}, qr/^250 /, 'its Message-ID with other content';
is scalar(grep { $_->{subject} eq 'twice' } $site->daemon->tickets('--limit', 1000)), 2, 'is a new message';

# As a server offers a mail again that lost our 250, by another way: the same mail, whatever was put around it.
my $umlaut = mail(from => $ann, to => 'emergency@diytel.ca', subject => 'offered again', id => '<again@customer.example>',
    head => "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n", body => "Bitte m\xc3\xbcssen Sie...\n");
(my $encoded = $umlaut) =~ s/Encoding: 8bit/Encoding: quoted-printable/;
$encoded =~ s/\xc3\xbc/=C3=BC/;
my $trace = "Received: from relay.example by mx2.example with ESMTP id 4711;\n\tMon, 23 Nov 2026 18:00:01 +0000\n"
    . "Authentication-Results: mx2.example; spf=pass smtp.mailfrom=customer.example\nX-Spam-Status: No\n";
for my $way (
    ['first', $ann, $umlaut],
    ['as it was', $ann, $umlaut],
    ['with other trace fields', $ann, $trace . $umlaut],
    ['with its sender in other case', uc $ann, $umlaut],
    ['with a BATV tag', "prvs=123456789a=$ann", $umlaut],
    ['with another BATV tag', "prvs=2234567890=$ann", $trace . $umlaut],
    ['through a forwarder (SRS)', 'SRS0=abcd=XY=customer.example=ann@forwarder.example', $trace . $umlaut],
    ['through two', 'SRS1=efgh=forwarder.example==abcd=XY=customer.example=ann@other.example', $trace . $trace . $umlaut],
    ['encoded for a server without 8BITMIME', $ann, $trace . $encoded],
) {
    my ($name, $from, $text) = @$way;
    like $site->send(from => $from, to => ['emergency@diytel.ca'], mail => $text)->{end}, qr/^250 /, "an emergency, $name: taken";
}
is scalar(grep { $_->{subject} eq 'offered again' } $site->daemon->tickets('--limit', 1000)), 1, 'all are one ticket';
wait_for('an empty queue', sub { !@{ $site->daemon->json('queue')->{queue} } });
is scalar $site->daemon->pages, 1, 'one page';
my @answers;
wait_for('the acknowledgement', sub {
    @answers = grep { (Frontdesk::Test::Sink::field($_, 'In-Reply-To') // '') eq '<again@customer.example>' } $site->sink->mails;
});
is_deeply [map { @{ $_->{to} } } @answers], [$ann], 'and one acknowledgement';

sub peak_memory { return slurp("/proc/$site->{daemon}{pid}/status") =~ /VmHWM:\s+(\d+)/ ? $1 : die 'no VmHWM' }
my $line = ('0123456789abcde' x 5) . "\r\n";
my $before = peak_memory();
my $large = $site->send(from => $ann, to => ['support@diytel.ca'],
    mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'large', body => $line x (50 * 1024 * 1024 / length $line)));
like $large->{end}, qr/^250 /, 'a mail of 50 MB is taken';
my $growth = peak_memory() - $before;
# AddressSanitizer keeps freed memory in quarantine, so the bound counts without it only.
SKIP: {
    skip 'AddressSanitizer\'s own memory hides ours', 1 if slurp("/proc/$site->{daemon}{pid}/maps") =~ /libasan/;
    cmp_ok $growth, '<', 8 * 1024, 'and raises memory by less than 8 MB';
}
my ($ticket) = grep { $_->{subject} eq 'large' } $site->daemon->tickets('--limit', 1000);
my ($message) = @{ $site->daemon->json('show', $ticket->{number})->{messages} };
cmp_ok $message->{size}, '>', 50_000_000, 'it is kept whole';
my @files = glob $site->daemon->database . '.d/raw/*/*.eml';
is scalar(grep { -s == $message->{size} } @files), 1, 'as a file of its size';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
