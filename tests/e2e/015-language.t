#!/usr/bin/perl
# The language of letters to customers: the directory's, then the message's Content-Language, then that of its text, then the role's.
use strict;
use warnings;
use utf8;
use Encode qw(decode encode);
use MIME::QuotedPrint qw(decode_qp);
use MIME::Base64 qw(decode_base64);
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(spew);

my $site = Frontdesk::Test::Site->new('language');
$site->daemon->customers(@Frontdesk::Test::Site::CUSTOMERS, map { "$_\@kunde.example,\u$_,Kunde GmbH,C-9,,active" } qw(kai lea mia tom));

my $german = "Guten Tag,\n\nseit gestern Abend geht unser Telefon nicht mehr. Wann kann ein Techniker kommen?\n\nViele Grüße\n";
my $utf8 = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n";

sub write_mail {
    my ($from, $body, $head) = @_;
    return mail(from => $from, to => 'support@diytel.ca', subject => '1042', head => $utf8 . ($head // ''), body => encode('utf-8', $body));
}

sub text {
    my ($mail) = @_;
    my $encoding = lc(Frontdesk::Test::Sink::field($mail, 'Content-Transfer-Encoding') // '');
    my $octets = $encoding eq 'base64' ? decode_base64($mail->{body}) : $encoding eq 'quoted-printable' ? decode_qp($mail->{body}) : $mail->{body};
    return decode('utf-8', $octets =~ s/\r\n/\n/gr);
}

sub acknowledged {
    my ($from, @message) = @_;
    my $answers = $site->send(from => $from, to => ['support@diytel.ca'], mail => write_mail($from, @message));
    like $answers->{end}, qr/^250 /, "$from: taken";
    my ($letter) = $site->sink->wait_mails_to($from, 1);
    return ($letter, text($letter));
}

my ($letter, $text) = acknowledged('kai@kunde.example', $german);
is Frontdesk::Test::Sink::field($letter, 'Content-Language'), 'de', 'no language is known, and the text is German: so is the acknowledgement';
like $text, qr/^Guten Tag,\n\nIhre Nachricht „1042“ ist bei uns eingegangen\. Ihre Ticketnummer lautet 1\.$/m, 'with its greeting and its quotation marks';
like $text, qr/^Montag bis Freitag: 06:00-18:00\nNordamerikanische Westküstenzeit$/m, 'and its days';
$site->daemon->command('close', 1);
(undef, my $solved) = $site->sink->wait_mails_to('kai@kunde.example', 2);
like text($solved), qr/betrachten wir als gelöst/, 'later letters are in German too';

(undef, $text) = acknowledged('ben@customer.example', $german);
like $text, qr/^Bonjour,/, 'the directory goes before the text';
(undef, $text) = acknowledged('lea@kunde.example', $german, "Content-Language: es-MX\n");
like $text, qr/^Estimado\/a cliente:/, 'so does Content-Language';
(undef, $text) = acknowledged('mia@kunde.example', "ok\n");
like $text, qr/^Hello,/, 'a text that tells no language leaves the role\'s';
(undef, $text) = acknowledged('tom@kunde.example', "ਫ਼ੋਨ ਵਿੱਚ ਡਾਇਲ ਟੋਨ ਨਹੀਂ ਹੈ।\n");
like $text, qr/^ਸਤਿਕਾਰਯੋਗ ਗਾਹਕ ਜੀ,/, 'letters of Gurmukhi are Punjabi';

sub explained {
    my ($mail) = @_;
    spew("$site->{dir}/mail.eml", $mail);
    my $letter = $site->daemon->json('explain', "$site->{dir}/mail.eml")->{decisions}[0]{acknowledgement};
    return "$letter->{language}: $letter->{language_reason}";
}
is explained(write_mail('kai@kunde.example', $german)), 'de: the message\'s text is in it, by its words', 'explain tells the language, and why';
is explained(write_mail('kai@kunde.example', "线路断了\n")), 'zh: the message\'s text is in it, by its letters', 'by its letters';
is explained(write_mail('ben@customer.example', $german)), 'fr: the directory says so', 'from the directory';
is explained(write_mail('kai@kunde.example', $german, "Content-Language: vi\n")), 'vi: the message\'s Content-Language', 'from the message';
is explained(write_mail('kai@kunde.example', "ok\n")), 'en: the role\'s language', 'from the role';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
