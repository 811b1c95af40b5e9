#!/usr/bin/perl
# The database is locked, or its disk is full: 451, the daemon stays up, and recovers by itself.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for scratch spew);

my $ann = 'ann@customer.example';
my $serial = 0;

sub try {
    my ($site) = @_;
    $serial++;
    my $answers = $site->send(from => $ann, to => ['support@diytel.ca', 'carol@diytel.ca'],
        mail => mail(from => $ann, to => 'support@diytel.ca', subject => "try $serial"));
    return $answers->{rcpt}[0] =~ /^250/ ? $answers->{end} : $answers->{rcpt}[0];
}

SKIP: {
    skip 'sqlite3(1) is not installed', 5 if !-x '/usr/bin/sqlite3';
    my $site = Frontdesk::Test::Site->new('locked');
    like try($site), qr/^250 /, 'all is well';
    open my $lock, '|-', 'sqlite3', $site->daemon->database or die $!;
    $lock->autoflush(1);
    print $lock ".timeout 5000\nBEGIN IMMEDIATE;\n.shell touch $site->{dir}/locked\n";
    wait_for('the lock', sub { -e "$site->{dir}/locked" });
    like try($site), qr/^451 4\.3\.0 /, 'locked by another program: 451';
    like $site->daemon->log, qr/locked for more than 5 seconds/, 'the log says what to look for';
    print $lock "COMMIT;\n.quit\n";
    close $lock;
    wait_for('recovery', sub { try($site) =~ /^250 / }, 20);
    pass 'let go: it recovers by itself';
    is $site->stop, 0, 'the daemon stops in order';
}

SKIP: {
    my $mount = scratch('full');
    skip 'a small file system cannot be mounted here', 5 if system 'mount', '-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', "$mount";
    mkdir "$mount/state";
    my $site = Frontdesk::Test::Site->new('full', daemon => {});
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
    my $answer = '';
    wait_for('the disk to be full', sub { ($answer = try($site)) =~ /^451/ }, 60);
    like $answer, qr/^451 4\.3\.[01] /, 'full: 451';
    like $site->daemon->log, qr/full|No space left/, 'the log says so';
    unlink "$mount/filler";
    wait_for('recovery', sub { try($site) =~ /^250 / }, 20);
    pass 'space freed: it recovers by itself';
    is $site->stop, 0, 'the daemon stops in order';
    system 'umount', "$mount";
}
done_testing;
1;
