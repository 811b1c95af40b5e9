#!/usr/bin/perl
# How the directory is reached: StartTLS, ldaps, bind by password or certificate or socket, several servers; and what is
# said when it cannot be.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Slapd;
use Frontdesk::Test::Support qw(scratch slurp spew free_port run);
use IO::Socket::INET;

plan skip_all => 'slapd is not installed' if !-x '/usr/sbin/slapd';
plan skip_all => 'openssl is not installed' if !-x '/usr/bin/openssl';
my $dir = scratch('ldap-secured');
# libldap with GnuTLS never frees the client's certificate and key (OpenLDAP 2.5, tls_g.c): some 16 KB a connection.
spew("$dir/lsan", "leak:libgnutls\n");
$ENV{LSAN_OPTIONS} = "suppressions=$dir/lsan:print_suppressions=0";

sub certificate {
    my ($name, $issuer, @extra) = @_;
    my @signed = $issuer ? ('-CA', "$dir/$issuer.crt", '-CAkey', "$dir/$issuer.key") : ();
    run('/bin/sh', '-c', 'exec "$@" 2>/dev/null', 'sh', 'openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
        '-days', '7', '-subj', "/CN=$name", '-keyout', "$dir/$name.key", '-out', "$dir/$name.crt", @signed, @extra);
    return;
}

certificate('authority');
certificate('stranger');
certificate('server', 'authority', '-addext', 'subjectAltName=IP:127.0.0.1');
certificate('frontdesk', 'authority');

my $secure = free_port();
my $people = slurp("$ENV{FRONTDESK_SOURCE}/contrib/ldap/example.ldif")
    . "\ndn: cn=reader,dc=example,dc=com\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: reader\nuserPassword: open sesame\n";
(my $socket = "$dir/ldapi.sock") =~ s{/}{%2F}g;
my $slapd = Frontdesk::Test::Slapd->new($dir, $people, uris => ["ldaps://127.0.0.1:$secure/", "ldapi://$socket/"], global => <<"GLOBAL", database => <<'DATABASE');
TLSCACertificateFile $dir/authority.crt
TLSCertificateFile $dir/server.crt
TLSCertificateKeyFile $dir/server.key
TLSVerifyClient try
authz-regexp "^cn=frontdesk\$" "cn=reader,dc=example,dc=com"
authz-regexp "^gidNumber=.*,cn=peercred,cn=external,cn=auth\$" "cn=reader,dc=example,dc=com"
GLOBAL
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=reader,dc=example,dc=com" read by anonymous auth by * none
DATABASE
$slapd->start;

my $desk = Frontdesk::Test::Daemon->new($dir, relay => 1);
spew("$dir/mail.eml", mail(from => 'ann@customer.example', to => 'support@diytel.ca'));
spew("$dir/password", "open sesame\n");
spew("$dir/wrong", "open barley\n");
spew("$dir/empty", "\n");

my $plain = $slapd->uri;
my $ldaps = "ldaps://127.0.0.1:$secure";
my $trusted = "ca-file = \"$dir/authority.crt\"";
my $password = "bind-dn = \"cn=reader,dc=example,dc=com\" bind-password-file = \"$dir/password\"";

sub standing {
    my ($uris, @settings) = @_;
    $desk->configure(directory => "directory { type = \"ldap\" uri = {$uris} base = \"ou=customers,dc=example,dc=com\" timeout = \"2s\" @settings }");
    return $desk->json('explain', "$dir/mail.eml")->{decisions}[0]{standing_reason};
}

# What doctor says of the directory, for the settings of the last standing().
sub complaint {
    my $said = qx{"$ENV{FRONTDESK_BUILD}/src/frontdesk" -c "$dir/frontdesk.conf" doctor --json};
    my ($check) = grep { $_->{check} eq 'directory' } @{ JSON::PP->new->utf8->decode($said)->{checks} };
    return "$check->{result}: $check->{text}";
}

sub good { my ($name, @how) = @_; return is standing(@how), 'known (in the directory)', $name }

sub bad {
    my ($name, $says, @how) = @_;
    like standing(@how), qr/unavailable/, "$name: not taken for unknown";
    return like complaint(), $says, "$name: doctor says why";
}

good('a password over StartTLS', qq("$plain"), 'starttls = true', $trusted, $password);
good('a password over ldaps', qq("$ldaps"), $trusted, $password);
good('a certificate over ldaps', qq("$ldaps"), $trusted, "cert-file = \"$dir/frontdesk.crt\" key-file = \"$dir/frontdesk.key\"", 'sasl = "external"');
good('a certificate over StartTLS', qq("$plain"), 'starttls = true', $trusted, "cert-file = \"$dir/frontdesk.crt\" key-file = \"$dir/frontdesk.key\"", 'sasl = "external"');
good('who we are on this machine, over ldapi', qq("ldapi://$socket"), 'sasl = "external"');

bad('a certificate of another authority, StartTLS', qr/^fail: .*start TLS.*certificate/, qq("$plain"), 'starttls = true', "ca-file = \"$dir/stranger.crt\"", $password);
bad('a certificate of another authority, ldaps', qr/^fail: .*\Q$ldaps\E.*certificate/, qq("$ldaps"), "ca-file = \"$dir/stranger.crt\"", $password);
(my $by_name = $ldaps) =~ s/127\.0\.0\.1/localhost/;
bad('a certificate for another name', qr/^fail: .*localhost.*/, qq("$by_name"), $trusted, $password);
bad('a wrong password', qr/^fail: .*bind-password-file.*Invalid credentials/, qq("$ldaps"), $trusted, "bind-dn = \"cn=reader,dc=example,dc=com\" bind-password-file = \"$dir/wrong\"");
bad('an empty password', qr/^fail: .*needs a password/, qq("$ldaps"), $trusted, "bind-dn = \"cn=reader,dc=example,dc=com\" bind-password-file = \"$dir/empty\"");
bad('a password file that is not there', qr/^fail: .*gone.*No such file/, qq("$ldaps"), $trusted, "bind-dn = \"cn=reader,dc=example,dc=com\" bind-password-file = \"$dir/gone\"");
unlike complaint(), qr/sesame|barley/, 'no secret is printed';

my $dead = 'ldap://127.0.0.1:' . free_port();
my $hanging = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5) or die;
my $mute = 'ldap://127.0.0.1:' . $hanging->sockport;
good('the first of two servers is dead: the second is asked', qq("$dead", "$ldaps"), $trusted, $password);
good('the first of two servers hangs: the second is asked', qq("$mute", "$ldaps"), $trusted, $password);
bad('every server is dead', qr/^fail: .*\Q$dead\E: cannot connect/, qq("$dead", "$dead"));
$slapd->stop;
done_testing;
