#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The harness itself: what comes out of the nested machine, and how it says that
# something went wrong there.
set -u

run=tests/nested/run.sh
. tests/tap.sh

# shellcheck disable=SC2317 # called by a check that fails
explain() {
	echo "status $status; stderr:"
	cat "$work/err"
}

harness() {
	$run "$@" >"$work/out" 2>"$work/err"
	status=$?
}

has() { # FILE PATTERN
	grep -qE -- "$2" "$work/$1"
}

harness
check 'no command: 200' test $status = 200
harness --cpus 0 -- true
check 'a bad number: 200' test $status = 200
harness --cpus 3 --numa -- true
check 'an odd number of CPUs for two nodes: 200' test $status = 200
harness --file build/nested/missing -- true
check 'a file that is not there: 200' test $status = 200

# shellcheck disable=SC2016 # expanded in the machine
harness --again --cpus 4 --numa --disk 64 --out "$work/files" -- bash -c '
	printf "%s|" "$@"; echo
	seq 50000
	echo "to stderr" >&2
	nproc; cat /sys/devices/system/node/node1/cpulist
	uname -r
	dd if=/dev/zero of="$NESTED_DISK/x" bs=4096 count=16 oflag=direct 2>/dev/null && echo direct
	echo kept >"$NESTED_OUT/file"
	exit 42' bash 'a b' '' '$x'
check 'the status is the command'\''s' test $status = 42
# shellcheck disable=SC2016 # a literal dollar
check 'arguments arrive as they are' has out '^a b\|\|\$x\|$'
check 'stdout arrives whole' cmp -s <(sed -n 2,50001p "$work/out") <(seq 50000)
check 'stderr apart from it' has err '^to stderr$'
check 'stdout has none of stderr' eval '! has out "to stderr"'
check 'the CPUs asked for, in two nodes' eval 'has out "^4$" && has out "^2-3$"'
check 'the kernel is the packaged one' has out "^$(cat build/nested/kernel/release)$"
check 'the disk takes O_DIRECT' has out '^direct$'
check 'files come out' grep -qx kept "$work/files/file"

# shellcheck disable=SC2016 # expanded in the machine
make -s nested OPTIONS='--cpus 1' CMD='echo "first; $$NESTED"; hostname; command -v slabvisor' >"$work/out" 2>"$work/err"
status=$?
# shellcheck disable=SC2016 # expanded by eval
check 'make nested runs all of CMD inside, where slabvisor is found' \
	eval '[ "$status" = 0 ] && has out "^first; 1$" && has out "^nested$" && has out "^/slabvisor/build/slabvisor$"'

harness --timeout 2 -- bash -c 'trap "" TERM; echo on; while :; do :; done'
check 'a command that does not end: 201' test $status = 201
check 'its output until then' has out '^on$'

harness -- sh -c 'echo on; echo c >/proc/sysrq-trigger; sleep 100'
check 'a machine that dies: 203' test $status = 203
check 'its console is shown' has err 'sysrq triggered crash'

export NESTED_RERUNS=$work/reruns
: >"$NESTED_RERUNS"
harness --again -- sh -c 'echo said; sync; echo c >/proc/sysrq-trigger; sleep 100'
check 'a machine that dies twice: 203' test $status = 203
check 'it was made once more, which is counted' test "$(wc -l <"$NESTED_RERUNS")" = 1
check 'and told' has err 'run once more'
check 'the output is that of the last' test "$(cat "$work/out")" = said
harness --again -- sh -c 'echo on; exit 3'
check 'a command that fails is not run again' test $status = 3 -a "$(wc -l <"$NESTED_RERUNS")" = 1
check 'its output is shown once' test "$(cat "$work/out")" = on

# Init's own shells, but for the one that is process 1.
# shellcheck disable=SC2016 # expanded in the machine
NESTED_BEAT=5 harness -- sh -c 'for p in /proc/[0-9]*; do
	[ $p = /proc/1 ] || ! grep -q /init $p/cmdline || kill -STOP ${p#/proc/}
done; sleep 300'
check 'a machine whose heart stops: 203' test $status = 203
check 'and it is said' has err 'heart stopped'

harness -- sh -c 'echo "BUG: KVM, to see who looks" >/dev/kmsg'
check 'a complaint in the kernel log: 202' test $status = 202
check 'which is shown' has err 'BUG: KVM, to see'

done_testing
