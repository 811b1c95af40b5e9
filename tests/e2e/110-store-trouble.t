#!/usr/bin/perl
# The database is locked, read-only or damaged, or its disk is full: 451, the daemon stays up, and recovers by itself where
# that can be. An emergency that was answered 451 is offered again by its sender's server, and is then one ticket, one
# acknowledgement and one page.
use strict;
use warnings;
use POSIX ();
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for scratch slurp spew);

my $ann = 'ann@customer.example';
my $serial = 0;
my %urgent; # subject => the mail
my $lost = qr/the memory mapped from \S+-shm is lost/;

# The answer that decides: the first that is not 250.
sub answer {
    my ($answers) = @_;
    return (grep { !/^250/ } $answers->{mail}, $answers->{rcpt}[0])[0] // $answers->{end};
}

sub try {
    my ($site) = @_;
    $serial++;
    return answer($site->send(from => $ann, to => ['support@diytel.ca', 'carol@diytel.ca'],
        mail => mail(from => $ann, to => 'support@diytel.ca', subject => "try $serial")));
}

# Offers the emergency NAME, the same mail each time.
sub offer {
    my ($site, $name) = @_;
    my $from = "$name\@whole.example";
    $urgent{$name} //= mail(from => $from, to => 'emergency@diytel.ca', subject => $name);
    return answer($site->send(from => $from, to => ['emergency@diytel.ca'], mail => $urgent{$name}));
}

# One ticket, one acknowledgement and one page of each emergency, also after all is delivered.
sub once_each {
    my ($site, $what) = @_;
    my @names = sort keys %urgent;
    wait_for('an empty queue', sub { !@{ $site->daemon->json('queue')->{queue} } });
    is_deeply [sort map { $_->{subject} } grep { $_->{role} eq 'emergency' } $site->daemon->tickets], \@names, "$what: one ticket";
    is_deeply [sort map { $_->{subject} } $site->daemon->pages], \@names, "$what: one page";
    wait_for('the acknowledgements', sub { !grep { !$site->sink->mails_to("$_\@whole.example") } @names });
    is_deeply [map { scalar $site->sink->mails_to("$_\@whole.example") } @names], [(1) x @names], "$what: one acknowledgement";
    %urgent = ();
    return;
}

# What COMMAND says, and its exit status.
sub result_of {
    my (@command) = @_;
    open my $pipe, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', @command or die "$command[0]: $!\n";
    local $/;
    my $said = <$pipe>;
    close $pipe;
    return ($said, $? >> 8);
}

# The daemon cannot start now: its exit status, and what it says.
sub failed_start {
    my ($daemon) = @_;
    my ($said, $status) = result_of("$Frontdesk::Test::Daemon::BUILD/src/frontdeskd", '-f', '-c', $daemon->config_path);
    return ($status, $said);
}

# Makes the files below DIR immutable, also for who has them open, or lets go of them.
sub immutable {
    my ($dir, $on) = @_;
    return system('chattr', '-R', $on ? '+i' : '-i', $dir) == 0;
}

# A remount is refused while the daemon has files open for writing. An immutable file is as good as a file system that an
# error of its disk has made read-only: what is open already cannot be written any more either.
sub can_be_immutable {
    my ($dir) = @_;
    mkdir "$dir/immutable";
    open my $file, '>', "$dir/immutable/file" or die $!;
    my $works = immutable("$dir/immutable", 1) && !defined syswrite $file, 'x';
    immutable("$dir/immutable", 0);
    return $works;
}

my $frozen;
END { local $?; immutable($frozen, 0) if $frozen }

SKIP: {
    skip 'sqlite3(1) is not installed', 11 if !-x '/usr/bin/sqlite3';
    my $site = Frontdesk::Test::Site->new('locked');
    like try($site), qr/^250 /, 'all is well';
    open my $lock, '|-', 'sqlite3', $site->daemon->database or die $!;
    $lock->autoflush(1);
    print $lock ".timeout 5000\nBEGIN IMMEDIATE;\n.shell touch $site->{dir}/locked\n";
    wait_for('the lock', sub { -e "$site->{dir}/locked" });
    is offer($site, 'locked'), '451 4.3.0 No ticket could be written. Please try again later.', 'locked by another program: 451';
    is offer($site, 'locked'), '451 4.3.0 Tickets cannot be written now. Please try again later.', 'then already at RCPT';
    like $site->daemon->log, qr/locked for more than 5 seconds/, 'the log says what to look for';
    is scalar $site->daemon->pages, 0, 'nobody is paged for a mail that was not taken';
    print $lock "COMMIT;\n.quit\n";
    close $lock;
    wait_for('recovery', sub { offer($site, 'locked') =~ /^250 / }, 20);
    pass 'let go: it recovers by itself';
    like offer($site, 'locked'), qr/^250 /, 'the mail is offered once more, as after a lost answer: taken';
    once_each($site, 'after a lock');
    is $site->stop, 0, 'the daemon stops in order';
}

