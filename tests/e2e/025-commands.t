#!/usr/bin/perl
# The subcommands as scripts use them: each exit status, the JSON of each, and customers from LDIF.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(free_port slurp spew wait_for);
use JSON::PP ();
use MIME::Base64 qw(encode_base64);

my $site = Frontdesk::Test::Site->new('commands');
my ($desk, $dir) = ($site->daemon, $site->{dir});
my $frontdesk = "$Frontdesk::Test::Daemon::BUILD/src/frontdesk";
my $ann = 'ann@customer.example';

# Runs frontdesk with the configuration at PATH; its exit status. What it printed is in $out, what it complained of in $err.
my ($out, $err);
sub status_with {
    my ($path, @arguments) = @_;
    system 'sh', '-c', 'exec "$@" >"$0/out" 2>"$0/err"', $dir, $frontdesk, '-c', $path, @arguments;
    ($out, $err) = map { slurp("$dir/$_") } qw(out err);
    return $? & 127 ? 'signal' : $? >> 8;
}

sub status { return status_with($desk->config_path, @_) }

sub json {
    my $status = status(@_, '--json');
    return $status == 0 ? JSON::PP->new->utf8->decode($out) : die "@_: status $status: $err";
}

$site->send(from => $ann, to => ['emergency@diytel.ca'], mail => mail(from => $ann, to => 'emergency@diytel.ca', subject => 'down'));
wait_for('an empty queue', sub { !@{ $desk->json('queue')->{queue} } });

# ---- 64: how it is called ----

my @wrong = ([], ['nonsense'], ['--colour'], ['explain'], ['explain', 'a', 'b'], ['explain', '--at', 'soon', '/dev/null'], ['explain', '--from'],
    ['tickets', 'open'], ['tickets', '--role', 'support', 'open'], ['tickets', '--limit', 'few'], ['tickets', '--limit', '-1'], ['show'],
    ['show', 'one'], ['show', '0'], ['show', 1, 2], ['note', 1], ['note', 1, ''], ['note', 'one', 'text'], ['assign', 1],
    ['assign', 1, 'alice', 'bob'], ['assign', 1, '--tema', 'noc'], ['assign', 1, '--team'], ['priority', 1], ['priority', 1, 'p5'],
    ['priority', 1, 'high'], ['close'], ['close', 'all'], ['close', 1, 2], ['reopen'], ['reopen', -1], ['customers'], ['customers', 'find'],
    ['customers', 'import'], ['customers', 'sell', $ann], ['queue', 'all'], ['doctor', 'all'], ['due'],
    ['oncall', 'noc'], ['oncall', '--at', 'noon'], ['oncall', '--from', '2026-11-23T08:00'], ['oncall', '--from', '2026-11-23T08:00', '--to', '2026-11-23T08:00'],
    ['oncall', '--from', '2026-11-23T08:00', '--to', '2046-11-23T08:00'], ['oncall', '--at', '1969-11-23T08:00'], ['oncall', 'override', 'noc', 'alice'],
    ['oncall', 'override', 'noc', 'alice', '--from', '2026-11-23T08:00', '--until', '2026-11-23T07:00'], ['oncall', 'remove', 'one'], ['oncall', 'overrides', 'noc'],
    ['due', '--policy', 'diytel', '--priority', 'p5'], ['due', '--policy', 'diytel', '--at', 'noon']);
is_deeply [grep { status(@$_) != 64 || $err eq '' } @wrong], [], 'a wrong call: 64, and it says how';
is status('--help'), 0, '--help: 0';
like $out, qr/^usage: .*\n(?:.*\n)*  doctor/, 'lists the subcommands';

# ---- 65: what it is given ----

my @bad = (['explain', "$dir/nothing.eml"], ['show', 99], ['note', 99, 'text'], ['assign', 99, 'alice'], ['assign', 1, 'nobody'],
    ['assign', 1, '--team', 'nobodies'], ['priority', 99, 'p1'], ['close', 99], ['reopen', 99], ['reopen', 1], ['customers', 'import', "$dir/nothing.csv"],
    ['customers', 'import', "$dir/nothing.ldif"], ['due', '--policy', 'none'],
    ['oncall', '--schedule', 'none'], ['oncall', 'remove', 99],
    map { ['oncall', 'override', @$_, '--from', '2026-11-23T08:00', '--until', '2026-11-23T09:00'] } ['none', 'alice'], ['noc', 'none'], ['noc', 'alice', '--instead', 'none']);
is_deeply [grep { status(@$_) != 65 || $err !~ /^frontdesk $_->[0]: \S/ } @bad], [], 'no such thing, or not now: 65, and it says what';
is status('tickets', '--role', 'nobody'), 0, 'a list of nothing is none of these';

# ---- the JSON ----

spew("$dir/due.conf", qq(calendar "c" { timezone = "Asia/Tokyo" hours = {"mon-fri 06:00-18:00"} }\npolicy "p" { calendar = "c" respond = "1h" }\n));
is status_with("$dir/due.conf", 'due', '--json', '--policy', 'p', '--at', '2026-11-27T17:30:00'), 0, 'due needs a calendar and a policy only';
is_deeply(JSON::PP->new->decode($out), { due => { acknowledge => undef, respond => '2026-11-29T21:30:00+00:00', update => undef, resolve => undef } },
    'and goes by the wall clock of the calendar');

