#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The sandbox's list against what a service at work calls: each rule is used, but for those that
# say why they may not be seen to be; and nothing else is called.
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
exec strace -D -f -q -X raw -s 16 -o "$TRACES/$1.$$" "$TRACED" "$@"
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
	--pin-budget 1G 2>"$err" &
pid=$!
listening
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
tests/sandbox/used.pl "$work/rules" io,serve "${arguments[@]}" >"$out" 2>&1
is "$(cat "$out")" '' 'every rule is used, and no call is without one'

done_testing
