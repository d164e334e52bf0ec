#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Guests that mean harm, and disks by every way that data takes, with a monitor that is
# instrumented by AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

SLABVISOR=$B/slabvisor-asan
disk=$work/disk

# clean NAME OPTIONS... PROGRAM ARGS: one guest on a new disk.
clean() {
	local name=$1
	shift
	rm -f "$disk"
	truncate -s 64M "$disk"
	guest --heap 64M --guest-ring 3 --disk "path=$disk" "$@"
	is "$status" 0 "$name: status 0" || say_output
	! grep -E 'Sanitizer|runtime error' "$err" >&2
	ok $? "$name: the sanitizers have nothing to say" || say_output
	frames_balanced
	ok $? "$name: no frame is left behind"
}

clean 'hostile' --cpus 2 "$B/guests/hostile"
clean 'all requests' --cpus 2 "$B/guests/blkcheck" all
clean 'pinned' "$B/guests/blkcheck" sequence 3000 5 0
clean 'bounced' "$B/guests/blkcheck" sequence 3000 5 1
clean 'plain' --pin-budget 0 "$B/guests/blkcheck" sequence 1000 5 0
clean 'small budget' --pin-budget 4M "$B/guests/blkcheck" sequence 1000 5 0
clean 'memory that goes' --cpus 2 --reclaim-delay 0 "$B/guests/blkcheck" churn 100
clean 'pins' --cpus 2 --reclaim-delay 0 "$B/guests/pincheck" steps=50000
clean 'user memory' "$B/guests/zcbench" rw=randwrite mem=user ms=200

# Or nothing of the above means much.
ASAN_OPTIONS=help=1 "$SLABVISOR" --version 2>&1 | grep -q AddressSanitizer
ok $? 'the monitor is the instrumented one'

done_testing
