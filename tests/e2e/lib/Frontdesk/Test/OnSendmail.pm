package Frontdesk::Test::OnSendmail;

# Runs a story that was written for Postfix on Sendmail: use Frontdesk::Test::OnSendmail '010-demo-mails.t';

use strict;
use warnings;
use Test::More;
use Frontdesk::Test::Sendmail;

sub import {
    my ($class, $story) = @_;
    my $reason = Frontdesk::Test::Sendmail::missing();
    plan skip_all => $reason if $reason;
    $ENV{FRONTDESK_MTA} = 'sendmail';
    my $path = "$ENV{FRONTDESK_SOURCE}/tests/e2e/$story";
    do $path or die $@ || "$path: $!";
    return;
}

1;
