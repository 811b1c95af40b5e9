#!/usr/bin/perl
# Dependencies point one way: the rules know no milter, SQL, LDAP or HTTP, and only the daemon knows the gateway.
use strict;
use warnings;
use Test::More;

my $source = $ENV{FRONTDESK_SOURCE} // '.';
my %may = (
    config => [qw(config)], mail => [qw(config mail)], directory => [qw(config mail directory store)],
    store => [qw(config mail directory store)], desk => [qw(config mail directory store desk)],
    delivery => [qw(config mail directory store desk delivery)], gateway => [qw(config mail directory store desk gateway)],
    web => [qw(config mail directory store desk web)],
    commands => [qw(config mail directory store desk delivery commands)],
);
my %library = (
    'libmilter/' => [qw(gateway)], 'sqlite3.h' => [qw(store)], 'ldap.h' => [qw(directory commands)], 'curl/' => [qw(delivery)],
    'confuse.h' => [qw(config)], 'libical/' => [qw(config web)], 'microhttpd.h' => [qw(web)], 'nettle/' => [qw(mail)], 'unicode/' => [qw(mail)],
    'libexttextcat/' => [qw(mail)],
);
for my $room (sort keys %may) {
    my @wrong;
    for my $file (glob "$source/src/$room/*.[ch]") {
        open my $in, '<', $file or die "$file: $!";
        while (<$in>) {
            push @wrong, "$file:$.: $_" if m{^#include "([a-z]+)/} && !grep { $_ eq $1 } @{ $may{$room} };
            next if !m{^#include <(.+)>};
            my $header = $1;
            for my $start (keys %library) {
                push @wrong, "$file:$.: $_" if index($header, $start) == 0 && !grep { $_ eq $room } @{ $library{$start} };
            }
        }
    }
    is_deeply \@wrong, [], "$room includes only what it may";
}
done_testing;
