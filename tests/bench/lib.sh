# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the benchmarks share that take `name value unit` lines of several rounds.

# For awk, before the rest of a program: reads the lines; order[1..n] has the names as they
# came, unit[name] the units, and median(name) is the middle one of a name's values.
# shellcheck disable=SC2016,SC2034 # awk expands it; used by who sources this
medians='
	{
		if (!($1 in unit)) {
			unit[$1] = $3
			order[++n] = $1
		}
		value[$1, ++count[$1]] = $2
	}
	function median(name,    i, j, v, k) {
		k = count[name]
		for (i = 2; i <= k; i++) {
			v = value[name, i]
			for (j = i; j > 1 && value[name, j - 1] > v; j--)
				value[name, j] = value[name, j - 1]
			value[name, j] = v
		}
		return value[name, int((k + 1) / 2)]
	}'

# figure NAME VALUE UNIT: such a line, for the file $figures.
figure() {
	# shellcheck disable=SC2154 # set by who sources this
	echo "$1 $2 $3" >>"$figures"
}

# ratio NAME A B: the figure A / B.
ratio() {
	figure "$1" "$(awk -v a="$2" -v b="$3" 'BEGIN { printf "%.4f", a / b }')" x
}

add() {
	awk -v a="$1" -v b="$2" 'BEGIN { print a + b }'
}

# interrupts: a line a CPU, its number and how many device interrupts it has taken.
interrupts() {
	awk 'NR == 1 { n = NF } $1 ~ /^[0-9]+:$/ { for (i = 1; i <= n; i++) sum[i] += $(i + 1) }
		END { for (i = 1; i <= n; i++) print i - 1, sum[i] }' /proc/interrupts
}

# disk_cpu FILE: the CPU that takes the interrupts of the disk that FILE is on.
disk_cpu() {
	local before after
	before=$(interrupts)
	fio --name=x --ioengine=io_uring --direct=1 --filename="$1" --rw=randread --bs=4k --iodepth=32 \
		--time_based=1 --runtime=500ms >/dev/null
	after=$(interrupts)
	join <(echo "$before") <(echo "$after") | awk '{ print $3 - $2, $1 }' | sort -nr |
		awk 'NR == 1 { print $2 }'
}

# pin_cpus FILE: sets io_cpu to the CPU that takes the disk's interrupts and other_cpu to another.
# Returns 1 where there is one CPU, or PIN=0 leaves threads to the scheduler.
pin_cpus() {
	[ "${PIN:-1}" != 0 ] && [ "$(nproc)" -gt 1 ] || return 1
	io_cpu=$(disk_cpu "$1")
	# shellcheck disable=SC2034 # used by who sources this
	other_cpu=$((io_cpu == 0))
}
