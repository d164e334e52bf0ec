#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `slabvisor serve` beside qemu-storage-daemon, on the same file, in turns, in one run: the load generator as the only
# client of each, and fio on the host. Medians of ROUNDS=3 and of their ratios. SECONDS_EACH=1, SIZE=1024 MiB.
# tests/bench/lib.sh says what is printed, and how DISK= takes a device of one's own.
# `plain` is `slabvisor serve` with nothing registered, `registered` with --pin-budget, which is for memory that stays,
# and beside them are `fio_plain` and `fio`, which registers its buffers. A ratio is of what its name says to
# qemu-storage-daemon, a fio_ratio to the fio that is the like; a p99.9_best_ratio is to the lesser of
# qemu-storage-daemon's and fio's.
#
# Both back ends, their load and fio share the CPU that takes the disk's interrupts, so that what
# they cost decides. Figures with `apart` in their names have the load on another CPU, where a
# wake-up that crosses can cost as much as the disk. Both back ends may poll for 50 us there, and figures with `nopoll`
# are without. PIN=0 leaves all to the scheduler, which may put one back end the one way and its peer the other, and
# nobody polls.
#
# Figures with `alone` are of services as they come, on no CPU of the bench's choice, nor their load. An
# alone_best_ratio is the rate of that to the best of those places, with and without polls, of the same round.
set -eu
cd "$(dirname "$0")/../.."
rounds=3
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

pin=() apart_pin=() poll=0
if pin_cpus "$disk"; then
	pin=(taskset -c "$io_cpu") apart_pin=(taskset -c "$other_cpu") poll=50
	echo "# back ends, load and fio on CPU $io_cpu; apart: the load on CPU $other_cpu"
fi

# start_BACKEND WHO POLL_US [OPTION...]: those that are not asked sleep; - leaves it to the back end. Where nobody writes,
# none need lock the file. $placed says where.
ro=--read-only
start_slabvisor() {
	local poll_us=(--poll-us "$2")
	[ "$2" != - ] || poll_us=()
	"${placed[@]}" "$B/slabvisor" serve --blk-file "$disk" --socket-path "$work/$1" --queues 2 $ro \
		"${poll_us[@]}" "${@:3}" 2>/dev/null &
	pid[$1]=$!
}

# A device has another driver than a file.
driver="file"
[ ! -b "$disk" ] || driver=host_device
start_qsd() {
	local poll_ns=,poll-max-ns=${2}000 mode=off
	[ "$2" != - ] || poll_ns=''
	[ -z "$ro" ] || mode=on
	"${placed[@]}" qemu-storage-daemon --object "iothread,id=t$poll_ns" \
		--blockdev "driver=$driver,filename=$disk,node-name=f,aio=io_uring,cache.direct=on,read-only=$mode,locking=off" \
		--blockdev "driver=raw,file=f,node-name=r,read-only=$mode" \
		--export "type=vhost-user-blk,id=e,node-name=r,addr.type=unix,addr.path=$work/$1,num-queues=2,iothread=t,writable=$([ "$mode" = on ] && echo off || echo on)" &
	pid[$1]=$!
}

start() { # WHO POLL_US
	case $1 in
	plain*) start_slabvisor "$@" ;;
	registered*) start_slabvisor "$@" --pin-budget 64G ;;
	qsd*) start_qsd "$@" ;;
	esac
}

listening() {
	local who i
	for who in "${!pid[@]}"; do
		for ((i = 0; i < 100; i++)); do
			[ ! -S "$work/$who" ] || break
			sleep 0.1
		done
	done
}

stop() {
	kill "${pid[@]}"
	wait "${pid[@]}" 2>/dev/null || :
	for who in "${!pid[@]}"; do
		rm -f "$work/$who"
	done
	pid=()
}

bench_start vhost '(_qsd|_fio|_fio_plain)_iops$|128k.*_qsd_bw$'
bench_version fio "$(fio --version)"
bench_version qemu-storage-daemon "$(qemu-storage-daemon --version | head -1)"
bench_table tests/bench/vhost.table

