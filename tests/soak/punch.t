#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A served disk of a front end that makes holes in its memory all the time, with 32 requests under
# way. Unlike a machine it gives back what it has used a moment ago, and uses it again at once.
#   COUNT           checksums of the disk to be taken with each kind of ring (6)
#   SERVE_OPTIONS   of the service: such as --pin-budget 64G, with which it must fail
set -u

# shellcheck source=tests/serve/lib.sh
. tests/serve/lib.sh
COUNT=${COUNT:-6}
SERVE_OPTIONS=${SERVE_OPTIONS:-}

head -c 80M /dev/urandom >"$disk"
sync "$disk"
# shellcheck disable=SC2086 # a list of words
start_service $SERVE_OPTIONS

punch() { # NAME [OPTION...]
	local name=$1
	shift
	timeout $((600 + 40 * COUNT)) build/soak/punch "$socket" "$disk" "$COUNT" "$@" >"$out" 2>>"$err"
	is $? 0 "$name rings: all requests are answered" || say_output
	sed "s/^/# soak_punch_$name./" "$out"
	is "$(figure sums)" "$COUNT" "$name rings: $COUNT checksums of the disk were taken"
	is "$(figure wrong)" 0 "$name rings: each of them is right"
	is "$(figure wrong_again)" 0 "$name rings: what was written is read again"
	is "$(figure wrong_on_disk)" 0 "$name rings: and is in the image"
	[ "$(figure given_back)" -ge $((16 * COUNT)) ]
	ok $? "$name rings: $(figure given_back) MiB were given back meanwhile, $((16 * COUNT)) at least"
}
punch split
punch packed --packed
stop_service
is "$status" 0 'the service ends well' || say_output
done_testing
