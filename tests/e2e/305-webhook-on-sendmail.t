#!/usr/bin/perl
# 105-webhook on Sendmail.
use Frontdesk::Test::OnSendmail '105-webhook.t';