# run_load WHO NAME OPTION...: its figures; sets rate, cpu and tail. load_pin says where.
run_load() {
	local who=$1 name=vhost_$2_$1
	bench_step "$2, $1"
	"${load_pin[@]}" "$B/tools/slabvisor-vhost-load" --socket "$work/$who$suffix" --seconds "$seconds" \
		--size "${size}M" --pid "${pid[$who$suffix]}" --output-format json "${@:3}" >"$work/load"
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

# run_fio WHO NAME OPTION...: as the load generator's options, which are fio's; sets rate, cpu and tail. Its CPU time is of
# both sides.
run_fio() {
	local name=vhost_$2_$1 fixed=(--fixedbufs)
	bench_step "$2, $1"
	[ "$1" = fio ] || fixed=()
	"${placed[@]}" fio --name=x --filename="$disk" --size="${size}m" --direct=1 --ioengine=io_uring "${fixed[@]}" \
		--runtime="$seconds" --time_based --output-format=json "${@:3}" >"$work/fio"
	tests/bench/fio_figures.py "$name" "$work/fio" >"$work/lines"
	rate=$(field "$work/lines" "${name}_iops")
	cpu=$(field "$work/lines" "${name}_cpu_s_per_mio")
	tail=$(field "$work/lines" "${name}_p99.9_us")
	cat "$work/lines" >>"$figures"
}

declare -A rates cpus tails
# compare NAME RATE WHO[,WHO...] OPTION...: the ratios of one round, where RATE names that of the data.
compare() {
	local name=$1 what=$2 all=${3//,/ } who peer best
	rates=() cpus=() tails=()
	# shellcheck disable=SC2086 # a list of words
	for who in $all $(back $all); do
		if [ -z "$ro" ] && [ "${who#fio}" = "$who" ]; then
			start "$who" $poll
			listening
		fi
		case $who in
		fio*) run_fio "$who" "$name" "${@:4}" ;;
		*) run_load "$who" "$name" "${@:4}" ;;
		esac
		[ "$ro" ] || [ ${#pid[@]} = 0 ] || stop
		# A bandwidth is a rate by the same factor on either side.
		rates[$who]=$(add "${rates[$who]:-0}" "$rate")
		cpus[$who]=$(add "${cpus[$who]:-0}" "$cpu")
		[ -z "$tail" ] || tails[$who]=$(add "${tails[$who]:-0}" "$tail")
	done
	for who in plain registered; do
		[ "${rates[$who]:-}" ] || continue
		peer=fio
		[ $who = registered ] && [ "${rates[fio]:-}" ] || peer=fio_plain
		if [ "${rates[qsd]:-}" ]; then
			ratio "vhost_${name}_${who}_${what}_ratio" "${rates[$who]}" "${rates[qsd]}"
			ratio "vhost_${name}_${who}_cpu_ratio" "${cpus[$who]}" "${cpus[qsd]}"
			[ -z "$tail" ] || ratio "vhost_${name}_${who}_p99.9_ratio" "${tails[$who]}" "${tails[qsd]}"
		fi
		[ "${rates[$peer]:-}" ] || continue
		ratio "vhost_${name}_${who}_fio_ratio" "${rates[$who]}" "${rates[$peer]}"
		ratio "vhost_${name}_${who}_fio_cpu_ratio" "${cpus[$who]}" "${cpus[$peer]}"
		[ "${tails[qsd]:-}" ] || continue
		best=$(least "${tails[qsd]}" "${tails[$peer]}")
		ratio "vhost_${name}_${who}_p99.9_best_ratio" "${tails[$who]}" "$best"
	done
}

least() {
	printf '%s\n' "$@" | sort -g | head -1
}

declare -A best
# What was just measured of the plain one, at a depth, in a place.
remember() { # DEPTH
	best[$1]=$(printf '%s\n' "${best[$1]:-0}" "${rates[plain]}" | sort -g | tail -1)
}

declare -A apart=([together]='' [apart]=_apart)
reads() {
	local place d who whos suffix placed load_pin
	best=()
	placed=("${pin[@]}")
	for who in plain registered qsd; do
		start $who $poll
	done
	if [ $poll != 0 ]; then
		start plain_nopoll 0
		start qsd_nopoll 0
		placed=()
		start plain_alone -
		start qsd_alone -
	fi
	listening
	placed=("${pin[@]}")
	load_pin=("${pin[@]}") suffix=''
	compare 4k_qd1 iops plain,registered,qsd,fio_plain --rw=randread --bs=4k --iodepth=1
	remember 1
	compare 4k_qd32 iops plain,registered,qsd,fio,fio_plain --rw=randread --bs=4k --iodepth=32
	remember 32
	compare 4k_qd128 iops plain,registered,qsd --rw=randread --bs=4k --iodepth=128
	compare 128k bw plain,registered,qsd --rw=read --bs=128k --iodepth=32
	compare 16k_qd32 iops plain,qsd,fio_plain --rw=randread --bs=16k --iodepth=32
	if [ $poll != 0 ]; then
		for place in together apart; do
			for suffix in '' _nopoll; do
				[ "$place$suffix" != together ] || continue
				load_pin=("${pin[@]}")
				[ $place = together ] || load_pin=("${apart_pin[@]}")
				for d in 1 32; do
					whos=plain
					[ "$d$place" != 1together ] || whos=plain,qsd
					compare "4k_qd$d${suffix}${apart[$place]}" iops $whos --rw=randread --bs=4k --iodepth=$d
					remember $d
				done
			done
		done
		placed=() load_pin=() suffix=_alone
		# What a back end learns of its driver: it is to be in the long run that this is about.
		for who in plain qsd; do
			bench_step "alone, $who learns"
			"$B/tools/slabvisor-vhost-load" --socket "$work/$who$suffix" --seconds 10 --size "${size}M" >"$work/load"
		done
		for d in 1 32; do
			compare "4k_qd${d}_alone" iops plain,qsd --rw=randread --bs=4k --iodepth=$d
			ratio "vhost_4k_qd${d}_alone_best_ratio" "${rates[plain]}" "${best[$d]}"
		done
	fi
	stop
}

# Who writes has the file alone, so each is there for its turns only; all are kept on the one CPU.
write_turn() { # NAME WHOS OPTION...
	local suffix='' ro='' placed=("${pin[@]}") load_pin=("${pin[@]}")
	compare "$1" iops "$2" "${@:3}"
}

writes() {
	write_turn 4k_write_qd32 plain,registered,qsd,fio,fio_plain --rw=randwrite --bs=4k --iodepth=32
	write_turn 4k_mix70_qd32 plain,qsd,fio_plain --rw=randrw --rwmixread=70 --bs=4k --iodepth=32
	write_turn 128k_write plain,qsd,fio_plain --rw=write --bs=128k --iodepth=32
	write_turn 4k_fsync plain,qsd,fio_plain --rw=randwrite --bs=4k --iodepth=1 --fsync=1
}

round() {
	reads
	writes
}

bench_rounds round
