package Frontdesk::Test::Postfix;

# A Postfix of the test's own: its folders, its ports, nothing of the system's. All mail that it takes goes on to a sink.

use strict;
use warnings;
use Frontdesk::Test::Smtp;
use Frontdesk::Test::Support qw(free_port run slurp spew wait_for);
use IO::Handle;
use IO::Socket::INET;
use POSIX ();
use Socket ();

# new(dir, milter => "unix:/path" or undef, sink => port, settings => {..}, before => [ports of filters that are asked first],
#     signer => port of the filter of what Frontdesk writes)
sub new {
    my ($class, $dir, %option) = @_;
    my $self = bless { dir => "$dir/postfix", smtp => free_port(), relay => free_port(), owner => $$, %option }, $class;
    mkdir "$self->{dir}" or die "$self->{dir}: $!\n";
    mkdir "$self->{dir}/$_" for qw(etc queue data);
    chmod 0755, $self->{dir};
    my @postfix = getpwnam 'postfix' or die "there is no user postfix: is Postfix installed?\n";
    chown $postfix[2], $postfix[3], "$self->{dir}/data";
    $self->configure;
    return $self;
}

sub port { return $_[0]{smtp} }
sub relay_port { return $_[0]{relay} }
sub config_dir { return "$_[0]{dir}/etc" }

sub configure {
    my ($self) = @_;
    my $milter = join ', ', (map { "inet:127.0.0.1:$_" } @{ $self->{before} // [] }), $self->{milter} // ();
    my %settings = (
        compatibility_level => '3.6', queue_directory => "$self->{dir}/queue", data_directory => "$self->{dir}/data",
        command_directory => '/usr/sbin', daemon_directory => '/usr/lib/postfix/sbin', meta_directory => '/etc/postfix',
        shlib_directory => '/usr/lib/postfix', mail_owner => 'postfix', setgid_group => 'postdrop',
        inet_interfaces => '127.0.0.1', inet_protocols => 'ipv4', myhostname => 'mail.diytel.ca', mydestination => '',
        mynetworks => '127.0.0.0/8', relayhost => "[127.0.0.1]:$self->{sink}", recipient_delimiter => '+',
        smtpd_milters => $milter, non_smtpd_milters => $milter, milter_default_action => 'tempfail',
        milter_connect_timeout => '5s', smtpd_authorized_xclient_hosts => '127.0.0.1', smtpd_error_sleep_time => '0',
        smtpd_client_connection_count_limit => '0', smtpd_client_connection_rate_limit => '0',
        smtpd_soft_error_limit => '1000', smtpd_hard_error_limit => '1000', default_process_limit => '100',
        message_size_limit => '104857600', maillog_file => "$self->{dir}/log", maillog_file_prefixes => '/var, /tmp, /root, /work',
        minimal_backoff_time => '10s', maximal_backoff_time => '10s', queue_run_delay => '10s', alias_maps => '', alias_database => '',
        local_recipient_maps => '', smtpd_relay_restrictions => 'permit_mynetworks, reject', disable_dns_lookups => 'yes',
        import_environment => 'MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ XAUTHORITY DISPLAY LANG=C',
        %{ $self->{settings} // {} },
    );
    spew("$self->{dir}/etc/main.cf", join '', map { "$_ = $settings{$_}\n" } sort keys %settings);
    spew("$self->{dir}/etc/master.cf", $self->services);
    return;
}

# Debian's list of services with chroot off, and our two listeners in place of its one.
sub services {
    my ($self) = @_;
    my @lines = grep { !/^\s*#/ && !/^smtp\s+inet/ && !/^(uucp|maildrop|ifmail|bsmtp|scalemail-backend|mailman)\b/ && !/^\s+(flags|user|argv|\$)/ }
        split /\n/, slurp(-e '/usr/share/postfix/master.cf.dist' ? '/usr/share/postfix/master.cf.dist' : '/etc/postfix/master.cf');
    for my $line (@lines) {
        my @field = split ' ', $line;
        next if @field < 8 || $line =~ /^\s/;
        $field[4] = 'n';
        $line = join ' ', @field;
    }
    my $signer = $self->{signer} ? "inet:127.0.0.1:$self->{signer}" : '';
    unshift @lines, "127.0.0.1:$self->{smtp} inet n - n - - smtpd",
        "127.0.0.1:$self->{relay} inet n - n - - smtpd -o smtpd_milters=$signer";
    push @lines, 'postlog unix-dgram n - n - 1 postlogd' if !grep { /^postlog\s/ } @lines;
    return join("\n", @lines) . "\n";
}

sub start {
    my ($self) = @_;
    run('postfix', '-c', $self->config_dir, 'start');
    $self->{running} = 1;
    for my $port ($self->{smtp}, $self->{relay}) {
        wait_for("Postfix on port $port", sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) });
    }
    return $self;
}

sub stop {
    my ($self) = @_;
    return if !delete $self->{running};
    system 'sh', '-c', "postfix -c '$self->{dir}/etc' abort >/dev/null 2>&1";
    return;
}

# Submits MAIL by sendmail(1), as a program on this machine does.
sub submit {
    my ($self, $mail, @arguments) = @_;
    open my $pipe, '|-', '/usr/sbin/sendmail', '-C', $self->config_dir, @arguments or die "sendmail: $!\n";
    print $pipe $mail;
    return close $pipe;
}

# An SMTP client of "sendmail -bs", which submits what it is told on its standard input.
sub submission {
    my ($self) = @_;
    socketpair my $ours, my $theirs, Socket::AF_UNIX(), Socket::SOCK_STREAM(), 0 or die "socketpair: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN, '<&', $theirs;
        open STDOUT, '>&', $theirs;
        close $ours;
        exec '/usr/sbin/sendmail', '-C', $self->config_dir, '-bs' or POSIX::_exit(127);
    }
    close $theirs;
    return Frontdesk::Test::Smtp->on($ours);
}

# What waits in the queue or before it, as postqueue(1) lists it; nothing when all is done.
sub queue {
    my ($self) = @_;
    my $list = run('postqueue', '-c', $self->config_dir, '-p');
    return $list =~ /is empty/ ? '' : $list;
}

# Logs in as USER on a connection, as the XCLIENT of a proxy that has checked the password; returns the answer.
sub login {
    my ($self, $smtp, $user) = @_;
    my $answer = $smtp->say("XCLIENT LOGIN=$user");
    $smtp->say('EHLO client.example');
    return $answer;
}

sub log { return slurp("$_[0]{dir}/log") }

sub DESTROY {
    my ($self) = @_;
    local ($?, $@);
    $self->stop if $self->{owner} == $$;
    return;
}

1;
