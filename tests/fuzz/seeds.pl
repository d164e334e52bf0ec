#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# seeds.pl NAME DIRECTORY: writes the inputs that the fuzzer of that name starts from.
# They are what a good driver does, so that mutations begin beyond the first checks.
use strict;
use warnings;

my ($name, $directory) = @ARGV;
die "seeds.pl: which fuzzer, and where: seeds.pl NAME DIRECTORY\n" unless defined $directory;

my ($NEXT, $WRITE, $INDIRECT, $AVAIL) = (1, 2, 4, 0x80);

sub save {
	my ($file, $bytes) = @_;
	open my $out, '>:raw', "$directory/$file" or die "seeds.pl: $directory/$file: $!\n";
	print $out $bytes;
	close $out or die "seeds.pl: $directory/$file: $!\n";
}

# Guest memory from pieces at addresses.
sub memory {
	my %piece = @_;
	my $memory = '';
	for my $at (sort { $a <=> $b } keys %piece) {
		$memory .= "\0" x ($at - length $memory) . $piece{$at};
	}
	return $memory;
}

sub split_desc { return pack 'Q<L<S<S<', @_ }                             # addr len flags next
sub packed_desc { my ($addr, $len, $flags, $id) = @_; return pack 'Q<L<S<S<', $addr, $len, $id, $flags }

# An available ring of these heads.
sub avail { return pack 'S<*', 0, scalar @_, @_ }

# fuzz_vring.c: a request of virtio-kmem in every way that a queue can bring it.
sub vring {
	my ($up, $event, $packed) = (1, 2, 4);
	my $request = pack 'S<S<L<L<L<x40', 1, 0, 4, 1, 0xffffffff; # ALLOC of 4, any node
	my $notify = pack 'CCL<', 0, 0x10, 0;
	my @plain = ([0x4000, 64, $NEXT, 1], [0x5000, 528, $WRITE, 0]);
	my $table = sub { my $desc = shift; return join '', map { $desc->(@$_) } @plain };

	for my $mode (0, $event) {
		save("split-$mode", pack('CC', $up | $mode, 1) . $notify . memory(
			0 => $table->(\&split_desc), 0x400 => avail(0), 0x4000 => $request));
		save("split-indirect-$mode", pack('CC', $up | $mode, 1) . $notify . memory(
			0 => split_desc(0x6000, 32, $INDIRECT, 0), 0x400 => avail(0),
			0x4000 => $request, 0x6000 => $table->(\&split_desc)));
		save("packed-$mode", pack('CC', $up | $mode | $packed, 1) . $notify . memory(
			0 => packed_desc(0x4000, 64, $NEXT | $AVAIL, 0)
				. packed_desc(0x5000, 528, $WRITE | $AVAIL, 0),
			0x4000 => $request));
		save("packed-indirect-$mode", pack('CC', $up | $mode | $packed, 1) . $notify . memory(
			0 => packed_desc(0x6000, 32, $INDIRECT | $AVAIL, 3),
			0x4000 => $request,
			0x6000 => packed_desc(0x4000, 64, 0, 0) . packed_desc(0x5000, 528, $WRITE, 0)));
	}
	# Something is allocated, then each type of request has a go at it.
	my ($heap, $create) = (1 << 32, 5);
	my %addresses = map { $_ => 1 } 2, 4, 8, 9; # FREE, FREE_PAGES, PIN, UNPIN
	for my $type (1 .. 11) {
		my $first = pack 'S<S<L<L<L<x40', $type >= 8 ? 3 : 1, 0, 4, 1, 0xffffffff;
		my $then = pack('S<S<L<L<L<L<L<Q<Q<x24', $type, 0, 4, 1, 0xffffffff, 0, 0, 64, 8);
		$then .= 'seed' if $type == $create;
		$then .= pack 'Q<4', map { $heap + 4096 * $_ } 0 .. 3 if $addresses{$type};
		save("type-$type", pack('CC', $up, 1) . $notify . memory(
			0 => $table->(\&split_desc) . split_desc(0x4400, length $then, $NEXT, 3)
				. split_desc(0x6000, 528, $WRITE, 0),
			0x400 => avail(0, 2), 0x4000 => $first, 0x4400 => $then));
	}
	# Bring-up by the input itself.
	save('registers', pack('CC', 0, 3) . join('', map { pack 'CCL<', @$_ }
		[0x70 / 4, 0, 1], [0x70 / 4, 0, 3], [0x50 / 4, 0x10, 0]) . $request);
}

# fuzz_rings.c: a few chains, taken and given back.
sub rings {
	my ($packed, $event, $indirect) = (1, 2, 4);
	my ($pop, $push, $signal, $notify, $stop) = (0, 2, 3, 4, 5);
	my @steps = ([$pop, 0, 0], [$pop, 0, 0], [$push, 0, 8], [$signal, 0, 0],
		[$notify, 1, 0], [$pop, 0, 0], [$stop, 3, 0], [$notify, 0, 0]);
	my $steps = join '', map { pack 'CS<S<', @$_ } @steps;

	for my $event_idx (0, $event) {
		save("split-$event_idx", pack('CCC', $indirect | $event_idx, 4, scalar @steps)
			. $steps . memory(
				0 => split_desc(0x2000, 16, $NEXT, 1) . split_desc(0x2100, 16, $WRITE, 0)
					. split_desc(0x3000, 32, $INDIRECT, 0)
					. split_desc(0x2200, 16, $WRITE, 0),
				0x1000 => avail(0, 2, 3),
				0x3000 => split_desc(0x2000, 16, $NEXT, 1)
					. split_desc(0x2100, 16, $WRITE, 0)));
		save("packed-$event_idx", pack('CCC', $packed | $indirect | $event_idx, 5, scalar @steps)
			. $steps . memory(
				0 => packed_desc(0x2000, 16, $NEXT | $AVAIL, 0)
					. packed_desc(0x2100, 16, $WRITE | $AVAIL, 0)
					. packed_desc(0x3000, 32, $INDIRECT | $AVAIL, 1)
					. packed_desc(0x2200, 16, $WRITE | $AVAIL, 2),
				0x1000 => pack('L<', $event_idx ? 0x28001 : 0),
				0x3000 => packed_desc(0x2000, 16, 0, 0)
					. packed_desc(0x2100, 16, $WRITE, 0)));
	}
}

my %seeds = (vring => \&vring, rings => \&rings);
$seeds{$name}->() if $seeds{$name};
