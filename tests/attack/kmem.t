#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A guest that makes its requests to the memory service up, by four vCPUs at once, against the
# monitor as it is shipped, and the sanitized one. KMEM_REQUESTS: how many the former has.
# ATTACK_SEED: where they come from.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

seed=${ATTACK_SEED:-1}
requests=${KMEM_REQUESTS:-5000}

# made_up COUNT WHAT [OPTION...]
made_up() {
	local count=$1 what=$2
	shift 2
	timeout -s KILL 3000 "$SLABVISOR" run --stats --cpus 4 --heap 64M "$@" \
		"$B/guests/hostile" fuzz "$seed" "$count" >"$out" 2>"$err" </dev/null
	status=$?
	is $status 0 "$what: the service answers, and serves after it all" || {
		echo "# seed $seed"
		say_output
	}
	sed 's/^/# /' "$out"
	frames_balanced
	ok $? "$what: no frame is left behind" || say_output
	is "$(account objects_active) $(account pages_pinned)" '0 0' "$what: no object, no pin is" ||
		say_output
}

made_up "$requests" 'requests'
made_up $((requests / 10 + 1000)) 'requests with all debugging' --slab-debug=FZPU --slab-findings count
made_up $((requests / 10 + 1000)) 'requests, heap as a file' --backing memfd
made_up 400 'requests at CPL 0' --guest-ring 0
SLABVISOR=$B/slabvisor-asan
made_up $((requests / 10 + 1000)) 'requests, sanitized'

done_testing
