#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A jail, from outside: what /proc says of a service that root has put into one, and of the monitor
# of a guest; that both do their work in it; and what is refused.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/serve/lib.sh

if [ "$(id -u)" != 0 ]; then
	echo '1..0 # SKIP only root can put a process into a jail'
	exit 0
fi

user=nobody
uid=$(id -u $user) gid=$(id -g $user)
truncate -s 64M "$disk"

# A control group of our own, of either version.
group=/sys/fs/cgroup
[ -e $group/cgroup.controllers ] || group=$group/pids
group=$group/slabvisor-jail.$$
mkdir "$group" 2>/dev/null || group=
remove_group() {
	[ -z "$group" ] || until_true 60 rmdir "$group"
}
at_end remove_group
in_group=()
[ -z "$group" ] || in_group=(--jail-cgroup "$group")

# refused NAME STATUS PATTERN COMMAND...: the command ends so, with a line that says so.
refused() {
	local name=$1 wanted=$2 pattern=$3
	shift 3
	timeout 60 "$@" >"$out" 2>"$err" </dev/null
	status=$?
	[ $status = "$wanted" ] && grep -qE -e "$pattern" "$err"
	ok $? "$name is refused in words" || say_output
}

# For a user who may not read where the sources are.
chmod 755 "$work"
cp "$SLABVISOR" "$work/slabvisor"
no_root='only root can put a process into a jail: start it as root'
for command in "run $B/guests/hello" "serve --blk-file $disk --socket-path $socket"; do
	# shellcheck disable=SC2086 # a list of words
	set -- $command
	refused "$1: a jail without root" 125 "$no_root" \
		setpriv --reuid "$uid" --regid "$gid" --clear-groups "$work/slabvisor" "$1" --jail $user "${@:2}"
	refused "$1: a user that there is not" 125 '--jail .*no such user: name one' \
		"$SLABVISOR" "$1" --jail no-such-user "${@:2}"
	refused "$1: root" 125 '--jail .*that is root: name a user' "$SLABVISOR" "$1" --jail root "${@:2}"
	refused "$1: a control group without a jail" 125 '--jail-cgroup: .*--jail USER, too' \
		"$SLABVISOR" "$1" --jail-cgroup "${group:-/sys/fs/cgroup/}" "${@:2}"
	for path in /tmp /sys/fs/cgroup/../../kernel /sys/fs/cgroup/..; do
		refused "$1: $path, no control group," 125 'a path below /sys/fs/cgroup/ is needed' \
			"$SLABVISOR" "$1" --jail $user --jail-cgroup $path "${@:2}"
	done
	refused "$1: a control group that is not there" 125 'no control group: mkdir makes one' \
		"$SLABVISOR" "$1" --jail $user --jail-cgroup /sys/fs/cgroup/no-such-group "${@:2}"
done

# Whether it has gone all the way: below an empty root, where the main thread is the last to give up
# what it could do.
is_jailed() {
	[ -d "/proc/$pid/root/" ] && [ -z "$(ls -A "/proc/$pid/root/")" ] &&
		grep -q '^CapPrm:.0*$' "/proc/$pid/status"
}

namespaces() { # PID
	local ns
	for ns in mnt net ipc uts; do
		readlink "/proc/$1/ns/$ns"
	done
}

field() { # NAME FILE
	sed -n "s/^$1:[[:space:]]*//p" "$2" | tr -s '\t ' ' ' | sed 's/ $//'
}

# Each thread, since each has an identity of its own: users, groups, capabilities. Not those that the
# kernel keeps with a process for its own work: nothing of the process runs there.
identities() {
	local task cap
	for task in "/proc/$pid/task/"*; do
		case $(cat "$task/comm") in kvm-* | iou-*) continue ;; esac
		printf '%s / %s / %s /' "$(field Uid "$task/status")" "$(field Gid "$task/status")" \
			"$(field Groups "$task/status")"
		for cap in Inh Prm Eff Amb; do
			printf ' %s' "$(field "Cap$cap" "$task/status")"
		done
		printf ' %s\n' "$(field NoNewPrivs "$task/status")"
	done
}