SKIP: {
    skip 'sqlite3(1) is not installed', 12 if !-x '/usr/bin/sqlite3';
    my $site = Frontdesk::Test::Site->new('on-its-way');
    my ($daemon, $dir) = ($site->daemon, $site->{dir});
    POSIX::mkfifo("$dir/go", 0600) or die "mkfifo: $!"; # the page is on its way until somebody writes there
    $daemon->configure(channel => qq(type = "command" timeout = "60s" command = {"/bin/sh", "-c", "page=\$(cat); printf '%s\\\\n' \\"\$page\\" >> $dir/pages; read go < $dir/go"}));
    $daemon->reload;
    like offer($site, 'on-its-way'), qr/^250 /, 'an emergency is taken';
    wait_for('the page', sub { $daemon->pages });
    open my $lock, '|-', 'sqlite3', $daemon->database or die $!;
    $lock->autoflush(1);
    print $lock ".timeout 5000\nBEGIN IMMEDIATE;\n.shell touch $dir/locked\n";
    wait_for('the lock', sub { -e "$dir/locked" });
    spew("$dir/go", "go\n");
    wait_for('the failure', sub { $daemon->log =~ /the outcome of a page cannot be recorded yet: .*locked for more than 5 seconds/ });
    pass 'locked while a page is on its way: the log says that its outcome waits';
    my ($said, $status) = result_of("$Frontdesk::Test::Daemon::BUILD/src/frontdesk", '-c', $daemon->config_path, 'page', 'ack', '1', '--as', 'alice');
    isnt $status, 0, 'nobody is told meanwhile that they have it';
    like $said, qr/locked for more than 5 seconds/, 'but why not';
    is $daemon->json('show', 1)->{incidents}[0]{state}, 'triggered', 'and nobody has';
    is scalar $daemon->pages, 1, 'the page is not sent a second time';
    print $lock "COMMIT;\n.quit\n";
    close $lock;
    wait_for('the record', sub { (grep { $_->{channel} eq 'pager' } @{ $daemon->json('show', 1)->{pages} })[0]{state} eq 'sent' });
    once_each($site, 'let go');
    like $daemon->command('page', 'ack', 1, '--as', 'alice'), qr/: acknowledged$/, 'and somebody can take it';
    unlike(($daemon->pages)[0]{text}, qr/possibly again/, 'for certain');
    is $site->stop, 0, 'the daemon stops in order';
}

SKIP: {
    my $mount = scratch('full');
    skip 'a small file system cannot be mounted here', 9 if system 'mount', '-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', "$mount";
    mkdir "$mount/state";
    my $site = Frontdesk::Test::Site->new('full', daemon => { extra => "acknowledge-limit-total = 0\nflood-limit = 0\nflood-limit-total = 0" });
    $site->daemon->stop;
    rename $site->daemon->database . $_, "$mount/state/frontdesk.db$_" for ('', '-wal', '-shm');
    system 'cp', '-a', glob("$site->{dir}/state/*"), "$mount/state/";
    system 'rm', '-rf', "$site->{dir}/state";
    symlink "$mount/state", "$site->{dir}/state";
    $site->daemon->start;
    like try($site), qr/^250 /, 'all is well on a small disk';
    open my $filler, '>', "$mount/filler" or die $!;
    while (print $filler 'x' x 4096) { last if !$filler->flush }
    close $filler;
    my ($answer, $number) = ('', 0);
    wait_for('the disk to be full', sub { ($answer = offer($site, 'full-' . ++$number)) =~ /^451/ }, 60);
    like $answer, qr/^451 4\.3\.[01] /, 'full: 451';
    like $site->daemon->log, qr/full|No space left/, 'the log says so';
    unlink "$mount/filler";
    wait_for('recovery', sub { offer($site, "full-$number") =~ /^250 / }, 20);
    pass 'space freed: it recovers by itself';
    like try($site), qr/^250 /, 'for everybody';
    once_each($site, 'after a full disk');
    is $site->stop, 0, 'the daemon stops in order';
    system 'mount', '-o', 'remount,ro', "$mount";
    my ($status, $said) = failed_start($site->daemon);
    is $status, 69, 'it does not start on a file system that is read-only: 69';
    like $said, qr/file system is read-only; .*mount it for writing/, 'and says why';
    system 'umount', "$mount";
}

