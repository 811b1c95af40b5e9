#!/usr/bin/perl
# 040-odd-mail on Sendmail.
use Frontdesk::Test::OnSendmail '040-odd-mail.t';