# held WHO ALLOWED: checks all that a jail is of $pid. ALLOWED: a pattern of what it has open beside
# events, timers and machines.
held() {
	local none=0000000000000000 open last threads
	threads=$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)
	[ "$threads" -gt 1 ]
	ok $? "$1: there are several threads"
	is "$(identities | sort -u)" \
		"$uid $uid $uid $uid / $gid $gid $gid $gid /  / $none $none $none $none 1" \
		"$1: every thread is the user's, without groups and capabilities"
	is "$(cat "/proc/$pid/mounts")" "$(grep -m 1 '^jail / tmpfs ro,nosuid,nodev,noexec' "/proc/$pid/mounts")" \
		"$1: one thing is mounted, which is empty and cannot be written to"
	! touch "/proc/$pid/root/file" 2>/dev/null
	ok $? "$1: ... not by root either"
	is "$( (namespaces $$; namespaces "$pid") | sort | uniq -d)" '' "$1: its namespaces are its own"
	is "$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$pid/limits")" '0 0' "$1: it dumps no core"
	last=$(find "/proc/$pid/fd" -mindepth 1 -printf '%f\n' | sort -n | tail -n 1)
	awk -v last="$last" '/^Max open files/ { exit !($4 == $5 && $5 > last && $5 < 128) }' "/proc/$pid/limits"
	ok $? "$1: it may open no more than it needs" "$(grep 'open files' "/proc/$pid/limits")"
	open=$(find "/proc/$pid/fd" -mindepth 1 -printf '%f %l\n' |
		grep -vE "^[012] |^[0-9]+ (anon_inode:.*|socket:\[[0-9]+\])\$|^[0-9]+ ($2)\$")
	is "$open" '' "$1: what is open was named"
	if [ -z "$group" ]; then
		skip "$1: it is in the control group" 'this host lets nobody make one'
	else
		grep -qx "$pid" "$group/cgroup.procs"
		ok $? "$1: it is in the control group"
	fi
}

# A path that nobody listens at is no sign, and this service's network is not ours.
jailed_service() {
	rm -f "$socket"
	"$SLABVISOR" serve --blk-file "$disk" --socket-path "$socket" --direct off --jail $user \
		"${in_group[@]}" "$@" 2>>"$err" &
	pid=$!
	until_true 60 is_jailed && return
	say_output
	echo 'Bail out! the service is not in its jail'
	exit 1
}

for sandbox in on off; do
	: >"$err"
	jailed_service --sandbox $sandbox
	held "serve, sandbox $sandbox" "$(realpath "$disk")|/dev/cpu_dma_latency"
	load --rw randrw --verify --depth 8 --ios 2000
	is "$status $(figure wrong) $(figure errors)" '0 0 0' '... it serves' || say_output
	cat >"$work/kick.py" <<-'PY'
		import os, sys
		sys.path.insert(0, "tests/serve")
		import driver
		os.eventfd = lambda *flags: os.pipe()[0]
		try:
		    driver.Driver().connect(sys.argv[1])
		except Exception:
		    sys.exit(0)
		sys.exit(1)
	PY
	timeout 60 python3 "$work/kick.py" "$socket" >"$out" 2>&1
	ok $? '... a pipe is no eventfd without /proc either' || say_output
	until_true 60 grep -q 'ring 0: an eventfd is needed' "$err"
	ok $? '... which is said'
	truncate -s $((64 << 20 | 10)) "$disk"
	kill -HUP "$pid"
	until_true 60 grep -q 'the last 10 bytes are not a whole sector' "$err"
	ok $? '... it looks at the size of what is open' || say_output
	truncate -s 64M "$disk"
	stop_service
	is "$status" 0 '... and ends with 0'
	"$SLABVISOR" serve --blk-file "$disk" --socket-path "$socket" --jail $user 2>>"$err" &
	pid=$!
	until_true 60 is_jailed
	load --rw randread --depth 1 --ios 10
	is "$status" 0 '... and the next one takes its socket over' || say_output
	stop_service
