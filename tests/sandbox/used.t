#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The sandbox's list against what a service and monitors at work call: each rule is used, but for
# those that say why they may not be seen to be; and nothing else is called.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/serve/lib.sh

if ! strace -o /dev/null true 2>"$err"; then
	echo "1..0 # SKIP this host lets nobody trace: $(head -n 1 "$err")"
	exit 0
fi

export TRACES=$work/traces TRACED=$SLABVISOR
mkdir "$TRACES"
cat >"$work/traced" <<'END'
#!/bin/bash
kind=$1
[ "$kind" != run ] || kind=main
case " $* " in
*' --kernel '*) kind=rebuild ;;
esac
exec strace -D -f -q -X raw -s 16 -o "$TRACES/$kind.$$" "$TRACED" "$@"
END
chmod +x "$work/traced"

truncate -s 64M "$disk"

# A service, readiness and all.
cat >"$work/notified.py" <<'END'
import os, socket, sys
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind("\0slabvisor-%d" % os.getpid())
if not os.fork():
    notify.settimeout(120)
    while b"STOPPING=1" not in notify.recv(256):
        pass
    os._exit(0)
os.environ["NOTIFY_SOCKET"] = "@slabvisor-%d" % os.getpid()
os.execv(sys.argv[1], sys.argv[1:])
END
python3 "$work/notified.py" "$work/traced" serve --blk-file "$disk" --socket-path "$socket" \
	--pin-budget 1G --qmp "unix:$work/qmp" 2>"$err" &
pid=$!
listening
"$SLABVISOR" ctl "$work/qmp" query-io >"$out" 2>>"$err"
is $? 0 'traced: a service is asked what it does' || say_output
for ring in '' --packed; do
	# shellcheck disable=SC2086 # a list of words
	load --rw randrw --verify --depth 8 --ios 400 $ring
	is "$status $(figure wrong)" '0 0' "traced: a service ${ring:---split}" || say_output
done
python3 tests/sandbox/front.py "$socket" >"$out" 2>>"$err"
is $? 0 'traced: a front end that takes its memory away' || say_output
load --rw randread --depth 1 --ios 10
is "$status" 0 'traced: ... does not end the service' || say_output
# It says that it has looked at the size again.
truncate -s $(((64 << 20) + 10)) "$disk"
kill -HUP $pid
until_true 60 grep -q 'the last 10 bytes are not a whole sector' "$err"
ok $? 'traced: it is asked to look at the size again' || say_output
stop_service
is "$status" 0 'traced: the service ends' || say_output

# A service of memory, by all that its own test has a machine do.
SLABVISOR=$work/traced ROUNDS=30 python3 tests/serve/memory.py >"$out" 2>>"$err"
is $? 0 'traced: a service of memory' || say_output

# Monitors: a program that uses what there is, one that faults, one that is stopped and ended by the
# control socket, one with heap of another kind, one that reads.
monitor() { # NAME STATUS OPTIONS AND PROGRAM
	local name=$1 wanted=$2
	shift 2
	timeout -s KILL 300 "$work/traced" run "$@" >"$out" 2>"$err" <"${input:-/dev/null}"
	status=$?
	is "$status" "$wanted" "traced: $name" || say_output
}

ctl() {
	"$SLABVISOR" ctl "$work/qmp" "$@" >>"$out" 2>>"$err"
}

truncate -s 64M "$disk.2"
monitor 'a program with all its vCPUs' 0 --cpus 3 --stats "$B/guests/selftest"
monitor 'one whose heap is a memory file' 0 --backing memfd --reclaim-delay 0 "$B/guests/selftest"
monitor 'one that uses disks' 0 --disk "path=$disk.2" "$B/guests/blkcheck"
monitor 'one that is hostile' 0 --guest-ring 3 --cpus 2 --heap 64M --disk "path=$disk.2" \
	"$B/guests/hostile"
monitor 'one that faults' 120 "$B/tests/asm/fault" d
sed 's/Xen/Xem/' "$B/tests/asm/pvh64" >"$work/astray"
monitor 'a kernel that is entered at the wrong place' 120 --kernel "$work/astray"
monitor 'one that is ended in time' 142 --timeout 1 --cpus 2 "$B/tests/asm/loop"
echo 'of standard input' >"$work/input"
input=$work/input monitor 'one that reads' 0 "$B/tests/asm/echo"
"$work/traced" run --cpus 2 --qmp "unix:$work/qmp" --disk "path=$disk.2" "$B/tests/asm/loop" \
	>"$out" 2>"$err" </dev/null &
pid=$!
until_true 60 grep -q looping "$out"
ok $? 'traced: one that is told by its control socket' || say_output
for command in stop cont query-memory query-slabinfo query-io query-block heap-reclaim; do
	ctl $command || echo "$command failed" >>"$err"
done
ctl block_resize '{"device": "disk0", "size": 33554432}'
ok $? '... has its disk resized' || say_output
ctl quit
wait $pid
status=$?
pid=
is $status 143 '... and ends' || say_output

# One that is given another machine, twice, with a client at its port.
mkfifo "$work/keys"
"$work/traced" run --cpus 2 --stats --qmp "unix:$work/qmp" --disk "path=$disk.2" \
	--virtio-port "name=port,path=$work/port" --kernel "$B/tests/asm/reset" \
	>"$out" 2>"$err" <"$work/keys" &
pid=$!
exec 4>"$work/keys"
ups() {
	[ "$(grep -c '^up' "$out")" -eq "$1" ]
}
until_true 60 ups 1
printf r >&4
until_true 60 ups 2
ok $? 'traced: a kernel that reboots' || say_output
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$work/port"
printf r >&4
until_true 60 ups 3
ok $? '... twice, with a client at its port' || say_output
ctl query-status
printf q >&4
exec 4>&-
wait $pid
status=$?
pid=
is $status 0 '... and ends' || say_output

# The tracers write what is left when the traced have gone.
finished() {
	local trace
	for trace in "$TRACES"/*; do
		tail -n 1 "$trace" | grep -q '+++ \(exited\|killed\)' || return 1
	done
}
until_true 60 finished
ok $? 'all traces are there'
"$B/tests/sandbox/rules" >"$work/rules"
arguments=()
for trace in "$TRACES"/*; do
	name=${trace##*/}
	arguments+=("${name%%.*}=$trace")
done
tests/sandbox/used.pl "$work/rules" \
	io,serve,kmem,disks,vcpu,qmp,console,terminal,main,rebuild "${arguments[@]}" >"$out" 2>&1
is "$(cat "$out")" '' 'every rule is used, and no call is without one'

done_testing
