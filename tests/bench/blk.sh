#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A guest's disk beside fio on the same file: io_uring, direct, registered buffers and files, the same depth and block
# size, in turns; jobs with `plain` in their names without registered buffers on either side, and that with `fsync` has
# a flush after each write. A cpu_ratio is of the I/O thread's CPU time an I/O to all of fio's. Medians of ROUNDS=3 and
# of their ratios, of MS=500 each. tests/bench/lib.sh says what is printed, and how DISK= takes a device of one's own.
#
# fio and the disk's thread are kept on the CPU that takes the disk's interrupts, the guest's vCPU on another: where the
# scheduler happens to put them makes more of a difference than all else. PIN=0 leaves it to the scheduler.
set -eu
cd "$(dirname "$0")/../.."
rounds=3
. tests/bench/lib.sh
ms=${MS:-500}
jobs='
4k_randread randread 4k 32
4k_randread_qd1 randread 4k 1
4k_randread_plain randread 4k 32
4k_randwrite_plain randwrite 4k 32
4k_fsync randwrite 4k 1
4k_randwrite randwrite 4k 32
4k_mix70 randrw 4k 32
16k_randread randread 16k 32
128k_read read 128k 32
128k_write write 128k 32'
bench_disk "$B/bench/blk.img" 1024

fio_pin=() guest_pin=()
if pin_cpus "$disk"; then
	fio_pin=("--cpus_allowed=$io_cpu")
	guest_pin=(--io-cpus "$io_cpu" --vcpu-cpus "$other_cpu")
	echo "# fio and the disk's thread on CPU $io_cpu, the vCPU on CPU $other_cpu"
fi

# run_fio NAME MODE BS DEPTH: fio_NAME_...; sets iops and cpu.
fio_words=()
run_fio() {
	fio --name=x --ioengine=io_uring "${fio_words[@]}" --registerfiles=1 --direct=1 --filename="$disk" --size=1g \
		--time_based=1 --runtime="${ms}ms" --rw="$2" --rwmixread=70 --bs="$3" --iodepth="$4" "${fio_pin[@]}" \
		--output-format=json >"$work/fio"
	tests/bench/fio_figures.py "fio_$1" "$work/fio" >"$work/lines"
	iops=$(field "$work/lines" "fio_$1_iops")
	cpu=$(field "$work/lines" "fio_$1_cpu_s_per_mio")
	cat "$work/lines" >>"$figures"
}

# run_guest NAME MODE BS DEPTH [option...]: blk_NAME_... and the monitor's account; sets guest_iops and guest_cpu.
# $words are more for zcbench.
words=()
run_guest() {
	local name=$1 mode=$2 bs=$3 depth=$4 start end ios
	shift 4
	start=$(children_cpu)
	"$B/slabvisor" run --stats --timeout 300 --disk "path=$disk" "${guest_pin[@]}" "$@" "$B/guests/zcbench" \
		"rw=$mode" rwmixread=70 size=1g "bs=$bs" "depth=$depth" "ms=$ms" "${words[@]}" output-format=normal,json \
		>"$work/out" 2>"$work/err"
	end=$(children_cpu)
	tests/bench/fio_figures.py "blk_$name" "$work/out" >"$work/lines"
	guest_iops=$(field "$work/lines" "blk_${name}_iops")
	cat "$work/lines" >>"$figures"
	ios=$(field "$work/out" ios)
	guest_cpu=$(awk -v us="$(field "$work/err" io_cpu_us)" -v n="$ios" 'BEGIN { print us / n }')
	figure "blk_${name}_cpu_s_per_mio" "$guest_cpu" s
	figure "blk_${name}_process_cpu_s_per_mio" \
		"$(awk -v a="$start" -v b="$end" -v n="$ios" 'BEGIN { print (b - a) / n * 1e6 }')" s
	figure "blk_${name}_iops_per_core" \
		"$(awk -v a="$start" -v b="$end" -v n="$ios" 'BEGIN { print (b > a ? n / (b - a) : 0) }')" /s
}

# CPU seconds of the children that ended.
children_cpu() {
	local stat
	read -r stat <"/proc/$$/stat"
	# shellcheck disable=SC2086 # fields; after the name in parentheses
	set -- ${stat##*) }
	awk -v t=$((${14} + ${15})) -v hz="$(getconf CLK_TCK)" 'BEGIN { print t / hz }'
}

beside_fio() { # NAME MODE BS DEPTH
	local who sum=0 guest_sum=0 tail=0 guest_tail=0 cpus=0 guest_cpus=0 options=()
	fio_words=(--fixedbufs=1) words=()
	case $1 in
	*_plain) fio_words=() options=(--pin-budget 0) ;;
	*_fsync) fio_words+=(--fsync=1) words=(fsync=1) ;;
	esac
	# One, the other, the other, the one: a disk that gets faster or slower favours none.
	for who in fio guest guest fio fio guest guest fio; do
		bench_step "$1, $who"
		if [ $who = fio ]; then
			run_fio "$@"
			sum=$(add "$sum" "$iops")
			cpus=$(add "$cpus" "$cpu")
			tail=$(add "$tail" "$(field "$work/lines" "fio_$1_p99.9_us")")
		else
			run_guest "$@" "${options[@]}"
			guest_sum=$(add "$guest_sum" "$guest_iops")
			guest_cpus=$(add "$guest_cpus" "$guest_cpu")
			guest_tail=$(add "$guest_tail" "$(field "$work/lines" "blk_$1_p99.9_us")")
			copied=$((copied + $(field "$work/err" blk_bytes_copied)))
		fi
	done
	words=()
	ratio "blk_$1_ratio" "$guest_sum" "$sum"
	ratio "blk_$1_cpu_ratio" "$guest_cpus" "$cpus"
	[ "$2" = randrw ] || ratio "blk_$1_p99.9_ratio" "$guest_tail" "$tail"
}

round() {
	local name mode bs depth fixed guest_all
	copied=0
	while read -r name mode bs depth; do
		[ -z "$name" ] || beside_fio "$name" "$mode" "$bs" "$depth" </dev/null
	done <<<"$jobs"
	figure bytes_copied "$copied" bytes
	for bs in 4k 64k 256k; do
		bench_step "windows and plain, $bs"
		run_guest "windows_$bs" randread $bs 32
		fixed=$guest_iops
		run_guest "plain_$bs" randread $bs 32 --pin-budget 0
		ratio "windows_vs_plain_${bs}_iops_ratio" "$fixed" "$guest_iops"
	done
	bench_step pins
	"$B/slabvisor" run --disk "path=$disk" "$B/guests/zcbench" rw=pins >>"$figures"
	"$B/tests/pin_bench" >>"$figures"
	# A working set far above the budget.
	bench_step budgets
	run_guest budget_4k randread 4k 32 --heap 1536M --pin-budget 1G
	guest_all=$guest_iops
	words=(buffers=1g)
	run_guest budget_64m_of_1g randread 4k 32 --heap 1536M --pin-budget 64M
	words=()
	ratio budget_64m_of_1g_iops_ratio "$guest_iops" "$guest_all"
	figure budget_64m_of_1g_plain_share "$(awk '
		$1 == "blk_plain_ops" { p = $2 } $1 == "blk_fixed_ops" { f = $2 }
		END { print p / (p + f) }' "$work/err")" x
}

bench_start blk '^fio_.*_iops$'
bench_version fio "$(fio --version)"
bench_rounds round
