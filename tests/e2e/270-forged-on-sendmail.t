#!/usr/bin/perl
# 070-forged on Sendmail.
use Frontdesk::Test::OnSendmail '070-forged.t';
