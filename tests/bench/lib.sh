# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the benchmarks share. A bench sources it from the top of the source tree, and is three things: what it prepares,
# a function that makes one round, and what is printed of it.
#
#   bench_start NAME PEERS       from here on what there is is reported at the end, however it comes. PEERS is a regular
#                                expression: whose figures (rates, times) should be the same in each round
#   bench_rounds FUNCTION        calls it for ROUNDS rounds that nothing disturbed; a round that was is made again
#   bench_step TEXT              in a round: what comes next; best called every few seconds, between measurements
#   figure NAME VALUE UNIT       in a round: a figure. A name may come several times. $figures is where such lines go
#   ratio NAME A B               in a round: the figure A / B
#   bench_ratio NAME OURS PEER...  at the end: the median of OURS by the least of the peers' medians
#   bench_table FILE             at the end: a table of README's; {name:.2f} is a figure, {ratio_best} who was the least
#   bench_version NAME TEXT      of a peer or a tool, for the JSON
#   at_exit COMMAND              runs it at the end, the last one first
#
# At the end are printed `name value unit` lines, the medians of the quiet rounds; the tables; and where the JSON lies
# that has all rounds (build/bench/NAME.json, or JSON=FILE). The status is 3 where too few rounds were quiet. A bench
# that is interrupted prints the rounds that it has finished. tests/bench/host.py says what disturbs; limits, in percent:
# BENCH_OTHERS=5 BENCH_STEAL=3 BENCH_SPREAD=20, and BENCH_AGAIN=N is how many rounds may be made again.

export LC_ALL=C
B=${B:-build}
rounds=${ROUNDS:-${rounds:-5}}
work=$(mktemp -d)
figures=$work/figures
bench_exits=()

at_exit() {
	bench_exits=("$1" "${bench_exits[@]}")
}

bench_start() {
	coproc BENCH { exec python3 tests/bench/bench.py "$1" "$rounds" "$2" $$; }
	# shellcheck disable=SC2153 # set by coproc
	bench_pid=$BENCH_PID
	exec {bench_to}>&"${BENCH[1]}" {bench_from}<&"${BENCH[0]}"
}

# bench_tell LINE: sets bench_answer.
bench_tell() {
	echo "$1" >&"$bench_to" && read -r bench_answer <&"$bench_from"
}

bench_end() {
	local status=$? command
	trap - EXIT
	trap '' INT TERM
	set +e
	for command in "${bench_exits[@]}"; do
		eval "$command"
	done
	if [ "${bench_pid:-}" ]; then
		echo "report $status $work/report" >&"$bench_to"
		[ "$status" != 0 ] || status=1 # unless it answers
		# An interrupt may have come before another answer was read.
		while read -r bench_answer <&"$bench_from"; do
			[ "${bench_answer% *}" = report ] || continue
			status=${bench_answer#* }
			break
		done
		cat "$work/report" 2>/dev/null
		exec {bench_to}>&-
	fi
	rm -rf "$work"
	exit "$status"
}
trap bench_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

bench_rounds() {
	while bench_tell round && [ "$bench_answer" != "done" ]; do
		: >"$figures"
		"$1"
		bench_tell "end $figures"
	done
}

bench_step() {
	[ -z "${bench_pid:-}" ] || bench_tell "step $*"
}

bench_version() {
	bench_tell "version $*"
}

bench_ratio() {
	bench_tell "ratio $*"
}

bench_table() {
	bench_tell "table $1"
}

figure() {
	echo "$1 $2 $3" >>"$figures"
}

ratio() {
	figure "$1" "$(awk -v a="$2" -v b="$3" 'BEGIN { printf "%.4f", b ? a / b : 0 }')" x
}

add() {
	awk -v a="$1" -v b="$2" 'BEGIN { print a + b }'
}

# field FILE NAME: the value of a `name value unit` line.
field() {
	awk -v name="$2" '$1 == name { print $2; exit }' "$1"
}

# Peers of malloc. A library that is missing would leave glibc measured under its name.
declare -A library=(
	[glibc]=''
	[mimalloc]=libmimalloc.so.2
	[jemalloc]=libjemalloc.so.2
	[tcmalloc]=libtcmalloc_minimal.so.4
)

# malloc_peers NAME...: looks whether they are there, and notes their versions.
malloc_peers() {
	local name path
	for name; do
		path=$(LD_PRELOAD=${library[$name]} "$BASH" -c 'cat /proc/$$/maps' 2>/dev/null |
			grep -oE "/[^ ]*/${library[$name]:-libc.so.6}[^ ]*" | head -1) || path=
		[ "$path" ] || {
			echo "bench: ${library[$name]:-libc.so.6} is missing: run make deps" >&2
			exit 1
		}
		# shellcheck disable=SC2016 # dpkg-query expands it
		if [ "$name" = glibc ]; then
			bench_version "$name" "$(getconf GNU_LIBC_VERSION)"
		else
			bench_version "$name" "$(basename "$path") $(dpkg -S "$path" 2>/dev/null | cut -d: -f1 |
				xargs -r dpkg-query -W -f '${Version}' 2>/dev/null)"
		fi
	done
}

# bench_disk FILE MIB: sets disk to DISK, a device or file of the user's own, which tests/bench/disk.py asks about, or to
# FILE. Writes the first MIB full of data, for reads of holes are no reads; FILE only where it is smaller than that.
bench_disk() {
	disk=${DISK:-$1}
	if [ "${DISK:-}" ]; then
		tests/bench/disk.py "$disk" "$2"
	elif [ "$(stat -c %s "$disk" 2>/dev/null || echo 0)" -ge $(($2 << 20)) ]; then
		return
	fi
	mkdir -p "$(dirname "$disk")"
	dd if=/dev/urandom of="$disk" bs=1M count="$2" oflag=direct conv=fsync,notrunc status=none
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
	fio --name=x --ioengine=io_uring --direct=1 --filename="$1" --size=64m --rw=randread --bs=4k --iodepth=32 \
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

# back WORD...: the words the other way round. There and back, a machine that gets faster or slower favours none.
back() {
	local i
	for ((i = $#; i; i--)); do
		echo "${!i}"
	done
}
