#!/usr/bin/perl
# frontdesk explain says what would happen, and does nothing; the other subcommands say what went wrong by their status.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(scratch spew);

my $dir = scratch('explain');
my $desk = Frontdesk::Test::Daemon->new($dir, relay => 1);
$desk->customers(@Frontdesk::Test::Site::CUSTOMERS);

sub explained {
    my ($mail, @options) = @_;
    spew("$dir/mail.eml", $mail);
    return @{ $desk->json('explain', @options, "$dir/mail.eml")->{decisions} };
}

my $ben = mail(from => 'Ben <ben@customer.example>', to => 'support@diytel.ca', subject => 'Panne');
my ($decision) = explained($ben);
is $decision->{decision}, 'open', 'sender and recipient are read from the message';
is $decision->{standing}, 'known', 'the sender is known';
ok $decision->{acknowledge}, 'it would be acknowledged';
is $decision->{acknowledgement}{to}, 'ben@customer.example', 'to the sender';
like $decision->{acknowledgement}{text}, qr/automatiquement/, 'in the language of the directory';
like $decision->{acknowledgement}{text}, qr/^Du lundi au vendredi : 06:00-18:00\nHeure du Pacifique/m, 'the opening hours too';
is $decision->{page}, JSON::PP::false(), 'without a page';
is_deeply [sort keys %{ $decision->{due} }], [qw(acknowledge resolve respond update)], 'due has the four targets';

($decision) = explained($ben, '--from', '');
is $decision->{decision}, 'file', 'with the null sender it is filed';
($decision) = explained($ben, '--from', 'sue@late.example', '--to', 'billing@diytel.ca');
is $decision->{standing}, 'known', 'standing goes by From, not by the envelope';
($decision) = explained(mail(from => 'sue@late.example', to => 'support@diytel.ca'));
like $decision->{reply}, qr/^550 5\.7\.1 /, 'a barred sender would be refused';
($decision) = explained($ben, '--to', 'emergency@diytel.ca', '--auth', 'ben@customer.example');
is $decision->{standing}, 'verified', 'with SMTP AUTH as the sender: verified';
ok $decision->{page}, 'an emergency would page';
is $decision->{pages}[0]{agent}, 'alice', 'the agent of the team';
my @two = explained($ben, '--to', 'support@diytel.ca', '--to', 'BILLING+x@diytel.ca');
is scalar @two, 2, 'two roles, two decisions';
is_deeply [map { $_->{acknowledgement}{subject} =~ /\[DIYTel #(\d+)\]/ } @two], [1, 2], 'each letter with the number that its ticket would get';
is_deeply [map { $_->{ticket} } @two], [undef, undef], 'though neither is there yet';
is scalar explained($ben, '--to', 'carol@diytel.ca'), 0, 'no role, no decision';
is scalar $desk->tickets, 0, 'and nothing was done';

sub status { system "$Frontdesk::Test::Daemon::BUILD/src/frontdesk -c " . $desk->config_path . " $_[0] >/dev/null 2>&1"; return $? >> 8 }
is status('nonsense'), 64, 'no such subcommand: 64';
is status('show 7'), 65, 'no such ticket: 65';
is status('priority 7 p9'), 64, 'a wrong argument: 64';
spew("$dir/bad.csv", "mail,name\nann\@customer.example,Ann\nnobody,Nobody\n");
is status("customers import $dir/bad.csv"), 65, 'a broken customers file: 65';
like `$Frontdesk::Test::Daemon::BUILD/src/frontdesk -c @{[$desk->config_path]} customers import $dir/bad.csv 2>&1`, qr/bad\.csv:3: "nobody"/,
    'with the line that is wrong';
is scalar @{ $desk->json('customers', 'find', 'ann@customer.example')->{customers} }, 1, 'and nothing is imported: the old table counts';
spew("$dir/more.ldif", "dn: cn=x\nmail: zoe\@new.example\ncn: Zoe\nemployeeNumber: C-9\nemployeeType: suspended\n\ndn: o=y\no: Y\nassociatedDomain: y.example\n");
is status("customers import $dir/more.ldif"), 0, 'LDIF is read too';
is $desk->json('customers', 'find', 'zoe@new.example')->{customers}[0]{status}, 'suspended', 'with status';
is $desk->json('customers', 'find', 'any@y.example')->{customers}[0]{by_domain}, JSON::PP::true(), 'and domains';
is status('doctor'), 69, 'doctor fails without a relay: 69';
done_testing;
