#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs in the container of units.t, as a service of its systemd.
set -u

. tests/tap.sh
. tests/wait.sh

LOAD=/opt/slabvisor/bin/slabvisor-vhost-load
disks=/run/inside
out=$work/out
load() { # SOCKET ARGS...
	timeout 300 $LOAD --socket "$@" >"$out" 2>&1
}
figure() {
	awk -v name="$1" '$1 == name { print $2; exit }' "$out"
}
pid_of() {
	systemctl show --property MainPID --value "$1"
}
explain() {
	cat "$out"
	systemctl status --no-pager --lines=20 "$unit" 2>&1
}
new_disk() { # NAME
	truncate -s 16M "$disks/$1.img"
	chown slabvisor: "$disks/$1.img"
}

# kills UNIT SOCKET: twelve of them in two seconds, if this machine lets us, under verified load.
alive_again() { # BEFORE
	! kill -0 "$loader" 2>/dev/null || { now=$(pid_of "$unit") && [ "$now" != 0 ] && [ "$now" != "$1" ]; }
}
kills() {
	local killed=0 bad='' now before=0
	unit=$1
	while [ $killed -lt 12 ] && [ -z "$bad" ]; do
		timeout 300 $LOAD --socket "$2" --rw randrw --verify --depth 8 --seconds 3 \
			--reconnect 60000 >"$out" 2>&1 &
		loader=$!
		while kill -0 $loader 2>/dev/null && [ $killed -lt 12 ]; do
			until_true 60 alive_again "$before" || {
				bad='it was not started again'
				break
			}
			kill -0 "$loader" 2>/dev/null || break
			before=$now
			kill -KILL "$before" && killed=$((killed + 1))
		done
		wait $loader || bad="the load ended with $?"
		[ "$(figure wrong) $(figure errors)" = '0 0' ] || bad='wrong bytes or errors'
	done
	is "$killed $bad" '12 ' "$unit was killed 12 times under load: no wrong byte, no error"
}

# A disk, by its units.
unit=slabvisor-blk@one.service
socket=/run/slabvisor/one.sock
new_disk one
echo "BLK_FILE=$disks/one.img" >/etc/slabvisor/one.conf
systemd-analyze verify --man=no slabvisor-blk@one.service slabvisor-blk@one.socket >"$out" 2>&1
is "$? $(cat "$out")" '0 ' 'systemd has nothing to say of the units'
systemctl start slabvisor-blk@one.socket
is "$(stat -c '%A %U %G' $socket)" 'srw-rw---- root kvm' 'the socket is QEMU'"'"'s to open'
is "$(systemctl is-active $unit)" inactive 'nobody has connected, and nothing runs'
load $socket --rw randrw --verify --depth 8 --ios 2000
is "$? $(figure wrong) $(figure errors)" '0 0 0' 'the first connection starts the service, which serves'
is "$(systemctl is-active $unit)" active 'it stays'
is "$(stat -c %U "/proc/$(pid_of "$unit")")" slabvisor 'it is a user of its own'
kills $unit $socket

before=$(pid_of "$unit")
truncate -s 32M $disks/one.img
systemctl reload "$unit"
ok $? 'the unit can be reloaded'
grew() {
	load $socket --rw randrw --verify --size 32M --ios 2000
}
until_true 60 grew
is "$? $(figure wrong) $(pid_of "$unit")" "0 0 $before" 'then the same service has a larger disk'
systemctl stop "$unit" slabvisor-blk@one.socket
is "$(systemctl show --property Result --value "$unit")" success 'it ends in order'
! [ -e $socket ]
ok $? 'and its socket goes with its unit'

# Options that are wrong.
unit=slabvisor-blk@wrong.service
new_disk wrong
printf 'BLK_FILE=%s\nOPTIONS=--queues 99\n' "$disks/wrong.img" >/etc/slabvisor/wrong.conf
systemctl start $unit 2>"$out"
ok $((!$?)) 'a service with wrong options does not start'
is "$(systemctl show --property ExecMainStatus --property NRestarts --value $unit | xargs)" '0 125' \
	'and is not tried again'
journalctl --sync
said=$(journalctl --quiet --output=cat --priority=err --unit $unit | grep '^slabvisor: ')
is "$said" 'slabvisor: --queues 99: give a number from 1 to 16' 'the journal has its reason, as an error'

# Two disks of a domain, by libvirt's hook; their names differ by what a unit's name cannot say as it is.
hook() { # OPERATION SUB-OPERATION FILE
	SLABVISOR=/opt/slabvisor/bin/slabvisor configs/libvirt/hooks/qemu vm "$1" "$2" - >"$out" 2>&1 <<-END
	<domain xmlns:s='urn:slabvisor:libvirt:1'><metadata>
	<s:disk socket='/run/slabvisor/vm-a.sock' file='$3' group='kvm' cpuset='0'/>
	<s:disk socket='/run/slabvisor/vm/a.sock' file='$disks/b.img' group='kvm'/>
	</metadata></domain>
	END
}
unit=$(systemd-escape --path /run/slabvisor/vm-a.sock)
unit=slabvisor-$unit.service
new_disk a
new_disk b
hook prepare begin $disks/a.img
ok $? 'the hook starts both services'
[ -S /run/slabvisor/vm-a.sock ] && [ -S /run/slabvisor/vm/a.sock ]
ok $? 'each listens when it has ended'
is "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$(systemctl show --property MainPID --value "$unit")/status")" 0 \
	'the one with a cpuset is kept on that'
kills "$unit" /run/slabvisor/vm-a.sock
load /run/slabvisor/vm/a.sock --rw randrw --verify --ios 500
is "$? $(figure wrong) $(figure errors)" '0 0 0' 'the other one serves'
hook release end $disks/a.img
is "$? $(systemctl is-active "$unit")" '0 inactive' 'the hook ends them'
hook prepare begin $disks/none.img
is "$? $(tail -n 1 "$out")" \
	"1 slabvisor: /run/slabvisor/vm-a.sock: nothing listens there: slabvisor: $disks/none.img: No such file or directory" \
	'a disk that is not there: the hook fails, with the reason'
is "$(systemctl list-units --plain --no-legend --state=active 'slabvisor-run*')" '' 'and nothing of it runs'

done_testing
