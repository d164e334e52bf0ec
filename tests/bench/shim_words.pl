#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# Counts words, pairs of words, and where each is.
use strict;
use warnings;

my (%count, %pair, %where);
while (my $line = <>) {
	my $before = '';
	for my $word (split ' ', $line) {
		$count{$word}++;
		$pair{"$before $word"}++;
		push @{$where{$word}}, $. if @{$where{$word} || []} < 200;
		$before = $word;
	}
}
my @top = (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 9];
print "$_ $count{$_} @{$where{$_}}[0 .. 2]\n" for @top;
print scalar(keys %pair), "\n";
