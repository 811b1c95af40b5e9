#!/usr/bin/perl
# Answers as mail programs write them, with the whole letter below or above: an agent's to the notification, of which the customer
# gets the agent's words only, and the customer's to that. Between the lines, too: what is quoted of the customer may go back to them,
# what is quoted of our notification may not.
use strict;
use warnings;
use MIME::Base64 ();
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for);

my $people = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { notify = {"noc@diytel.ca"} }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"tier1", "noc"} login = {"alice"} }
CONF
my $site = Frontdesk::Test::Site->new('programs', logins => ['alice'], daemon => { teams => $people, policy => 'respond = "4h"' });
my ($daemon, $sink) = ($site->daemon, $site->sink);
my $ann = 'ann@customer.example';

# ---- the programs: TEXT is new, LETTER is answered ----

sub lines { my ($letter) = @_; return $letter->{body} =~ s/\r//gr =~ s/\n+\z//r }
sub quote { my ($letter) = @_; return lines($letter) =~ s/^(?=.)/> /mgr =~ s/^$/>/mgr . "\n" }
sub html { my ($text) = @_; $text =~ s/&/&amp;/g; $text =~ s/</&lt;/g; $text =~ s/>/&gt;/g; return $text =~ s/\n/<br>\n/gr }
sub field { my ($letter, $name) = @_; return Frontdesk::Test::Sink::field($letter, $name) }
sub in_two { my ($plain, $html) = @_; return "Content-Type: multipart/alternative; boundary=b\n\n--b\n$plain\n--b\nContent-Type: text/html; charset=utf-8\n\n$html\n--b--\n" }
my $plain = "Content-Type: text/plain; charset=utf-8\n";
my %programs = (
    Outlook => sub {
        my ($text, $letter) = @_;
        my $header = join "<br>\n", map { "<b>$_->[0]:</b> " . html($_->[1]) } ['From', field($letter, 'From')], ['Sent', 'Thursday, November 26, 2026 9:01 AM'],
            ['To', field($letter, 'To')], ['Subject', field($letter, 'Subject')];
        my $body = join '', map { '<p class=MsoNormal>' . ($_ eq '' ? '<o:p>&nbsp;</o:p>' : html($_) . '<o:p></o:p>') . "</p>\n" } split /\n/, $text;
        return "Thread-Topic: fax\nThread-Index: AQHbP0xyz7Qk+0a1b2c3d4e5f6g7hw==\nContent-Type: text/html; charset=us-ascii\n\n"
            . "<html xmlns:o=\"urn:schemas-microsoft-com:office:office\"><head><style>p.MsoNormal {margin:0cm}</style></head><body><div class=WordSection1>\n$body"
            . "<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal>$header<o:p></o:p></p></div></div>\n"
            . "<p class=MsoNormal>" . html(lines($letter)) . "<o:p></o:p></p></div></body></html>\n";
    },
    Gmail => sub {
        my ($text, $letter) = @_;
        my $introduction = "On Thu, Nov 26, 2026 at 9:01\xe2\x80\xafAM DIYTel <\n" . (field($letter, 'Reply-To') =~ s/.*<|>//gr) . '> wrote:';
        return in_two("$plain\n$text\n$introduction\n\n" . quote($letter), '<div dir="ltr">' . html($text) . '</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
            . html($introduction) . '</div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">' . html(lines($letter)) . '</blockquote></div>');
    },
    'Apple Mail' => sub {
        my ($text, $letter) = @_;
        return "X-Mailer: Apple Mail (2.3826.200)\nContent-Type: text/plain; charset=us-ascii; format=flowed; delsp=yes\n\n$text\n"
            . "> On Nov 26, 2026, at 9:01 AM, DIYTel <support\@diytel.ca> wrote:\n> \n" . quote($letter);
    },
    Thunderbird => sub {
        my ($text, $letter) = @_;
        return "User-Agent: Mozilla Thunderbird\nContent-Type: text/plain; charset=UTF-8; format=flowed\n\nOn 2026-11-26 9:01 a.m., DIYTel wrote:\n"
            . quote($letter) . "\n$text\n-- \nA. N.\nvoice: +1 604 555 0123\n";
    },
    iOS => sub {
        my ($text, $letter) = @_;
        my $written = MIME::Base64::encode("$text\nSent from my iPhone\n\n> On Nov 26, 2026, at 09:01, DIYTel <support\@diytel.ca> wrote:\n> \n" . quote($letter));
        return "X-Mailer: iPhone Mail (22B91)\n" . in_two("$plain" . "Content-Transfer-Encoding: base64\n\n$written", '<html><body dir="auto">' . html($text) . '</body></html>');
    },
);

# ---- what becomes of it ----

sub wait_mail { my ($to, $shape) = @_; return wait_for("a mail to $to with $shape", sub { (grep { $_->{text} =~ $shape } $sink->mails_to($to))[0] }) }
sub answer {
    my ($program, $from, $text, $letter) = @_;
    my ($to) = field($letter, 'Reply-To') =~ /([^<>\s]+\@[^<>\s]+)/;
    my ($head, $body) = split /\n\n/, $programs{$program}->($text, $letter), 2;
    my $id = field($letter, 'Message-ID');
    my $smtp = $site->smtp;
    $site->mta->login($smtp, 'alice') if $from =~ /alice/;
    my $answers = $smtp->send(from => $from, to => [$to], mail => mail(from => $from, to => $to, subject => 'Re: ' . field($letter, 'Subject'),
        head => "In-Reply-To: $id\nReferences: $id\nMIME-Version: 1.0\n$head\n", body => $body));
    $smtp->quit;
    return $answers->{end} // $answers->{rcpt}[0];
}
sub text { my ($message) = @_; return $message->{text} =~ s/\s+\z//r }

$site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'fax', body => "The fax does not answer.\nNor does the telephone.\n"));
my $notice = wait_mail('tier1@diytel.ca', qr/^Subject: .* new, /m);
my ($ticket) = $daemon->tickets;
my $number = $ticket->{number};

# ---- between the lines ----

$programs{inline} = sub {
    my ($text, $letter) = @_;
    my $quoted = quote($letter);
    $quoted =~ s/(> The fax does not answer\.\n)(> Nor does the telephone\.\n)/$1${text}\n$2\nWe will see to it.\n\n/ or die "it is not quoted: $quoted";
    return "User-Agent: Mozilla Thunderbird\nContent-Type: text/plain; charset=UTF-8\n\nOn 2026-11-26 9:01 a.m., DIYTel wrote:\n$quoted";
};
like $notice->{body}, qr/^Standing:/m, 'the notification tells what is for staff';
like answer('inline', 'alice@diytel.ca', "\nSince when?\n", $notice), qr/^250/, 'an answer between its lines is taken';
is lines(wait_mail($ann, qr/Since when/)), "> The fax does not answer.\n\nSince when?\n\n> Nor does the telephone.\n\nWe will see to it.", 'the customer gets it with their own words, and none of ours';

# ---- what cannot be told apart ----

$programs{'a Greek Outlook'} = sub {
    my ($text, $letter) = @_;
    return "Content-Type: text/plain; charset=utf-8\n\n$text\n"
        . "\xce\x91\xcf\x80\xcf\x8c: DIYTel <support\@diytel.ca>\n\xce\xa0\xcf\x81\xce\xbf\xcf\x82: tier1\@diytel.ca\n\xce\x98\xce\xad\xce\xbc\xce\xb1: fax\n\n" . lines($letter) . "\n";
};
like answer('a Greek Outlook', 'alice@diytel.ca', "Which line is it, in Greek?\n", $notice), qr/^550 5\.6\.0 .*our notification is still in it/, 'where a notification cannot be told from the answer, the agent is told';
is scalar(grep { $_->{text} =~ /in Greek/ } $sink->mails), 0, 'and nothing goes out';

# ---- above and below ----

for my $program ('Apple Mail', 'Gmail', 'Outlook', 'Thunderbird', 'iOS') {
    like answer($program, 'alice@diytel.ca', "Hello,\n\nwhich line is it? I ask with $program.\n", $notice), qr/^250/, "$program: an agent's answer is taken";
    my $letter = wait_mail($ann, qr/I ask with $program/);
    is lines($letter), "Hello,\n\nwhich line is it? I ask with $program.", 'the customer gets their words and no more';
    like answer($program, $ann, "It is the second line.\nThe one in the kitchen, says $program.\n", $letter), qr/^250/, 'and answers';
    is text(show()->{messages}[-1]), "It is the second line.\nThe one in the kitchen, says $program.", 'of which the ticket shows what is new';
    $notice = wait_mail('tier1@diytel.ca', qr/says $program/);
    unlike $notice->{body}, qr/I ask with/, 'and so does the next notification';
    like $notice->{body}, qr/^Team: +tier1\r?$/m, 'which is laid out in lines';
}
sub show { return $daemon->json('show', $number) }
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
