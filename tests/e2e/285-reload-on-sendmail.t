#!/usr/bin/perl
# 085-reload on Sendmail.
use Frontdesk::Test::OnSendmail '085-reload.t';
