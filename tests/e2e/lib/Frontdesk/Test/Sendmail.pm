package Frontdesk::Test::Sendmail;

# A Sendmail that runs in place from its unpacked Debian packages, as it cannot be installed beside Postfix. It listens on a
# port of its own, asks the milter, and hands all mail on to a sink. What Frontdesk writes comes in on a second port.

use strict;
use warnings;
use DB_File ();
use Fcntl ();
use File::Temp ();
use MIME::Base64 ();
use Frontdesk::Test::Support qw(free_port start_process end_process run slurp spew wait_for);
use IO::Socket::INET;

# Not below a world-writable folder: Sendmail trusts nothing there.
our $ROOT = $ENV{FRONTDESK_SENDMAIL} // '/var/lib/frontdesk-check';

# Fetches and unpacks the packages once. Returns the reason when it cannot be had.
sub missing {
    return if -x "$ROOT/root/usr/libexec/sendmail/sendmail";
    mkdir $ROOT, 0755 or -d $ROOT or return "cannot make $ROOT: $!";
    my $script = "cd '$ROOT' && apt-get download -qq sendmail-bin sendmail-cf sendmail-base liblockfile1 libmilter1.0.1 "
        . '&& for package in *.deb; do dpkg -x "$package" root; done';
    return system('sh', '-c', "($script) >'$ROOT/log' 2>&1") == 0 ? undef : "Debian's Sendmail cannot be fetched: see $ROOT/log";
}

# new(milter => "unix:/path", sink => port, logins => [ addresses ], before => [ports of filters that are asked first],
#     signer => port of the filter of what Frontdesk writes)
sub new {
    my ($class, %option) = @_;
    my $dir = File::Temp->newdir('run-XXXXXX', DIR => $ROOT, CLEANUP => 1);
    chmod 0755, "$dir";
    my $self = bless { dir => $dir, port => free_port(), relay => free_port(), owner => $$, %option }, $class;
    mkdir "$dir/queue", 0700;
    $self->configure;
    $self->configure_logins;
    return $self;
}

sub port { return $_[0]{port} }
sub relay_port { return $_[0]{relay} }

sub configure {
    my ($self) = @_;
    my ($dir, $cf) = ($self->{dir}, "$ROOT/root/usr/share/sendmail/cf");
    (my $path = $self->{milter}) =~ s/^unix://;
    my $limits = 'F=T, T=C:5s;S:10s;R:30s;E:60s';
    my $before = join '', map { "INPUT_MAIL_FILTER(`before$_', `S=inet:$_\@127.0.0.1, $limits')dnl\n" } @{ $self->{before} // [] };
    my $signer = $self->{signer} ? "MAIL_FILTER(`signer', `S=inet:$self->{signer}\@127.0.0.1, $limits')dnl\n" : '';
    my $signed = $signer ? 'signer' : '';
    spew("$dir/sendmail.mc", <<"MC");
divert(-1)dnl
include(`$cf/m4/cf.m4')dnl
divert(0)dnl
OSTYPE(`linux')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`QUEUE_DIR', `$dir/queue')dnl
define(`confPID_FILE', `$dir/pid')dnl
define(`STATUS_FILE', `$dir/statistics')dnl
define(`ALIAS_FILE', `')dnl
define(`confHOST_STATUS_DIRECTORY', `')dnl
define(`confDOMAIN_NAME', `mail.diytel.ca')dnl
define(`confAUTH_MECHANISMS', `PLAIN')dnl
define(`confTO_IDENT', `0')dnl
define(`confBAD_RCPT_THROTTLE', `0')dnl
define(`confMAX_HEADERS_LENGTH', `1048576')dnl
define(`confPRIVACY_FLAGS', `')dnl
define(`confSERVICE_SWITCH_FILE', `$dir/switch')dnl
define(`confDELIVERY_MODE', `background')dnl
define(`confREFUSE_LA', `0')dnl
define(`confQUEUE_LA', `10000')dnl
define(`SMART_HOST', `relay:[127.0.0.1]')dnl
define(`RELAY_MAILER_ARGS', `TCP \$h $self->{sink}')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`nocanonify')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Name=MTA, Addr=127.0.0.1, Port=$self->{port}')dnl
DAEMON_OPTIONS(`Name=frontdesk-relay, Addr=127.0.0.1, Port=$self->{relay}, InputMailFilters=$signed')dnl
$signer${before}INPUT_MAIL_FILTER(`frontdesk', `S=local:$path, $limits')dnl
MAILER(`smtp')dnl
LOCAL_CONFIG
ESASL_CONF_PATH=$dir
MC
    spew("$dir/switch", "hosts files\naliases files\n");
    spew("$dir/sendmail.cf", run('sh', '-c', "m4 -D_CF_DIR_='$cf/' '$dir/sendmail.mc' 2>'$dir/m4.log'"));
    return;
}

# Who may log in comes from a file of ours; SASL is told of it by its environment, which Sendmail else takes away.
sub configure_logins {
    my ($self) = @_;
    spew("$self->{dir}/Sendmail.conf", "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN\nsasldb_path: $self->{dir}/sasldb\n");
    tie my %passwords, 'DB_File', "$self->{dir}/sasldb", Fcntl::O_RDWR() | Fcntl::O_CREAT(), 0600, $DB_File::DB_HASH
        or die "$self->{dir}/sasldb: $!\n";
    $passwords{join "\0", split(/@/, /@/ ? $_ : "$_\@mail.diytel.ca"), 'userPassword'} = 'secret' for @{ $self->{logins} // [] };
    return;
}

# Logs in as USER on a connection; returns the answer.
sub login {
    my ($self, $smtp, $user) = @_;
    return $smtp->say('AUTH PLAIN ' . MIME::Base64::encode("\0$user\0secret", ''));
}

sub start {
    my ($self) = @_;
    my $dir = $self->{dir};
    my $command = "hostname mail.diytel.ca; exec $ROOT/root/usr/libexec/sendmail/sendmail -C$dir/sendmail.cf -bD -O LogLevel=9 -q1s -X /dev/null";
    local $ENV{LD_LIBRARY_PATH} = join ':', glob("$ROOT/root/usr/lib/*-linux-gnu"), glob("$ROOT/root/lib/*-linux-gnu");
    $self->{pid} = start_process("$dir/log", 'unshare', '--uts', 'sh', '-c', $command);
    for my $port ($self->{port}, $self->{relay}) {
        wait_for("Sendmail on port $port: $dir/log", sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) });
    }
    return $self;
}

sub stop { my ($self) = @_; return end_process(delete $self->{pid}) }

1;
