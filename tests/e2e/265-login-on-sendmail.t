#!/usr/bin/perl
# 065-login on Sendmail.
use Frontdesk::Test::OnSendmail '065-login.t';
