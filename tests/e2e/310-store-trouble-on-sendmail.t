#!/usr/bin/perl
# 110-store-trouble on Sendmail.
use Frontdesk::Test::OnSendmail '110-store-trouble.t';
