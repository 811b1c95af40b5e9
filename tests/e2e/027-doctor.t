#!/usr/bin/perl
# frontdesk doctor on a site where all is well, and then with one thing wrong at a time: it finds that, and says what to do.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site;
use Frontdesk::Test::Support qw(free_port run slurp spew);
use JSON::PP ();

my $site = Frontdesk::Test::Site->new('doctor');
my ($daemon, $dir, $nobody) = ($site->daemon, $site->{dir}, free_port());
$ENV{MAIL_CONFIG} = $site->mta->config_dir; # for postconf(1)

# With the line of frontdesk.conf that begins with KEY as VALUE: what doctor says, by check, and its exit status.
sub examine {
    my ($key, $value) = @_;
    my $text = slurp($daemon->config_path);
    $text =~ s/^\Q$key\E .*/$value/m or die "no $key\n" if defined $key;
    spew("$dir/patient.conf", $text);
    my $json = qx{"$Frontdesk::Test::Daemon::BUILD/src/frontdesk" -c "$dir/patient.conf" doctor --json};
    my $status = $? >> 8;
    my %said;
    for my $check (@{ JSON::PP->new->utf8->decode($json)->{checks} }) {
        $said{ $check->{check} } .= "$check->{result}: $check->{text}\n";
    }
    return (\%said, $status);
}

# Of all checks only CHECK is not ok: it says RESULT and SAYS, and with "fail" the status is 69.
sub finds {
    my ($name, $check, $result, $says, @change) = @_;
    my ($said, $status) = examine(@change);
    is_deeply [grep { $said->{$_} =~ /^(?:warn|fail):/m } sort keys %$said], [$check], "$name: found, and nothing else";
    like $said->{$check}, qr/^$result: .*$says/m, "$name: says what to do";
    is $status, $result eq 'fail' ? 69 : 0, "$name: the exit status";
    return;
}

my ($said, $status) = examine();
is $said->{tests}, qq{warn: agent "alice" has never been reached in a test by "pager", "mail": frontdesk page test alice\n}, 'nobody has tried whether the agent can be reached';
$daemon->command('page', 'test', 'alice');
($said, $status) = examine();
is_deeply [sort keys %$said], [qw(channels configuration daemon directory oncall postfix relay secret store templates tests)], 'what it looks at';
is_deeply [grep { $said->{$_} !~ /\Aok: [^\n]+\n\z/ } keys %$said], [], 'all is well';
is $status, 0, 'the exit status';

finds('holidays that are not there', 'configuration', 'warn', qr/patient\.conf:\d+: holidays of calendar "x" are not known/, 'company',
    qq(company = "DIYTel"\ncalendar "x" { hours = {"mon-fri 08:00-17:00"} holidays = {"none.ics"} }));
