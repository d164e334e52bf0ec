#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The memory service in a QEMU machine (TCG): how long a request takes that finds the server polling,
# and one that finds it asleep; and how many requests a million pairs of svm_kmalloc() and svm_kfree()
# make. Prints `name value unit`. PAIRS: how many pairs (a million).
set -eu

# shellcheck source=tests/libvirt/kmem-machine.sh
. tests/libvirt/kmem-machine.sh
pairs=${PAIRS:-1000000}
make_initrd tests/nested/module-init.sh

# requests WHEN: sent until then, over all queues.
requests() {
	tr -d '\r' <"$out" | awk -v when="$1" '$1 == "guest:" && $2 == when { n += $6 } END { print n + 0 }'
}

serve --kmem-max 2G
machine q35 "init_on_alloc=0 bench=$pairs"
hear 'guest: is idle'
echo go >&3
goes
tr -d '\r' <"$out" | sed -n 's/^guest: bench \(request_[a-z0-9_]* [0-9]* ns\)$/ivshmem_\1/p'
tr -d '\r' <"$out" | sed -n 's/^guest: bench pair: slabvisor \([0-9]*\) ns, SLUB \([0-9]*\) ns.*/\1 \2/p' |
	tail -n 3 | sort -n | awk 'NR == 2 { print "ivshmem_pair", $1, "ns"; print "slub_pair", $2, "ns" }'
before=$(requests before)
after=$(requests after)
[ "$after" -gt 0 ] || {
	tail -n 40 "$out" "$work/service" >&2
	exit 1
}
awk -v n=$((after - before)) -v pairs="$pairs" \
	'BEGIN { printf "ivshmem_requests_per_million_pairs %.1f requests\n", n * 1e6 / pairs }'
