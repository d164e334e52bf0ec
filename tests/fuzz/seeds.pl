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

# fuzz_ivshmem.c: a mailbox's request of each type, alone and after another.
sub ivshmem {
	my $request = sub {
		my ($type, $order, $count, $cache, $size) = @_;
		return pack 'S<S<L<L<L<L<L<Q<Q<Q<x16', $type, $order, $count, $cache, 0xffffffff, 0, 0, $size, 0, 0;
	};
	my $send = sub {
		my ($queue, $bytes, $room) = @_;
		return pack('CS<S<C', $queue << 2, length $bytes, $room, length $bytes) . $bytes;
	};
	my $address = pack 'Q<', 4 << 20;
	my $alloc = $send->(0, $request->(1, 0, 4, 4, 0), 8192);
	my $pages = $send->(1, $request->(3, 0, 4, 0, 0), 8192);

	save('alloc', $alloc . $pages);
	for my $type (1 .. 11) {
		save("type-$type", $alloc . $pages . $send->(0, $request->($type, 0, 1, 14, 100) . ($type =~ /^(2|4|8|9|11)$/ ? $address : ''), 8192));
	}
	save('create', $send->(0, $request->(5, 0, 0, 0, 100) . 'a name', 16) . $send->(0, $request->(1, 0, 1, 14, 0), 24));
	save('stores', pack('CS<CCC4', 2, 4096, 0, 4, 1, 2, 3, 4) . pack('CS<CCC4', 2, 128, 0, 4, 9, 0, 0, 0));
	save('events', pack('CCC', 7, 2, 1) . pack('C', 3 | 3 << 3) . $alloc);
}

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

# fuzz_vhost_user.c: what a machine's front end says from start to end, and then what it does.
sub vhost_user {
	my ($up, $packed) = (1, 2);
	my ($mem, $event, $pipe, $account) = (0x01, 0x21, 0x51, 0x71); # one descriptor, its kind
	my ($take, $answer, $shrink, $again, $resize) = (0x90, 0xa0, 0xb0, 0xcf, 0xd1);
	my ($guest, $user, $table) = (0x100000, 0x7000000, 0x8000);
	my $message = sub {
		my ($request, $how, $payload) = @_;
		return pack('CCCC', $request, 8, $how, length $payload) . $payload;
	};
	my $number = sub { my ($request, $n) = @_; return $message->($request, 0, pack 'Q<', $n) };
	my $store = sub {
		my ($at, $bytes) = @_;
		my $steps = '';
		while (length $bytes) {
			my $part = substr $bytes, 0, 16, '';
			$steps .= pack('CS<', 0x80 | length($part) - 1, $at) . $part;
			$at += length $part;
		}
		return $steps;
	};
	my $region = pack 'Q<4', $guest, 0x10000, $user, 0;
	my $hello = $number->(16, 0xb22b) . $number->(2, 1 << 32 | 1 << 30 | 3 << 28)
		. $message->(3, 0, '') . $message->(15, 0, '') . $message->(17, 0, '')
		. $message->(36, 0, '') . $message->(24, 0, pack 'L<3x60', 0, 60, 0)
		. $message->(5, $mem, pack('L<2', 1, 0) . $region);
	my $ring = sub {
		my $i = shift;
		my $at = $user + 0x2000 * $i;
		return $message->(8, 0, pack 'L<2', $i, 16) . $message->(10, 0, pack 'L<2', $i, 0)
			. $message->(9, 0, pack 'L<2Q<4', $i, 0, $at, $at + 0x1000, $at + 0x800, 0)
			. $message->(12, $event, pack 'Q<', $i) . $message->(13, $event, pack 'Q<', $i)
			. $message->(18, 0, pack 'L<2', $i, 1);
	};
	my $account_of = $message->(31, 0, pack 'Q<2S<2', 0, 0, 2, 16)
		. $message->(32, $account, pack 'Q<2S<2', 4096, 0, 2, 16);
	my $rw = $store->(0, split_desc($guest + $table, 16, $NEXT, 1)
		. split_desc($guest + $table + 64, 512, $WRITE, 0)) . $store->(0x800, avail(0))
		. chr($take) . chr($answer);
	my $packed_rw = $store->(0, packed_desc($guest + $table, 16, $NEXT | $AVAIL, 0)
		. packed_desc($guest + $table + 64, 512, $WRITE | $AVAIL, 0)) . chr($take) . chr($answer);
	my $stop = $message->(11, 0, pack 'L<2', 0, 0);

	save('session', "\0$hello$account_of" . $ring->(0) . $ring->(1) . $rw . $stop);
	save('request', chr($up) . $rw . $stop . $ring->(0));
	save('packed-request', chr($up | $packed) . $packed_rw . $stop);
	save('left-in-flight', chr($up) . substr($rw, 0, -1) . chr($again) . chr($take) . chr($answer));
	save('regions', chr($up) . $message->(37, 0x41, pack('Q<5', 0, 1 << 30, 0x4000, 1 << 36, 0))
		. chr($shrink) . $message->(38, 0, pack('Q<5', 0, 1 << 30, 0x4000, 1 << 36, 0)));
	save('log', chr($up) . $message->(6, 0x41, pack 'Q<2', 4096, 0)
		. $number->(2, 1 << 32 | 1 << 30 | 3 << 28 | 1 << 26)
		. $message->(9, 0, pack 'L<2Q<4', 0, 1, $user, $user + 0x1000, $user + 0x800,
			$guest + 0x1000) . $rw);
	save('channel', chr($up) . $message->(21, 0x61, '') . chr($resize) . $message->(14, $event,
		pack 'Q<', 0) . $message->(13, $pipe, pack 'Q<', 0) . $message->(34, 0, ''));
	save('bytes', "\0" . pack('CC', 0xe0, 12) . pack('L<3', 1, 1, 0) . pack('CC', 0xe0, 3) . 'abc');
}

