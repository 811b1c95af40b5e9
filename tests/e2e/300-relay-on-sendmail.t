#!/usr/bin/perl
# 100-relay on Sendmail.
use Frontdesk::Test::OnSendmail '100-relay.t';
