#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs a command on a stock KVM: Debian's own kernel with kvm-amd, on a machine with
# SVM that QEMU's TCG makes. Nothing of this host's KVM is used, nor rights to it.
set -euo pipefail

usage() {
	cat <<-'END'
	usage: tests/nested/run.sh [OPTION...] -- CMD [ARG...]
	  --cpus N      CPUs of the machine (2)
	  --memory M    its memory in MiB (2048)
	  --numa        two NUMA nodes, each with half of the CPUs and of the memory
	  --instructions  time in the machine is what it does: an instruction takes a nanosecond, however
	                fast or busy this host is, and a machine that waits waits for nothing
	  --disk M      an ext4 of M MiB on virtio-blk, mounted at $NESTED_DISK
	  --timeout S   seconds that the command may take (120)
	  --file PATH   pack this file too (may be given again)
	  --out DIR     copy here what the command put into $NESTED_OUT
	  --again       should the machine itself die, make it once more; what the command
	                prints is held back until its machine has ended

	CMD runs as root in a folder with the repository's build/ (monitor, guest programs,
	plain unit tests), tests/ and configs/, with bash, busybox and /dev/kvm.
	Its stdout, stderr and exit status are this script's. Statuses of the script itself:
	  200  the machine could not be made
	  201  the time limit
	  202  the command ended with 0, but the machine's kernel complains of KVM
	  203  the machine died, or its heart stopped: nothing is known of the command
	END
}

die() {
	echo "nested: $*" >&2
	exit 200
}

number() {
	[[ $2 =~ ^[1-9][0-9]{0,6}$ ]] || die "$1 $2: a whole number above 0 is needed"
}

cpus=2 memory=2048 numa=0 disk=0 limit=120 out='' again=0 instructions=0
beat=${NESTED_BEAT:-90} # seconds without a heartbeat after which a machine is dead
all=("$@")
files=()
while [ $# -gt 0 ]; do
	case $1 in
	--cpus | --memory | --disk | --timeout | --file | --out)
		[ $# -ge 2 ] || die "$1: a value is needed"
		case $1 in
		--cpus) cpus=$2 ;;
		--memory) memory=$2 ;;
		--disk) disk=$2 ;;
		--timeout) limit=$2 ;;
		--file) files+=("$2") ;;
		--out) out=$2 ;;
		esac
		case $1 in
		--file | --out) ;;
		*) number "$1" "$2" ;;
		esac
		shift
		;;
	--numa) numa=1 ;;
	--instructions) instructions=1 ;;
	--again) again=1 ;;
	--help | -h) usage && exit 0 ;;
	--) shift && break ;;
	*) die "$1: unknown option; see --help" ;;
	esac
	shift
