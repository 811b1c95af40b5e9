#!/usr/bin/perl
# 030-two-roles on Sendmail.
use Frontdesk::Test::OnSendmail '030-two-roles.t';
