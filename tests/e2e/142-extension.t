#!/usr/bin/perl
# A promise that cannot be kept is put off before its time, by itself and by hand, and the customer is told the new one. An
# acknowledgement that waits is spared by an answer.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Daemon;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for);

plan skip_all => 'faketime is not installed' if !Frontdesk::Test::Daemon::can_fake_time();

# Monday, nine in the morning in a zone that is always UTC-8.
my $policy = 'acknowledge = "2h" acknowledge-after = "1h" respond = "4h" extend = "2h" extend-at = 75 warn = 0';
my $site = Frontdesk::Test::Site->new('extension', daemon => { at => '2026-11-23 17:00:00', policy => $policy, zone => 'Etc/GMT+8' });
my ($daemon, $sink) = ($site->daemon, $site->sink);
my $ann = 'ann@customer.example';

sub open_ticket {
    my ($subject) = @_;
    like $site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => $subject))->{end},
        qr/^250/, "$subject: taken";
    my ($ticket) = grep { $_->{subject} eq $subject } $daemon->tickets;
    return $ticket->{number};
}

# The letters to the customer about ticket NUMBER that have PHRASE.
sub letters {
    my ($number, $phrase) = @_;
    return grep { $_->{text} =~ /^Subject: Re: \[DIYTel #$number\]/m && $_->{body} =~ /$phrase/ } $sink->mails_to($ann);
}
sub state_of { my ($number) = @_; return $daemon->json('show', $number)->{due}{respond} }

my ($first, $second) = map { open_ticket($_) } qw(first second);
like $daemon->reply($second, "Here it is.\n"), qr/^ticket #$second: open/, 'the second is answered at once';
$daemon->set_time('2026-11-23 18:00:00');
wait_for('the acknowledgement', sub { letters($first, 'We have received') });
is scalar(letters($second, 'We have received')), 0, 'who has an answer gets no acknowledgement any more';
wait_for('the answer', sub { letters($second, 'Here it is') });
pass 'but the answer';
is state_of($first), '2026-11-23T21:00:00+00:00', 'the first answer to the other is due at one';
$daemon->set_time('2026-11-23 20:00:00');
wait_for('the new time', sub { state_of($first) eq '2026-11-23T23:00:00+00:00' });
wait_for('the letter', sub { letters($first, 'cannot keep') });
my ($letter) = letters($first, 'cannot keep');
like $letter->{body}, qr/promised you: by 13:00 on Monday/, 'before that time has passed, the customer is told that it is not kept';
like $letter->{body}, qr/our answer by 15:00\s+on Monday/, 'and the new one';
is_deeply [map { $_->{kind} } grep { $_->{kind} =~ /extended|breached/ } @{ $daemon->json('show', $first)->{events} }], ['extended'], 'nothing is missed';
sub refused { my @command = @_; return !eval { $daemon->command(@command); 1 } && $@ =~ /failed: (\d+)/ ? $1 : 0 }
is refused('extend', $first, 'respond', '2026-11-23T19:00:00Z'), 64, 'a time that has passed cannot be promised';
is refused('pending', $first, '--until', '2026-11-23T19:00:00Z'), 64, 'or waited for';
ok !eval { $daemon->reply($first, 'long ' x 4000); 1 }, 'an answer that would not reach the customer whole is not taken';
$daemon->command('extend', $first, 'respond', '2026-11-24T17:00:00Z');
is state_of($first), '2026-11-24T17:00:00+00:00', 'an agent promises another time';
wait_for('the second letter', sub { letters($first, 'cannot keep') == 2 });
is scalar(grep { $_->{body} =~ /our answer by 09:00\s+on Tuesday/ } letters($first, 'cannot keep')), 1, 'which the customer is told, too';
$daemon->set_time('2026-11-24 17:00:00');
wait_for('the breach', sub { grep { $_ eq 'respond' } @{ $daemon->json('show', $first)->{breached} } });
pass 'and which counts';

# A machine is promised nothing, also when its ticket is changed and the daemon starts again.
like $site->send(from => $ann, to => ['support@diytel.ca'], mail => mail(from => $ann, to => 'support@diytel.ca', subject => 'by machine',
    head => "Auto-Submitted: auto-generated\n"))->{end}, qr/^250/, 'a machine\'s mail is taken';
my ($machine) = grep { $_->{subject} eq 'by machine' } $daemon->tickets;
$daemon->command('priority', $machine->{number}, 'p2');
$daemon->stop;
$daemon->start;
is open_ticket('after it') > 0, 1, 'later mail is taken';
is_deeply $daemon->json('show', $machine->{number})->{deadlines}, [], 'nothing is promised to it';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
