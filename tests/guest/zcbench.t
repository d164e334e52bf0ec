#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The words that the disk bench takes: its own and fio's; and what it says of one that is wrong.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

disk=$(mktemp "$B/zcbench.XXXXXX")
at_end "rm -f '$disk'"
truncate -s 4M "$disk"

# bench WORD...: on the disk, with $options.
options=()
bench() {
	guest --disk "path=$disk" "${options[@]}" "$B/guests/zcbench" "$@"
}
# A disk of zeroes that is written to is zeroes no more.
written() {
	! cmp -s -n 4194304 "$disk" /dev/zero
}

options=(--cpus 2)
bench --readwrite=randread --blocksize=8K --iodepth=4 --numjobs=2 --runtime=20ms --randseed=3
is "$status $(grep -c '^iops ' "$out")" '0 1' "it takes fio's words, and fio's dashes" || say_output
options=()
bench rw=randrw rwmixread=100 runtime=20ms
! written && [ "$status" = 0 ]
ok $? 'randrw with reads alone writes nothing' || say_output
bench rw=rw rwmixread=0 bs=64k ms=20MS
written && [ "$status" = 0 ]
ok $? 'rw with writes alone does' || say_output
# The time may end between a flush and the write after it.
bench rw=randwrite fsync=3 iodepth=2 runtime=200ms
awk -v w="$(account blk_writes)" -v f="$(account blk_flushes)" \
	'BEGIN { exit !(w > 2 && (f == int((w - 1) / 3) || f == int(w / 3))) }'
is "$status $?" '0 0' 'fsync=3 flushes after each third write' || say_output

wrong() { # LINE WORD...: status 2, and that line first
	local line=$1
	shift
	bench "$@"
	is "$status $(head -1 "$out")" "2 zcbench: $line" "$*: the line says which word was wrong, and what would be right" ||
		say_output
}
wrong 'iodpth: there is no such word' bs=4k iodpth=3
wrong 'verbose: there is no such word' --verbose
wrong 'bs: a value is missing, behind a =' bs
wrong 'rw=trim: give read, write, randread, randwrite, randrw, rw or pins' rw=trim
wrong 'bs=1000: give a multiple of 512 up to 256k' bs=1000
wrong 'bs=4x: give a multiple of 512 up to 256k' bs=4x
wrong 'iodepth=0: give a number from 1 to 128' iodepth=0
wrong 'output-format=terse: give normal, json or json+, or normal,json or normal,json+' output-format=terse
wrong 'output-format=normaljson: give normal, json or json+, or normal,json or normal,json+' output-format=normaljson
wrong 'runtime=1y: give seconds, or as in 500ms' runtime=1y
wrong 'cpus=2: the guest has 1: give slabvisor run more --cpus' cpus=2
bench --help
is "$status $(head -1 "$out")" '2 usage: zcbench [WORD=VALUE...]' '--help prints the words that there are' || say_output
bench iodpth=3
is "$(grep -c '^  depth or iodepth: a number from 1 to 128$' "$out")" 1 'beside a word that there is not stand those that there are' ||
	say_output

fails() { # LINE WORD...
	local line=$1
	shift
	bench "$@"
	is "$status $(tail -1 "$out")" "1 zcbench: $line" "$line" || say_output
}
truncate -s 512 "$disk"
fails 'bs=4096: that is more than the 512 bytes of the disk' ms=20
truncate -s 4M "$disk"
guest --disk "path=$disk,readonly=on" "$B/guests/zcbench" rw=randwrite ms=20
is "$status $(tail -1 "$out")" '1 zcbench: the disk is read-only: rw=read and randread are all it can do' \
	'a disk that is read-only is said to be' || say_output
guest "$B/guests/zcbench" ms=20
is "$status $(tail -1 "$out")" '1 zcbench: there is no disk: give slabvisor run a --disk' 'and so is that there is none' ||
	say_output

done_testing
