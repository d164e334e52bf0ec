# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# A QEMU machine whose disk `slabvisor serve` has, and whose guest reads and writes it while its
# memory is given back: what the scripts of each way of giving back share. Sourced from the
# top of the source tree.
#   COUNT           checksums of the disk to be taken (6)
#   SERVE_OPTIONS   of the service: such as --pin-budget 64G, with which it must fail

# shellcheck source=tests/serve/lib.sh
. tests/serve/lib.sh
# shellcheck source=tests/soak/lib.sh
. tests/soak/lib.sh

DATA=64 SCRATCH=16 # MiB of the disk
SERVE_OPTIONS=${SERVE_OPTIONS:-}
qemu='' helpers=()
samples=$work/samples

# shellcheck disable=SC2317 # called at the end
end_machine() {
	[ ${#helpers[@]} = 0 ] || kill "${helpers[@]}" 2>/dev/null
	[ -z "$qemu" ] || kill -KILL "$qemu" 2>/dev/null
}
at_end end_machine

bail() {
	say_output
	echo "Bail out! $*"
	exit 1
}

# prepare MODULE: a kernel and an initramfs that loads the module too; a disk of random data.
prepare() {
	local program
	export PATH=$PATH:/usr/sbin:/sbin
	for program in qemu-system-x86_64 busybox cpio depmod; do
		command -v $program >/dev/null || bail "$program is missing: run 'tools/deps.sh nested' as root"
	done
	[ -x $ROUNDS ] || bail "$ROUNDS is not built: run 'make tests'"
	tests/nested/kernel.sh build/nested/cloud linux-image-cloud-amd64 >&2 || bail 'there is no kernel'
	tools/mkinitramfs.sh --kernel build/nested/cloud --init tests/soak/init.sh \
		--modules "virtio_pci virtio_blk $1" --binary $ROUNDS "$work/initrd" || bail 'no initramfs'
	head -c $((DATA + SCRATCH))M /dev/urandom >"$disk"
	sync "$disk"
}

# resident: KiB of the guest's memory that the host keeps: what QEMU's memory files occupy.
resident() {
	local blocks found total=0
	found=$(stat -L -c %b "${memory_files[@]}" 2>/dev/null) || return
	for blocks in $found; do
		total=$((total + blocks / 2))
	done
	echo $total
}

# QEMU answers once it has all of its memory.
answers() {
	kill -0 "$qemu" 2>/dev/null || bail 'QEMU ended'
	qmp query-status >"$work/answer" 2>&1
}

find_memory() {
	local fd
	memory_files=()
	for fd in "/proc/$qemu/fd"/*; do
		case $(readlink "$fd") in
		/memfd:memory-backend*) memory_files+=("$fd") ;;
		esac
	done
}

# machine PRESSURE OPTION...: starts the service and the machine, with options of QEMU's beside
# what each has. The guest's memory m must be among them, as well as -machine.
machine() {
	local pressure=$1
	shift
	# shellcheck disable=SC2086 # a list of words
	start_service $SERVE_OPTIONS
	mkfifo "$work/in" "$work/console"
	qemu-system-x86_64 -accel tcg -smp 2 -display none -nodefaults -no-user-config -no-reboot \
		-serial stdio -qmp "unix:$work/qmp,server=on,wait=off" \
		-kernel build/nested/cloud/vmlinuz -initrd "$work/initrd" \
		-append "console=ttyS0 quiet memhp_default_state=online_movable rounds=$(realpath $ROUNDS) soak=$COUNT,$DATA,$SCRATCH,$pressure" \
		-chardev "socket,id=disk,path=$socket" -device vhost-user-blk-pci,chardev=disk,num-queues=1 \
		"$@" <"$work/in" >"$work/console" 2>>"$err" &
	qemu=$!
	exec 3>"$work/in" 4<"$work/console"
	until_true 60 answers || bail 'QEMU does not start'
	find_memory
	watch "$samples" &
	helpers+=($!)
}

qmp() { # COMMAND [ARGUMENTS]
	"$SLABVISOR" ctl "$work/qmp" "$@" 2>>"$err"
}

# settles COMMAND...: waits until it succeeds, five seconds at most: a guest that uses its memory does
# not give all of it at once. Each look is a process, which is not to take the guest's CPU.
settles() {
	local end=$((SECONDS + 5))
	until "$@" || [ $SECONDS -ge $end ]; do
		read -rt 0.2 <> <(:)
	done
}

reading() {
	grep -q 'soak: starts' "$out"
} 2>/dev/null

# judge NAME MIB: follows the machine to its end. At least so much of the guest's memory must have
# been given back for each checksum, or the test would show nothing.
judge() {
	local name=$1 each=$2
	follow "$disk" $DATA $SCRATCH "$out" "$samples" "$each"
	[ ${#helpers[@]} = 0 ] || kill "${helpers[@]}" 2>/dev/null
	exec 3>&-
	wait "$qemu"
	status=$?
	qemu=''
	figure_lines "$name" "$samples"
	is "$sums" "$COUNT" "$COUNT checksums of the disk were taken"
	is "$wrong" 0 'each of them is right'
	is "$again, $wrong_again wrong" "$COUNT, 0 wrong" 'what was written is read again'
	is "$written, $wrong_written wrong" "$COUNT, 0 wrong" 'and is in the image'
	is "$changed" 0 'memory that had nothing to do with the disk was left alone'
	ok "$((! ended || status))" 'the machine did all of it' || say_output
	[ "$given" -ge $((each * COUNT)) ]
	ok $? "the guest gave back $given MiB meanwhile, $((each * COUNT)) at least"
	stop_service
	is "$status" 0 'the service ends well' || say_output
	done_testing
}
