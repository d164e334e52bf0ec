# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# A libvirtd of a test's own, in a mount namespace with /run, /etc/libvirt and /var/lib/libvirt of the
# test, and the hook in it; and a domain `t` there. Sourced from the top of the source tree, after
# tests/lib.sh.
# shellcheck disable=SC2154,SC2034,SC2317 # out, err and work are that file's; what is here is for others

. tests/wait.sh

here=$PWD
uri=qemu:///system

# Its own roots.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock "$work"/{etc,lib,cache,log}
cp -a /etc/libvirt/. "$work/etc/"
for at in etc:/etc/libvirt lib:/var/lib/libvirt cache:/var/cache/libvirt log:/var/log/libvirt; do
	mkdir -p "${at#*:}"
	mount --bind "$work/${at%%:*}" "${at#*:}"
done
# The service can be built anywhere, and the domain's files are the test's.
# QEMU runs as the user it has by default, who gets at the disk by the socket alone.
chmod 755 "$work"
: >"$work/console"
chmod 666 "$work/console"
cat >/etc/libvirt/qemu.conf <<END
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
END
mkdir -p /etc/libvirt/hooks/qemu.d /etc/libvirt/qemu/networks
rm -f /etc/libvirt/qemu/networks/autostart/* /etc/libvirt/nwfilter/*
{
	echo '#!/bin/sh'
	echo "export SLABVISOR=$here/$B/slabvisor SLABVISOR_LOG=$work/log"
	echo "exec $here/configs/libvirt/hooks/qemu \"\$@\""
} >/etc/libvirt/hooks/qemu.d/slabvisor
chmod 755 /etc/libvirt/hooks/qemu.d/slabvisor

emulator=$(command -v qemu-system-x86_64)

virsh() { command virsh -q -c $uri "$@" >"$out" 2>"$err"; }
guest() { tests/libvirt/guest.py /run/t.serial "${limit:-300}" "$1" >"$out" 2>"$err"; }
service() { pgrep -x slabvisor; }
no_service() { ! service >/dev/null; }
state() { command virsh -q -c $uri domstate t 2>/dev/null; }
is_state() { [ "$(state)" = "$1" ]; }
# shellcheck disable=SC2317 # called by a check that fails
explain() {
	{
		cat "$out" "$err"
		tail -n 20 "$work"/log/*.log "$work/log/qemu/t.log" "$work/console" 2>/dev/null
	} | tail -n 80
}

start_daemons() {
	PATH=$PATH:/usr/sbin:/sbin
	virtlogd -d && libvirtd -d
	check 'libvirtd answers, on a socket of the test' until_true 120 virsh version
}

end_daemons() {
	for p in libvirtd virtlogd; do
		kill "$(cat "/run/$p.pid")"
	done
	daemons_ended() { ! pgrep -x libvirtd >/dev/null && ! pgrep -x virtlogd >/dev/null; }
	check 'libvirtd has ended' until_true 120 daemons_ended
}
