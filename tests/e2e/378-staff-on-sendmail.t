#!/usr/bin/perl
# 178-staff on Sendmail.
use Frontdesk::Test::OnSendmail '178-staff.t';
