#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Signals end a guest at once, whatever it does: in guest code, waiting for input, held up
# by a reader that does not read, or before it runs, while the monitor waits for a file.
. tests/cli/lib.sh
needs "$GUEST/loop" "$GUEST/echo" "$GUEST/modules" "$GUEST/reset" # or the pipes below are opened by nobody

# ends_by SIGNAL STATUS NAME: the guest whose first line is awaited ends so.
ends_by() {
	read -r line <&3
	kill "-$1" "$pid"
	status=0
	wait "$pid" || status=$?
	exec 3<&-
	if [ "$line" = "$4" ]; then
		is_status "$2" "$3"
	else
		ok 1 "$3" "it printed: $line"
	fi
	[ ! -s "$err" ]
	ok $? '... without a word' "$(cat "$err")"
}

mkfifo "$work/pipe" "$work/input"

for ring in 0 3; do
	for pair in INT:130 TERM:143 HUP:129; do
		# A shell starts background jobs with SIGINT ignored: env undoes that.
		env --default-signal=INT "$SLABVISOR" run --guest-ring $ring --cpus 2 "$GUEST/loop" \
			>"$work/pipe" 2>"$err" &
		pid=$!
		exec 3<"$work/pipe"
		ends_by "${pair%:*}" "${pair#*:}" "ring $ring: ${pair%:*} ends a loop" looping
	done
done

# A port's thread is there before signals are taken, and leaves them to who puts the machine away.
"$SLABVISOR" run --memory 64M --kernel "$GUEST/reset" --stats \
	--virtio-port "name=x,path=$work/port" <"$work/input" >"$work/pipe" 2>"$work/account" &
pid=$!
exec 4>"$work/input"
exec 3<"$work/pipe"
: >"$err"
ends_by TERM 143 'TERM ends a guest with a port' up
exec 4>&-
grep -q 'exits' "$work/account"
ok $? '... which has its account printed' "$(cat "$work/account")"

# Waiting for input: the first line has come back, the pipe stays open.
"$SLABVISOR" run "$GUEST/echo" <"$work/input" >"$work/pipe" 2>"$err" &
pid=$!
exec 4>"$work/input"
echo line >&4
exec 3<"$work/pipe"
ends_by TERM 143 'TERM ends a wait for input' line
exec 4>&-

# A pipe that is full, as nobody reads on: /dev/zero never ends.
"$SLABVISOR" run "$GUEST/echo" </dev/zero >"$work/pipe" 2>"$err" &
pid=$!
exec 3<"$work/pipe"
# One byte of 65536 and more: the writer goes on until the pipe is full.
head -c 1 <&3 | od -An -tx1 | grep -q 00
ok $? 'it writes'
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
exec 3<&-
is_status 143 'TERM ends a write that blocks'

# A module that is a pipe: once it is open at both ends the monitor waits for its end.
mkfifo "$work/module"
for pair in INT:130 TERM:143; do
	env --default-signal=INT "$SLABVISOR" run --module "$work/module" "$GUEST/modules" \
		>/dev/null 2>"$err" &
	pid=$!
	exec 3>"$work/module"
	kill "-${pair%:*}" "$pid"
	timeout 300 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"
	status=0
	wait "$pid" || status=$?
	exec 3>&-
	is_status "${pair#*:}" "${pair%:*} ends a wait for a module"
done

# One that nobody opens to write: the monitor sleeps in open().
"$SLABVISOR" run --module "$work/module" "$GUEST/modules" >/dev/null 2>"$err" &
pid=$!
sleeps() {
	grep -q '(slabvisor[^)]*) S' "/proc/$pid/stat"
}
until_true 60 sleeps
kill -TERM "$pid"
timeout 300 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"
status=0
wait "$pid" || status=$?
is_status 143 'TERM ends a wait for a module that nobody writes'

# Stopped and continued from its first moment until the guest prints, as a debugger or a shell's job
# control may do it: what KVM does meanwhile is interrupted by that.
failed=
for start in 1 2 3 4 5; do
	: >"$out"
	"$SLABVISOR" run "$GUEST/hello" >"$out" 2>"$err" </dev/null &
	pid=$!
	stops=0
	until [ -s "$out" ] || [ -s "$err" ] || [ $stops -eq 5000 ]; do
		kill -STOP "$pid"
		kill -CONT "$pid"
		(:) # for so long it runs
		stops=$((stops + 1))
	done
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 7 ] || failed="$failed $start: $status, $(cat "$err")"
done
is "$failed" '' 'a monitor that is stopped and goes on while it starts, starts'

# Each of KVM's calls interrupted once. A sandbox would take the calls that are left out for others.
if strace -o /dev/null true 2>"$err"; then
	strace -f -qq -e trace=ioctl -e inject=ioctl:error=EINTR:when=1+2 -o "$work/trace" \
		"$SLABVISOR" run --sandbox off --cpus 2 "$GUEST/hello" >"$out" 2>"$err" </dev/null
	status=$?
	is_status 7 "each of KVM's calls may be interrupted"
	for call in CREATE_VM SET_USER_MEMORY_REGION CREATE_VCPU SET_CPUID2 SET_SREGS RUN; do
		grep -q "KVM_$call.*INJECTED" "$work/trace" || break
	done
	ok $? '... as they were' "not so: $call"
else
	skip "each of KVM's calls may be interrupted" "this host lets nobody trace: $(head -n 1 "$err")"
fi
done_testing
