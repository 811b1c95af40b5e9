#!/usr/bin/perl
# 080-kill on Sendmail.
use Frontdesk::Test::OnSendmail '080-kill.t';