# fuzz_inflight.c: accounts as a device that was killed left them, and how it goes on.
sub inflight {
	my ($take, $give, $killed) = (0, 3, 4);
	my @steps = ([$take, 0, 0], [$take, 0, 0], [$give, 0, 0], [$killed, 1, 0], [$take, 0, 0],
		[$give, 0, 0], [$killed, 0, 0], [$take, 0, 0]);
	my $steps = join '', map { pack 'CS<S<', @$_ } @steps;
	my $n = 16;
	my $split = memory(
		0 => split_desc(0x2000, 16, $NEXT, 1) . split_desc(0x2100, 16, $WRITE, 0)
			. split_desc(0x2200, 16, $WRITE, 0),
		0x1000 => avail(0, 2));
	my $packed = memory(
		0 => packed_desc(0x2000, 16, $NEXT | $AVAIL, 0) . packed_desc(0x2100, 16, $WRITE | $AVAIL, 0)
			. packed_desc(0x2200, 16, $WRITE | $AVAIL, 1));
	my $round = sub { my $area = shift; return $area . "\0" x (-length($area) % 64) };
	my $entry = sub { my ($busy, $counter) = @_; return pack 'Cx5S<Q<', $busy, 0, $counter };
	my $place = sub {
		my ($busy, $next, $last, $num, @rest) = @_;
		return pack 'CxS<3Q<S<2L<Q<', $busy, $next, $last, $num, @rest;
	};

	save('split-new', pack('CCCC', 4, 4, scalar @steps, 0) . $steps
		. $round->("\0" x (16 + 16 * $n)) . $split);
	save('split-left', pack('CCCC', 4, 4, scalar @steps, 0) . $steps
		. $round->(pack('Q<S<4', 0, 1, $n, 0, 0) . $entry->(1, 7) . $entry->(0, 0)
			. $entry->(1, 8) . "\0" x (16 * ($n - 3))) . $split);
	save('packed-new', pack('CCCC', 5, $n - 1, scalar @steps, 0) . $steps
		. $round->("\0" x (32 + 32 * $n)) . $packed);
	save('packed-left', pack('CCCC', 5, $n - 1, scalar @steps, 0) . $steps
		. $round->(pack('Q<S<6C2x7x', 0, 1, $n, 2, 2, 0, 0, 1, 1)
			. $place->(1, 1, 1, 2, 3, 0, $NEXT | $AVAIL, 16, 0x2000)
			. $place->(0, 2, 0, 0, 0, 0, $WRITE | $AVAIL, 16, 0x2100)
			. join('', map { $place->(0, $_ + 1, 0, 0, 0, 0, 0, 0, 0) } 2 .. $n - 1)) . $packed);
}

# A note: name, type, contents, padded to four bytes.
sub note {
	my ($name, $type, $desc) = @_;
	my $padded = sub { my $s = shift; return $s . "\0" x (-length($s) % 4) };
	return pack('L<3', length($name) + 1, length $desc, $type) . $padded->("$name\0")
		. $padded->($desc);
}

# An ELF64 with these program headers: [type, flags, address, bytes, size in memory].
sub elf64 {
	my ($entry, $sections, @segments) = @_;
	my $at = 64 + 56 * @segments;
	my ($headers, $bytes) = ('', '');
	for (@segments) {
		my ($type, $flags, $address, $contents, $memsz) = @$_;
		$headers .= pack 'L<2Q<6', $type, $flags, $at + length $bytes, $address, $address,
			length $contents, $memsz // length $contents, $type == 4 ? 4 : 4096;
		$bytes .= $contents;
	}
	my $end = $at + length $bytes;
	my $tail = $sections ? $sections->($end) : '';
	return pack('a4C4x8S<2L<Q<3L<S<6', "\177ELF", 2, 1, 1, 0, 2, 62, 1, $entry, 64,
		$sections ? $end : 0, 0, 64, 56, scalar @segments, 64, $sections ? 3 : 0, 0)
		. $headers . $bytes . $tail;
}