done
[ $# -gt 0 ] || die "no command: see --help"
[ $numa = 0 ] || [ $((cpus % 2)) = 0 ] || die "--numa with --cpus $cpus: an even number is needed"
[ $instructions = 0 ] || [ "$cpus" = 1 ] || die "--instructions: they are counted of one CPU: give --cpus 1"
[ -z "$out" ] || out=$(realpath -m "$out")

cd "$(dirname "$0")/../.."
dir=build/nested
mkdir -p "$dir"

# What the machine's death leaves of the output is worth nothing: it is shown when nothing comes after
# it. A command that failed, or took too long, in a machine that lives is never run again.
if [ $again = 1 ]; then
	held=$(mktemp -d "$dir/held.XXXXXX")
	trap 'rm -rf "$held"' EXIT
	options=()
	for word in "${all[@]:0:${#all[@]}-$#}"; do
		[ "$word" = --again ] || options+=("$word")
	done
	tests/nested/run.sh "${options[@]}" "$@" >"$held/out" 2>"$held/err" && status=0 || status=$?
	if [ "$status" != 203 ]; then
		cat "$held/out"
		cat "$held/err" >&2
		exit "$status"
	fi
	echo "$*: $(grep -m 1 '^nested: ' "$held/err")" >>"${NESTED_RERUNS:-$dir/reruns}"
	{
		echo '# nested: the machine around the command died, and both are run once more. Its words:'
		tail -n 20 "$held/err" | sed 's/^\(# \)*/# /'
	} >&2
	tests/nested/run.sh "${options[@]}" "$@" && exit 0 || exit $?
fi
for program in hold tsc; do
	[ -x "$dir/$program" ] || make -s "$dir/$program" >&2 || die "$dir/$program cannot be built"
done
for tool in qemu-system-x86_64 busybox cpio depmod xz mkfs.ext4; do
	PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null ||
		die "$tool is missing: run 'tools/deps.sh nested' as root"
done
export PATH=$PATH:/usr/sbin:/sbin

tests/nested/kernel.sh "$dir/kernel" || exit 200

run=$(mktemp -d "$dir/run.XXXXXX")
qemu='' tails=() keys='' watch=''
# shellcheck disable=SC2317 # called by the trap
finish() {
	if [ -n "$qemu" ]; then
		kill -KILL "$qemu" 2>/dev/null || true
		wait "$qemu" 2>/dev/null || true
	fi
	[ -z "$keys" ] || kill "$keys" 2>/dev/null || true
	[ -z "$watch" ] || kill "$watch" 2>/dev/null || true
	[ ${#tails[@]} -eq 0 ] || kill "${tails[@]}" 2>/dev/null || true
	rm -rf "$run"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

share=$run/share
mkdir -p "$share/files"
: >"$share/stdout"
: >"$share/stderr"
printf '%s\0' "$@" >"$share/command"
printf 'limit=%s\ndisk=%s\n' "$limit" "$((disk > 0))" >"$share/settings"

# The archives may be packed anew while this machine runs: take them under the lock.
(
	flock 8
	tests/nested/initramfs.sh "$dir" "${files[@]}" &&
		cat "$dir/base.cpio" "$dir/work.cpio" >"$run/initrd"
) 8>"$dir/initrd.lock" || exit 200

kernel=$dir/kernel/vmlinux
[ -e "$kernel" ] || kernel=$dir/kernel/vmlinuz
khz=1000000
[ $instructions = 1 ] || khz=$("$dir/tsc")
machine=(
	-accel tcg -machine pc -cpu 'EPYC,+svm,+npt' -smp "$cpus" -m "$memory"
	-nodefaults -no-user-config -no-reboot -display none
	-serial "file:$run/console" -kernel "$kernel" -initrd "$run/initrd"
	-append "console=ttyS0 loglevel=5 panic=-1 oops=panic nowatchdog spec_rstack_overflow=off tsc=reliable tsc_early_khz=$khz"
	-fsdev "local,id=out,path=$share,security_model=none,multidevs=remap"
	-device 'virtio-9p-pci,fsdev=out,mount_tag=out'
	-monitor stdio
)
if [ $instructions = 1 ]; then
	machine+=(-icount 'shift=0,sleep=off')
	# Its seconds may be minutes of this host.
	beat=$((beat * 20))
fi
if [ $numa = 1 ]; then
	half=$((memory / 2))
	machine+=(
		-smp "$cpus,sockets=2" -m "$((half * 2))"
		-object "memory-backend-ram,id=m0,size=${half}M" -numa "node,memdev=m0,cpus=0-$((cpus / 2 - 1))"
		-object "memory-backend-ram,id=m1,size=${half}M"
		-numa "node,memdev=m1,cpus=$((cpus / 2))-$((cpus - 1))"
	)
fi
if [ "$disk" -gt 0 ]; then
	truncate -s "${disk}M" "$run/disk"
	mkfs.ext4 -q -F "$run/disk"
	machine+=(
		-drive "if=none,id=disk,file=$run/disk,format=raw,cache=unsafe,discard=unmap"
		-device 'virtio-blk-pci,drive=disk'
	)
fi

# On VMRUN and #VMEXIT QEMU 7.2 changes a CPU's pending interrupts without a lock. One that another
# thread adds in the same moment is lost, such as the timer's, for which the machine would then wait
# for ever. The next interrupt of whatever kind makes QEMU look again: that of a key.
mkfifo "$run/keys"
while sleep 0.5; do
	echo 'sendkey shift'
done >"$run/keys" &
keys=$!
qemu-system-x86_64 "${machine[@]}" <"$run/keys" >/dev/null 2>"$run/qemu" &
qemu=$!
tail -s 0.05 -c +1 -f --pid="$qemu" "$share/stdout" 2>/dev/null &
tails+=($!)
tail -s 0.05 -c +1 -f --pid="$qemu" "$share/stderr" >&2 2>/dev/null &
tails+=($!)
# The machine's init touches a file once a second. One that is emulated beside other load may be
# late, though not by this much.
(
	touch "$run/began"
	while sleep 2; do
		heart=$share/heart
		[ -e "$heart" ] || heart=$run/began
		[ $(($(date +%s) - $(stat -c %Y "$heart"))) -lt "$beat" ] && continue
		touch "$run/stopped"
		kill -KILL "$qemu"
		exit
	done
) 2>/dev/null &
watch=$!
# The machine keeps the command's limit; this one is for a machine that cannot.
timeout $((limit + 60)) tail -s 0.05 -f --pid="$qemu" /dev/null &
wait $! && late=0 || late=$?
kill $watch 2>/dev/null || true
[ "$late" = 0 ] || kill -KILL "$qemu" 2>/dev/null || true
wait "$qemu" 2>/dev/null && died=0 || died=$?
qemu=
wait "${tails[@]}" || true
tails=()

# say TITLE: shows stdin, if there is any, as TAP comments on stderr.
say() {
	tail -n 80 | tr -d '\r' | sed -e "1i# nested: $1:" -e 's/^/# nested: | /' >&2
}

[ -z "$out" ] || { mkdir -p "$out" && cp -a "$share/files/." "$out/"; }
status=203
if [ -e "$run/stopped" ]; then
	echo "nested: the machine's heart stopped" >&2
elif [ "$late" != 0 ]; then
	echo "nested: the machine lives, but did not end the command within $limit s" >&2
	status=201
elif [ -e "$share/limit" ]; then
	echo "nested: the command did not end within $limit s" >&2
	status=201
elif [ -e "$share/status" ]; then
	status=$(<"$share/status")
else
	echo "nested: the machine ended without a status (QEMU: $died)" >&2
	sed "/TCG doesn't support/d" "$run/qemu" | say QEMU
fi

# Levels 0 to 4 (warning) that name KVM, and whatever the kernel thinks wrong of itself.
complaints=$run/complaints
grep -aE -e '^<[0-4]>.*(kvm|svm|SVM)' -e 'WARNING: CPU|BUG: |Oops|general protection|rcu: INFO' \
	"$share/dmesg" >"$complaints" 2>/dev/null || true
if [ -s "$complaints" ]; then
	say "the machine's kernel complains" <"$complaints"
	[ "$status" != 0 ] || status=202
fi
# What the console has since the command's start; all of it if it did not come that far.
if [ "$status" != 0 ]; then
	if grep -q 'nested: the command starts' "$run/console"; then
		sed '1,/nested: the command starts/d; /reboot: Power down/d' "$run/console"
	else
		cat "$run/console"
	fi | say 'console of the machine'
	grep -a '^not ok' "$share/stdout" | sed 's/^/# nested: failed: /' >&2 || true
fi
exit "$status"
