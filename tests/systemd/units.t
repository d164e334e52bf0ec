#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The units, and those that libvirt's hook makes, under a systemd of their own: a container with this
# machine's /usr, and nothing else of it. What is checked is in inside.sh, which runs there.
set -u

. tests/lib.sh

root=$work/root
# Not in memory: tmpfs has no direct I/O.
inside=$(realpath "$(mktemp -d "$B/systemd.XXXXXX")")
drop_inside() { rm -rf "$inside"; }
at_end drop_inside

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}
[ "$(id -u)" -eq 0 ] || skip_all 'root is needed'
# As a user installs it; where, is up to him.
make -s install DESTDIR="$root" PREFIX=/opt/slabvisor >"$out" 2>&1 || {
	diag <"$out"
	exit 1
}
chmod 755 "$inside"
# The container's filter is of another time than
# this kernel's Landlock and io_uring.
timeout -k 5 500 systemd-nspawn --quiet --directory=/ --volatile=yes --register=no --keep-unit \
	--private-network --system-call-filter='@aio landlock_create_ruleset landlock_add_rule landlock_restrict_self' \
	--bind-ro="$root/opt:/opt" --bind-ro=/etc/alternatives --bind-ro="$PWD:/run/tree" --bind="$inside:/run/inside" \
	/bin/sh /run/tree/tests/systemd/boot.sh </dev/null >"$out" 2>&1
status=$?
cat "$inside/tap" 2>/dev/null
[ -s "$inside/tap" ] || {
	echo "Bail out! the container ended with $status and has told nothing"
	tail -n 40 "$out" | diag
	exit 1
}
diag <"$inside/err"
