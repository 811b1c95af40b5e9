#!/usr/bin/perl
# Mail submitted on this machine, by "sendmail -t" and by "sendmail -bs": Postfix takes either before it asks any filter
# (non_smtpd_milters), so a refusal is a bounce and a 451 keeps the mail in the queue. A refusal of one recipient would be
# a configuration error to it, and keep the mail there for ever. Sendmail hands such mail to its daemon by SMTP.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Support qw(wait_for spew);

my $site = Frontdesk::Test::Site->new('submission');
my ($ann, $eve) = ('ann@customer.example', 'eve@else.example');
my $serial = 0;

# Submits a mail of FROM to the addresses TO by "sendmail -t"; returns its subject.
sub by_fields {
    my ($from, $to, %more) = @_;
    my $subject = 'local ' . ++$serial;
    ok $site->mta->submit(mail(from => $from, to => $to, subject => $subject, %more), '-f', $from, '-t'), "$subject: of $from";
    return $subject;
}

# The same by "sendmail -bs".
sub by_smtp {
    my ($from, $to) = @_;
    my $subject = 'local ' . ++$serial;
    my $smtp = $site->mta->submission;
    my $answers = $smtp->send(from => $from, to => [$to], mail => mail(from => $from, to => $to, subject => $subject));
    like $answers->{end}, qr/^250 /, "$subject: of $from, taken before a filter is asked";
    $smtp->quit;
    return $subject;
}

sub tickets_of { my ($subject) = @_; return grep { $_->{subject} eq $subject } $site->daemon->tickets }

sub opens {
    my ($subject, @roles) = @_;
    wait_for("the ticket of $subject", sub { tickets_of($subject) >= @roles });
    my @tickets = tickets_of($subject);
    is_deeply [sort map { $_->{role} } @tickets], \@roles, "$subject: a ticket at @roles";
    return $tickets[0];
}

# The bounce of SUBJECT tells its sender the text of the refusal.
sub bounces {
    my ($subject, $to, $text) = @_;
    my @bounces;
    wait_for("the bounce of $subject", sub { @bounces = grep { $_->{text} =~ /^Subject: \Q$subject\E\r$/m } $site->sink->mails_to($to) });
    is $bounces[0]{from}, '', "$subject: bounces";
    like $bounces[0]{body} =~ s/\s+/ /gr, qr/\Q$text\E/, 'and says why';
    is scalar tickets_of($subject), 0, 'without a ticket';
    return;
}

my $billing = 'Billing answers registered customers. Please write from the address on your account, or call +1 604-635-0700.';
my $barred = 'This address does not take mail from you. Please write from the address on your account.';
is opens(by_fields($ann, 'support@diytel.ca'), 'support')->{standing}, 'known (in the directory)', 'who submits proves nothing about the sender';
opens(by_smtp($ann, 'support@diytel.ca'), 'support');
$site->sink->wait_mails_to($ann, 2);
bounces(by_fields($eve, 'billing@diytel.ca'), $eve, $billing);
bounces(by_smtp($eve, 'billing@diytel.ca'), $eve, $billing);
bounces(by_fields('sue@late.example', 'support@diytel.ca'), 'sue@late.example', $barred);
bounces(by_smtp('sue@late.example', 'support@diytel.ca'), 'sue@late.example', $barred);
my $mixed = by_fields($eve, 'billing@diytel.ca, support@diytel.ca');
opens($mixed, 'support');
wait_for('the copy', sub { grep { Frontdesk::Test::Sink::field($_, 'Subject') eq $mixed } $site->sink->mails_to('support@diytel.ca') });
is scalar $site->sink->mails_to('billing@diytel.ca'), 0, 'the role that refuses gets no copy';

opens(by_fields($ann, join(",\n ", map { "support+$_\@diytel.ca" } 1 .. 1001) . ', billing@diytel.ca'), 'billing', 'support');

my $idle = $site->smtp;
$idle->say("MAIL FROM:<$ann>");
$idle->say('RCPT TO:<support@diytel.ca>');
$site->daemon->configure(extra => 'max-in-progress = 1');
$site->daemon->reload;
opens(by_fields($ann, 'support@diytel.ca'), 'support');
$idle->quit;

my $folder = $site->daemon->database . '.d';
rename $folder, "$folder.away";
spew($folder, '');
my $large = by_fields($ann, 'support@diytel.ca', body => "a long text\n" x 10000);
wait_for('the 451', sub { $site->mta->log =~ /END-OF-MESSAGE .*4\.3\.1 The message cannot be kept now/ });
is scalar tickets_of($large), 0, 'what cannot be kept has no ticket';
like $site->mta->queue, qr/\Q$ann\E/, 'but waits in the queue';
unlink $folder;
rename "$folder.away", $folder;
opens(by_fields($ann, 'support@diytel.ca'), 'support');
opens($large, 'support');
wait_for('an empty queue', sub { $site->mta->queue eq '' });
unlike $site->mta->log, qr/configuration error/, 'Postfix never speaks of a configuration error';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
