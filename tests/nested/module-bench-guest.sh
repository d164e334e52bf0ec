#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine: the guest of module-bench.sh. Prints lines of a name, a value and a
# unit.
#   module-bench-guest.sh FOLDER INSTRUCTIONS MIB
set -u

# shellcheck source=tests/nested/linux-lib.sh
. tests/nested/linux-lib.sh
built=$1 instructions=$2 mib=$3
samples='0 250 500 750 1000 2000 4000' # milliseconds after the last free
delay=500

mib_resident() {
	awk '$1 == "VmRSS:" { print int($2 / 1024) }' "/proc/$guest/status"
}
mib_account() {
	echo $(($(account user-frames-in-use) / 256))
}
now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

# curve NAME N: looks at the guest while the program that it runs as the N-th frees half.
curve() {
	local start at
	hear 'guest: giveback has all' "$2"
	sleep 1
	echo "giveback_$1_resident_before $(mib_resident) MiB"
	echo "giveback_$1_account_before $(mib_account) MiB"
	echo go >&3
	hear 'guest: giveback has half' "$2"
	start=$(now_ms)
	for at in $samples; do
		while [ $(($(now_ms) - start)) -lt "$at" ]; do
			sleep 0.02
		done
		echo "giveback_$1_resident_${at}ms $(mib_resident) MiB"
		echo "giveback_$1_account_${at}ms $(mib_account) MiB"
	done
	echo go >&3
}

limit=3000 start kernel/vmlinuz guest-module-bench.cpio "init_on_alloc=0 instructions=$instructions \
preload=$built/libslabvisor-malloc.so giveback=$built/tests/module/giveback mib=$mib" \
	--memory $((mib + 256))M --heap "$((mib + 320))M,user=$((mib + 64))M" --reclaim-delay $delay \
	--qmp "unix:$work/qmp"
if [ "$instructions" = 1 ] && [ "$mib" != 0 ]; then
	echo "giveback_reclaim_delay $delay ms"
	n=0
	for how in first last scattered; do
		for lib in glibc preload; do
			curve "${how}_$lib" $((n += 1))
		done
	done
fi
ended
tr -d '\r' <"$out" | sed -n 's/^guest: bench //p'
[ $status = 0 ] || {
	echo "the guest ended with $status" >&2
	tail -n 40 "$out" >&2
	exit 1
}
