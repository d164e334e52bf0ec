#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine: how long Debian's kernels take from the start of a monitor to the
# first line of their init, and what the monitor keeps in memory beyond its guest's, ours and
# QEMU's in turns. Prints `name value unit` lines.
set -u

rounds=${ROUNDS:-5}
memory=512 # MiB of each guest
kernels='cloud kernel'
monitors='slabvisor qemu'
dir=build/nested
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkfifo "$tmp/in" "$tmp/out"

# Each with one vCPU, a serial port and nothing that the other has not: QEMU's quickest machine.
# TCG does not tell KVM of XSETBV, so that CPUID of the guest's XSAVE is wrong there: noxsave.
monitor() { # NAME KERNEL
	local append='console=ttyS0 quiet noxsave'
	case $1 in
	slabvisor)
		exec build/slabvisor run --memory ${memory}M --kernel "$dir/$2/vmlinuz" \
			--initrd "$dir/guest-boot.cpio" --append "$append"
		;;
	qemu)
		exec qemu-system-x86_64 -nodefaults -no-user-config -no-reboot \
			-M microvm,accel=kvm -cpu host -m $memory -display none -serial stdio \
			-kernel "$dir/$2/vmlinuz" -initrd "$dir/guest-boot.cpio" -append "$append"
		;;
	esac
}

# KiB resident in all mappings of a process but that of the guest's memory.
overhead() { # PID
	awk -v guest=$((memory * 1024)) '
		$1 == "Size:" { skip = $2 >= guest }
		$1 == "Rss:" && !skip { sum += $2 }
		END { print sum }' "/proc/$1/smaps"
}

measure() { # NAME KERNEL: adds a line to each of two files
	local start end line pid
	start=${EPOCHREALTIME/[.,]/}
	monitor "$1" "$2" <"$tmp/in" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	exec 3>"$tmp/in" 4<"$tmp/out"
	end=
	while IFS= read -r line <&4; do
		case $line in *'guest: init'*) end=${EPOCHREALTIME/[.,]/} && break ;; esac
	done
	if [ -z "$end" ]; then
		echo "bench-boot: $1 with the kernel of $2 did not come to its init" >&2
		cat "$tmp/err" >&2
		exit 1
	fi
	echo $((end - start)) >>"$tmp/$1.$2.us"
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$pid/status" >>"$tmp/$1.$2.rss"
	overhead $pid >>"$tmp/$1.$2.own"
	exec 3>&- 4<&-
	kill -KILL $pid
	wait $pid 2>/dev/null
}

median() { # FILE
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# Linux asks for a counter that KVM has not; with QEMU that fills the log.
echo 1 >/sys/module/kvm/parameters/ignore_msrs
echo 0 >/sys/module/kvm/parameters/report_ignored_msrs
for ((i = 0; i < rounds; i++)); do
	for kernel in $kernels; do
		for m in $monitors; do
			measure "$m" "$kernel"
		done
	done
done

for kernel in $kernels; do
	name=$kernel
	[ "$kernel" = cloud ] || name=standard
	for m in $monitors; do
		us=$(median "$tmp/$m.$kernel.us")
		prefix=${m/slabvisor/}
		prefix=${prefix:+${prefix}_}
		printf '%slinux_boot_s.%s %d.%03d s\n' "$prefix" "$name" "$((us / 1000000))" "$((us / 1000 % 1000))"
		echo "${prefix}rss_with_guest_kib.$name $(median "$tmp/$m.$kernel.rss") KiB"
		echo "${prefix}monitor_rss_kib.$name $(median "$tmp/$m.$kernel.own") KiB"
	done
	awk -v ours="$(median "$tmp/slabvisor.$kernel.us")" -v theirs="$(median "$tmp/qemu.$kernel.us")" \
		-v name="$name" 'BEGIN { printf "linux_boot_ratio.%s %.2f x\n", name, ours / theirs }'
done
