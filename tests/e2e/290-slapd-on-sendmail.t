#!/usr/bin/perl
# 090-slapd on Sendmail.
use Frontdesk::Test::OnSendmail '090-slapd.t';
