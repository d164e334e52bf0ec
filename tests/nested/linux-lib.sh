# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the scripts share that boot Linux guests in the nested machine: starting a guest, listening to
# it, and what its kernel may complain of; the checks are those of tests/tap.sh.

slabvisor=build/slabvisor
dir=build/nested
. tests/tap.sh
out=$work/out # what the last guest printed, lines ending in CR LF
guest=''     # its monitor's process
status=0

# shellcheck disable=SC2317 # called by a check that fails
explain() {
	echo "status $status"
	tail -n 60 "$out" | tr -d '\r'
}

said() { # PATTERN
	tr -d '\r' <"$out" | grep -qE -- "$1"
}

# start KERNEL INITRD CMDLINE OPTION...: starts a guest, whose input is what is written to fd 3. It
# may take $limit seconds (90).
# TCG does not tell KVM of XSETBV, so that CPUID of the guest's XSAVE is wrong there: noxsave.
start() {
	local kernel=$1 initrd=$2 append=$3
	shift 3
	: >"$out"
	rm -f "$work/in"
	mkfifo "$work/in"
	$slabvisor run --kernel "$dir/$kernel" --initrd "$dir/$initrd" --timeout "${limit:-300}" \
		--append "console=ttyS0 quiet noxsave $append" "$@" <"$work/in" >"$out" 2>&1 &
	guest=$!
	exec 3>"$work/in"
}

# hear TEXT [N]: waits until the guest has said it, N times, or ended.
hear() {
	tail -n +1 -f -s 0.1 --pid="$guest" "$out" 2>/dev/null | grep -a -m "${2:-1}" -- "$1" | cat >/dev/null
}

# account NAME: what the guest has, by the host's account; it was started with --qmp unix:$work/qmp.
account() {
	$slabvisor ctl "$work/qmp" query-memory | sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p"
}

# ended: waits for the guest's end; sets status.
ended() {
	exec 3>&-
	wait "$guest" 2>/dev/null # or bash tells of one that was killed
	status=$?
}

# boot KERNEL CMDLINE OPTION...: a guest with linux-init.sh, from its start to its end.
boot() {
	local kernel=$1
	shift
	start "$kernel" "guest-${kernel%/*}.cpio" "$@"
	ended
}

# passes NAME PREFIX: what the guest said in TAP behind a prefix is this test's as well, and all of it
# is there.
passes() {
	local plan line
	tr -d '\r' <"$out" | sed -n "s/^guest: $2 //p" >"$work/tap"
	while read -r line; do
		check "$1: ${line#*ok * }" eval "[ '${line%% *}' = ok ]"
	done < <(grep -E '^(not )?ok ' "$work/tap" | sed "s/ - / /; s/'//g")
	plan=$(sed -n 's/^1\.\.//p' "$work/tap")
	check "$1: all of its $plan tests were run" \
		test -n "$plan" -a "$plan" = "$(grep -cE '^(not )?ok ' "$work/tap")"
	grep '^# ' "$work/tap"
}

# The errors and warnings of the guest's kernel (levels 0 to 4), which its init prints, but for
# those that the nested machine is the cause of:
#   what microcode the CPU that TCG emulates would need;
#   that a machine which is emulated twice is slow;
#   that busybox's mke2fs makes small inodes;
#   that a module is not one of the kernel's own.
complaints() {
	tr -d '\r' <"$out" | sed -n 's/^guest: complaint //p' | grep -v \
		-e 'Speculative Return Stack Overflow' \
		-e 'hrtimer: interrupt took' -e 'Long readout interval' \
		-e 'supports timestamps until 2038' \
		-e 'loading out-of-tree module taints kernel' -e 'module verification failed'
}

quiet() { # NAME
	local found
	found=$(complaints)
	check "$1: its kernel has nothing to complain of" test -z "$found"
	[ -z "$found" ] || printf '%s\n' "$found" | sed 's/^/# complaint: /'
}

finish() {
	local found
	found=$(dmesg -r | grep '^<[0-4]>' | grep -iE 'kvm|svm')
	check "the machine's kernel has nothing to complain of KVM" test -z "$found"
	done_testing
}