# Each shipped policy alone, and all that it takes for one to be included. Friday, 17:55.
my %due = (diytel => '2026-11-30T14:05:00', priorities => '2026-11-28T17:55:00', departments => undef, standards => '2026-11-28T02:55:00',
    office => '2026-12-08T22:00:00');
my $daemon = "$Frontdesk::Test::Daemon::BUILD/src/frontdeskd";
for my $name (sort keys %due) {
    my $file = "$Frontdesk::Test::Daemon::SOURCE/conf/policies/$name.conf";
    is status_with($file, 'due', '--json', '--policy', $name, '--at', '2026-11-27T17:55:00'), 0, "policy $name loads alone";
    is(JSON::PP->new->decode($out)->{due}{respond}, $due{$name} && "$due{$name}+00:00", 'and promises what it should');
    spew("$dir/with.conf", qq(templates = "$Frontdesk::Test::Daemon::SOURCE/templates"\ninclude ("$file")\n));
    is system('sh', '-c', 'exec "$@" >"$0/out" 2>&1', $dir, $daemon, '-t', '-c', "$dir/with.conf"), 0, 'and is fit to be included';
    is slurp("$dir/out"), "$dir/with.conf: ok\n", 'without a remark';
}

my $true = JSON::PP::true();
is json('note', 1, 'called back')->{state}, 'open', 'note gives the ticket';
is json('assign', 1, 'alice')->{assignee}, 'alice', 'assign gives the ticket as it is then';
is json('assign', '#1', '--team', 'tier1')->{team}, 'tier1', 'also by "#NUMBER", and for a team';
is json('priority', 1, 'p4')->{priority}, 'p4', 'priority';
is json('close', 1)->{state}, 'resolved', 'close';
is status('close', 1), 65, 'once';
is json('reopen', 1)->{state}, 'open', 'reopen';
my @fields = qw(acknowledged_at assignee breached customer due id kind merged_into number opened_at participants priority related requester requester_name
    resolved_at responded_at role standing state subject team);
my $list = json('tickets', '--role', 'emergency', '--state', 'open')->{tickets};
is_deeply [map { $_->{number} } @$list], [1], 'tickets is a list';
is_deeply [sort keys %{ $list->[0] }], [sort @fields, 'left'], 'with these fields';
wait_for('an empty queue', sub { !@{ json('queue')->{queue} } });
my $shown = json('show', 1);
is_deeply [sort keys %$shown], [sort @fields, qw(address_state deadlines events incidents messages outbox pages)], 'show has the lists beside them';
like $shown->{opened_at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/, 'a time has its offset';
is_deeply [map { $_->{kind} } @{ $shown->{messages} }], [qw(message note)], 'messages';
is $shown->{messages}[1]{text}, 'called back', 'the text of a note';
is_deeply [sort map { "$_->{recipient} $_->{channel} $_->{state}" } @{ $shown->{pages} }], ['alice mail sent', 'alice pager sent'], 'pages';
is_deeply [sort map { "$_->{kind} $_->{state}" } @{ $shown->{outbox} }], ['acknowledgement sent', 'letter sent', 'notification sent'], 'letters';
is_deeply [grep { !/paged|acknowledged|written/ } map { $_->{kind} } @{ $shown->{events} }],
    [qw(opened noted assigned assigned priority resolved reopened)], 'events';
spew("$dir/mail.eml", mail(from => $ann, to => 'support@diytel.ca'));
my ($decision) = @{ json('explain', "$dir/mail.eml")->{decisions} };
is_deeply [@$decision{qw(role sender standing decision ticket acknowledge page)}], ['support', $ann, 'known', 'open', undef, $true, JSON::PP::false()], 'explain';
is_deeply json('customers', 'find', uc $ann)->{customers}, [{ mail => $ann, name => 'Ann Lee', organization => 'Customer Inc', customer => 'C-1',
    language => 'en', level => undef, status => 'active', by_domain => JSON::PP::false() }], 'customers find';
is_deeply json('customers', 'find', 'eve@else.example')->{customers}, [], 'or nobody';
$site->sink->mode('rcpt 451 4.3.0 not now');
$site->daemon->configure(relay => $site->sink->port);
$site->daemon->reload;
$site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'waits'));
my @queue;
wait_for('a try', sub { (@queue) = grep { $_->{kind} eq 'acknowledgement' && $_->{last_error} } @{ json('queue')->{queue} } });
is_deeply [@{ $queue[0] }{qw(ticket recipient channel state)}], [2, $ann, undef, 'due'], 'queue: what waits';
like $queue[0]{last_error}, qr/451 4\.3\.0 not now/, 'and why';
my $checks = json('doctor')->{checks};
is_deeply [grep { join(',', sort keys %$_) ne 'check,result,text' || $_->{result} !~ /^(?:ok|warn|fail)$/ } @$checks], [], 'doctor: a list of checks';

