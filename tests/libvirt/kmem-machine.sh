# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# A QEMU machine (TCG) that has the module, on a memory service of its own: for tests and benches of the
# latter. Its kernel is Debian's cloud kernel, or by KERNEL=debug that of debug-kernel.sh, and MEMORY says
# how many MiB it has (768). Sourced from the top of the source tree; what the machine says is in $out,
# and fd 3 is its console's input (tests/nested/linux-lib.sh).

# The first has another ended().
. tests/wait.sh
# shellcheck source=tests/nested/linux-lib.sh
. tests/nested/linux-lib.sh
. tests/libvirt/window.sh

B=${B:-build}
window=4G
kernel=$B/nested/${KERNEL:-cloud}
service='' # its process
disk=$(mktemp -d "$PWD/$B/kmem.XXXXXX")/disk # where there is direct I/O
at_end "rm -rf '${disk%/*}'"
# shellcheck disable=SC2016 # expanded at the end
at_end '[ -z "$guest" ] || kill -KILL $guest 2>/dev/null; [ -z "$service" ] || kill -KILL $service 2>/dev/null'

# make_initrd INIT PROGRAM...: $work/initrd, with the module, its self-test and programs.
make_initrd() {
	local init=$1 module programs=()
	shift
	tests/nested/kernel.sh "$kernel" linux-image-cloud-amd64 >&2 || return 1
	module=$B/module/$(<"$kernel/release")
	for program; do
		programs+=(--binary "$(realpath -s "$(command -v "$program")")") || return 1
	done
	tools/mkinitramfs.sh --kernel "$kernel" --init "$init" --modules 'virtio_pci virtio_blk' \
		--module "$module/slabvisor.ko" --module "$module/slabvisor_selftest.ko" \
		"${programs[@]}" "$work/initrd"
}

# serve OPTION...: a memory service with a queue for each of two vCPUs.
serve() {
	"${SLABVISOR:-$B/slabvisor}" serve --kmem-size $window --kmem-user 1G --queues 2 --socket-path "$work/kmem" "$@" \
		>"$work/service" 2>&1 &
	service=$!
	until_true 60 listens "$work/kmem"
}

# machine TYPE CMDLINE QEMU-OPTION...: a machine on it. no_timer_check: whether ten ticks come in time is
# for who has a CPU to himself.
machine() {
	local type=$1 append=$2
	shift 2
	: >"$out"
	rm -f "$work/in"
	mkfifo "$work/in"
	truncate -s 64M "$disk"
	qemu-system-x86_64 -accel tcg -machine "$type" -smp 2 -m "${MEMORY:-768}" -nodefaults -no-reboot -display none \
		-kernel "$kernel/vmlinuz" -initrd "$work/initrd" \
		-append "console=ttyS0 quiet panic=-1 no_timer_check $append" -serial stdio \
		-drive "file=$disk,if=virtio,format=raw,cache=none" \
		-chardev "socket,id=kmem,path=$work/kmem" \
		-device ivshmem-doorbell,chardev=kmem,vectors=3 "$@" <"$work/in" >"$out" 2>&1 &
	guest=$!
	exec 3>"$work/in"
}

# goes: waits for the machine's end; sets status.
goes() {
	# shellcheck disable=SC2119 # of the last that was started
	ended
	guest=''
}

# backed: KiB that the window has memory for, by the host's file system.
backed() { window_kib "$service"; }
