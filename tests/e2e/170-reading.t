#!/usr/bin/perl
# What people write, as a team reads it: the new text, the attachments, and files with safe names.
use strict;
use warnings;
use utf8;
use Test::More;
use Digest::SHA qw(sha256_hex);
use MIME::Base64 qw(encode_base64);
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(run slurp spew);

my $site = Frontdesk::Test::Site->new('reading');
my $ann = 'ann@customer.example';
my $octets = join '', map { chr($_ % 256) } 1 .. 5000;

sub part { my ($head, $body) = @_; return "--b\n$head\n" . encode_base64($body) . "\n" }

my $mixed = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n";
my $body = join '', "--b\nContent-Type: text/html; charset=utf-8\n\n<p>The <b>second</b> line, see <a href=\"https://fax.example/\">the log</a>.</p>"
    . "<div>On 11/23/26 09:01, DIYTel wrote:<br></div><blockquote>Which line?</blockquote>\n",
    part("Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n"
        . "Content-Disposition: attachment; filename*=UTF-8''..%2F..%2Fhóa%20đơn.pdf\n", $octets),
    part("Content-Type: image/png; name=\"con.png\"\nContent-Transfer-Encoding: base64\n", 'picture'),
    part("Content-Type: image/png; name=\"con.png\"\nContent-Transfer-Encoding: base64\n", 'another'),
    part("Content-Type: text/plain; name=\"/etc/cron.d/.evil\"\nContent-Transfer-Encoding: base64\n", 'rule'), "--b--\n";
utf8::encode($body);
my $raw = mail(from => $ann, to => 'support@diytel.ca', subject => 'lines', head => $mixed, body => $body);
like $site->send(from => $ann, to => ['support@diytel.ca'], mail => $raw)->{end}, qr/^250 /, 'a mail with attachments';
my ($message) = @{ $site->daemon->json('show', 1)->{messages} };
is $message->{text}, 'The second line, see the log <https://fax.example/>.', 'its text is what is new';
is $message->{quoted}, "On 11/23/26 09:01, DIYTel wrote:\n\n> Which line?", 'and what it quotes is apart';
is_deeply [map { "$_->{name} $_->{type} $_->{size}" } @{ $message->{attachments} }],
    ['../../hóa đơn.pdf application/pdf 5000', 'con.png image/png 7', 'con.png image/png 7', '/etc/cron.d/.evil text/plain 4'], 'its attachments';
is $message->{attachments}[0]{digest}, sha256_hex($octets), 'with their digests';
is_deeply [@$message{qw(security unread)}], [undef, undef], 'nothing is signed, all is read';

my @command = ("$Frontdesk::Test::Daemon::BUILD/src/frontdesk", '-c', $site->daemon->config_path);
my $shown = run(@command, 'show', 1);
utf8::decode($shown);
like $shown, qr/^  The second line/m, 'show prints the text';
unlike $shown, qr/Which line/, 'without what it quotes';
like $shown, qr/hóa đơn\.pdf +application\/pdf +5000/, 'and the attachments';
like run(@command, 'show', 1, '--full'), qr/^  \| > Which line\?$/m, 'with --full it prints what is quoted';

my $folder = "$site->{dir}/saved";
mkdir $folder;
spew("$site->{dir}/precious", 'precious');
symlink "$site->{dir}/precious", "$folder/_con.png" or die "symlink: $!\n";
spew("$folder/1.eml", 'mine');
my $said = run(@command, 'show', 1, '--save', $folder);
utf8::decode($said);
is_deeply [split /\n/, $said], [map { "$folder/$_" } '1-2.eml', 'hóa đơn.pdf', '_con-2.png', '_con-3.png', 'evil'],
    'show --save says what it wrote: safe names, and numbers where a name is taken';
is slurp("$folder/1.eml"), 'mine', 'it overwrites nothing';
is slurp("$site->{dir}/precious"), 'precious', 'and follows no link';
(my $sent = $raw) =~ s/\n/\r\n/g;
like slurp("$folder/1-2.eml"), qr/\Q$sent\E\z/, 'the message as it came';
my $pdf = "$folder/hóa đơn.pdf";
utf8::encode($pdf);
is slurp($pdf), $octets, 'an attachment, octet for octet';
is slurp("$folder/_con-3.png"), 'another', 'and two of one name';
my $again = $site->daemon->json('show', 1, '--save', "$site->{dir}/new");
is_deeply $again->{messages}[0]{files}, ['1.eml', 'hóa đơn.pdf', '_con.png', '_con-2.png', 'evil'], 'JSON says it too, of a folder that is made';
is system("@command show 1 --save $folder/1.eml/x 2>/dev/null") >> 8, 65, 'what is no folder: 65';

my $deep = join '', map { "Content-Type: multipart/mixed; boundary=x$_\n\n--x$_\n" } 1 .. 30;
like $site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'deep',
    head => "MIME-Version: 1.0\n" . ($deep =~ s/\n\n.*//sr) . "\n", body => $deep =~ s/^.*?\n\n//sr . "\nbottom\n"))->{end}, qr/^250 /, 'a mail nested too deep';
my $unread = $site->daemon->json('show', 2);
is $unread->{messages}[0]{unread}, 'its parts are nested too deep', 'its ticket says what was not read';
is scalar(grep { $_->{kind} eq 'not fully read' && $_->{detail} eq 'its parts are nested too deep' } @{ $unread->{events} }), 1, 'and an event does';
my $signed = "--b\n\nsigned\n" . part("Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n", 'x') . "--b--\n";
$site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'signed',
    head => "MIME-Version: 1.0\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\n", body => $signed));
is $site->daemon->json('show', 3)->{messages}[0]{security}, 'signed with S/MIME (not checked)', 'a signed mail is named so';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
