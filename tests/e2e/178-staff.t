#!/usr/bin/perl
# Agents answer from their own mail programs: the customer sees the role, and nothing of what is for staff. Who is not
# authenticated, not of the team, or writes a command that cannot be done, is told so in the session, and nothing goes out.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Support qw(spew wait_for);

my $people = <<'CONF';
team "tier1" { notify = {"tier1@diytel.ca"} }
team "billing" { notify = {"billing-team@diytel.ca"} }
team "noc" { notify = {"noc@diytel.ca"} }
agent "alice" { name = "Alice Nguyen" mail = "alice@diytel.ca" teams = {"tier1", "noc"} login = {"alice"} }
agent "bob" { name = "Bob Singh" mail = "bob@diytel.ca" teams = {"billing"} login = {"bob"} }
CONF
my $site = Frontdesk::Test::Site->new('staff', logins => ['alice', 'bob', 'ann@customer.example'],
    daemon => { teams => $people, extra => 'authserv-id = {"mx.diytel.ca"}', policy => 'respond = "4h"' });
my ($daemon, $sink) = ($site->daemon, $site->sink);
my ($ann, $ben, $zoe) = ('ann@customer.example', 'ben@customer.example', 'zoe@partner.example');

# Opens a ticket of Ann's; its number and the staff address that the team is told.
sub open_ticket {
    my ($subject, %more) = @_;
    like $site->send(from => $ann, to => ['support@diytel.ca'],
        mail => mail(from => "Ann Lee <$ann>", to => 'support@diytel.ca', subject => $subject, body => "No dial tone since noon.\n", %more))->{end}, qr/^250/, "$subject: taken";
    my ($ticket) = grep { $_->{subject} eq $subject } $daemon->tickets;
    my $notice = wait_for('the notification', sub { (grep { $_->{text} =~ /^Subject: \[DIYTel #$ticket->{number}\] new/m } $sink->mails_to('tier1@diytel.ca'))[0] });
    return ($ticket->{number}, $notice);
}
sub staff_address { my ($notice) = @_; return $notice->{text} =~ /^Reply-To: .*?(support\+a\.[0-9a-z.]+\@diytel\.ca)/mi ? $1 : die "no staff address in $notice->{text}" }

# Sends a mail as LOGIN (undef: as nobody); the last answer.
sub write_as {
    my ($login, $to, $mail, %more) = @_;
    my $smtp = $site->smtp;
    $site->mta->login($smtp, $login) if defined $login;
    my $answers = $smtp->send(from => $more{envelope} // 'alice@diytel.ca', to => ref $to ? $to : [$to], mail => $mail);
    $smtp->quit;
    return $answers->{end} // $answers->{rcpt}[-1];
}
sub by_alice { my ($to, %part) = @_; return mail(from => 'Alice Nguyen <alice@diytel.ca>', to => $to, subject => 'Re: your ticket', %part) }
sub show { my ($number) = @_; return $daemon->json('show', $number) }
sub answers { my ($number, $to) = @_; return grep { $_->{text} =~ /^Subject: Re: \[DIYTel #$number\]/m && $_->{text} !~ /^Auto-Submitted/m } $sink->mails_to($to // $ann) }

# ---- an answer ----

my ($number, $notice) = open_ticket('dead line', id => '<first@customer.example>', head => "Cc: Ben <$ben>, lists\@customer.example, alice\@diytel.ca, billing\@diytel.ca\n");
my $staff = staff_address($notice);
like $notice->{body}, qr/No dial tone since noon/, 'the team is shown what was written';
my $quoted = join '', map { "> $_\n" } split /\n/, $notice->{body};
like write_as('alice', $staff, by_alice($staff, head => "User-Agent: Secretmail/1.0\nX-Originating-IP: 10.1.2.3\n", id => '<inner.1@alice-laptop.lan>',
    body => "Hello Ann,\n\nplease turn it off and on. If it helps, say so to $staff.\n\nOn Monday DIYTel wrote:\n$quoted")), qr/^250/, 'an answer to it, by an agent who has logged in, is taken';
wait_for('the answer', sub { scalar answers($number) });
my ($letter) = answers($number);
is $letter->{body} =~ s/\r//gr, "Hello Ann,\n\nplease turn it off and on. If it helps, say so to support\@diytel.ca.\n", 'the customer gets what was newly written';
like $letter->{text}, qr/^From: .*<?support\@diytel\.ca>?\r?$/m, 'from the role';
like $letter->{text}, qr/^Cc: ben\@customer\.example\r?$/m, 'with the one whom she wrote to besides';
like $letter->{text}, qr/^Reply-To: .*support\+t\.$number\./m, 'to be answered to the ticket';
like $letter->{text}, qr/^In-Reply-To: <first\@customer\.example>/m, 'as an answer to her mail';
like $letter->{from}, qr/^support\+b\.$number\.[0-9a-z]+\@diytel\.ca$/, 'with a return address of its own';
unlike $letter->{text}, qr/alice|laptop|Secretmail|10\.1\.2\.3|\+a\.|tier1/i, 'and nothing of the agent, her program or her network is in it';
wait_for('the copy', sub { scalar answers($number, $ben) });
my ($copy) = answers($number, $ben);
is $copy->{text} =~ s{^Received:.*?^(?=\S)}{}msr, $letter->{text} =~ s{^Received:.*?^(?=\S)}{}msr, 'the other gets the same';
is scalar(answers($number)), 1, 'one copy each';
is scalar(grep { $_->{text} =~ /inner\.1/ } $sink->mails), 0, 'the agent\'s mail itself goes nowhere';
my $ticket = show($number);
my ($sent) = grep { $_->{direction} eq 'out' } @{ $ticket->{messages} };
is "$sent->{kind} $sent->{sender}", 'message alice', 'the ticket has it as hers';
ok $ticket->{responded_at} && !$ticket->{due}{respond}, 'and as the first answer, which stops the clock';

# ---- the customer answers, and so on ----

my ($reply_to) = $letter->{text} =~ /^Reply-To: .*?(support\+t\.[0-9a-z.]+\@diytel\.ca)/m;
my ($letter_id) = $letter->{text} =~ /^Message-ID: (\S+)/mi;
like $site->send(from => $ann, to => [$reply_to], mail => mail(from => $ann, to => $reply_to, subject => 'Re: dead line', id => '<second@customer.example>',
    head => "In-Reply-To: $letter_id\nReferences: <first\@customer.example> $letter_id\n", body => "It does not.\n\nOn Monday DIYTel wrote:\n> Hello Ann,\n"))->{end}, qr/^250/, 'she answers';
my $further = wait_for("the next notification", sub { (grep { $_->{text} =~ /^Subject: \[DIYTel #$number\] dead line/m } $sink->mails_to('tier1@diytel.ca'))[0] });
like $further->{body}, qr/It does not\./, 'the team is told what is new';
unlike $further->{body}, qr/Hello Ann/, 'and not what they wrote themselves';
is staff_address($further), $staff, 'with the same staff address';
ok show($number)->{due}{respond}, 'and the clock runs again';
like write_as('alice', $staff, by_alice($staff, body => "#priority p2\n#assign alice\n\nWe will come by.\n")), qr/^250/, 'commands and an answer';
wait_for('the second answer', sub { grep { $_->{body} =~ /come by/ } answers($number) });
my ($second) = grep { $_->{body} =~ /come by/ } answers($number);
unlike $second->{text}, qr/#assign|#priority/, 'the commands stay here';
like $second->{text}, qr/^In-Reply-To: <second\@customer\.example>/m, 'it answers her last mail';
like $second->{text} =~ s/\r?\n\s+/ /gr, qr/^References: .*<first\@customer\.example>.*<second\@customer\.example>/m, 'in one thread';
$ticket = show($number);
is "$ticket->{priority} $ticket->{assignee}", 'p2 alice', 'and are done';
like $site->send(from => $ben, to => [$reply_to], mail => mail(from => $ben, to => $reply_to, subject => 'Re: dead line', body => "Any time is fine.\n"))->{end}, qr/^250/, 'a participant writes';
ok scalar wait_for('the notification to the assignee', sub { grep { $_->{body} =~ /Any time is fine/ } $sink->mails_to('alice@diytel.ca') }), 'the assignee is told';
is scalar(grep { $_->{body} =~ /Any time is fine/ } $sink->mails_to('tier1@diytel.ca')), 0, 'and not the whole team';

# ---- who may ----

my $events = sub { scalar @{ show($number)->{events} } };
my $before = $events->();
my $count = $sink->count;
like write_as(undef, $staff, by_alice($staff, body => "Send me your password.\n")), qr/^550 5\.7\.1 This address is for staff/, 'a From address alone is refused, with the reason';
like write_as(undef, $staff, "Authentication-Results: mx.evil.example; dmarc=pass header.from=diytel.ca\n" . by_alice($staff, body => "x\n")), qr/^550 5\.7\.1/, 'so are results of nobody we know';
like write_as(undef, $staff, mail(from => $ann, to => $staff, body => "x\n"), envelope => $ann), qr/^550 5\.7\.1/, 'and a customer';
like write_as($ann, $staff, by_alice($staff, body => "x\n")), qr/^550 5\.7\.1/, 'and another\'s login';
like write_as('bob', $staff, mail(from => 'bob@diytel.ca', to => $staff, body => "x\n")), qr/^550 5\.7\.1 Ticket #$number belongs to team tier1, of which agent bob is not/, 'an agent of another team, by its name';
like write_as('alice', 'support+a.' . ($number + 1) . '.' . ($staff =~ /\.(\w{16})\@/)[0] . '@diytel.ca', by_alice('x@diytel.ca', body => "x\n")), qr/^550 5\.1\.1/, 'and a wrong signature';
like write_as('alice', [$staff, $zoe], by_alice($staff, body => "#priority p9\nx\n")), qr/^550 5\.6\.0 .*#priority is p1, p2, p3 or p4, and not "p9"/, 'a wrong command is refused for all';
like write_as('alice', $staff, by_alice($staff, body => "#frobnicate\nx\n")), qr/^550 5\.6\.0 .*#frobnicate is no command; there are #close/, 'an unknown one, with those that there are';
like write_as('alice', $staff, by_alice($staff, body => "#assign bob\nx\n")), qr/^550 5\.6\.0 .*agent bob is not of team tier1/, 'one that cannot be done';
like write_as('alice', $staff, by_alice($staff, body => "#merge 999999\n")), qr/^550 5\.6\.0 .*there is no ticket #999999/, 'also when only the commit finds out';
like write_as('alice', $staff, by_alice($staff, body => "On Monday DIYTel wrote:\n$quoted")), qr/^550 5\.6\.0 .*there is nothing new in it/, 'and one without a word';
is $events->(), $before, 'nothing is done by any of these';
like write_as(undef, $staff, "Authentication-Results: mx.diytel.ca; dmarc=pass header.from=diytel.ca\n" . by_alice($staff, body => "Signed and well.\n")), qr/^250/, 'a believed signature of her domain is enough';
wait_for('that answer', sub { grep { $_->{body} =~ /Signed and well/ } answers($number) });
like write_as(undef, $staff, by_alice($staff, head => "Auto-Submitted: auto-replied\n", subject => 'Out of office', body => "I am away.\n"), envelope => ''), qr/^250/, 'her absence notice is taken';
is scalar(grep { $_->{body} =~ /I am away/ } $sink->mails), 0, 'and goes nowhere';

# ---- notes ----

like write_as('alice', $staff, by_alice($staff, body => "#note\nShe never pays.\n")), qr/^250/, 'a note by command';
like write_as('alice', "support+note.$number\@diytel.ca", by_alice('x@diytel.ca', body => "Nor does he.\n")), qr/^250/, 'and one by its address';
like write_as(undef, "support+note.$number\@diytel.ca", by_alice('x@diytel.ca', body => "Forged.\n")), qr/^550 5\.7\.1/, 'but not by a stranger';
like write_as('alice', $staff, by_alice($staff, head => "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n",
    body => "<html><body><p>&nbsp;</p><p>#note</p><p>He never pays.</p></body></html>\n")), qr/^250/, 'and one below a line that only looks empty';
is_deeply [map { $_->{text} } grep { $_->{direction} eq 'internal' } @{ show($number)->{messages} }], ['She never pays.', 'Nor does he.', 'He never pays.'], 'the ticket has them';
is scalar(grep { $_->{text} =~ /never pays|Nor does he/ } $sink->mails_to($ann)), 0, 'and the customer none of them';

# ---- copies ----

like write_as('alice', [$staff, $zoe, 'boss@else.example', 'bob@diytel.ca'], by_alice($staff, head => "Cc: $zoe, bob\@diytel.ca\n", body => "Zoe from the factory reads with us.\n")), qr/^250/, 'an answer with others';
wait_for('her copy', sub { scalar answers($number, $zoe) });
my ($to_zoe) = answers($number, $zoe);
like $to_zoe->{text}, qr/^Cc: ben\@customer\.example, zoe\@partner\.example\r?$/m, 'who was put in Cc is shown, and takes part';
ok scalar wait_for('his copy', sub { answers($number, 'boss@else.example') }), 'who was in no field gets it unseen';
is scalar(grep { $_->{text} =~ /\+a\.$number/ } map { $sink->mails_to($_) } $zoe, 'boss@else.example', $ann), 0, 'and none of them the staff address';
like $site->send(from => $zoe, to => ['support@diytel.ca'], mail => mail(from => $zoe, to => 'support@diytel.ca', subject => "Re: [DIYTel #$number] dead line", body => "On it.\n"))->{end}, qr/^250/, 'she writes by the number alone';
ok((grep { $_->{sender} eq $zoe } @{ show($number)->{messages} }), 'and is of the ticket now');

# ---- directly ----

like write_as('alice', [$ann, 'support@diytel.ca'], by_alice($ann, subject => "Re: [DIYTel #$number] dead line", head => "Cc: support\@diytel.ca\nIn-Reply-To: <second\@customer.example>\n",
    id => '<direct@diytel.ca>', body => "Directly from me.\n")), qr/^250/, 'an agent answers the customer, with the role in Cc';
my ($direct) = grep { $_->{message_id} && $_->{message_id} eq 'direct@diytel.ca' } @{ show($number)->{messages} };
is "$direct->{direction} $direct->{sender}", 'out alice', 'which is an answer of theirs';
is scalar(grep { $_->{body} =~ /Directly from me/ && $_->{from} =~ /\+b\./ } $sink->mails), 0, 'and nothing is sent a second time';

# ---- attachments ----

my $html = "--inner\nContent-Type: text/plain; charset=utf-8\n\nSee the plan.\n--inner\nContent-Type: text/html; charset=utf-8\n\n<p>See the plan.</p><img src=\"cid:logo\">\n--inner--\n";
my $parts = "--outer\nContent-Type: multipart/alternative; boundary=inner\n\n$html"
    . "--outer\nContent-Type: image/png; name=logo.png\nContent-ID: <logo>\nContent-Disposition: inline; filename=logo.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n"
    . "--outer\nContent-Type: application/pdf; name=\"Pl\xc3\xa4ne.pdf\"\nContent-Disposition: attachment; filename*=utf-8''Pl%C3%A4ne.pdf\nContent-Transfer-Encoding: base64\n\n" . 'JVBERi0xLjQK' . "\n--outer--\n";
like write_as('alice', $staff, by_alice($staff, head => "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=outer\n", body => $parts)), qr/^250/, 'an answer with a file';
wait_for('it', sub { grep { $_->{body} =~ /See the plan/ } answers($number) });
my ($with_file) = grep { $_->{body} =~ /See the plan/ } answers($number);
like $with_file->{text}, qr/^Content-Disposition: attachment; filename\*=(?:utf-8|iso-8859-1)''Pl/mi, 'the file goes with it, under its name';
like $with_file->{text}, qr/^JVBERi0xLjQK\r?$/m, 'as it was';
unlike $with_file->{text}, qr/logo|iVBOR|text\/html/, 'and not the picture of a signature';

like write_as('alice', $staff, by_alice($staff, head => "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=outer\n",
    body => "--outer\n\nAn empty file.\n--outer\nContent-Type: application/octet-stream; name=empty.bin\nContent-Disposition: attachment; filename=empty.bin\n\n--outer--\n")), qr/^250/, 'an empty file';
wait_for('it', sub { grep { $_->{body} =~ /An empty file/ } answers($number) });
like +(grep { $_->{body} =~ /An empty file/ } answers($number))[0]{text}, qr/filename=empty\.bin/, 'goes along, too';

# ---- from a terminal ----

$daemon->reply($number, "#priority p3\n\nFrom a terminal.\n");
wait_for('its answer', sub { grep { $_->{body} =~ /^From a terminal\.\r?$/m } answers($number) });
is show($number)->{priority}, 'p3', 'command lines count there, too';
spew("$site->{dir}/editor", "#!/bin/sh\nprintf '#priority p4\\nTyped by hand.\\n' >\"\$1\"\n");
chmod 0755, "$site->{dir}/editor";
sub in_terminal {
    my ($editor) = @_;
    local @ENV{qw(VISUAL EDITOR)} = ($editor, '/bin/false');
    return system('script', '-qec', "'$Frontdesk::Test::Daemon::BUILD/src/frontdesk' -c '" . $daemon->config_path . "' reply $number", '/dev/null') >> 8;
}
is in_terminal("$site->{dir}/editor"), 0, 'at a terminal an editor is opened';
wait_for('it', sub { grep { $_->{body} =~ /Typed by hand/ } answers($number) });
is show($number)->{priority}, 'p4', 'where command lines count as well';
is in_terminal('false'), 69, 'an editor that fails sends nothing';
is in_terminal("truncate -s 0"), 65, 'nor does an empty text';

# ---- the end ----

like write_as('alice', $staff, by_alice($staff, body => "#close\nAll is well again.\n")), qr/^250/, 'an answer that closes';
wait_for('the last answer', sub { grep { $_->{body} =~ /well again/ } answers($number) });
is show($number)->{state}, 'resolved', 'the ticket is';
my ($other, $other_notice) = open_ticket('second matter');
like write_as('alice', staff_address($other_notice), by_alice('x@diytel.ca', body => "#pending 3d\n")), qr/^250/, 'waiting for the customer';
is show($other)->{state}, 'pending', 'as said';
like write_as('alice', staff_address($other_notice), by_alice('x@diytel.ca', body => "#team billing\n")), qr/^250/, 'given to another team';
ok scalar wait_for('the other team', sub { grep { $_->{text} =~ /alice has given it to billing/ } $sink->mails_to('billing-team@diytel.ca') }), 'which is told';
like write_as('bob', staff_address($other_notice), mail(from => 'bob@diytel.ca', to => 'x@diytel.ca', body => "Billing here.\n")), qr/^250/, 'whose agent may answer now';
my ($extra, $extra_notice) = open_ticket('the same matter');
like write_as('alice', staff_address($extra_notice), by_alice('x@diytel.ca', body => "#merge $number\nBoth are one now.\n")), qr/^250/, 'an answer that merges';
ok scalar wait_for('the answer', sub { grep { $_->{body} =~ /Both are one now/ } answers($extra) }), 'goes out with its text';
is show($extra)->{merged_into}, $number, 'and the ticket is part of the other';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
