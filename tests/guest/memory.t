#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# RAM that is taken at start, and RAM of the host's hugetlb pool.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

PAGES=160 # of the pool that are needed here

# pool [-]N: has the pool be by N pages larger or smaller; fails if it is not.
pool() {
	local nr=/proc/sys/vm/nr_hugepages old
	old=$(cat $nr 2>/dev/null) || return 1
	{ echo $((old + $1)) >$nr; } 2>/dev/null
	[ "$(cat $nr)" -ge $((old + $1)) ]
}

# has NAME: KiB of the waiting guest's monitor, by a line of its status.
has() {
	awk -v name="$1:" '$1 == name { print $2 }' "/proc/$monitor/status"
}

# waiting [options]: a guest of 256 MiB of RAM that has started and waits; sets monitor.
waiting() {
	rm -f "$work/from" && mkfifo "$work/from"
	"$SLABVISOR" run --timeout 600 --memory 256M "$@" "$B/guests/negative" sleep >"$work/from" \
		2>"$err" </dev/null &
	monitor=$!
	exec 3<"$work/from"
	read -r -t 300 _ <&3
}

# over: ends it.
over() {
	kill -TERM "$monitor"
	wait "$monitor"
	is $? 143 "$1: it ends by SIGTERM" || diag <"$err"
	exec 3<&-
}

waiting
[ "$(has VmRSS)" -lt $((64 << 10)) ]
ok $? "RAM comes as it is touched: $(has VmRSS) KiB" || diag <"$err"
over 'as touched'

waiting --prefault
[ "$(has VmRSS)" -ge $((256 << 10)) ]
ok $? "--prefault takes all of it: $(has VmRSS) KiB" || diag <"$err"
over '--prefault'

guest --prefault --hugepages=false --cpus 2 "$B/guests/selftest" &&
	all_given_back
ok $? '--prefault: the selftest is well' || say_output

if ! pool $PAGES; then
	skip 'pages of the pool' "this host's hugetlb pool cannot be made larger by $PAGES pages"
	done_testing
	exit
fi
at_end "pool -$PAGES"

waiting --hugepages
touched=$(has HugetlbPages)
[ "$touched" -gt 0 ] && [ "$touched" -lt $((64 << 10)) ]
ok $? "--hugepages: RAM is of the pool, as it is touched: $touched KiB" || diag <"$err"
reserved=$(awk '$1 == "HugePages_Rsvd:" { print $2 }' /proc/meminfo)
[ $((touched + reserved * 2048)) -ge $((256 << 10)) ]
ok $? "--hugepages: the rest is reserved: $reserved pages" || diag <"$err"
# What is left of the pool is less than that.
guest --memory 256M --hugepages "$B/guests/hello"
is "$status" 123 'a second guest does not start' || say_output
grep -qE 'hugetlb pool has [0-9]+ free pages of 2 MiB, [0-9]+ are needed: sysctl vm.nr_hugepages=[0-9]+$' "$err"
ok $? 'and says why, and what would help' || say_output
want=$(sed -n 's/.*vm.nr_hugepages=//p' "$err")
old=$(cat /proc/sys/vm/nr_hugepages)
if [ -n "$want" ] && pool $((want - old)); then
	guest --memory 256M --hugepages "$B/guests/hello"
	is "$status" 0 'which it does' || say_output
	pool $((old - want))
else
	skip 'which it does' "the pool cannot have ${want:-so many} pages"
fi
over '--hugepages'

waiting --hugepages --prefault
[ "$(has HugetlbPages)" -ge $((256 << 10)) ]
ok $? "--hugepages --prefault: all of it is taken: $(has HugetlbPages) KiB" || diag <"$err"
over '--hugepages --prefault'

waiting --hugepages=2M --numa heap=256M,host=0
[ "$(has HugetlbPages)" -ge $((256 << 10)) ]
ok $? "... as it is when it is to be of one node: $(has HugetlbPages) KiB" || diag <"$err"
over 'of a node'

guest --hugepages --cpus 2 "$B/guests/selftest" && all_given_back
ok $? '--hugepages: the selftest is well' || say_output
truncate -s 16M "$work/disk"
guest --hugepages --disk "path=$work/disk" "$B/guests/blkcheck" && [ "$(account blk_fixed_ops)" -gt 0 ]
ok $? '--hugepages: disks are, with registered memory' || say_output

done_testing
