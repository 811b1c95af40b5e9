#!/usr/bin/perl
# What a client is told, word by word. The answers of a database in trouble are in 110-store-trouble.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(free_port spew);

my $strict = <<'CONF';
role "strict" { address = {"strict@diytel.ca"} policy = "diytel" team = "tier1" accept = "known" refuse = "100% of our senders are known, Jörg: %s" }
CONF
my $site = Frontdesk::Test::Site->new('answers', daemon => { extra => 'max-size = 100000', roles => $strict },
    postfix => { smtpd_recipient_limit => 2000 });
my ($ann, $eve) = ('ann@customer.example', 'eve@else.example');

# The answer to the recipient TO, or, when that was taken, to the end of the message.
sub answer {
    my ($from, $to, %more) = @_;
    my $answers = $site->send(from => $from, to => [$to], mail => mail(from => $from, to => $to, body => $more{body}),
        mail_args => $more{mail_args});
    return $answers->{end} // $answers->{rcpt}[0] =~ s/^550 5\.7\.1 \K<\Q$to\E>\.\.\. //r; # Sendmail names the recipient in its 550
}

my $billing = 'Billing answers registered customers. Please write from the address on your account, or call +1 604-635-0700.';
is answer($eve, 'billing@diytel.ca'), "550 5.7.1 $billing", 'a stranger, at the end of the message';
is answer($eve, 'strict@diytel.ca'), '550 5.7.1 100% of our senders are known, Jorg: %s', 'a text is given as it is, in ASCII';
is answer('sue@late.example', 'billing@diytel.ca'), "550 5.7.1 $billing", 'a barred sender, at RCPT';
is answer($ann, 'support@diytel.ca', mail_args => 'SIZE=100001'), '552 5.3.4 support takes messages of at most 100000 octets', 'too large';
like answer($ann, 'support@diytel.ca', mail_args => 'SIZE=100000'), qr/^250 /, 'just not too large';

my $crowd = $site->smtp;
$crowd->say("MAIL FROM:<$eve>");
$crowd->raw(join '', map { "RCPT TO:<billing+$_\@diytel.ca>\r\n" } 1 .. 1000);
is scalar(grep { $crowd->answer =~ /^250 / } 1 .. 1000), 1000, 'a thousand recipients of roles';
is $crowd->say('RCPT TO:<support@diytel.ca>'), '452 4.5.3 Too many recipients in one message', 'then another one';
like $crowd->say('RCPT TO:<carol@diytel.ca>'), qr/^250 /, 'but somebody else is still taken';
$crowd->say('DATA');
like $crowd->content(mail(from => $eve, to => 'carol@diytel.ca', subject => 'crowd')), qr/^250 /, 'and is not refused with them';
my @copies = $site->sink->wait_mails_to('carol@diytel.ca', 1);
is_deeply [map { @{ $_->{to} } } @copies], ['carol@diytel.ca'], 'the refused ones get nothing';
$crowd->quit;

my $folder = $site->daemon->database . '.d';
rename $folder, "$folder.away";
spew($folder, '');
my $long = 'x' x 70 . "\n";
is answer($ann, 'support@diytel.ca', body => $long x 1000), '451 4.3.1 The message cannot be kept now. Please try again later.',
    'a message that needs a file, and none can be made';
like $site->daemon->log, qr/the message cannot be kept: .*\Q$folder\E: Not a directory; check the folder/, 'the log says why';
unlink $folder;
rename "$folder.away", $folder;
like answer($ann, 'support@diytel.ca', body => $long x 1000), qr/^250 /, 'then it can';

my $idle = $site->smtp;
$idle->say("MAIL FROM:<$ann>");
$idle->say('RCPT TO:<support@diytel.ca>');
$site->daemon->configure(extra => 'max-in-progress = 1');
$site->daemon->reload;
is answer($ann, 'support@diytel.ca'), '451 4.3.2 Too many messages are being worked on. Please try again later.', 'the cap';
$idle->quit;

my $nowhere = free_port();
$site->daemon->configure(extra => '', directory => 'directory { type = "ldap" uri = {"ldap://127.0.0.1:' . $nowhere . '"} base = "dc=example,dc=com" }');
$site->daemon->reload;
is answer($ann, 'billing@diytel.ca'), '451 4.3.0 The customer directory cannot be asked now. Please try again later.', 'no directory';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
