#!/usr/bin/perl
# Very much mail of one sender, on one ticket, and of everybody: all of it is taken and has its tickets, and the team hears of the
# flood once. The clock stands still until it is set.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Sink;
use Frontdesk::Test::Support qw(run wait_for);

plan skip_all => 'faketime is not installed' if !Frontdesk::Test::Daemon::can_fake_time();

my ($limit, $flood) = (20, 200);
my $settings = "acknowledge-limit = 0\nflood-limit = $limit\nflood-limit-ticket = 5\nflood-limit-total = 0\n";
my $site = Frontdesk::Test::Site->new('flood', daemon => { at => '2026-11-23 17:00:00', extra => $settings });
my ($daemon, $sink) = ($site->daemon, $site->sink);
my $una = 'una@whole.example';

sub sql { my ($query) = @_; return run('sqlite3', '-readonly', $daemon->database, $query) =~ s/\n\z//r }
sub outbox { my ($where) = @_; return sql("SELECT count(*) FROM outbox WHERE $where") }
sub notices { return outbox("template = 'team-flood'") }

# COUNT mails from SENDER by as many connections as KEPT open at once; all must be taken.
sub flood {
    my ($sender, $count, %more) = @_;
    my @clients = map { $site->smtp } 1 .. $more{connections} // 1;
    my $taken = 0;
    while ($count > 0) {
        my @some = splice @{ [@clients] }, 0, $count < @clients ? $count : scalar @clients;
        for my $client (@some) {
            $client->say("MAIL FROM:<$sender>");
            $client->say('RCPT TO:<' . ($more{to} // 'support@diytel.ca') . '>');
            my $answer = $client->say('DATA');
            die "$answer\n" if $answer !~ /^354 /;
            my $mail = mail(from => $sender, to => 'support@diytel.ca', subject => $more{subject} // 'flood') =~ s/\n/\r\n/gr;
            $client->raw("$mail.\r\n"); # all are at their end at the same time
        }
        $taken += grep { $_->answer =~ /^250 / } @some;
        $count -= @some;
    }
    $_->quit for @clients;
    return $taken;
}

is flood($una, $flood, connections => 10), $flood, 'all of two hundred mails, ten at a time, are taken';
is sql('SELECT count(*) FROM ticket'), $flood, 'each has its ticket';
is outbox("kind = 'acknowledgement'"), $limit, 'those within the limit are acknowledged';
is outbox("template = 'team-new'"), $limit, 'and told to the team';
is notices(), 1, 'which hears once that there are more';
my ($told) = $sink->wait_mails_to('tier1@diytel.ca', $limit + 1) && grep { $_->{head} =~ /very much mail/ } $sink->mails_to('tier1@diytel.ca');
like $told->{body}, qr/more than $limit messages came within an hour from this sender/, 'and why';
my $last = $daemon->json('show', $flood);
is scalar(grep { $_->{kind} eq 'quiet' } @{ $last->{events} }), 1, 'a ticket says that nobody was told of it';
is $last->{due}{acknowledge}, undef, 'nor is an acknowledgement promised that does not go out';

is flood('ann@customer.example', 1), 1, 'another sender';
is outbox("kind = 'acknowledgement' AND recipient = 'ann\@customer.example'"), 1, 'is acknowledged';
my $before = outbox("kind = 'acknowledgement'");
my $smtp = $site->smtp;
$site->mta->login($smtp, $una);
$smtp->send(from => $una, to => ['support@diytel.ca'], mail => mail(from => $una, to => 'support@diytel.ca', subject => 'it was not me'));
$smtp->quit;
is outbox("kind = 'acknowledgement'"), $before + 1, 'so is the sender, by mail that is proven to be theirs';
is flood($una, 1, to => 'emergency@diytel.ca'), 1, 'an emergency of the sender';
wait_for('the page', sub { $daemon->pages });
pass 'pages all the same';

$daemon->set_time('2026-11-23 18:30:00');
flood($una, $limit + 5);
is notices(), 1, 'when it goes on in the next hour, the team is not told again';
$daemon->set_time('2026-11-23 19:45:00');
is flood($una, 1), 1, 'an hour later there is one mail';
is outbox("template = 'team-new' AND created_at >= strftime('%s', '2026-11-23 19:40:00') * 1000000"), 1, 'which the team is told of';
$daemon->set_time('2026-11-23 21:00:00');
flood($una, $limit + 5);
is notices(), 2, 'and of a flood after that, too';

my ($ack) = $sink->wait_mails_to('ann@customer.example', 1);
my $reply_to = Frontdesk::Test::Sink::field($ack, 'Reply-To');
flood('ann@customer.example', 8, to => $reply_to, subject => 're');
is notices(), 3, 'much mail on one ticket is told of once';
is sql("SELECT count(*) FROM message WHERE ticket = $1"), 9, 'and kept with it' if $reply_to =~ /\+t\.(\d+)/;
$daemon->configure(extra => "flood-limit-total = 3\n");
$daemon->reload;
flood("u$_\@whole.example", 1) for 1 .. 6;
is notices(), 4, 'so is much mail of everybody';
is outbox("kind = 'acknowledgement' AND recipient LIKE 'u_\@whole.example'"), 3, 'of which those within the limit are acknowledged';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
