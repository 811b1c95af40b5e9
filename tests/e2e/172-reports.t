#!/usr/bin/perl
# Feedback, DMARC and TLS reports are kept, go to the postmaster, or are dropped; whichever, no ticket and no answer comes of them.
use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Site qw(mail);
use Frontdesk::Test::Sink;
use Frontdesk::Test::Support qw(run wait_for);

my $site = Frontdesk::Test::Site->new('reports');
my ($daemon, $sink) = ($site->daemon, $site->sink);
my $serial = 0;

# The same reports anew, each with a Message-ID of its own: what they are, and what they are sent by.
sub reports {
    my $id = ++$serial;
    my $mime = "MIME-Version: 1.0\nContent-Type: multipart/report; boundary=b; report-type";
    return (
        ['feedback', 'fbl@isp.example', mail(from => 'fbl@isp.example', to => 'support@diytel.ca', subject => "FW: $id", head => "$mime=feedback-report\n",
            body => "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\nx\n--b--\n")],
        ['DMARC', 'noreply-dmarc@isp.example', mail(from => 'noreply-dmarc@isp.example', to => 'support@diytel.ca',
            subject => "Report Domain: diytel.ca Submitter: isp.example Report-ID: <$id>", head => "Content-Type: application/gzip\n")],
        ['TLS', '', mail(from => 'tls@isp.example', to => 'support@diytel.ca', subject => "Report Domain: diytel.ca Submitter: isp.example Report-ID: <t$id>",
            head => "TLS-Report-Domain: diytel.ca\n$mime=tlsrpt\n", body => "--b\nContent-Type: application/tlsrpt+gzip\n\nx\n--b--\n")],
    );
}

sub kept { return run('sqlite3', '-readonly', $daemon->database, 'SELECT count(*) FROM message') =~ s/\n\z//r }
sub send_all { for (reports()) { my ($what, $from, $mail) = @$_; like $site->send(from => $from, to => ['support@diytel.ca'], mail => $mail)->{end}, qr/^250 /, "$what: taken" } return }

sub use_reports {
    my ($lines) = @_;
    $daemon->configure(extra => $lines);
    $daemon->reload;
    return;
}

send_all();
is kept(), 3, 'by default they are kept';
$sink->wait_mails_to('support@diytel.ca', 3);
pass 'and go on to the role';

use_reports(qq(reports = "forward"\npostmaster = "postmaster\@diytel.ca"\n));
send_all();
my @forwarded = $sink->wait_mails_to('postmaster@diytel.ca', 3);
is kept(), 6, 'forwarded, they are kept, too';
is_deeply [sort map { $_->{from} } @forwarded], ['', 'fbl@isp.example', 'noreply-dmarc@isp.example'], 'they reach the postmaster by their own senders';
is scalar(grep { $_->{body} =~ /Feedback-Type: abuse/ } @forwarded), 1, 'as they are';
is_deeply [sort map { @{ $_->{to} } } @forwarded], [('postmaster@diytel.ca') x 3], 'once each, and nobody else';
my ($both) = reports();
$site->send(from => $both->[1], to => ['support@diytel.ca', 'billing@diytel.ca', 'carol@diytel.ca'], mail => $both->[2]);
my @copies = @{ wait_for('two copies', sub { my @to = map { @{ $_->{to} } } grep { $_->{head} =~ /^Subject: FW: 3\r?$/m } $sink->mails; @to >= 2 ? \@to : 0 }) };
is_deeply [sort @copies], ['carol@diytel.ca', 'postmaster@diytel.ca'], 'of one to two roles and somebody else, they have one copy each';

use_reports('reports = "drop"');
my $before = kept();
send_all();
is kept(), $before, 'dropped, they are kept nowhere';
like $daemon->log, qr/decision=file ticket=0 .*dropped: it is a feedback report/, 'but logged';
like `$Frontdesk::Test::Daemon::BUILD/src/frontdesk -c @{[$daemon->config_path]} doctor`, qr/^reports +ok +3 feedback/m, 'and counted';
$site->send(from => 'ann@customer.example', to => ['support@diytel.ca'],
    mail => mail(from => 'ann@customer.example', to => 'support@diytel.ca', subject => 'Report domain: broken since Monday'));
is_deeply [map { $_->{subject} } $daemon->tickets], ['Report domain: broken since Monday'], 'no ticket comes of them, and a person has one';
$sink->wait_mails_to('ann@customer.example', 1);
wait_for('an empty queue', sub { !@{ $daemon->json('queue')->{queue} } });
is scalar(grep { $_->{head} =~ /^Auto-Submitted: auto-replied/mi } $sink->mails), 1, 'and is the only one who is answered';
is scalar($sink->mails_to('support@diytel.ca')), 4, 'a dropped one is passed on to nobody';
is $site->stop, 0, 'the daemon stops in order';
done_testing;
1;