done

# What tells of the host's memory, in whatever way (mm/host/pressure.h): paths begin at what was mounted.
tells='.*/pressure/memory|.*/meminfo|.*/memory\.(pressure|current|usage_in_bytes|stat)'

# Memory beside the disk, of which a machine takes some, and gives it back.
cat >"$work/machine.py" <<'PY'
import struct
import sys
sys.path.insert(0, "tests/serve")
from memory import FREE_PAGES, Machine, until_true
machine = Machine(sys.argv[1])
assert machine.state() == 1 and machine.reset()
empty = machine.stored()
for queue in 0, 1:
    pages = machine.pages(queue, 300)
    assert len(pages) == 300
    for page in pages:
        machine.window[page:page + 8] = struct.pack("<Q", page)
    assert all(struct.unpack("<Q", machine.window[page:page + 8])[0] == page for page in pages)
    assert machine.stored() > empty
    assert machine.ask(queue, FREE_PAGES, 300, addresses=pages)[0] == 0
assert until_true(lambda: machine.stored() == empty)
machine.leave()
PY
for sandbox in on off; do
	: >"$err"
	jailed_service --sandbox $sandbox --kmem-size 4G --kmem-queues 2 --kmem-socket-path "$work/kmem"
	held "serve with memory, sandbox $sandbox" "$(realpath "$disk")|/dev/cpu_dma_latency|/memfd:slabvisor-heap \(deleted\)|$tells"
	timeout 120 python3 "$work/machine.py" "$work/kmem" >"$out" 2>&1
	ok $? '... a machine has its memory' || say_output
	load --rw randrw --verify --depth 8 --ios 2000
	is "$status $(figure wrong) $(figure errors)" '0 0 0' '... and the disk serves on' || say_output
	stop_service
	is "$status" 0 '... and ends with 0'
done

# A guest with a disk, a control socket and an end.
"$SLABVISOR" run --jail $user "${in_group[@]}" --disk "path=$disk" --qmp "unix:$work/qmp" --timeout 900 \
	--cpus 2 "$B/tests/asm/loop" >"$out" 2>"$err" </dev/null &
pid=$!
until_true 300 grep -q looping "$out"
held run "$(realpath "$disk")|/dev/kvm|$(realpath "$B/tests/asm/loop")|/proc/$pid/smaps|$tells"
timeout 300 "$SLABVISOR" ctl "$work/qmp" query-status >"$work/answer" 2>&1
grep -q running "$work/answer"
ok $? '... its control socket answers' "$(cat "$work/answer")"
timeout 300 "$SLABVISOR" ctl "$work/qmp" quit >/dev/null 2>&1
wait "$pid"
is $? 143 '... and ends it'
pid=

for sandbox in on off; do
	guest --jail $user --heap 128M --disk "path=$disk" --sandbox $sandbox "$B/guests/blkcheck"
	is "$status" 0 "a guest tests its disk in a jail, sandbox $sandbox" || say_output
	[ "$(account monitor_rss_kib)" -gt 0 ]
	ok $? '... and the account has what it reads of /proc' || say_output
done
"$SLABVISOR" run --jail $user --timeout 1 "$B/tests/asm/loop" >"$out" 2>"$err" </dev/null
is $? 142 'a timeout ends a guest in a jail'
# The keys, each when it is asked for: what was typed to the machine before is gone with it.
mkfifo "$work/told" "$work/said"
timeout -k 5 60 "$SLABVISOR" run --jail $user --memory 64M --kernel "$B/tests/asm/reset" \
	--disk "path=$disk" <"$work/told" >"$work/said" 2>"$err" &
guest=$!
exec 3>"$work/told" 4<"$work/said"
read -r first <&4
printf r >&3
read -r second <&4
printf q >&3
exec 3>&- 4<&-
wait "$guest"
is "$? $first $second" '0 up up' 'a guest restarts in its jail' || say_output
done_testing
