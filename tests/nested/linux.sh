#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine: Linux guests, Debian's cloud kernel and its standard one, with
# 1 and 2 vCPUs, up to their init (linux-init.sh) and down again. TAP.
set -u

slabvisor=build/slabvisor
dir=build/nested
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
out=$tmp/out
count=0 failures=0 status=0

check() { # NAME CONDITION...
	local name=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		failures=$((failures + 1))
		echo "# status $status"
		tail -n 60 "$out" | tr -d '\r' | sed 's/^/# | /'
	fi
}

said() { # PATTERN
	tr -d '\r' <"$out" | grep -qE -- "$1"
}

silent() { # PATTERN
	! said "$1"
}

# TCG does not tell KVM of XSETBV, so that CPUID of the guest's XSAVE is wrong there: noxsave.
guest() { # KERNEL CMDLINE OPTION...
	local kernel=$1 append=$2
	shift 2
	timeout -k 5 90 $slabvisor run --kernel "$dir/$kernel" --initrd "$dir/guest-${kernel%/*}.cpio" \
		--append "console=ttyS0 quiet noxsave $append" "$@" >"$out" 2>&1
	status=$?
}

boots() { # NAME KERNEL CPUS
	local seconds
	truncate -s 32M "$tmp/disk"
	guest "$2" '' --cpus "$3" --disk "path=$tmp/disk" </dev/null
	check "$1: ends by itself with 0" test $status = 0
	check "$1: its init runs on $3 CPUs" said "^guest: init, kernel .*, $3 CPUs"
	for module in virtio_mmio virtio_blk virtio_console virtio-rng virtio_balloon; do
		check "$1: loads $module" said "^guest: loaded $module\$"
	done
	check "$1: its clock is KVM's" said '^guest: clock kvm-clock'
	check "$1: the disk keeps a file system" said '^guest: disk keeps'
	check "$1: by interrupts" said '^guest: disk interrupts'
	check "$1: the kernel has nothing to complain of" silent '^guest: complaint'
	seconds=$(tr -d '\r' <"$out" | sed -n 's/^\[ *\([0-9.]*\)\] reboot: Power down/\1/p')
	echo "# $1: seconds until power is off: ${seconds:-?}"
}

for cpus in 1 2; do
	boots "cloud kernel, vCPUs: $cpus" cloud/vmlinuz $cpus
	boots "standard kernel, vCPUs: $cpus" kernel/vmlinuz $cpus
done

guest kernel/vmlinux '' </dev/null
check 'a vmlinux boots' said '^guest: powers off'
check 'and ends with 0' test $status = 0

build/nested/dial "$tmp/console" >"$tmp/hvc0" </dev/null &
echo 'question' | build/nested/dial "$tmp/port" >"$tmp/answer" &
guest cloud/vmlinuz '' --cpus 2 --virtio-port "name=console,path=$tmp/console,console=on" \
	--virtio-port "name=test,path=$tmp/port" </dev/null
wait
check 'virtio-rng gives random numbers' said '^guest: hwrng'
check 'what the guest writes to hvc0 arrives' grep -q 'second console' "$tmp/hvc0"
check 'what is sent to a port arrives in the guest' said '^guest: port heard question'
check 'and its answer here' grep -qx answer "$tmp/answer"
check 'and its kernel is as quiet' silent '^guest: complaint'
check 'the sockets are gone afterwards' test ! -e "$tmp/port" -a ! -e "$tmp/console"

# Typed at the prompt, as by a person; the pipe stays open until the guest has ended.
: >"$out"
guest cloud/vmlinuz 'end=input' < <(
	tail -n +1 -f -s 0.1 --pid=$$ "$out" 2>/dev/null | grep -m1 -q 'say something'
	printf 'typed in\n'
)
check 'what is typed arrives' said '^guest: heard typed in'

guest cloud/vmlinuz '' --cpus 4 --node size=64M --node size=64M </dev/null
check 'four vCPUs in two nodes' said '^guest: nodes 0-1'
check 'are as quiet' silent '^guest: complaint'

guest cloud/vmlinuz 'end=panic panic=-1' </dev/null
check 'a panic ends it with 120' test $status = 120
check 'and is reported' said 'guest fault: the kernel panicked'

guest cloud/vmlinuz 'end=triple reboot=t' </dev/null
check 'a triple fault ends it with 120' test $status = 120
check 'and is reported as one' said 'guest fault: triple fault'

guest cloud/vmlinuz 'end=spin' --timeout 12 </dev/null
check 'one that spins is ended by --timeout' test $status = 142
check 'having come so far' said '^guest: spins'

guest cloud/vmlinuz 'end=reboot' --timeout 25 </dev/null
check 'reboot starts it anew' test "$(grep -c '^guest: init' "$out")" -ge 2

echo "1..$count"
[ $failures = 0 ]
