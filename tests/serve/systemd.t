#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The systemd units: sound, and closed; and what systemd does for a service, done by
# systemd-socket-activate and by hand: sockets handed over, readiness told.
set -u

. tests/serve/lib.sh

truncate -s 16M "$disk"
truncate -s 16M "$disks/second.img"
# Where systemd looks for units, and their program.
units=$work/units
mkdir -p "$units" "$work/bin"
ln -s "$(realpath "$SLABVISOR")" "$work/bin/slabvisor"
sed "s|@PREFIX@|$work|" configs/systemd/slabvisor-blk@.service.in >"$units/slabvisor-blk@.service"
cp configs/systemd/slabvisor-blk@.socket "$units"
analyze() { timeout 300 systemd-analyze "$@" >"$out" 2>"$err"; }
SYSTEMD_UNIT_PATH=$units: analyze verify --man=no "$units/slabvisor-blk@disk.socket" \
	"$units/slabvisor-blk@disk.service"
is "$? $(cat "$err")" '0 ' 'systemd-analyze verify has nothing to say of the units' || say_output
cp "$units/slabvisor-blk@.service" "$units/slabvisor-blk@disk.service"
analyze security --offline=true --threshold=15 "$units/slabvisor-blk@disk.service"
ok $? 'systemd-analyze security: an exposure of 1.5 of 10 at most' || say_output
has_line() { grep -qx -- "$1" "$units/slabvisor-blk@.service"; }
! grep -q '^SupplementaryGroups=' "$units/slabvisor-blk@.service"
ok $? 'the service is in no group but QEMU'"'"'s, unless a drop-in says so'
# In its section: elsewhere systemd does not heed it.
sed '/^\[Service\]/,$d' "$units/slabvisor-blk@.service" | grep -qx 'StartLimitIntervalSec=0'
ok $? 'it is started again however often it was ended'
has_line 'RestartPreventExitStatus=125 126'
ok $? 'though not with options that are wrong'
# shellcheck disable=SC2016 # the manager's
has_line "ExecReload=/bin/sh -c 'kill -HUP \"\$\$MAINPID\"'"
ok $? 'reload has it look at the size of its disk'
mkdir "$units/slabvisor-blk@disk.service.d"
cp configs/systemd/block-device.conf "$units/slabvisor-blk@disk.service.d"
SYSTEMD_UNIT_PATH=$units: analyze verify --man=no "$units/slabvisor-blk@disk.service"
is "$? $(cat "$err")" '0 ' 'systemd-analyze verify has nothing to say of the drop-in for a block device' || say_output

