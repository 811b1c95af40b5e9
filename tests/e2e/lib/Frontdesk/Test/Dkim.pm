package Frontdesk::Test::Dkim;

# Debian's opendkim and opendmarc as filters of the test's own: one that signs what our domain sends, one that verifies, one that
# judges by DMARC. What DNS would say to them stands in a file that both read (TestDNSData).

use strict;
use warnings;
use Frontdesk::Test::Support qw(free_port start_process end_process run slurp spew wait_for);
use IO::Socket::INET;

# Who puts results on the mail.
our $ID = 'mx.diytel.ca';

# The reason why it cannot be had.
sub missing {
    my ($program) = grep { !-x } qw(/usr/sbin/opendkim /usr/sbin/opendmarc /usr/bin/openssl);
    return $program ? "$program is not installed" : undef;
}

# new(dir, ours => domain, others => [domains]): each has a key and "p=reject".
sub new {
    my ($class, $dir, %option) = @_;
    my $self = bless { dir => "$dir", ours => $option{ours} }, $class;
    my @domains = ($option{ours}, @{ $option{others} });
    spew("$dir/dns", join '', map { $self->publish($_) } @domains);
    spew("$dir/keys", join '', map { "$_ $_:s1:$dir/$_.key\n" } @domains);
    $self->sign_as($_, '*') for @domains;
    $self->configure;
    return $self;
}

# Makes the key of DOMAIN, a short one as a long one takes seconds; what DNS says of it.
sub publish {
    my ($self, $domain) = @_;
    my $key = "$self->{dir}/$domain.key";
    run('/bin/sh', '-c', 'openssl genrsa -out "$0" 1024 2>/dev/null', $key);
    chmod 0644, $key; # opendkim is nobody
    my $public = run('/bin/sh', '-c', 'openssl rsa -in "$0" -pubout 2>/dev/null', $key);
    $public =~ s/^-.*\n|\n//mg;
    return "s1._domainkey.$domain v=DKIM1; k=rsa; p=$public\n_dmarc.$domain v=DMARC1; p=reject\n";
}

# A configuration for an opendkim that signs mail from PATTERN as DOMAIN.
sub sign_as {
    my ($self, $domain, $pattern, $port) = @_;
    my $dir = $self->{dir};
    my $name = $port ? 'signer' : "sign-$domain";
    spew("$dir/$name.table", "$pattern $domain\n");
    spew("$dir/$name.conf", "Mode s\nKeyTable file:$dir/keys\nSigningTable refile:$dir/$name.table\nRequireSafeKeys no\n"
        . "Canonicalization relaxed/relaxed\n" . $self->common($port // 1));
    return;
}

sub common { my ($self, $port) = @_; return "UserID nobody\nBackground no\nSyslog no\nSocket inet:$port\@127.0.0.1\n" }

sub configure {
    my ($self) = @_;
    my $dir = $self->{dir};
    $self->{$_} = free_port() for qw(signer verifier judge);
    $self->sign_as($self->{ours}, "*\@$self->{ours}", $self->{signer});
    spew("$dir/verifier.conf", "Mode v\nAuthservID $ID\nAlwaysAddARHeader yes\nTestDNSData file:$dir/dns\n" . $self->common($self->{verifier}));
    spew("$dir/strangers", "203.0.113.255\n"); # by default opendmarc does not look at what this machine sends
    spew("$dir/judge.conf", "AuthservID $ID\nTrustedAuthservIDs $ID\nTestDNSData $dir/dns\nIgnoreHosts $dir/strangers\nRejectFailures false\n"
        . "PublicSuffixList /usr/share/publicsuffix/public_suffix_list.dat\n" . $self->common($self->{judge}));
    return;
}

# The ports on which they serve.
sub signer { return $_[0]{signer} }
sub verifier { return $_[0]{verifier} }
sub judge { return $_[0]{judge} }

sub start {
    my ($self) = @_;
    my $dir = $self->{dir};
    $self->{pids} = [map { start_process("$dir/$_->[0].log", "/usr/sbin/$_->[1]", '-f', $_->[2], "$dir/$_->[0].conf") }
        ['signer', 'opendkim', '-x'], ['verifier', 'opendkim', '-x'], ['judge', 'opendmarc', '-c']];
    for my $filter (qw(signer verifier judge)) {
        wait_for("the $filter: $dir/$filter.log", sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{$filter}) });
    }
    return $self;
}

# MAIL with the signature of DOMAIN, whoever it is from.
sub sign {
    my ($self, $mail, $domain) = @_;
    spew("$self->{dir}/mail", $mail);
    my $said = run('/bin/sh', '-c', 'exec /usr/sbin/opendkim -x "$0" -vv -t "$1" 2>/dev/null', "$self->{dir}/sign-$domain.conf", "$self->{dir}/mail");
    my ($signature) = $said =~ /hname='DKIM-Signature' hvalue='(.*?)'\n/s or die "opendkim has not signed: $said\n";
    return "DKIM-Signature: $signature\n$mail";
}

# They keep nothing, and libmilter is slow to stop.
sub stop { my ($self) = @_; end_process($_, 'KILL') for @{ delete $self->{pids} // [] }; return }

1;
