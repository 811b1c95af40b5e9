#!/usr/bin/perl
# 172-reports on Sendmail.
use Frontdesk::Test::OnSendmail '172-reports.t';
