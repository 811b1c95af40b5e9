#!/usr/bin/perl
# 055-answers on Sendmail.
use Frontdesk::Test::OnSendmail '055-answers.t';
