#!/usr/bin/perl
# Mail as it is in the wild: each is one ticket, and its octets are kept.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(slurp);

my $site = Frontdesk::Test::Site->new('odd');
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
