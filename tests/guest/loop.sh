# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Loop devices for tests, and a control group in which their writes are slow. Sourced after
# tests/lib.sh.

. tests/wait.sh

loops=()

# loop_make SIZE SECTOR: sets $loop to a new device on a file of that size; the reason why there is
# none is in $err.
loop_make() {
	mkdir -p "$B/tests"
	loop_file=$(mktemp "$B/tests/loop.XXXXXX") || return 1
	truncate -s "$1" "$loop_file"
	loop=$(losetup --show --sector-size "$2" --find "$loop_file" 2>"${err:?}")
	if [ -z "$loop" ]; then
		rm -f "$loop_file"
		return 1
	fi
	loops+=("$loop" "$loop_file")
}

loop_cleanup() {
	set -- "${loops[@]}"
	while [ $# -gt 0 ]; do
		losetup --detach "$1"
		rm -f "$2"
		shift 2
	done
	# A process that has ended is gone from its group a little later.
	[ -z "${slow_group:-}" ] || until_true 60 rmdir "$slow_group" 2>/dev/null
}
at_end loop_cleanup

# loop_slow RATE: sets $slow_group to a control group whose writes to $loop are held to so many a
# second.
loop_slow() {
	local root=/sys/fs/cgroup number
	number=$(lsblk --noheadings --nodeps --output MAJ:MIN "$loop" | tr -d ' ')
	slow_group=
	if [ -d $root/blkio ]; then
		mkdir $root/blkio/slabvisor.$$ 2>"${err:?}" || return 1
		slow_group=$root/blkio/slabvisor.$$
		echo "$number $1" >$slow_group/blkio.throttle.write_iops_device
	else
		echo +io >$root/cgroup.subtree_control && mkdir $root/slabvisor.$$ || return 1
		slow_group=$root/slabvisor.$$
		echo "$number wiops=$1" >$slow_group/io.max
	fi 2>"${err:?}"
}
