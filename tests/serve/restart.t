#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A service that is killed at any moment, under verified load, and started again: no wrong
# byte, no error, and what was in flight is taken again. KILLS=50 of them (make check-restart)
# or a few, shared between the formats of rings.
set -u

. tests/serve/lib.sh

formats=('' '--packed' '--packed --plain' '--plain --no-event-idx')
each=$(((${KILLS:-8} + ${#formats[@]} - 1) / ${#formats[@]}))
truncate -s 64M "$disk"

serve() {
	"$SLABVISOR" serve --blk-file "$disk" --socket-path "$socket" --queues 2 2>>"$err" &
	pid=$!
}

runs() { kill -0 "$loader" 2>/dev/null; }
# It has the front end's memory, and not only what it keeps of the front end's requests.
met() {
	! runs || grep -q 'memfd:vhost-client' "/proc/$pid/maps"
}
burnt() {
	awk '{ print $14 + $15 }' "/proc/$pid/stat"
}
# It has burnt some CPU since then: its work has begun.
works() {
	! runs || [ "$(burnt)" -ge $((met_at + 2)) ]
}

total=0
for format in "${formats[@]}"; do
	killed=0 bad=
	serve
	listening
	while [ $killed -lt $each ] && [ -z "$bad" ]; do
		# shellcheck disable=SC2086 # a list of words
		timeout 600 "$LOAD" --socket "$socket" --rw randrw --verify --depth 32 --queues 2 \
			--seconds $((each / 2 + 1)) --seed $RANDOM --reconnect 60000 $format >"$out" 2>>"$err" &
		loader=$!
		kills=0
		while runs && [ $((killed + kills)) -lt $each ]; do
			until_true 60 met || break
			met_at=$(burnt)
			until_true 60 works || break
			read -rt "$(printf '0.%03d' $((RANDOM % 200 + 1)))" <> <(:)
			runs || break
			kill -KILL "$pid"
			wait "$pid" 2>/dev/null
			kills=$((kills + 1))
			serve
		done
		wait $loader
		status=$?
		[ "$status $(figure wrong) $(figure errors)" = '0 0 0' ] || bad=$(cat "$out")
		# The last one of each run may have come when all was read.
		reconnects=$(figure reconnects)
		lost=$((kills - ${reconnects:-0}))
		killed=$((killed + kills))
		[ $lost -le 1 ] || bad="of $kills that were killed ${reconnects:-none} were missed"
	done
	is "$bad" '' "killed $killed times ${format:-with split rings}, no wrong byte and no error" || say_output
	total=$((total + killed))
	stop_service
	is $status 0 'and the last one ends with 0'
done
echo "# $total killed; requests were taken again by $(grep -c 'are taken again' "$err") rings"
grep -q 'that were in flight are taken again' "$err"
ok $? 'requests in flight were taken again'

done_testing
