#!/usr/bin/perl
# What a role takes: messages up to its size, and files of kinds that it does not forbid. Nobody else's mail is refused for it.
use strict;
use warnings;
use utf8;
use Test::More;
use Digest::SHA qw(sha256_hex);
use MIME::Base64 qw(encode_base64);
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(slurp spew wait_for);

my $roles = <<'CONF';
role "small" { address = {"small@diytel.ca"} policy = "diytel" team = "tier1" max-size = 20000 }
role "strict" { address = {"strict@diytel.ca"} policy = "diytel" team = "tier1" forbid = {".exe", "video/*", "application/x-msdownload"} deliver = "take" }
CONF
my $site = Frontdesk::Test::Site->new('files', daemon => { roles => $roles, extra => 'max-size = 200000' });
my $ann = 'ann@customer.example';
my $page = ('x' x 70 . "\n") x 400; # 28400 octets

sub send_to { my ($to, $subject, %more) = @_; return $site->send(from => $ann, to => $to, mail => mail(from => $ann, to => $to->[0], subject => $subject, %more), %more) }
sub ticket { my ($subject) = @_; my ($ticket) = grep { $_->{subject} eq $subject } map { $site->daemon->tickets('--limit', 100, '--state', $_) } qw(open refused); return $ticket }

my $refusal = '552 5.3.4 small takes messages of at most 20000 octets';
my $declared = send_to(['small@diytel.ca', 'support@diytel.ca'], 'declared', mail_args => 'SIZE=30000');
is $declared->{rcpt}[0], $refusal, 'a declared size beyond the role\'s is refused at RCPT';
like $declared->{rcpt}[1], qr/^250 /, 'and not by the role beside it';
is send_to(['small@diytel.ca'], 'alone', body => $page)->{end}, $refusal, 'a larger message than its role takes is refused at its end';
is ticket('alone'), undef, 'and leaves no ticket';
like send_to(['small@diytel.ca'], 'fits')->{end}, qr/^250 /, 'a small one is taken';
like send_to(['small@diytel.ca', 'support@diytel.ca', 'carol@diytel.ca'], 'mixed', body => $page)->{end}, qr/^250 /, 'in a mixed message nobody else is refused';
$site->sink->wait_mails_to('carol@diytel.ca', 1);
$site->sink->wait_mails_to('support@diytel.ca', 1);
is scalar(grep { Frontdesk::Test::Sink::field($_, 'Subject') eq 'mixed' } $site->sink->mails_to('small@diytel.ca')), 0, 'the role\'s mailbox does not get it';
my %state = map { $_->{role} => $_->{state} } grep { $_->{subject} eq 'mixed' } map { $site->daemon->tickets('--state', $_) } qw(open refused);
is_deeply \%state, { small => 'refused', support => 'open' }, 'it is kept as refused, and the other role has its ticket';
is send_to(['support@diytel.ca'], 'far too large', body => $page x 8)->{end}, '552 5.3.4 support takes messages of at most 200000 octets',
    'the top level\'s size counts for the others, at the end too';

my ($program, $film, $note) = ("MZ\x90\x00" . 'program' x 3000, 'film' x 10, "keep me\n");
sub part { my ($head, $body) = @_; return "--b\n$head\nContent-Transfer-Encoding: base64\n\n" . encode_base64($body) }
my $head = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n";
my $body = "--b\nContent-Type: text/plain\n\nsee the files\n" . part('Content-Type: application/octet-stream; name="Setup.EXE"', $program)
    . part('Content-Type: text/plain; name="note.txt"', $note) . part('Content-Type: video/mp4; name="film.mp4"', $film)
    . "--b\nContent-Type: message/rfc822\n\nSubject: inner\nContent-Type: application/x-msdownload\nContent-Transfer-Encoding: base64\n\n" . encode_base64('inner') . "--b--\n";
