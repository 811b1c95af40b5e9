#!/usr/bin/perl
# Four people take the same emergency at the same moment: two by command, one by the page's link, one by mail. One of them has it,
# and is told so; each other one is told who.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(free_port slurp spew wait_for);
use Frontdesk::Test::Web;
use JSON::PP ();
use POSIX ();

my ($rounds, $port) = (20, free_port());
my %name = (alice => 'Alice Nguyen', bob => 'Bob Singh', carol => 'Carol Roy', dave => 'Dave Lee');
my $people = join "\n", map({ qq(team "$_" { }) } qw(tier1 billing noc)),
    map({ qq(agent "$_" { name = "$name{$_}" mail = "$_\@diytel.ca" teams = {"noc"} }) } sort keys %name);
my $site = Frontdesk::Test::Site->new('at-once', daemon => {
    teams => $people, steps => 'step "all" { team = "noc" by = {"pager", "mail"} wait = "1h" }',
    extra => qq(page-limit-total = 0\nweb = "127.0.0.1:$port"\nweb-url = "http://127.0.0.1:$port"\n),
});
my ($daemon, $sink) = ($site->daemon, $site->sink);
my $web = Frontdesk::Test::Web->new($port);

# ---- the emergencies, and what the four need to take them ----

my @subjects = map { "line $_" } 1 .. $rounds;
my $smtp = $site->smtp;
for my $subject (@subjects) {
    my $from = $subject =~ s/ /-/r . '@whole.example';
    my $answers = $smtp->send(from => $from, to => ['emergency@diytel.ca'], mail => mail(from => $from, to => 'emergency@diytel.ca', subject => $subject));
    like $answers->{end}, qr/^250/, "$subject: taken";
}
$smtp->quit;
wait_for('all pages', sub { $daemon->pages >= 4 * $rounds && $sink->mails_to('dave@diytel.ca') >= $rounds }, 120);
my (%link, %address, %incident, %ticket);
for my $page (grep { $_->{agent} eq 'bob' } $daemon->pages) {
    ($link{ $page->{subject} }) = $page->{acknowledge_url} =~ m{(/ack/.+)};
    ($incident{ $page->{subject} }, $ticket{ $page->{subject} }) = ($page->{incident}, $page->{ticket});
}
for my $mail ($sink->mails_to('dave@diytel.ca')) {
    my ($subject) = $mail->{text} =~ /^Subject: EMERGENCY .*(line \d+)/m or next;
    ($address{$subject}) = $mail->{text} =~ /^Reply-To: .*?(emergency\+p\.[0-9a-z.]+\@diytel\.ca)/mi;
}

# ---- the race ----

my %way = (
    alice => sub { my ($subject) = @_; return $daemon->command('page', 'ack', $incident{$subject}, '--as', 'alice') },
    carol => sub { my ($subject) = @_; return $daemon->command('page', 'ack', $incident{$subject}, '--as', 'carol') },
    bob => sub { my ($subject) = @_; return $web->post($link{$subject}, 'action=acknowledge')->{body} },
    dave => sub {
        my ($subject) = @_;
        return $site->send(from => 'dave@diytel.ca', to => [$address{$subject}],
            mail => mail(from => 'dave@diytel.ca', to => $address{$subject}, subject => "Re: $subject", body => "ack\n"))->{end};
    },
);

# AGENT takes SUBJECT after a head start of the others; what comes of it is kept in a file.
sub racer {
    my ($agent, $subject, $late) = @_;
    my $pid = fork // die $!;
    return $pid if $pid;
    select undef, undef, undef, $late;
    spew("$site->{dir}/$agent", eval { $way{$agent}->($subject) } // "failed: $@");
    POSIX::_exit(0);
}

# A command takes a while to begin: the others wait for it, now longer, now shorter.
sub race {
    my ($subject, $late) = @_;
    waitpid $_, 0 for racer('alice', $subject, 0), racer('carol', $subject, 0), racer('bob', $subject, $late), racer('dave', $subject, 0.7 * $late);
    return map { $_ => slurp("$site->{dir}/$_") } sort keys %way;
}

sub answer_to_dave {
    my ($subject) = @_;
    my $letter = wait_for('the answer', sub { (grep { $_->{text} =~ /^Subject: Re: \[DIYTel #$ticket{$subject}\]/m } $sink->mails_to('dave@diytel.ca'))[0] });
    return $letter->{body};
}

# Who was told that they have it.
sub winners {
    my (%said) = @_;
    my %has = (alice => qr/: acknowledged$/m, carol => qr/: acknowledged$/m, bob => qr/You have it now/, dave => qr/: you have it\./);
    return grep { $said{$_} =~ $has{$_} } sort keys %has;
}

# Who was not told that HOLDER has it.
sub untold {
    my ($holder, %said) = @_;
    my %told = (alice => qr/somebody has incident \d+ already\nit is ${holder}'s since/, bob => qr/$name{$holder} has it, since/, dave => qr/somebody else has it since .*It is ${holder}'s/s);
    $told{carol} = $told{alice};
    return grep { $_ ne $holder && $said{$_} !~ $told{$_} } sort keys %told;
}

my %won;
for my $round (0 .. $#subjects) {
    my $subject = $subjects[$round];
    my %said = race($subject, 0.3 * $round / $rounds);
    like $said{dave}, qr/^250/, "$subject: the mail is taken";
    $said{dave} = answer_to_dave($subject);
    my @winners = winners(%said);
    my $found = $daemon->json('show', $ticket{$subject});
    my $holder = $found->{incidents}[-1]{acknowledged_by} // 'nobody';
    is "@winners", $holder, "$subject: one has it";
    is_deeply [untold($holder, %said)], [], "$subject: the others are told who" or diag explain \%said;
    is $found->{assignee}, $holder, "$subject: and has the ticket";
    is_deeply [map { $_->{actor} } grep { $_->{kind} eq 'taken' } @{ $found->{events} }], [$holder], "$subject: as the ticket says";
    is scalar(grep { $_->{kind} eq 'late' } @{ $found->{events} }), 3, "$subject: three were late";
    $won{$holder}++;
}
note join ', ', map { "$_ $won{$_}" } sort keys %won;
is $site->stop, 0, 'the daemon stops in order';
done_testing;
