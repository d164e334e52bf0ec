#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine: `--jail` below an initial RAM disk, which cannot be moved away as another
# root can, and in control groups of version 2. TAP.
set -u

. tests/tap.sh
. tests/wait.sh
slabvisor=build/slabvisor
groups=/sys/fs/cgroup
out=$work/out

# shellcheck disable=SC2317 # called by a check that fails
explain() {
	cat "$out"
}

mkdir -p /etc
grep -qs ^nobody: /etc/passwd || echo 'nobody:x:65534:65534::/:/bin/false' >>/etc/passwd
is "$(awk '$2 == "/" { print $3 }' /proc/mounts)" rootfs 'the root is the initial RAM disk'
mount -t cgroup2 none $groups && mkdir $groups/jailed
ok $? 'control groups are of version 2'

# settled STATE: it is reached, or it cannot be any more.
settled() {
	"$1" || ended "$pid"
}

# jailed NAME CMD...: a command that stays, by CMD; checks its jail. Sets pid.
jailed() {
	local name=$1
	shift
	"$@" >"$out" 2>&1 &
	pid=$!
	in_jail() { grep -qs '^Uid:[[:space:]]*65534[[:space:]]*65534' /proc/$pid/status; }
	until_true 120 settled in_jail
	check "$name: it is another user's" in_jail
	closed() { [ -d /proc/$pid/root/. ] && [ -z "$(ls -A /proc/$pid/root/)" ]; }
	until_true 120 settled closed
	check "$name: its root is empty" closed
	check "$name: it is in the control group" grep -qx "$pid" $groups/jailed/cgroup.procs
}

jailed run $slabvisor run --heap 64M --timeout 250 --jail nobody --jail-cgroup $groups/jailed \
	build/guests/ticker
check 'run: its guest runs' until_true 120 grep -q '^tick 1$' "$out"
kill -TERM "$pid"
wait "$pid"
is $? 143 'run: it ends as it is told'

truncate -s 8M "$work/disk"
chmod 666 "$work/disk"
jailed serve $slabvisor serve --jail nobody --jail-cgroup $groups/jailed --blk-file "$work/disk" \
	--socket-path "$work/socket"
kill -TERM "$pid"
wait "$pid"
is $? 0 'serve: it ends as it is told'

# refused GROUP STATUS PATTERN
refused() {
	$slabvisor run --heap 64M --jail nobody --jail-cgroup "$1" build/guests/hello >"$out" 2>&1
	is "$? $(wc -l <"$out")" "$2 1" "$1 is refused, in a line"
	check '... which says why' grep -q -- "$3" "$out"
}
refused $groups/none 125 'no control group: mkdir makes one'
done_testing
