#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Whether `serve` keeps the host's CPUs from halting: it tries while requests come one by one, and lets go when they end.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/serve/lib.sh

device=/dev/cpu_dma_latency
if ! python3 -c "open('$device', 'rb')" 2>"$err"; then
	echo "1..0 # SKIP nobody can ask for CPUs that do not halt here: $(tail -n 1 "$err")"
	exit 0
fi
# us within which CPUs that idle have to be awake, as all who ask for it have it together
latency() {
	python3 -c "import struct; print(struct.unpack('i', open('$device', 'rb', buffering=0).read(4))[0])"
}
before=$(latency)
if [ "$before" = 0 ]; then
	echo '1..0 # SKIP somebody else keeps the CPUs of this host from halting'
	exit 0
fi
held() {
	[ "$(latency)" = 0 ]
}
let_go() {
	! held
}
has_tried() {
	[ "$(io_count awake-begun)" -gt 0 ] 2>/dev/null
}
# What is not there is read without a disk, for which no CPU waits.
dd if=/dev/zero of="$disk" bs=1M count=64 conv=fsync status=none

start_service --read-only --qmp "unix:$work/qmp"
load --rw randread --depth 64 --ios 50
is "$status $(io_count awake-begun) $(latency)" "0 0 $before" 'a few requests have it try nothing' || say_output
begin_load
until_true 300 has_tried
ok $? 'one request after the other has it try to keep CPUs awake' || say_output
until_true 300 held
ok $? '... which the kernel is asked for' || say_output
end_load
until_true 60 let_go
is $? 0 'when they end it lets go' || say_output
load --rw randread --ios 100
is "$status $(figure errors)" '0 0' 'the next front end is served' || say_output

# Killed, it leaves nothing behind.
begin_load
until_true 300 held
ok $? 'it tries again'
kill -KILL "$pid"
wait "$pid" 2>/dev/null
pid=
is "$(latency)" "$before" '... and when it is killed the kernel lets go' || say_output
end_load

start_service --read-only --qmp "unix:$work/qmp" --keep-awake off --poll-us 0
load --rw randread --ios 5000
is "$status $(io_count awake-begun)" '0 0' 'told not to, it does not' || say_output
stop_service
is $status 0 'and the service ends' || say_output

done_testing
