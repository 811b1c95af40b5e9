#!/usr/bin/perl
# The database is locked, or its disk is full: 451, the daemon stays up, and recovers by itself. An emergency that was
# answered 451 is offered again by its sender's server, and is then one ticket, one acknowledgement and one page.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for scratch spew);

my $ann = 'ann@customer.example';
my $serial = 0;
my %urgent; # subject => the mail

sub answer {
    my ($answers) = @_;
    return $answers->{rcpt}[0] =~ /^250/ ? $answers->{end} : $answers->{rcpt}[0];
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
    my $mount = scratch('full');
    skip 'a small file system cannot be mounted here', 9 if system 'mount', '-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', "$mount";
    mkdir "$mount/state";
    my $site = Frontdesk::Test::Site->new('full', daemon => { extra => 'acknowledge-limit-total = 0' });
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
    system 'umount', "$mount";
}
done_testing;
1;
