#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A guest gives back what it keeps for speed when `heap-reclaim` asks for it, on all of its vCPUs.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
. tests/wait.sh

socket=$work/qmp

ctl() {
	"$SLABVISOR" ctl "$socket" "$@" 2>>"$err"
}

said() { # TEXT: the guest has, as the beginning of a line
	grep -q "^$1" "$out"
}

hear() { # TEXT: waits until it has
	until_true 120 said "$1"
}

counter() { # NAME: of query-memory
	ctl query-memory | sed -n "s/.*\"$1\": \([0-9]*\),*\$/\1/p"
}

start() { # [OPTION...] PROGRAM [ARGS]: a guest with a control socket
	: >"$out" # what the last one has said, it has not
	timeout -s KILL 600 "$SLABVISOR" run --stats --qmp "unix:$socket" "$@" >"$out" 2>"$err" </dev/null &
	pid=$!
}
pid=
# shellcheck disable=SC2016 # expanded at the end
at_end '[ -z "$pid" ] || kill -KILL $pid 2>/dev/null'

over() { # waits for its end; sets status
	wait "$pid"
	status=$?
	pid=
}

# gives CPUS RING ROUNDS: it is asked so often.
gives() {
	local cpus=$1 ring=$2 rounds=$3 what="$1 vCPU at CPL $2" n asked=0
	start --cpus "$cpus" --guest-ring "$ring" "$B/guests/hoard" "$rounds"
	for n in $(seq "$rounds"); do
		hear "round $n: [1-9][0-9]* objects are kept" || break
		ctl heap-reclaim >>"$work/said" || break
		hear "round $n: none is" || break
		asked=$n
	done
	is "$asked" "$rounds" "$what: each vCPU gives back what it keeps, each time" || say_output
	[ "$asked" = "$rounds" ] || kill -KILL "$pid"
	over
	is "$status" 0 "$what: the guest goes on all the while" || say_output
	frames_balanced
	ok $? "$what: it leaves nothing behind" || say_output
	[ "$(account events)" -ge "$rounds" ]
	ok $? "$what: the account counts what the guest was told" || say_output
}

gives 1 3 3
gives 4 3 8
# Where KVM emulates what runs at CPL 0, more would take minutes.
gives 2 0 1

# Without a delay memory that the guest gave back is the host's at once.
start --cpus 2 --reclaim-delay 0 "$B/guests/hoard"
hear 'round 1: [1-9]'
had=$(counter frames-in-use)
ctl heap-reclaim >>"$work/said"
hear 'round 2: '
ctl stop >>"$work/said"
ctl heap-reclaim >"$work/answer"
grep -q '"discarded": [0-9]' "$work/answer"
ok $? 'a guest that stands still is asked, too' "$(cat "$work/answer")" || say_output
! said 'round 2: none'
ok $? '... and does nothing while it does'
ctl cont >>"$work/said"
hear 'round 2: none is'
ok $? '... but when it goes on' || say_output
ctl quit >>"$work/said"
over
is $status 143 '... and ends' || say_output
[ "$had" -gt 0 ]
ok $? "it kept $had frames"

# What is empty goes back when somebody asks, whatever the delay.
start --reclaim-delay never "$B/guests/hoard"
hear 'round 1: [1-9]'
ctl heap-reclaim >>"$work/said"
hear 'round 1: none is'
hear 'round 2: [1-9]'
backed=$(counter frames-backed)
emptied() {
	[ "$(ctl heap-reclaim | sed -n 's/.*"discarded": \([0-9]*\).*/\1/p')" -gt 0 ] 2>/dev/null
}
until_true 120 emptied
ok $? "a heap that gives nothing back by itself does when it is asked ($backed frames before)" || say_output
ctl quit >>"$work/said"
over
is $status 143 '... and the guest ends by quit' || say_output

# Who has no driver cannot be asked, and is not harmed.
start "$B/tests/asm/loop"
hear looping
is "$(ctl heap-reclaim | tr -d ' \n')" '{"discarded":0}' 'a guest without a driver has nothing to give' || say_output
ctl quit >>"$work/said"
over
is $status 143 '... and goes on till its end' || say_output

# The host is short of memory: by itself the monitor asks. A control group of version 1 is told so when
# it is to be emptied and cannot be, for want of swap.
group=/sys/fs/cgroup/memory/slabvisor-hoard.$$
squeezed() {
	echo 0 2>/dev/null >"$group/memory.force_empty"
	said 'round 1: none is'
}
if [ "$(awk '$1 == "SwapTotal:" { print $2 }' /proc/meminfo)" != 0 ]; then
	skip 'a monitor whose control group is short of memory asks' 'this host has swap'
elif ! mkdir "$group" 2>/dev/null || ! [ -w "$group/memory.force_empty" ] || ! [ -w "$group/cgroup.event_control" ]; then
	skip 'a monitor whose control group is short of memory asks' \
		'no control group of version 1 can be made here'
	rmdir "$group" 2>/dev/null
else
	# shellcheck disable=SC2016 # expanded at the end
	at_end 'until_true 60 rmdir "$group" 2>/dev/null'
	for pressure in on off; do
		(
			echo "$BASHPID" >"$group/cgroup.procs" || exit 99
			exec timeout -s KILL 600 "$SLABVISOR" run --stats --cpus 2 --pressure $pressure \
				--qmp "unix:$socket" "$B/guests/hoard" >"$out" 2>"$err" </dev/null
		) &
		pid=$!
		hear 'round 1: [1-9]'
		if [ $pressure = on ]; then
			until_true 60 squeezed
			ok $? 'a monitor whose control group is short of memory asks by itself' || say_output
		else
			for _ in 1 2 3 4 5; do
				squeezed
			done
			! said 'round 1: none is'
			ok $? '... but with --pressure off' || say_output
		fi
		ctl quit >>"$work/said"
		over
		is $status 143 '... and its guest ends as any, sandboxed' || say_output
	done
	is "$(account events)" 0 '... which told it nothing' || say_output
fi

for wrong in none 0 '1 2'; do
	# shellcheck disable=SC2086 # words
	guest "$B/guests/hoard" $wrong
	is "$status $(grep -c '^usage: hoard' "$out")" '2 1' "hoard $wrong: says what would be right" || say_output
done

done_testing
