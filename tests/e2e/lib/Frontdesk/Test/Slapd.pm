package Frontdesk::Test::Slapd;

# A slapd of the test's own: new(dir, ldif, global => 'lines', database => 'lines', uris => [ more to listen on ]).

use strict;
use warnings;
use Frontdesk::Test::Support qw(free_port start_process end_process spew slurp wait_for run);
use IO::Socket::INET;

sub new {
    my ($class, $dir, $ldif, %option) = @_;
    my $self = bless { dir => "$dir/slapd", port => free_port(), more => $option{uris} // [] }, $class;
    my ($global, $database) = map { $_ // '' } @option{qw(global database)};
    mkdir $self->{dir};
    mkdir "$self->{dir}/db";
    spew("$self->{dir}/slapd.conf", <<"CONF");
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile $self->{dir}/pid
$global
database mdb
suffix "dc=example,dc=com"
directory $self->{dir}/db
index objectClass,mail,associatedDomain eq
$database
CONF
    spew("$self->{dir}/base.ldif", "dn: dc=example,dc=com\nobjectClass: dcObject\nobjectClass: organization\no: example\ndc: example\n\n$ldif");
    run('/usr/sbin/slapadd', '-q', '-f', "$self->{dir}/slapd.conf", '-l', "$self->{dir}/base.ldif");
    return $self;
}

sub uri { return "ldap://127.0.0.1:$_[0]{port}" }

sub start {
    my ($self) = @_;
    $self->{pid} = start_process("$self->{dir}/log", '/usr/sbin/slapd', '-f', "$self->{dir}/slapd.conf", '-h', join(' ', $self->uri, @{ $self->{more} }), '-d', '0');
    wait_for('slapd', sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}) });
    return $self;
}

sub stop { my ($self) = @_; return end_process(delete $self->{pid}) }
sub hang { return kill 'STOP', $_[0]{pid} }
sub go_on { return kill 'CONT', $_[0]{pid} }

1;
