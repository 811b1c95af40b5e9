#!/usr/bin/perl
# 175-files on Sendmail.
use Frontdesk::Test::OnSendmail '175-files.t';
