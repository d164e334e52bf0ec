#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A working set of 1 GiB with 64 MiB that may be registered: the data is right, and the memory is
# given back to the host as the guest frees it, but for what stays registered.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

budget=64 # MiB, as all below
slack=48  # the monitor itself, and the guest's program and RAM
disk=$work/disk
truncate -s 256M "$disk"
mkfifo "$work/said" "$work/asked"

"$SLABVISOR" run --stats --guest-ring 3 --timeout 600 --heap 1200M --pin-budget ${budget}M \
	--reclaim-delay 0 --qmp "unix:$work/qmp" --disk "path=$disk" "$B/guests/blkcheck" workset 1024 \
	>"$work/said" 2>"$err" <"$work/asked" &
pid=$!
exec 3<"$work/said" 4>"$work/asked"
: >"$out"
looks=0

# Frames that the guest has, and those it freed that a window holds on to, as the monitor says.
in_use() {
	"$SLABVISOR" ctl "$work/qmp" query-memory | sed -n 's/.*"frames-in-use": \([0-9]*\),*$/\1/p'
}

while read -r line <&3; do
	echo "$line" >>"$out"
	case $line in
	'holding '*)
		held=${line#holding }
		rss=$(awk '$1 == "VmRSS:" { print int($2 / 1024) }' "/proc/$pid/status")
		[ "$rss" -ge "$held" ] && [ "$rss" -le $((held + budget + slack)) ]
		ok $? "holding $held MiB: the monitor has $rss MiB"
		frames=$(in_use)
		[ "${frames:-0}" -ge $((held * 256)) ] && [ "$frames" -le $(((held + budget) * 256 + 2048)) ]
		ok $? "holding $held MiB: query-memory says so ($frames frames)"
		pinned=$("$SLABVISOR" ctl "$work/qmp" query-pins |
			sed -n 's/.*"window-bytes": \([0-9]*\),*$/\1/p')
		# What is freed may be let go at once: with nothing held nothing need be registered.
		[ "${pinned:--1}" -ge $((held > 0)) ] && [ "$pinned" -le $((budget << 20)) ]
		ok $? "holding $held MiB: $pinned bytes are registered"
		looks=$((looks + 1))
		echo on >&4
		;;
	esac
done
exec 3<&- 4>&-
wait $pid
status=$?
is "$status" 0 'status 0' || say_output
is "$looks" 5 'from 1024 MiB down to none, in quarters'
! grep -A 1 '^not ok' "$out" | diag 2>&1 | grep .
ok $? 'every byte is right' || say_output
[ "$(account window_bytes)" -le $((budget << 20)) ] && [ "$(account window_evictions)" -gt 0 ]
ok $? "never more is registered than $budget MiB, and windows went ($(account window_evictions))"
is "$(account blk_bytes_copied)" 0 'nothing was copied'
all_given_back
ok $? 'nothing is left behind' || say_output

done_testing
