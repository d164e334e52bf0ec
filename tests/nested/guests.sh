#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine: the guest programs at CPL 0, which is native there.
set -u

slabvisor=build/slabvisor
# shellcheck source=tests/nested/guests-lib.sh
. tests/nested/guests-lib.sh

export PINCHECK_STEPS=20000 # an exit is dear here, and so is every instruction

basics() {
	local cpus
	tap 'KVM is a stock one' build/nested/probe build/nested/probe
	prints 'doctor finds CPL 0 native' $slabvisor 'CPL 0 runs natively' $slabvisor doctor
	prints 'hello at CPL 0' build/guests/hello '[Hh]ello' \
		$slabvisor run --guest-ring 0 build/guests/hello
	prints 'auto takes CPL 0' build/guests/hello '^ring 0$' \
		$slabvisor run --stats build/guests/hello
	for cpus in 1 2 4; do
		tap "selftest at CPL 0, $cpus vCPUs" build/guests/selftest \
			$slabvisor run --guest-ring 0 --cpus $cpus build/guests/selftest
	done
	scripts tests/cli/*.t
}

# The scripts that run guests under any KVM: here too, at both levels, but for those that take
# more memory, time or devices than this machine has, a compiler, Perl, Python, readelf or strace,
# or the documents and tools of the tree.
scripts() {
	local script
	for script; do
		case ${script##*/} in
		install.t | wordfreq.t | asan.t | blk_acked.t | blk_budget.t | blk_crash.t | \
			blk_device.t | blk_media.t | blk_syscalls.t | counters.t | ctl.t | descriptors.t | hardening.t | \
			initramfs.t | list.t | man.t | media.t | metrics.t | names.t | probes.t | \
			readme.t | rooms.t | signals.t | tap.t | top.t) ;;
		*) tap "$script" "$script" "$script" ;;
		esac
	done
}

case ${1:-} in
basics) basics ;;
scripts)
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	HEAPS=64M scripts tests/guest/*.t
	;;
*) basics && scripts tests/guest/*.t ;;
esac
done_testing
