#!/usr/bin/perl
# Which ticket a mail belongs to, and who can say so: a signed address, a letter of ours, a known mail from somebody who belongs, a
# tag from somebody who belongs. Everybody else gets a ticket of their own. Merging and splitting keep all of it working.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for);

my $site = Frontdesk::Test::Site->new('threads', postfix => { local_header_rewrite_clients => '' }, daemon => { extra => 'acknowledge-limit = 0', policy => 'respond = "4h"' });
my ($daemon, $sink) = ($site->daemon, $site->sink);
my ($ann, $ben, $wes, $eve) = ('ann@customer.example', 'ben@customer.example', 'wes@whole.example', 'eve@evil.example');
my $serial = 0;

sub show { return $daemon->json('show', $_[0]) }
# Writes a mail; the ticket that has it.
sub write_mail {
    my ($from, %part) = @_;
    my $to = delete $part{to} // 'support@diytel.ca';
    my $mark = 'mark ' . ++$serial;
    my $mail = delete $part{raw} // mail(from => $from, to => $to, id => "<$serial\@client.example>", subject => 'another matter', %part, body => "$mark\n");
    like $site->send(from => $from, to => [$to], mail => $mail)->{end}, qr/^250/, 'taken';
    my $copy = wait_for("the role's copy of $mark", sub { (grep { $_->{body} =~ /^\Q$mark\E\r?$/m } $sink->mails_to($to))[0] });
    my $number = Frontdesk::Test::Sink::field($copy, 'X-Frontdesk-Ticket');
    return $number if grep { ($_->{text} // '') =~ /^\Q$mark\E$/m } @{ show($number)->{messages} };
    return;
}
sub letter {
    my ($number, $to) = @_;
    my $found = wait_for("a letter on $number", sub { (grep { $_->{text} =~ /^Subject: Re: \[DIYTel #$number\]/m } $sink->mails_to($to))[0] });
    my ($id) = $found->{text} =~ /^Message-ID: <(\S+)>/mi;
    my ($reply) = $found->{text} =~ /^Reply-To: .*?(support\+t\.[0-9a-z.]+\@diytel\.ca)/mi;
    return { id => $id, reply => $reply };
}
sub references { my @ids = @_; return "In-Reply-To: <$ids[-1]>\nReferences: " . join("\n ", map { "<$_>" } @ids) . "\n" }
sub is_new {
    my ($number, $related, $name) = @_;
    ok !!$number, "$name: a ticket of its own";
    is show($number)->{related}, $related, $related ? 'which mentions the other' : 'which mentions none';
    return;
}

my $first = write_mail($ann, subject => 'no tone', id => '<ann.1@customer.example>');
my $ours = letter($first, $ann);

# ---- the signed address, and the letter ----

is write_mail($ann, to => $ours->{reply}), $first, 'the requester, to the signed address';
is write_mail($eve, to => uc $ours->{reply}), $first, 'whoever has it, in whatever case';
is write_mail($eve, head => references('x@y.example', $ours->{id})), $first, 'whoever answers the letter';
is write_mail($eve, head => "In-Reply-To: <new\@outlook.example>\nReferences: <$ours->{id}> <new\@outlook.example>\n", subject => 'changed'), $first, 'also where the program puts another id in front';
is write_mail($ann, head => references((map { "long.$_\@list.example" } 1 .. 30), $ours->{id})), $first, 'and at the end of a long thread';
my $forged = $ours->{reply} =~ s/\.[a-z2-7]\w{14}/.a234567abcdefgh/r;
is_new write_mail($eve, to => $forged), undef, 'a wrong signature';
(my $other_number = $ours->{reply}) =~ s/\+t\.$first\./'+t.' . ($first + 1) . '.'/e;
is_new write_mail($eve, to => $other_number), undef, 'a right one on another number';
is_new write_mail($eve, head => references($ours->{id} =~ s/\.\w{16}@/.abcdefghijklmnop@/r)), undef, 'an id that is made up';

# ---- known mails and tags ----

is write_mail($ben, head => references('ann.1@customer.example')), $first, 'a colleague answers her mail';
is_new write_mail($eve, head => references('ann.1@customer.example')), $first, 'a stranger answers it';
is_new write_mail($wes, head => references('ann.1@customer.example')), $first, 'another customer, too';
is write_mail($ann, subject => "Re: [DIYTel #$first] no tone"), $first, 'the tag from the requester';
is write_mail($ann, subject => "Fwd: AW: [diytel #$first] no tone [Ticket#4711]"), $first, 'with other systems\' tags around it';
is_new write_mail($eve, subject => "Re: [DIYTel #$first] no tone"), $first, 'the tag from a stranger';
is write_mail($ann, subject => "Re: [DIYTel #$first] no tone", head => "Cc: $wes\n"), $first, 'the tag from somebody who says that she is';
is scalar(grep { $_ eq $wes } @{ show($first)->{participants} }), 0, 'which lets nobody else read on';
is write_mail($ann, to => $ours->{reply}, head => "Cc: fay\@customer.example\n"), $first, 'who has the signed address';
is scalar(grep { $_ eq 'fay@customer.example' } @{ show($first)->{participants} }), 1, 'does';
is_new write_mail($ann, subject => "[OTHER #$first] [#$first] Ticket: $first"), undef, 'tags of other systems';
is_new write_mail($ann, subject => 'Re: no tone'), undef, 'the same subject alone';
is_new write_mail($ann, subject => 'no references', head => "Thread-Index: AdABCDEFGH==\nThread-Topic: no tone\n"), undef, 'Outlook\'s own thread fields';

# ---- ids that are used again, or are not there ----

my $again = write_mail($ann, subject => 'a parcel', id => '<ann.1@customer.example>');
is_new $again, undef, 'a Message-ID that was used for another mail';
is scalar(grep { $_->{message_id} && $_->{message_id} eq 'ann.1@customer.example' } @{ show($first)->{messages} }), 1, 'and neither mail is lost';
my $bare = "From: $ann\nTo: support\@diytel.ca\nSubject: bare\n\n";
isnt write_mail($ann, raw => "${bare}mark " . ($serial + 1) . "\n"), undef, 'without any id: taken';
my $count = () = $daemon->tickets('--limit', 1000);
like $site->send(from => $ann, to => ['support@diytel.ca'], mail => "${bare}mark $serial\n")->{end}, qr/^250/, 'and offered again';
is scalar(() = $daemon->tickets('--limit', 1000)), $count, 'nothing is done twice';
isnt write_mail($ann, raw => "${bare}mark " . ($serial + 1) . "\n"), undef, 'but another one is another';
isnt write_mail($ann, raw => "Message-ID: <>\nIn-Reply-To: no id\nReferences: <<>> <a b\@c> nonsense\n${bare}mark " . ($serial + 1) . "\n"), undef, 'as is one with nonsense for ids';

# ---- another key ----

$daemon->command('rotate-key', '--days', 30);
is write_mail($eve, to => $ours->{reply}), $first, 'what the old key has signed is good';
my $after = write_mail($ann, subject => 'after the change');
is write_mail($eve, to => letter($after, $ann)->{reply}), $after, 'and so is what is signed now';
ok -e $daemon->database . '.d/secret.old', 'the old key is kept beside the new one';
is sprintf('%o', (stat $daemon->database . '.d/secret.old')[2] & 0777), '600', 'for us alone';

# ---- merging ----

sub fails { my @command = @_; return !eval { $daemon->command(@command); 1 } && $@ =~ /failed: (\d+)/ ? $1 : 0 }
my $second = write_mail($ann, subject => 'still no tone', id => '<ann.2@customer.example>');
my $second_letter = letter($second, $ann);
my $alien = write_mail($wes, subject => 'mine');
is fails('merge', $second, $alien), 65, 'another customer\'s ticket is not merged';
is fails('merge', $second, $second), 65, 'nor one with itself';
is fails('merge', $second, 99999), 65, 'nor with none';
my @before = map { scalar @{ show($_)->{messages} } } $first, $second;
$daemon->command('merge', $second, $first);
is scalar @{ show($first)->{messages} }, $before[0] + $before[1], 'the messages are together';
is_deeply [@{ show($second) }{qw(state merged_into)}], ['closed', $first], 'and the ticket says where';
is write_mail($ann, to => $second_letter->{reply}), $first, 'what goes to its signed address gets there';
is write_mail($eve, head => references($second_letter->{id})), $first, 'and what answers its letter';
is write_mail($ann, head => references('ann.2@customer.example')), $first, 'or its mail';
is write_mail($ann, subject => "Re: [DIYTel #$second] still no tone"), $first, 'or bears its tag';
is fails('reopen', $second), 65, 'nothing can be done to it any more';
my $third = write_mail($ann, subject => 'and again');
my $third_letter = letter($third, $ann);
$daemon->command('merge', $first, $third);
is write_mail($ann, to => $second_letter->{reply}), $third, 'through two mergings as well';
is fails('merge', $second, $third), 65, 'what is merged is not merged again';

# ---- splitting ----

my $mixed = write_mail($ben, subject => 'two things', to => $third_letter->{reply}, id => '<ben.1@customer.example>');
my ($message) = grep { ($_->{message_id} // '') eq 'ben.1@customer.example' } @{ show($third)->{messages} };
is fails('split', $third, 999999), 65, 'a message that is not there makes no ticket';
my $split = $daemon->json('split', $third, $message->{id});
is $split->{requester}, $ben, 'a message becomes a ticket of who wrote it';
is "$split->{subject} $split->{related}", "two things $third", 'on its subject, and mentions the old one';
ok $split->{due}{respond}, 'with clocks of its own';
is write_mail($ben, head => references('ben.1@customer.example')), $split->{number}, 'what answers that mail goes there now';
is write_mail($ann, to => $third_letter->{reply}), $third, 'and what answers the old letters where it did';
is fails('split', $split->{number}, map { $_->{id} } @{ show($split->{number})->{messages} }), 65, 'nothing is split until nothing is left';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