# The transient unit of libvirt's hook, of which systemd-run is shown here: what it would be told, as a
# unit, and, since it waits until the service is ready or has failed, the service's own failure.
if [ "$(id -u)" -eq 0 ] && unshare --mount true 2>/dev/null; then
	mkdir "$work/fake"
	cat >"$work/fake/systemd-run" <<-'END'
	#!/bin/bash
	unit=() service=()
	while :; do
		case $1 in
		--property=StartLimit*) unit+=("${1#*=}") ;;
		--property=*) service+=("${1#*=}") ;;
		--unit) shift ;;
		--*) ;;
		*) break ;;
		esac
		shift
	done
	printf '%s\n' '[Unit]' "${unit[@]}" '[Service]' "${service[@]}" "ExecStart=$*" >"$HOOK_UNIT"
	timeout 60 "$@" 2>"$HOOK_JOURNAL"
	END
	# shellcheck disable=SC2016 # expanded by that script
	printf '#!/bin/sh\n[ "$1" = --sync ] || cat "$HOOK_JOURNAL"\n' >"$work/fake/journalctl"
	printf '#!/bin/sh\n' >"$work/fake/systemctl"
	chmod 755 "$work/fake"/*
	export HOOK_UNIT=$units/hook.service HOOK_JOURNAL=$work/journal
	hook() { # FILE
		# shellcheck disable=SC2016 # expanded by that shell
		printf "<domain xmlns:s='urn:slabvisor:libvirt:1'><s:disk socket='%s' file='%s'/></domain>" "$socket" "$1" |
			PATH=$work/fake:$PATH SLABVISOR=$(realpath "$SLABVISOR") timeout 300 unshare --mount sh -c '
				mount -t tmpfs none /run/systemd && mkdir /run/systemd/system &&
					exec configs/libvirt/hooks/qemu t prepare begin -' >"$out" 2>"$err"
		status=$?
	}
	none=$(realpath "$disks")/none.img
	hook "$none"
	is "$status $(cat "$err")" "1 slabvisor: $socket: nothing listens there: slabvisor: $none: No such file or directory" \
		'the hook fails as soon as the service has, with its reason' || say_output
	SYSTEMD_UNIT_PATH=$units: analyze verify --man=no "$units/hook.service"
	is "$? $(cat "$err")" '0 ' 'its unit is sound' || say_output
	analyze security --offline=true --threshold=35 "$units/hook.service"
	ok $? 'and closed: an exposure of 3.5 of 10 at most' || say_output
else
	skip "the unit of libvirt's hook" 'root is needed, for a mount namespace'
fi

# Started by the first connection.
systemd-socket-activate --listen="$socket" "$SLABVISOR" serve --blk-file "$disk" 2>"$err" &
pid=$!
listening
load --rw randrw --verify --depth 8 --ios 500
is "$status $(figure wrong) $(figure errors)" '0 0 0' 'systemd-socket-activate: it works' || say_output
load --rw randrw --verify --depth 8 --ios 500
is $status 0 'and again, for the next one' || say_output
stop_service
is $status 0 'and ends with 0'
[ -S "$socket" ]
ok $? 'and leaves the socket, which is not its own'
rm -f "$socket"

# As the service manager: sockets from descriptor 3 on, and a socket for what it tells.
cat >"$work/manager.py" <<'END'
import os, select, socket, sys
pid_of, fds, command = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind("\0slabvisor-%d" % os.getpid())
kept = []
for what in fds:
    if what.startswith("/"):
        s = socket.socket(socket.AF_UNIX)
        s.bind(what)
        s.listen(1)
        kept.append(s.detach())
    elif what == "udp":
        kept.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM).detach())
    elif what == "file":
        kept.append(os.open("/dev/null", os.O_RDWR))
child = os.fork()
if not child:
    os.environ["NOTIFY_SOCKET"] = "@slabvisor-%d" % os.getppid()
    os.environ["LISTEN_FDS"] = str(len(kept))
    os.environ["LISTEN_PID"] = str(os.getpid() if pid_of == "own" else os.getppid())
    kept = [os.dup2(fd, 40 + i) for i, fd in enumerate(kept)]
    for i, fd in enumerate(kept):
        os.dup2(fd, 3 + i)
    os.closerange(3 + len(kept), 64)
    os.execv(command[0], command)
for fd in kept:
    os.close(fd)
ended = os.pidfd_open(child)
# What it said before it ended is there when it has.
while notify in select.select([notify, ended], [], [])[0]:
    state = notify.recv(256).decode()
    print(state, flush=True)
    if state == "READY=1":
        for path in (f for f in fds if f.startswith("/")):
            load = os.spawnlp(os.P_WAIT, os.environ["LOAD"], "slabvisor-vhost-load", "--socket", path,
                              "--ios", "50", "--depth", "2")
            print("load", load, flush=True)
        os.kill(child, 15)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
END
manager() { # PID_OF FDS OPTIONS...
	LOAD=$LOAD timeout 600 python3 "$work/manager.py" "$1" "$2" "$SLABVISOR" serve "${@:3}" \
		>"$out" 2>"$err"
	status=$?
}
manager own "$socket" --blk-file "$disk"
is "$status $(grep -v ' .* ' "$out" | grep -E '^(READY|STOPPING|load 0)' | xargs)" \
	'0 READY=1 load 0 STOPPING=1' 'it says when it is ready, and when it stops' || say_output
rm -f "$socket"
cat >"$work/two.yaml" <<END
disks:
  - blk-file: $disk
  - blk-file: $disks/second.img
END
manager own "$socket,$socket.2" --config "$work/two.yaml"
is "$status $(grep -c '^load 0' "$out")" '0 2' 'two sockets are those of two disks' || say_output
rm -f "$socket" "$socket.2"

# What is not for it, or is no socket. Nobody is told that it is ready.
refused() { # DESCRIPTION PATTERN PID_OF FDS OPTIONS...
	local what=$1 pattern=$2
	shift 2
	manager "$@"
	[ $status = 125 ] && grep -q "$pattern" "$err" && [ ! -s "$out" ]
	ok $? "$what" || say_output
	rm -f "$socket" "$socket.2"
}
refused 'sockets for another process are not taken' 'no socket' other "$socket" --blk-file "$disk"
refused 'a datagram socket is refused' 'descriptor 3: a Unix stream socket' own udp --blk-file "$disk"
refused 'a file is refused' 'descriptor 3: a Unix stream socket' own file --blk-file "$disk"
refused 'one socket for two disks: the second has none' 'second.img: no socket' own "$socket" \
	--config "$work/two.yaml"

done_testing