like send_to(['strict@diytel.ca', 'support@diytel.ca'], 'files', head => $head, body => $body)->{end}, qr/^250 /, 'forbidden files: the message is taken';
my ($strict) = grep { $_->{subject} eq 'files' && $_->{role} eq 'strict' } $site->daemon->tickets;
my ($support) = grep { $_->{subject} eq 'files' && $_->{role} eq 'support' } $site->daemon->tickets;
my $shown = $site->daemon->json('show', $strict->{number}, '--save', "$site->{dir}/saved");
my $message = $shown->{messages}[0];
is $message->{text}, 'see the files', 'its text is in the ticket';
is_deeply [map { $_->{name} } @{ $message->{attachments} }], ['not-kept.txt', 'note.txt', 'not-kept.txt', 'inner.eml'], 'a line stands for each forbidden file';
my @not_kept = map { $_->{detail} } grep { $_->{kind} eq 'not kept' } @{ $shown->{events} };
my $digest = sha256_hex($program);
is $not_kept[0], "\"Setup.EXE\" (application/octet-stream, 21004 octets, SHA-256 $digest)", 'an event names it with size and digest';
is scalar @not_kept, 3, 'and the two others';
like slurp("$site->{dir}/saved/not-kept.txt"), qr/^Not kept: "Setup\.EXE" /, 'the line says what it was';
is slurp("$site->{dir}/saved/note.txt"), $note, 'other files are kept';
my $kept = slurp("$site->{dir}/saved/$message->{id}.eml");
unlike $kept, qr/cHJvZ3JhbXByb2/, 'the stored octets are without the program';
unlike $kept, qr/@{[encode_base64('inner', '')]}/, 'and without the one in the message within';
my $other = $site->daemon->json('show', $support->{number})->{messages}[0];
is_deeply [map { $_->{name} } @{ $other->{attachments} }], ['Setup.EXE', 'note.txt', 'film.mp4', 'inner.eml'], 'the other role\'s ticket has them all';
my $told = wait_for('the acknowledgement', sub {
    my ($mail) = grep { Frontdesk::Test::Sink::field($_, 'Subject') =~ /#$strict->{number}\]/ } $site->sink->mails_to($ann);
    return $mail;
});
like $told->{body}, qr/not kept.*Setup\.EXE, film\.mp4/s, 'the acknowledgement tells the sender';

spew("$site->{dir}/files.eml", mail(from => $ann, to => 'strict@diytel.ca', subject => 'files', head => $head, body => $body));
my ($explained) = @{ $site->daemon->json('explain', '--to', 'strict@diytel.ca', "$site->{dir}/files.eml")->{decisions} };
is $explained->{not_kept}, join(', ', @not_kept), 'explain says what would not be kept';
like $explained->{acknowledgement}{text}, qr/not kept.*Setup\.EXE/s, 'and shows the acknowledgement that tells it';

my $large = send_to(['strict@diytel.ca'], 'large', head => $head, body => "--b\n\nlarge\n" . part('Content-Type: video/ogg', 'film' x 20000)
    . part('Content-Type: application/pdf; name=a.pdf', 'page' x 20000) . "--b--\n");
like $large->{end}, qr/^552 /, 'a size beyond is refused also where a file of it would not be kept';
$site->daemon->configure(extra => '');
$site->daemon->reload;
send_to(['strict@diytel.ca'], 'large', head => $head, body => "--b\n\nlarge\n" . part('Content-Type: video/ogg', 'film' x 20000)
    . part('Content-Type: application/pdf; name=a.pdf', 'page' x 20000) . "--b--\n");
my $stored = $site->daemon->json('show', ticket('large')->{number})->{messages}[0];
is_deeply [map { "$_->{type} $_->{size}" } grep { $_->{name} ne 'not-kept.txt' } @{ $stored->{attachments} }], ['application/pdf 80000'],
    'what is kept of a large message is a file of its own';
cmp_ok $stored->{size}, '<', 120000, 'without what is not kept';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
