#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A guest's disk beside fio on the same file: io_uring, direct, registered buffers and
# files, the same depth and block size, in turns. Prints `name value unit` lines: medians
# of the rounds and of their ratios. ROUNDS=5, MS=500 of each measurement.
#
# fio and the disk's thread are kept on the CPU that takes the disk's interrupts, the guest's vCPU
# on another: where the scheduler happens to put them makes more of a difference than all else.
# PIN=0 leaves it to the scheduler.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
export LC_ALL=C
B=${B:-build}
rounds=${ROUNDS:-5}
ms=${MS:-500}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
image=$B/bench/blk.img
figures=$work/figures
: >"$figures"

# Written once: reads of holes would be no reads.
if [ "$(stat -c %s "$image" 2>/dev/null || echo 0)" != $((1 << 30)) ]; then
	mkdir -p "$B/bench"
	dd if=/dev/urandom of="$image" bs=1M count=1024 conv=fsync status=none
fi

fio_image() { # MS OPTION...
	fio --name=x --ioengine=io_uring --fixedbufs=1 --registerfiles=1 --direct=1 \
		--filename="$image" --size=1g --time_based=1 --runtime="$1ms" --iodepth=32 \
		--output-format=terse --terse-version=3 "${@:2}"
}

fio_pin=() guest_pin=()
if pin_cpus "$image"; then
	fio_pin=("--cpus_allowed=$io_cpu")
	guest_pin=(--io-cpus "$io_cpu" --vcpu-cpus "$other_cpu")
	echo "# fio and the disk's thread on CPU $io_cpu, the vCPU on CPU $other_cpu"
fi

# run_fio NAME MODE BS: NAME_iops, NAME_cpu of fio; sets iops.
run_fio() {
	fio_image "$ms" --rw="$2" --bs="$3" "${fio_pin[@]}" >"$work/fio"
	iops=$(awk -F';' '{ print $8 + $49 }' "$work/fio")
	figure "fio_$1_iops" "$iops" /s
	figure "fio_$1_cpu_s_per_mio" \
		"$(awk -F';' '{ print ($88 + $89) / 100 / ($8 + $49) * 1e6 }' "$work/fio")" s
}

field() { # FILE NAME
	awk -v name="$2" '$1 == name { print $2; exit }' "$1"
}

# run_guest NAME MODE BS [options]: NAME_iops and the monitor's account; sets guest_iops.
run_guest() {
	local name=$1 mode=$2 bs=$3 start end
	shift 3
	start=$(children_cpu)
	"$B/slabvisor" run --stats --timeout 60 --disk "path=$image" "${guest_pin[@]}" "$@" \
		"$B/guests/zcbench" "rw=$mode" "bs=$bs" depth=32 "ms=$ms" >"$work/out" 2>"$work/err"
	end=$(children_cpu)
	guest_iops=$(field "$work/out" iops)
	ios=$(field "$work/out" ios)
	figure "blk_${name}_iops" "$guest_iops" /s
	figure "blk_${name}_cpu_s_per_mio" \
		"$(awk -v us="$(field "$work/err" io_cpu_us)" -v n="$ios" 'BEGIN { print us / n }')" s
	figure "blk_${name}_process_cpu_s_per_mio" \
		"$(awk -v a="$start" -v b="$end" -v n="$ios" 'BEGIN { print (b - a) / n * 1e6 }')" s
}

# CPU seconds of the children that ended.
children_cpu() {
	local stat
	read -r stat <"/proc/$$/stat"
	# shellcheck disable=SC2086 # fields; after the name in parentheses
	set -- ${stat##*) }
	awk -v t=$((${14} + ${15})) -v hz="$(getconf CLK_TCK)" 'BEGIN { print t / hz }'
}

copied=0
for ((round = 0; round < rounds; round++)); do
	for job in '4k_randread randread 4k' '4k_randwrite randwrite 4k' '128k_read read 128k'; do
		read -r name mode bs <<<"$job"
		# One, the other, the other, the one: a disk that gets faster or slower favours none.
		sum=0 guest_sum=0
		for who in fio guest guest fio fio guest guest fio; do
			run_$who "$name" "$mode" "$bs"
			if [ $who = fio ]; then
				sum=$(add "$sum" "$iops")
			else
				guest_sum=$(add "$guest_sum" "$guest_iops")
				copied=$((copied + $(field "$work/err" blk_bytes_copied)))
			fi
		done
		ratio "blk_${name}_ratio" "$guest_sum" "$sum"
		if [ "$name" = 4k_randread ]; then
			figure doorbells_per_kio "$(field "$work/out" doorbells_per_kio)" exits
			figure exits_per_kio "$(field "$work/out" exits_per_kio)" exits
		fi
	done
	for bs in 4k 64k 256k; do
		run_guest "windows_$bs" randread $bs
		fixed=$guest_iops
		run_guest "plain_$bs" randread $bs --pin-budget 0
		ratio "windows_vs_plain_${bs}_iops_ratio" "$fixed" "$guest_iops"
	done
	"$B/slabvisor" run --disk "path=$image" "$B/guests/zcbench" rw=pins >>"$figures"
	"$B/tests/pin_bench" >>"$figures"
	# A working set far above the budget.
	run_guest budget_4k randread 4k --heap 1536M --pin-budget 1G
	guest_all=$guest_iops
	"$B/slabvisor" run --stats --timeout 60 --heap 1536M --pin-budget 64M --disk "path=$image" \
		"${guest_pin[@]}" "$B/guests/zcbench" rw=randread bs=4k depth=32 "ms=$ms" buffers=1g \
		>"$work/out" 2>"$work/err"
	ratio budget_64m_of_1g_iops_ratio "$(field "$work/out" iops)" "$guest_all"
	figure budget_64m_of_1g_plain_share "$(awk '
		$1 == "blk_plain_ops" { p = $2 } $1 == "blk_fixed_ops" { f = $2 }
		END { print p / (p + f) }' "$work/err")" x
done

awk -v copied="$copied" "$medians"'
	END {
		for (i = 1; i <= n; i++)
			printf "%s %.3f %s\n", order[i], median(order[i]), unit[order[i]]
		printf "blk_cpu_s_per_mio %.3f s\n", median("blk_4k_randread_cpu_s_per_mio")
		printf "fio_cpu_s_per_mio %.3f s\n", median("fio_4k_randread_cpu_s_per_mio")
		printf "bytes_copied %d bytes\n", copied
	}' "$figures"
