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
# Its work has begun when it has burnt some CPU.
works() {
	# shellcheck disable=SC2016 # awk's
	! runs || awk '{ exit $14 + $15 < 2 }' "/proc/$pid/stat" 2>/dev/null
}

total=0
for format in "${formats[@]}"; do
	killed=0 lost=0 bad=
	serve
	listening
	while [ $killed -lt $each ] && [ -z "$bad" ]; do
		# shellcheck disable=SC2086 # a list of words
		timeout 120 "$LOAD" --socket "$socket" --rw randrw --verify --depth 32 --queues 2 \
			--seconds $((each / 2 + 1)) --seed $RANDOM --reconnect 20000 $format >"$out" 2>>"$err" &
		loader=$!
		kills=0
		while runs && [ $((killed + kills)) -lt $each ]; do
			until_true 20 works || break
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
		# The last one may have come when all was read.
		reconnects=$(figure reconnects)
		lost=$((lost + kills - ${reconnects:-0}))
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
