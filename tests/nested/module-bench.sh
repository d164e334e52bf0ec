#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What the module costs a Linux guest on a stock KVM, and what of a program's memory it gives back;
# beside the guest's own allocators, in the same run. The standard kernel is booted with
# init_on_alloc=0: Debian's would zero what SLUB hands out. Everything is measured twice, in time and
# in instructions (run.sh --instructions); an emulated CPU's time says little of any other's. Prints
# lines of a name, a value and a unit.
#   MIB: what the program has that gives back (256); 0: there is none
#   MODES: time, instructions or both
set -eu
cd "$(dirname "$0")/../.."

dir=build/nested
built=$(realpath -s build)
mib=${MIB:-256}
# shellcheck source=tests/nested/module-pack.sh
. tests/nested/module-pack.sh
tests/nested/kernel.sh "$dir/kernel" linux-image-amd64 >&2
pack_guest kernel tests/nested/module-bench-init.sh "$dir/guest-module-bench.cpio" \
	"$built/tests/module/giveback" "$built/libslabvisor-malloc.so" perl bash sqlite3
files=(--file "$dir/kernel/vmlinuz" --file "$dir/guest-module-bench.cpio")

# ratios UNIT: passes lines on, and adds what ours are to the peer's.
ratios() {
	awk -v "unit=$1" '{ print; v[$1] = $2 }
		/_calls / { calls[substr($1, 1, length($1) - 6)] = $2 }
		END {
			for (n in calls) {
				printf "%s_ratio_%s %.3f ratio\n", n, unit, v[n "_slabvisor"] / v[n "_slub"]
				printf "%s_requests_a_million %.1f requests\n", n, v[n "_requests"] * 1e6 / calls[n]
			}
			split("perl sqlite3", p, " ")
			for (i in p)
				printf "%s_ratio_%s %.3f ratio\n", p[i], unit, v[p[i] "_preload"] / v[p[i] "_glibc"]
		}'
}

echo 'init_on_alloc 0 kernel-parameter'
for mode in ${MODES:-time instructions}; do
	options=() counts=0
	[ "$mode" = time ] || options=(--instructions) counts=1
	tests/nested/run.sh --again --cpus 1 --memory 4096 --timeout 3600 "${options[@]}" "${files[@]}" -- \
		tests/nested/module-bench-guest.sh "$built" $counts "$mib" | ratios "$mode"
done
