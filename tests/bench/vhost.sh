#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `slabvisor serve` beside qemu-storage-daemon, on the same file, in turns, in one run: the
# load generator as the only client of each, and fio on the host. Prints `name value unit`
# lines: medians of the rounds, and ratios of those.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
B=${B:-build}
rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-2} size=${SIZE:-1024}
dir=$(mktemp -d "$B/vhost.XXXXXX")
figures=$dir/figures
pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$dir"' EXIT

for tool in qemu-storage-daemon fio; do
	command -v $tool >/dev/null || {
		echo "bench: $tool is missing: run tools/deps.sh libvirt as root" >&2
		exit 1
	}
done
# Data, not holes, and on the disk.
dd if=/dev/urandom of="$dir/disk" bs=1M count="$size" status=none oflag=direct
: >"$figures"

serve_slabvisor() {
	"$B/slabvisor" serve --blk-file "$dir/disk" --socket-path "$dir/s" --queues 2 &
	pid=$!
}

serve_qsd() {
	qemu-storage-daemon \
		--blockdev "driver=file,filename=$dir/disk,node-name=f,aio=io_uring,cache.direct=on" \
		--blockdev driver=raw,file=f,node-name=r \
		--export "type=vhost-user-blk,id=e,node-name=r,addr.type=unix,addr.path=$dir/s,writable=on,num-queues=2" &
	pid=$!
}

# measure WHO NAME OPTION...
measure() {
	"$B/tools/vhost_load" --socket "$dir/s" --seconds "$seconds" --pid "$pid" "${@:3}" |
		awk -v who="$1" -v name="$2" '
			$1 == "iops" { print "vhost_" name "_" who "_iops", $2, "1/s" }
			$1 == "bandwidth" { print "vhost_" name "_" who "_bw", $2, "MiB/s" }
			$1 == "backend_cpu_per_mio" { print "vhost_" name "_" who "_cpu", $2, "s/Mio" }
			$1 == "errors" && $2 { exit 1 }' >>"$figures"
}

measure_all() { # WHO
	local d q
	for q in 1 2; do
		for d in 1 32 128; do
			measure "$1" "4k_qd$d$([ $q = 1 ] || echo _q$q)" --queues $q --depth $((d > q ? d / q : 1))
		done
	done
	measure "$1" 128k --rw read --block-size 128K --depth 32
	measure "$1" 128k_q2 --rw read --block-size 128K --depth 16 --queues 2
}

measure_fio() {
	local d
	for d in 1 32 128; do
		fio --name=x --filename="$dir/disk" --direct=1 --ioengine=io_uring --fixedbufs --rw=randread \
			--bs=4k --iodepth=$d --runtime="$seconds" --time_based --output-format=terse --terse-version=3 |
			awk -F';' -v d=$d '{ print "vhost_4k_qd" d "_fio_iops", $8, "1/s" }' >>"$figures"
	done
}

for ((round = 0; round < rounds; round++)); do
	for who in slabvisor qsd; do
		rm -f "$dir/s"
		serve_$who
		measure_all $who
		kill "$pid"
		wait "$pid" || :
		pid=
	done
	measure_fio
done

sort -s -k1,1 "$figures" | awk "$medians"'
	function ratio(name, a, b) {
		if (median(b) > 0)
			printf "%s %.3f ratio\n", name, median(a) / median(b)
	}
	END {
		for (i = 1; i <= n; i++)
			printf "%s %s %s\n", order[i], median(order[i]), unit[order[i]]
		split("4k_qd1 4k_qd32 4k_qd128 4k_qd1_q2 4k_qd32_q2 4k_qd128_q2", what, " ")
		for (i = 1; i <= 6; i++) {
			s = "vhost_" what[i]
			ratio(s "_iops_ratio", s "_slabvisor_iops", s "_qsd_iops")
			ratio(s "_cpu_ratio", s "_slabvisor_cpu", s "_qsd_cpu")
		}
		ratio("vhost_128k_bw_ratio", "vhost_128k_slabvisor_bw", "vhost_128k_qsd_bw")
		ratio("vhost_128k_q2_bw_ratio", "vhost_128k_q2_slabvisor_bw", "vhost_128k_q2_qsd_bw")
		ratio("vhost_128k_cpu_ratio", "vhost_128k_slabvisor_cpu", "vhost_128k_qsd_cpu")
		for (d = 1; d <= 128; d *= d == 1 ? 32 : 4)
			ratio("vhost_4k_qd" d "_fio_ratio", "vhost_4k_qd" d "_slabvisor_iops", "vhost_4k_qd" d "_fio_iops")
	}'
