#!/usr/bin/perl
# 180-life on Sendmail.
use Frontdesk::Test::OnSendmail '180-life.t';
