#!/usr/bin/perl
# 050-session on Sendmail.
use Frontdesk::Test::OnSendmail '050-session.t';