finds('links that lead nowhere', 'web', 'warn', qr/web-url is set, but web is not/, 'company', qq(company = "DIYTel"\nweb-url = "https://desk.example"));
finds('pages without links', 'web', 'warn', qr/web is set, but web-url is not/, 'company', qq(company = "DIYTel"\nweb = "127.0.0.1:8880"));
finds('a directory that is down', 'directory', 'fail', qr{ldap://127\.0\.0\.1:$nobody: cannot connect.*see that the server runs, and check directory},
    'directory', qq(directory { type = "ldap" uri = {"ldap://127.0.0.1:$nobody"} base = "o=x" }));
finds('a relay that is down', 'relay', 'fail', qr{smtp://127\.0\.0\.1:$nobody: .*see that it listens there, and check relay},
    'relay', qq(relay { url = "smtp://127.0.0.1:$nobody" }));

run('cp', '-r', "$Frontdesk::Test::Daemon::SOURCE/templates", "$dir/templates");
my $template = "$dir/templates/en/acknowledgement.txt";
my $good = slurp($template);
spew($template, "$good\n{{nonsense}}\n");
my $line = () = slurp($template) =~ /\n/g;
finds('a template with a mistake', 'templates', 'fail', qr/\Q$template\E:$line: .*nonsense/, 'templates', qq(templates = "$dir/templates"));
unlink $template;
finds('a template that is missing', 'templates', 'fail', qr/\Q$template\E: .*must have this template; copy it/, 'templates', qq(templates = "$dir/templates"));
my $german = 'role "r" { address = {"r@diytel.ca"} team = "tier1" language = "de-CH" }';
finds('a role in a language that has customers\' letters only', 'templates', 'warn',
    qr/role "r": there is no team-new in its language "de-CH": it is written in "en"/, 'company', qq(company = "DIYTel"\n$german));
finds('an agent in a language that has none', 'templates', 'warn', qr/agent "x": there is no page in its language "tlh"/, 'company',
    qq(company = "DIYTel"\nagent "x" { mail = "x\@staff.example" language = "tlh" }));
finds('no templates', 'templates', 'fail', qr{\Q$dir\E/none}, 'templates', qq(templates = "$dir/none"));

spew("$dir/token", "one\n");
chmod 0640, "$dir/token";
finds('a token that others can read', 'channels', 'fail', qr/channel night: token-file \Q$dir\E\/token is open to others: chmod 600/,
    'company', qq(company = "DIYTel"\nchannel "night" { type = "ntfy" url = "http://127.0.0.1/x" token-file = "$dir/token" }));
spew("$dir/body", "{\n{{nosuch}}}\n");
finds('a body that has a mistake', 'channels', 'fail', qr/channel night: \Q$dir\E\/body:2: \{\{nosuch\}\}/,
    'company', qq(company = "DIYTel"\nchannel "night" { type = "webhook" url = "http://127.0.0.1/x" template = "$dir/body" }));
spew("$dir/body", "[{{subject}}]\n");
finds('a body that makes no JSON', 'channels', 'fail', qr/channel night: template \Q$dir\E\/body makes no JSON: line 1: /,
    'company', qq(company = "DIYTel"\nchannel "night" { type = "webhook" url = "http://127.0.0.1/x" template = "$dir/body" }));
run('postconf', '-c', $site->mta->config_dir, '-e', 'recipient_delimiter=');
finds('Postfix without a delimiter', 'postfix', 'warn', qr/answers to signed addresses would not arrive; postconf -e recipient_delimiter=\+/);
run('postconf', '-c', $site->mta->config_dir, '-e', 'recipient_delimiter=-+');
is((examine())[0]{postfix}, "ok: recipient_delimiter has \"+\"\n", 'one among others will do');

my $secret = $daemon->database . '.d/secret';
chmod 0644, $secret;
finds('a key that others can read', 'secret', 'fail', qr/\Q$secret\E is open to others: chmod 600/);
chmod 0600, $secret;
spew("$dir/empty.csv", "mail\n");
$daemon->command('customers', 'import', "$dir/empty.csv");
finds('nobody in the directory', 'directory', 'warn', qr/the embedded table is empty: fill it with "frontdesk customers import FILE"/);
$daemon->customers(@Frontdesk::Test::Site::CUSTOMERS);

$daemon->stop('KILL');
ok -S $daemon->socket_path, 'a killed daemon leaves its socket';
finds('no daemon', 'daemon', 'warn', qr/frontdeskd is not running: .*start it/);
$daemon->start;
($said, $status) = examine('database', qq(database = "$dir/new/frontdesk.db"));
like $said->{store}, qr/^warn: there is no database yet; frontdeskd makes it at its first start/, 'before the first start';
like $said->{secret}, qr/^warn: there is no key yet; frontdeskd makes it/, 'nor a key';
is $status, 0, 'which is no failure';
is $site->stop, 0, 'the daemon stops in order';
spew($daemon->database, 'no database at all ' x 1000);
unlink map { $daemon->database . $_ } '-wal', '-shm';
like +(examine())[0]{store}, qr/^fail: .*is damaged; stop frontdeskd, save a copy, and restore it/, 'a damaged database';
done_testing;
