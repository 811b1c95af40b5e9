#!/usr/bin/perl
# 177-threads on Sendmail.
use Frontdesk::Test::OnSendmail '177-threads.t';