# fuzz_elf.c: a program of two segments with its note and symbols.
sub elf {
	my ($load, $note, $base) = (1, 4, ~0x7fffffff);
	my $text = "\x90" x 1024;
	my @segments = ([$load, 5, $base, $text], [$load, 6, $base + 0x1000, 'data', 0x3000]);
	my $boot = note('Slabvisor', 1, pack 'L<2Q<', 1, 16, $base + 0x100);
	my $symbols = sub {
		my $end = shift;
		my $sym = pack('x24') . pack('L<CCS<Q<2', 1, 0x12, 0, 1, $base, 0x20)
			. pack('L<CCS<Q<2', 6, 0x12, 0, 1, $base + 0x1000, 0);
		my $strings = "\0main\0other\0";
		my $table = $end + 3 * 64;
		return pack('x64') . pack('L<2Q<4L<2Q<2', 0, 2, 0, 0, $table, length $sym, 2, 0, 8, 24)
			. pack('L<2Q<4L<2Q<2', 0, 3, 0, 0, $table + length $sym, length $strings, 0, 0,
				1, 0) . $sym . $strings;
	};

	save('plain', elf64($base, undef, @segments));
	save('whole', elf64($base + 0x10, $symbols, @segments, [$note, 4, 0, $boot]));
}

# fuzz_linux.c: kernels of each kind.
sub linux {
	my ($load, $note, $base) = (1, 4, 0x200000);
	my @segments = ([$load, 5, $base, 'code' x 16], [$load, 6, $base + 0x1000, 'data', 0x2000]);
	my $other = note('GNU', 3, 'build-id');
	my $setup = memory(0x1f1 => pack('C', 1), 0x1fe => pack('S<', 0xaa55), 0x202 => 'HdrS'
		. pack('S<', 0x20f), 0x211 => "\1", 0x22c => pack('L<', 0x7fffffff),
		0x236 => pack('S<', 1), 0x238 => pack('L<', 2047), 0x258 => pack('Q<L<', 1 << 24,
			1 << 20));

	save('vmlinux', elf64($base, undef, @segments));
	for my $size (4, 8) {
		my $entry = pack $size == 4 ? 'L<' : 'Q<', $base + 4;
		save("pvh-$size", elf64(0, undef, @segments,
			[$note, 4, 0, $other . note('Xen', 18, $entry) . $other]));
	}
	my $pvh = note('Xen', 18, pack 'L<', $base + 4);
	save('pvh-32', pack('a4C4x8S<2L<5S<6', "\177ELF", 1, 1, 1, 0, 2, 3, 1, 0, 52, 0, 0, 52, 32, 2,
			40, 0, 0)
		. pack('L<8', $load, 116, $base, $base, 16, 0x1000, 7, 4096)
		. pack('L<8', $note, 132, 0, 0, length $pvh, length $pvh, 4, 4) . 'code' x 4 . $pvh);
	save('bzimage', $setup . "\0" x (1024 - length $setup) . 'payload' x 100);
}

# fuzz_config.c: each key of a guest and of served disks.
sub config {
	my $text = <<'END';
memory: 64M
node: [size=256M, "size=256M,host=0"]
cpus: 2
guest-ring: 3
module:
  - "a,b"
disk:
  - path=a,,b,direct=off,readonly=on,serial=s,queues=2,packed=off
pin-budget: 2M
poll-us: 10
backing: memfd
reclaim-delay: never
slab-debug: FZ,kmalloc-64;P,inode*
timeout: 9
stats: true
qmp: unix:/run/q
program: hello
args: [a, "b\n\"c\u2028", 'd']
END
	save('program', $text);
	save('linux', "kernel: &k vmlinux\ninitrd: i\nappend: >\n  a\n  b\n"
		. "virtio-port: name=n,path=p,console=on\nkvm-device: /dev/kvm\n"
		. "slab-debug: true\nheap: 2M\n");
	save('serve', <<'END');
disks:
  - {blk-file: a, socket-path: b, read-only: on, queues: 2, serial: s}
  - {blk-file: c, fd: 3, direct: off, pin-budget: 2M, poll-us: 5}
END
}

# fuzz_qmp.c: a session, by messages that are right and some that are not.
sub qmp {
	my @messages = ('{"execute": "qmp_capabilities", "id": 1}', '{"execute":"query-commands"}',
		'{"execute": "echo", "arguments": {"number": 7, "list": [1, {"a": null}], "flag": true},'
			. " \"id\": {\"a\": [\"\\u00e9\"]}}",
		'{"execute": "refuse", "arguments": {"name": "\u20ac\"}{", "object": {}}}',
		'{"execute": "echo", "arguments": {"number": "7"}}', '{"execute": "none"}', 'hello',
		'[1.5e3]', '{"half', '}');

	save('session', chr(6) . join("\n", @messages) . "\n");
	save("message-$_", chr(0) . $messages[0] . $messages[$_]) for 1 .. $#messages;
}

my %seeds = (vring => \&vring, ivshmem => \&ivshmem, rings => \&rings, vhost_user => \&vhost_user,
	inflight => \&inflight, elf => \&elf, linux => \&linux, config => \&config, qmp => \&qmp);
$seeds{$name}->() if $seeds{$name};
