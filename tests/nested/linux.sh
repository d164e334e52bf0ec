#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine: Linux guests, Debian's cloud kernel and its standard one, with
# 1 and 2 vCPUs, up to their init (linux-init.sh) and down again. TAP.
set -u

# shellcheck source=tests/nested/linux-lib.sh
. tests/nested/linux-lib.sh

boots() { # NAME KERNEL CPUS
	local seconds
	truncate -s 32M "$work/disk"
	boot "$2" '' --cpus "$3" --disk "path=$work/disk"
	check "$1: ends by itself with 0" test $status = 0
	check "$1: its init runs on $3 CPUs" said "^guest: init, kernel .*, $3 CPUs"
	for module in virtio_mmio virtio_blk virtio_console virtio-rng virtio_balloon; do
		check "$1: loads $module" said "^guest: loaded $module\$"
	done
	check "$1: its clock is KVM's" said '^guest: clock kvm-clock'
	check "$1: the disk keeps a file system" said '^guest: disk keeps'
	check "$1: by interrupts" said '^guest: disk interrupts'
	quiet "$1"
	seconds=$(tr -d '\r' <"$out" | sed -n 's/^\[ *\([0-9.]*\)\] reboot: Power down/\1/p')
	echo "# $1: seconds until power is off: ${seconds:-?}"
}

for cpus in 1 2; do
	boots "cloud kernel, vCPUs: $cpus" cloud/vmlinuz $cpus
	boots "standard kernel, vCPUs: $cpus" kernel/vmlinuz $cpus
done

# The kernel calls its loader 0xb0 when it was entered by PVH, 0xff as the monitor's boot_params
# have it.
by_entry() { # KERNEL LOADER OPTION...
	local loader=$2
	boot "$1" '' "${@:3}"
	check "$1 boots" said '^guest: powers off'
	check 'and ends with 0' test $status = 0
	check "having been entered as loader $loader" said "^guest: loader $loader\$"
	quiet "$1"
}
by_entry kernel/vmlinux 176 --cpus 2
by_entry kernel/vmlinux-entry 255

build/nested/dial "$work/console" >"$work/hvc0" </dev/null &
dials=($!)
echo 'question' | build/nested/dial "$work/port" >"$work/answer" &
dials+=($!)
boot cloud/vmlinuz '' --cpus 2 --virtio-port "name=console,path=$work/console,console=on" \
	--virtio-port "name=test,path=$work/port"
wait "${dials[@]}"
check 'virtio-rng gives random numbers' said '^guest: hwrng'
check 'what the guest writes to hvc0 arrives' grep -q 'second console' "$work/hvc0"
check 'what is sent to a port arrives in the guest' said '^guest: port heard question'
check 'and its answer here' grep -qx answer "$work/answer"
quiet 'a guest with ports'

start cloud/vmlinuz guest-cloud.cpio end=input
hear 'say something'
echo 'typed in' >&3
ended
check 'what is typed arrives' said '^guest: heard typed in'

# The shell that tools/mkinitramfs.sh gives a guest unless it is told otherwise.
for leave in poweroff exit; do
	start cloud/vmlinuz guest-shell.cpio ''
	hear 'ends it'
	echo "echo heard \$((6 * 7)); $leave" >&3
	ended
	# shellcheck disable=SC2016 # expanded by eval
	check "the shell of an initramfs runs what is typed, and $leave ends the guest" \
		eval '[ $status = 0 ] && said "^heard 42"'
done

boot cloud/vmlinuz '' --cpus 4 --numa heap=64M --numa heap=64M
check 'four vCPUs in two nodes' said '^guest: nodes 0-1'
quiet 'four vCPUs in two nodes'

boot cloud/vmlinuz 'end=panic panic=-1'
check 'a panic ends it with 120' test $status = 120
check 'and is reported' said 'guest fault: the kernel panicked'

boot cloud/vmlinuz 'end=triple reboot=t'
check 'a triple fault ends it with 120' test $status = 120
check 'and is reported as one' said 'guest fault: triple fault'

limit=40 boot cloud/vmlinuz 'end=spin'
check 'one that spins is ended by --timeout' test $status = 142
check 'having come so far' said '^guest: spins'

start cloud/vmlinuz guest-cloud.cpio end=reboot
hear 'guest: init' 2
kill -KILL "$guest"
ended
check 'reboot starts it anew' test "$(grep -c '^guest: init' "$out")" -ge 2

# By a signal, and by QMP: an event of type 1, key 116 (KEY_POWER).
for way in TERM qmp; do
	start cloud/vmlinuz guest-cloud.cpio end=button --qmp "unix:$work/qmp"
	hear 'guest: listens'
	if [ $way = TERM ]; then
		kill -TERM "$guest"
	else
		$slabvisor ctl "$work/qmp" system_powerdown >>"$out" 2>&1
	fi
	ended
	check "$way presses the power button" said '^guest: event 1 116$'
	check 'and the guest ends by itself' test $status = 0
done

# KiB of the monitor in memory, guest and all.
resident() {
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$guest/status"
}

# The kernel reports free pages every two seconds.
falls_to() { # KIB
	for _ in $(seq 120); do
		[ "$(resident)" -gt "$1" ] || return 0
		sleep 0.5
	done
	return 1
}

start cloud/vmlinuz guest-cloud.cpio end=memory --memory 1G
hear 'guest: has started'
before=$(resident)
echo go >&3
hear 'guest: has filled'
filled=$(resident)
check "a guest that fills 512 MiB goes from $((before >> 10)) to $((filled >> 10)) MiB" \
	test "$filled" -ge $((before + 400 * 1024))
echo go >&3
hear 'guest: has freed'
check 'one that frees them falls back to within 64 MiB' falls_to $((before + 64 * 1024))
echo "# to $(($(resident) >> 10)) MiB"
echo go >&3
ended
check 'it is well, and ends with 0' test $status = 0
quiet 'a guest that gives memory back'
finish
