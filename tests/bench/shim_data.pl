#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# What the programs of shim.sh work on, the same every time:
#   text LINES     words, a few of them often, as in any text
#   lines BYTES    lines in no order, of 20 to 140 bytes
#   history N      N commits for git fast-import
use strict;
use warnings;

my ($what, $n) = @ARGV;
my $state = 88172645463325252;

sub draw {
	my ($below) = @_;
	$state ^= $state << 13;
	$state ^= $state >> 7;
	$state ^= $state << 17;
	return ($state >> 11) % $below;
}

sub word {
	# Squared: small numbers more often.
	my $r = draw(1000);
	return 'w' . int($r * $r * (draw(40) + 1) / 100);
}

sub text_line {
	return join(' ', map { word() } 1 .. 5 + draw(10)) . "\n";
}

sub history {
	my %file;
	for my $i (1 .. $n) {
		my $name = 'folder' . draw(20) . '/file' . draw(30);
		my @changed = ($name, 'folder0/common');
		print "commit refs/heads/main\ncommitter A <a\@b> ", 1600000000 + 60 * $i, " +0000\n";
		printf "data %d\nchange %d", length("change $i"), $i;
		print "\n";
		for my $f (@changed) {
			my $lines = $file{$f} ||= [map { text_line() } 1 .. 200];
			splice(@$lines, draw(scalar @$lines), draw(4), map { text_line() } 1 .. 1 + draw(8));
			my $data = join('', @$lines);
			printf "M 644 inline %s\ndata %d\n%s\n", $f, length($data), $data;
		}
	}
}

if ($what eq 'text') {
	print text_line() for 1 .. $n;
} elsif ($what eq 'lines') {
	my $filler = join('', map { chr(97 + draw(26)) } 1 .. 200);
	while ($n > 0) {
		my $line = sprintf("%016x", draw(1 << 52)) . substr($filler, draw(60), 4 + draw(120));
		$line = substr($line, 0, $n - 1) . "\n";
		print $line;
		$n -= length($line);
	}
} elsif ($what eq 'history') {
	history();
} else {
	die "shim_data.pl: text, lines or history would be right\n";
}
