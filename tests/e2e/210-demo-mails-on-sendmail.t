#!/usr/bin/perl
# 010-demo-mails on Sendmail.
use Frontdesk::Test::OnSendmail '010-demo-mails.t';
