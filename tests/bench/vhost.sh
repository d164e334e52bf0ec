#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `slabvisor serve` beside qemu-storage-daemon, on the same file, in turns, in one run: the
# load generator as the only client of each, and fio on the host. Prints `name value unit`
# lines: medians of the rounds and of their ratios. ROUNDS=5, SECONDS_EACH=1, SIZE=1024 MiB.
# `plain` is `slabvisor serve` as it comes, `registered` with --pin-budget, which is for memory that
# stays; a ratio is of what its name says to qemu-storage-daemon, or to fio.
#
# Both back ends, their load and fio share the CPU that takes the disk's interrupts, so that what
# they cost decides. Figures with `apart` in their names have the load on another CPU, where a
# wake-up that crosses can cost as much as the disk. As ARCHITECTURE.md advises where threads are
# kept on their CPUs, both may poll for 50 us; figures with `nopoll` are without. PIN=0 leaves all
# to the scheduler, which may put one back end the one way and its peer the other, and nobody polls.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
export LC_ALL=C
B=${B:-build}
rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-1} size=${SIZE:-1024}
dir=$(mktemp -d "$B/vhost.XXXXXX")
figures=$dir/figures
declare -A pid
trap '[ ${#pid[@]} = 0 ] || kill "${pid[@]}"; rm -rf "$dir"' EXIT

for tool in qemu-storage-daemon fio; do
	command -v $tool >/dev/null || {
		echo "bench: $tool is missing: run tools/deps.sh libvirt as root" >&2
		exit 1
	}
done
# Data, not holes, and on the disk.
dd if=/dev/urandom of="$dir/disk" bs=1M count="$size" status=none oflag=direct
: >"$figures"

pin=() apart_pin=() places=(together) poll=0
if pin_cpus "$dir/disk"; then
	pin=(taskset -c "$io_cpu") apart_pin=(taskset -c "$other_cpu") places=(together apart) poll=50
	echo "# back ends, load and fio on CPU $io_cpu; apart: the load on CPU $other_cpu"
fi

# start_BACKEND WHO POLL_US [OPTION...]: those that are not asked sleep; nobody writes, so none need
# lock the file.
start_slabvisor() {
	"${pin[@]}" "$B/slabvisor" serve --blk-file "$dir/disk" --socket-path "$dir/$1" --queues 2 --read-only \
		--poll-us "$2" "${@:3}" 2>/dev/null &
	pid[$1]=$!
}

start_qsd() {
	"${pin[@]}" qemu-storage-daemon --object "iothread,id=t,poll-max-ns=${2}000" \
		--blockdev "driver=file,filename=$dir/disk,node-name=f,aio=io_uring,cache.direct=on,read-only=on,locking=off" \
		--blockdev driver=raw,file=f,node-name=r,read-only=on \
		--export "type=vhost-user-blk,id=e,node-name=r,addr.type=unix,addr.path=$dir/$1,num-queues=2,iothread=t" &
	pid[$1]=$!
}

start_slabvisor plain $poll
start_slabvisor registered $poll --pin-budget 64G
start_qsd qsd $poll
if [ $poll != 0 ]; then
	start_slabvisor plain_nopoll 0
	start_slabvisor registered_nopoll 0 --pin-budget 64G
	start_qsd qsd_nopoll 0
fi
for who in "${!pid[@]}"; do
	for ((i = 0; i < 100; i++)); do
		[ ! -S "$dir/$who" ] || break
		sleep 0.1
	done
done

# run_load WHO NAME OPTION...: its figures; sets rate and cpu. load_pin says where.
run_load() {
	local who=$1 name=$2
	"${load_pin[@]}" "$B/tools/slabvisor-vhost-load" --socket "$dir/$who$poll_suffix" --seconds "$seconds" \
		--pid "${pid[$who$poll_suffix]}" "${@:3}" >"$dir/load"
	awk '$1 == "errors" && $2 { exit 1 }' "$dir/load"
	rate=$(awk '$1 == "iops" { print $2 }' "$dir/load")
	cpu=$(awk '$1 == "backend_cpu_per_mio" { print $2 }' "$dir/load")
	figure "vhost_${name}_${who}_iops" "$rate" 1/s
	figure "vhost_${name}_${who}_bw" "$(awk '$1 == "bandwidth" { print $2 }' "$dir/load")" MiB/s
	figure "vhost_${name}_${who}_cpu" "$cpu" s/Mio
}

run_fio() { # NAME DEPTH: sets rate
	"${pin[@]}" fio --name=x --filename="$dir/disk" --direct=1 --ioengine=io_uring --fixedbufs --rw=randread \
		--bs=4k --iodepth="$2" --runtime="$seconds" --time_based --output-format=terse \
		--terse-version=3 >"$dir/fio"
	rate=$(awk -F';' '{ print $8 }' "$dir/fio")
	figure "vhost_$1_fio_iops" "$rate" 1/s
}

# compare NAME RATE FIO_DEPTH OPTION...: the ratios of one round, where RATE names that of the
# data; there and back: a disk that gets faster or slower favours none.
compare() {
	local name=$1 what=$2 fio_depth=$3 who
	declare -A rates=([plain]=0 [registered]=0 [qsd]=0 [fio]=0) cpus=([plain]=0 [registered]=0 [qsd]=0)
	for who in plain registered qsd fio fio qsd registered plain; do
		if [ $who != fio ]; then
			run_load $who "$name" "${@:4}"
			cpus[$who]=$(add "${cpus[$who]}" "$cpu")
		elif [ "$fio_depth" ]; then
			run_fio "$name" "$fio_depth"
		else
			continue
		fi
		rates[$who]=$(add "${rates[$who]}" "$rate")
	done
	for who in plain registered; do
		ratio "vhost_${name}_${who}_${what}_ratio" "${rates[$who]}" "${rates[qsd]}"
		ratio "vhost_${name}_${who}_cpu_ratio" "${cpus[$who]}" "${cpus[qsd]}"
		[ -z "$fio_depth" ] || ratio "vhost_${name}_${who}_fio_ratio" "${rates[$who]}" "${rates[fio]}"
	done
}

for ((round = 0; round < rounds; round++)); do
	for place in "${places[@]}"; do
		poll_suffix=''
		if [ "$place" = together ]; then
			load_pin=("${pin[@]}") suffix='' queues=(1 2)
		else
			load_pin=("${apart_pin[@]}") suffix=_apart queues=(1)
		fi
		for q in "${queues[@]}"; do
			for d in 1 32 128; do
				fio_depth=''
				[ "$q$suffix" != 1 ] || fio_depth=$d
				compare "4k_qd$d$([ "$q" = 1 ] || echo _q2)$suffix" iops "$fio_depth" \
					--queues "$q" --depth $((d > q ? d / q : 1))
			done
			compare "128k$([ "$q" = 1 ] || echo _q2)$suffix" bw '' \
				--rw read --block-size 128K --queues "$q" --depth $((32 / q))
		done
		[ $poll != 0 ] || continue
		poll_suffix=_nopoll
		for d in 1 32; do
			compare "4k_qd${d}_nopoll$suffix" iops '' --depth $d
		done
	done
done

sort -s -k1,1 "$figures" | awk "$medians"'
	END {
		for (pass = 0; pass < 2; pass++)
			for (i = 1; i <= n; i++)
				if ((unit[order[i]] == "x") == pass)
					printf pass ? "%s %.3f %s\n" : "%s %s %s\n", order[i], median(order[i]), unit[order[i]]
	}'
