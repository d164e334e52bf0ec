#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A machine with more memory than --max-memory allows is refused, and told why; one with as much is
# served.
set -u

. tests/serve/lib.sh

truncate -s 16M "$disk"
machine=(--rw randrw --depth 128 --block-size 64K --ios 500)

start_service --max-memory 64M
load "${machine[@]}" --verify
is "$status $(figure wrong) $(faults)" '0 0 ' 'a machine of 8 MiB and a little is served where 64 MiB are allowed' ||
	say_output
stop_service

start_service --max-memory 4M
load "${machine[@]}"
[ "$status" -ne 0 ] && grep -q 'larger than the 4 MiB that are allowed' "$err"
ok $? 'it is refused where 4 MiB are' || say_output
: >"$err"
load --rw randrw --verify --depth 8 --block-size 4K --ios 500
is "$status $(figure wrong)" '0 0' '... which smaller ones are served with after it' || say_output
stop_service

"$SLABVISOR" serve --blk-file "$disk" --socket-path "$socket" --max-memory 17T 2>"$err"
is "$? $(grep -c 'from 1M to 16T' "$err")" '125 1' 'what no machine has cannot be asked for' || say_output

done_testing