# ---- 69, 75, 78: what it needs ----

my $nobody = free_port();
spew("$dir/ldap.conf", slurp($desk->config_path) =~ s/^directory .*/directory { type = "ldap" uri = {"ldap:\/\/127.0.0.1:$nobody"} base = "o=x" }/mr);
is status_with("$dir/ldap.conf", 'customers', 'find', $ann), 69, 'no directory: 69';
like $err, qr{ldap://127\.0\.0\.1:$nobody}, 'names it';
spew("$dir/away.conf", slurp($desk->config_path) =~ s{^database = .*}{database = "$dir/away/frontdesk.db"}mr);
is status_with("$dir/away.conf", 'note', 1, 'x'), 75, 'no folder for the database: 75';
like $err, qr{\Q$dir\E/away/frontdesk\.db: it cannot be opened; check that its folder is there}, 'says what to do';
SKIP: {
    skip 'sqlite3(1) is not installed', 2 if !-x '/usr/bin/sqlite3';
    open my $lock, '|-', 'sqlite3', $desk->database or die $!;
    $lock->autoflush(1);
    print $lock "BEGIN IMMEDIATE;\n.shell touch $dir/locked\n";
    wait_for('the lock', sub { -e "$dir/locked" });
    is status('note', 1, 'x'), 75, 'the database is locked: 75';
    is status('show', 1), 0, 'reading goes on: 0';
    close $lock;
}
spew("$dir/bad.conf", slurp($desk->config_path) . "colour = 1\n");
is_deeply [map { status_with("$dir/$_", 'tickets') } 'bad.conf', 'nothing.conf'], [78, 78], 'a configuration that is wrong, or none: 78';
spew("$dir/speechless.conf", slurp($desk->config_path) =~ s{^templates = .*}{templates = "$dir/nothing"}mr);
is status_with("$dir/speechless.conf", 'explain', "$dir/mail.eml"), 78, 'no templates: 78';

# ---- LDIF ----

sub import_ldif { spew("$dir/customers.ldif", $_[0]); return status('customers', 'import', "$dir/customers.ldif") }
sub customer { return json('customers', 'find', $_[0])->{customers}[0] }

my ($zoe, $yan) = map { encode_base64($_, '') } "Zo\xc3\xa9", 'yan@new.example';
is import_ldif(<<"LDIF"), 0, 'LDIF with all that RFC 2849 knows';
version: 1
# a comment
# that is wrapped
  over two lines

dn: cn=zoe,o=new
changetype: add
objectClass: inetOrgPerson
# in between
mail: zoe\@n
 ew.example
mail: zo\@new.example
cn:: $zoe
employeeNumber: C-9


dn: cn=yan,o=new\r
mail:: $yan\r
o: New\r
\r
dn: o=whole
associatedDomain: whole.example
LDIF
like $out, qr/^4 customers imported/, 'counts them';
is_deeply [@{ customer('zoe@new.example') }{qw(name customer status)}], ["Zo\x{e9}", 'C-9', 'active'], 'wrapped lines, and text in base64';
is customer('zo@new.example')->{customer}, 'C-9', 'a second address';
is customer('yan@new.example')->{organization}, 'New', 'an address in base64, CRLF';
is customer('any@whole.example')->{by_domain}, $true, 'a domain';
is customer($ann), undef, 'it takes the place of what was there';

my $first = "dn: cn=a\nmail: first\@new.example\n\n";
my $latin = encode_base64("l\xe9o\@new.example", '');
my %broken = (
    'no address' => ["# c\n\n${first}dn: cn=b\ncn: B\nmail: nobody\n\n$first", 8, qr/"nobody" is neither/],
    'no address at the end of the file' => ["${first}dn: cn=b\nmail: nobody", 5, qr/"nobody"/],
    'no LDIF' => ["${first}dn: cn=b\n# c\ncn: w\n rapped\nthis is a sentence\n\n$first", 8, qr/not LDIF/],
    'no base64' => ["${first}dn: cn=b\nmail:: !!\n", 5, qr/not LDIF/],
    'not UTF-8' => ["${first}dn: cn=b\nmail:: $latin\n", 5, qr/no text/],
    'a deletion' => ["${first}dn: cn=b\nchangetype: delete\nmail: ben\@new.example\n", 5, qr/changetype: add/],
    'no addresses at all' => ["dn: cn=b\ncn: B\n\n", 3, qr/no entry has a value of mail/],
    'nothing' => ['', 0, qr/no entry/],
);
for my $what (sort keys %broken) {
    my ($text, $line, $want) = @{ $broken{$what} };
    is import_ldif($text), 65, "$what: 65";
    like $err, qr/\Q$dir\E\/customers\.ldif:$line: .*$want/, 'says what, and the line';
}
mkdir "$dir/folder.ldif";
is status('customers', 'import', "$dir/folder.ldif"), 65, 'a folder: 65';
is customer('first@new.example'), undef, 'nothing of a broken file is imported';
is customer('zoe@new.example')->{customer}, 'C-9', 'and what was there still counts';

is $site->stop, 0, 'the daemon stops in order';
done_testing;
