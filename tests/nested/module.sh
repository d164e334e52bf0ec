#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine: Linux guests that load the module slabvisor (module-init.sh). TAP.
#   module.sh FOLDER KERNEL:CPUS:OPTIONS...     FOLDER: where the guest has what was built
# ATTACK is how many random calls a program with rights makes (2000), INTERRUPTS how many objects timers
# allocate (2000).
set -u

# shellcheck source=tests/nested/linux-lib.sh
. tests/nested/linux-lib.sh
built=$1
shift
trap '' PIPE # a guest that has ended hears nothing more

# falls_to NAME N: waits, for a minute at most, until that is N at most in the host's account.
falls_to() {
	local value
	for _ in $(seq 120); do
		value=$(account "$1")
		[ -z "$value" ] || [ "$value" -gt "$2" ] || return 0
		sleep 0.5
	done
	echo "$1 is ${value:-not to be had}" >&2
	return 1
}

# Asks for what the guest keeps, and waits until it has given all.
gives_back() {
	$slabvisor ctl "$work/qmp" heap-reclaim >/dev/null && falls_to objects-active 0
}

# A program that is preloaded frees 12 of 24 MiB, the first that it had; of these four huge frames
# at least are whole.
frees_half() { # NAME
	local all
	hear 'guest: memory giveback has all'
	all=$(account user-frames-in-use)
	check "$1: what a preloaded program has is in the host's account" test "${all:-0}" -ge $((24 * 256))
	echo go >&3 2>/dev/null
	hear 'guest: memory giveback has half'
	check "$1: what it frees is not, while it goes on" falls_to user-frames-in-use $((all - 4 * 512))
	echo go >&3 2>/dev/null
}

guest() { # KERNEL CPUS OPTION...
	local name="$1, vCPUs: $2${3:+, $3}"
	local kept user=''
	local heap=${3:---heap 256M}
	[[ $heap != *user=* ]] || user=1
	truncate -s 64M "$work/disk"
	# Four vCPUs take turns on one CPU, which is emulated.
	# shellcheck disable=SC2086 # an option and its value
	limit=2400 start "$1/vmlinuz" "guest-module-$1.cpio" "svtest=$built/tests/module/svtest attack=$built/tests/module/attack \
attacks=${ATTACK:-2000} interrupts=${INTERRUPTS:-2000} preload=$built/libslabvisor-malloc.so ${user:+giveback=$built/tests/module/giveback}" \
		--cpus "$2" $heap --stats --disk "path=$work/disk,direct=on" \
		--qmp "unix:$work/qmp"
	[ -z "$user" ] || frees_half "$name"
	hear 'guest: is idle'
	kept=$(account objects-active)
	check "$name: its magazines and depots keep objects" test "${kept:-0}" -gt 0
	check "$name: heap-reclaim has all of them back" gives_back
	echo go >&3 2>/dev/null
	ended
	check "$name: ends by itself with 0" test $status = 0
	check "$name: loads the module" said '^guest: loaded slabvisor'
	for state in freeze disk; do
		check "$name: and then the system does not sleep ($state)" \
			said "^guest: does not sleep: $state"
	done
	passes "$name, in the kernel" ktap
	passes "$name, misuse" misuse
	check "$name: an object freed twice is warned of" said '^guest: warned .*double free'
	check "$name: one freed by the wrong cache is warned of" said '^guest: warned .*st-one'
	check "$name: __GFP_ZERO beside a constructor is warned of" said '^guest: warned .*__GFP_ZERO'
	passes "$name, a program" program
	passes "$name, random calls" attack
	for program in perl bash sqlite3 python3 memcached; do
		check "$name: $program does with the host's memory what it does without" \
			said "^guest: $program does the same"
	done
	[ -z "$user" ] ||
		check "$name: a program that is preloaded has its memory of the host" said '^guest: perl has pages [0-9]{4}'
	[ -z "$user" ] || check "$name: and what it kept is as it was" said '^guest: memory giveback is well'
	check "$name: unloads the module" said '^guest: unloaded slabvisor'
	check "$name: nothing is out at the end" said '^frames_in_use_after 0$'
	check "$name: no direct I/O was copied" said '^blk_bytes_copied 0$'
	quiet "$name"
	tr -d '\r' <"$out" | sed -n 's/^guest: \(perl\|bash\|sqlite3\|python3\|memcached\|stats\|slabinfo\|queues\|loading\) /# \1 /p'
}

# A kernel in ruins, of which nothing is asked: it ends as it can, or is ended.
hostile() { # KERNEL CPUS
	local name="a kernel that writes garbage into its queues, vCPUs: $2"
	limit=600 start "$1/vmlinuz" "guest-module-$1.cpio" 'scribble=30 oops=panic' \
		--cpus "$2" --heap 256M --qmp "unix:$work/qmp"
	hear 'guest: garbage 1'
	check "$name: sets about it" said '^guest: garbage 1$'
	ended
	# By itself, for a panic or another fault that the monitor names, or because it hangs.
	check "$name: ends no monitor" eval "case $status in 0 | 120 | 142) ;; *) false ;; esac"
	echo "# $name: status $status after $(grep -ac 'guest: garbage' "$out") of 30 times"
}

for spec; do
	IFS=: read -r kernel cpus options <<<"$spec"
	guest "$kernel" "$cpus" "$options"
done

hostile "$kernel" 2

# The commands of README.md, by hand.
start "$kernel/vmlinuz" guest-module-readme.cpio '' --heap 1G,user=512M
hear 'ends it'
cat >&3 <<-'END'
	perl -e '@a = map { "x" x 1000 } 1 .. 20000; system "grep ^pages /sys/kernel/debug/slabvisor/stats"'
	poweroff
END
ended
check 'the shell of an initramfs has a program use the host'"'"'s memory' said '^pages_out [0-9]{4}'
check 'and poweroff ends its guest' test $status = 0
finish