SKIP: {
    my $site = Frontdesk::Test::Site->new('frozen');
    my $state = "$site->{dir}/state";
    skip 'files cannot be made immutable here', 7 if !can_be_immutable($site->{dir});
    like try($site), qr/^250 /, 'all is well';
    $frozen = $state;
    immutable($state, 1);
    like offer($site, 'frozen'), qr/^451 4\./, 'nothing can be written any more: 451';
    wait_for('the reason', sub { offer($site, 'frozen'); $site->daemon->log =~ /may not be written; check owner and mode|$lost/ });
    pass 'the log says what to look for';
    like offer($site, 'frozen'), qr/^451 4\./, '451 as long as it lasts';
    immutable($state, 0);
    undef $frozen;
    # The kernel may have written a page of the shared memory out just before; the daemon is then started again, as systemd does.
    if (defined(my $status = $site->daemon->has_ended)) {
        is $status, 74 << 8, 'without its shared memory it has ended';
        $site->daemon->start;
    }
    wait_for('recovery', sub { offer($site, 'frozen') =~ /^250 / }, 20);
    once_each($site, 'after a time without writing');
    is $site->stop, 0, 'the daemon stops in order';
}

{
    my $site = Frontdesk::Test::Site->new('lost');
    like try($site), qr/^250 /, 'all is well';
    truncate $site->daemon->database . '-shm', 0;
    like offer($site, 'lost'), qr/^451 4\./, 'the memory shared with the commands is lost: 451';
    is wait_for('the end', sub { $site->daemon->has_ended }), 74 << 8, 'the daemon ends: 74';
    like $site->daemon->log, $lost, 'and says why';
    $site->daemon->start;
    wait_for('recovery', sub { offer($site, 'lost') =~ /^250 / }, 20);
    once_each($site, 'after lost memory');
    is $site->stop, 0, 'the daemon stops in order';
}

SKIP: {
    skip 'sqlite3(1) is not installed', 16 if !-x '/usr/bin/sqlite3';
    my $site = Frontdesk::Test::Site->new('damaged');
    my ($daemon, $database) = ($site->daemon, $site->daemon->database);
    my @doctor = ("$Frontdesk::Test::Daemon::BUILD/src/frontdesk", '-c', $daemon->config_path, 'doctor');
    like try($site), qr/^250 /, 'all is well';
    wait_for('an empty queue', sub { !@{ $daemon->json('queue')->{queue} } });
    wait_for('all in the database file', sub { (result_of('sqlite3', $database, 'PRAGMA wal_checkpoint(TRUNCATE)'))[0] =~ /^0\|/ });
    my $good = slurp($database);
    open my $file, '+<', $database or die $!;
    seek $file, 4096, 0; # the first page stays, so that it is still a database
    print $file 'damage ' x ((length($good) - 4096) / 7);
    close $file;
    wait_for('the damage', sub { offer($site, 'damaged') =~ /^451 4\.3\.[01] / });
    pass 'damaged: 451';
    like $daemon->log, qr/is damaged; stop frontdeskd, save a copy, and restore it or run sqlite3's \.recover/, 'the log says what to do';
    like offer($site, 'damaged'), qr/^451 4\.3\.[01] /, '451 as long as it lasts';
    my $other = $site->send(from => $ann, to => ['carol@diytel.ca'], mail => mail(from => $ann, to => 'carol@diytel.ca'));
    like answer($other), qr/^250 /, 'other mail passes';
    my ($said, $status) = result_of(@doctor);
    is $status, 69, 'doctor fails';
    like $said, qr/^store +fail .*is damaged.*stop frontdeskd.*\.recover/m, 'and says what to do';
    is $daemon->stop, 0, 'the daemon stops in order';
    for my $what ('pages', 'first page') {
        spew($database, 'damage ' x (length($good) / 7)) if $what eq 'first page';
        unlink "$database-wal", "$database-shm";
        ($status, $said) = failed_start($daemon);
        is $status, 69, "damaged in its $what, it does not start: 69";
        like $said, qr/is damaged; stop frontdeskd, save a copy/, 'and says what to do';
    }
    spew($database, $good);
    unlink "$database-wal", "$database-shm";
    $daemon->start;
    like offer($site, 'damaged'), qr/^250 /, 'restored and started: as before';
    once_each($site, 'after a restored database');
    is $site->stop, 0, 'the daemon stops in order';
}
done_testing;
1;
