#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `slabvisor serve` beside qemu-storage-daemon, on the same file, in turns, in one run: the load generator as the only
# client of each, and fio on the host. Medians of ROUNDS=5 and of their ratios. SECONDS_EACH=1, SIZE=1024 MiB.
# tests/bench/lib.sh says what is printed, and how DISK= takes a device of one's own.
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
seconds=${SECONDS_EACH:-1} size=${SIZE:-1024}
declare -A pid
# shellcheck disable=SC2016 # expanded at the end
at_exit '[ ${#pid[@]} = 0 ] || kill "${pid[@]}" 2>/dev/null'

for tool in qemu-storage-daemon fio; do
	command -v $tool >/dev/null || {
		echo "bench: $tool is missing: run tools/deps.sh libvirt as root" >&2
		exit 1
	}
done
bench_disk "$B/bench/vhost.img" "$size"

pin=() apart_pin=() places=(together) poll=0
if pin_cpus "$disk"; then
	pin=(taskset -c "$io_cpu") apart_pin=(taskset -c "$other_cpu") places=(together apart) poll=50
	echo "# back ends, load and fio on CPU $io_cpu; apart: the load on CPU $other_cpu"
fi

# start_BACKEND WHO POLL_US [OPTION...]: those that are not asked sleep; nobody writes, so none need
# lock the file.
start_slabvisor() {
	"${pin[@]}" "$B/slabvisor" serve --blk-file "$disk" --socket-path "$work/$1" --queues 2 --read-only \
		--poll-us "$2" "${@:3}" 2>/dev/null &
	pid[$1]=$!
}

# A device has another driver than a file.
driver="file"
[ ! -b "$disk" ] || driver=host_device
start_qsd() {
	"${pin[@]}" qemu-storage-daemon --object "iothread,id=t,poll-max-ns=${2}000" \
		--blockdev "driver=$driver,filename=$disk,node-name=f,aio=io_uring,cache.direct=on,read-only=on,locking=off" \
		--blockdev driver=raw,file=f,node-name=r,read-only=on \
		--export "type=vhost-user-blk,id=e,node-name=r,addr.type=unix,addr.path=$work/$1,num-queues=2,iothread=t" &
	pid[$1]=$!
}

bench_start vhost '(_qsd|_fio)_iops$|128k.*_qsd_bw$'
bench_version fio "$(fio --version)"
bench_version qemu-storage-daemon "$(qemu-storage-daemon --version | head -1)"
bench_table tests/bench/vhost.table
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
		[ ! -S "$work/$who" ] || break
		sleep 0.1
	done
done

# run_load WHO NAME OPTION...: its figures; sets rate, cpu and tail. load_pin says where.
run_load() {
	local who=$1 name=vhost_$2_$1
	bench_step "$2, $1"
	"${load_pin[@]}" "$B/tools/slabvisor-vhost-load" --socket "$work/$who$poll_suffix" --seconds "$seconds" \
		--size "${size}M" --pid "${pid[$who$poll_suffix]}" --output-format json "${@:3}" >"$work/load"
	# Of both sides of the disk the CPU time that is compared is the back end's.
	tests/bench/fio_figures.py "$name" "$work/load" >"$work/all"
	sed -e '/_iops_per_core /d' -e 's/_cpu_s_per_mio /_load&/' -e 's/_backend_cpu_per_mio \(.*\) s$/_cpu \1 s\/Mio/' \
		"$work/all" >"$work/lines"
	rate=$(field "$work/lines" "${name}_iops")
	cpu=$(field "$work/lines" "${name}_cpu")
	tail=$(field "$work/lines" "${name}_p99.9_us")
	cat "$work/lines" >>"$figures"
	figure "${name}_iops_per_core" "$(awk -v c="$cpu" 'BEGIN { printf "%.0f", c ? 1e6 / c : 0 }')" 1/s
}

run_fio() { # NAME DEPTH: sets rate and tail
	bench_step "$1, fio"
	"${pin[@]}" fio --name=x --filename="$disk" --size="${size}m" --direct=1 --ioengine=io_uring --fixedbufs --rw=randread \
		--bs=4k --iodepth="$2" --runtime="$seconds" --time_based --output-format=json >"$work/fio"
	tests/bench/fio_figures.py "vhost_$1_fio" "$work/fio" >"$work/lines"
	rate=$(field "$work/lines" "vhost_$1_fio_iops")
	tail=$(field "$work/lines" "vhost_$1_fio_p99.9_us")
	cat "$work/lines" >>"$figures"
}

# compare NAME RATE FIO_DEPTH OPTION...: the ratios of one round, where RATE names that of the
# data; there and back: a disk that gets faster or slower favours none.
compare() {
	local name=$1 what=$2 fio_depth=$3 who
	declare -A rates=([plain]=0 [registered]=0 [qsd]=0 [fio]=0) cpus=([plain]=0 [registered]=0 [qsd]=0)
	declare -A tails=([plain]=0 [registered]=0 [qsd]=0 [fio]=0)
	for who in plain registered qsd fio fio qsd registered plain; do
		if [ $who != fio ]; then
			run_load $who "$name" "${@:4}"
			cpus[$who]=$(add "${cpus[$who]}" "$cpu")
		elif [ "$fio_depth" ]; then
			run_fio "$name" "$fio_depth"
		else
			continue
		fi
		# A bandwidth is a rate by the same factor on either side.
		rates[$who]=$(add "${rates[$who]}" "$rate")
		tails[$who]=$(add "${tails[$who]}" "$tail")
	done
	for who in plain registered; do
		ratio "vhost_${name}_${who}_${what}_ratio" "${rates[$who]}" "${rates[qsd]}"
		ratio "vhost_${name}_${who}_cpu_ratio" "${cpus[$who]}" "${cpus[qsd]}"
		ratio "vhost_${name}_${who}_p99.9_ratio" "${tails[$who]}" "${tails[qsd]}"
		[ -z "$fio_depth" ] || ratio "vhost_${name}_${who}_fio_ratio" "${rates[$who]}" "${rates[fio]}"
	done
}

round() {
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
}

bench_rounds round
