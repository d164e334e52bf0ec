#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Ending a guest that does not end: Ctrl-C on a terminal, signals, a time limit.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

mkfifo "$work/from" "$work/to"

# start COMMAND...: in the background, SIGINT as a terminal's job has it; returns when
# the guest has printed its line. Sets monitor.
start() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	timeout -s KILL 600 env --default-signal=INT sh -c 'echo $$ >"$0"; exec "$@"' \
		"$work/pid" "$@" >"$work/from" 2>"$err" </dev/null &
	pid=$!
	exec 3<"$work/from"
	read -r -t 300 line <&3
	monitor=$(cat "$work/pid")
}

# finish: waits for its end; sets status.
finish() {
	wait "$pid"
	status=$?
	exec 3<&-
}

for case in spin spin_all sleep; do
	for signal in INT:130 TERM:143; do
		start "$SLABVISOR" run --stats --guest-ring 3 --cpus 2 "$B/guests/negative" $case
		kill -s "${signal%:*}" "$monitor"
		finish
		is "$status" "${signal#*:}" "$case: SIG${signal%:*} ends it with ${signal#*:}" ||
			diag <"$err"
		frames_balanced
		ok $? "$case: no frame is left behind" || diag <"$err"
	done
done

start "$SLABVISOR" run --stats --guest-ring 0 "$B/guests/negative" spin
kill -s TERM "$monitor"
finish
is "$status" 143 'spin at CPL 0: SIGTERM ends it with 143' || diag <"$err"

guest --timeout 1 --guest-ring 3 --cpus 2 "$B/guests/negative" spin_all
is "$status" 142 'spin_all: --timeout 1 ends it with 142' || say_output

# Where its threads are kept. Each vCPU has one CPU of the list, the disks' thread all of it.
truncate -s 1M "$work/disk"
cpus=$(taskset -c -p $$ | sed 's/.*: //')
first=${cpus%%[,-]*} last=${cpus##*[,-]}
start "$SLABVISOR" run --guest-ring 3 --cpus 2 --vcpu-cpus "$first,$last" --io-cpus "$last" \
	--disk "path=$work/disk" "$B/guests/negative" spin_all
kept() { # THREAD: the CPUs that it may run on
	local task
	for task in "/proc/$monitor/task/"*; do
		[ "$(cat "$task/comm")" != "$1" ] || sed -n 's/^Cpus_allowed_list:\t//p' "$task/status"
	done
}
is "$(kept vcpu0)" "$first" '--vcpu-cpus: the first vCPU is kept on the first CPU'
is "$(kept vcpu1)" "$last" '... and the second on the last'
is "$(kept io)" "$last" "--io-cpus: and so is the disks' thread"
kill -s TERM "$monitor"
finish
is "$status" 143 '... and the guest ends' || diag <"$err"

# On a terminal of its own: Ctrl-C is typed when the guest is seen to run. The shell
# notes the terminal's settings before and after.
cat >"$work/session" <<END
trap : INT
stty -g >"$work/before"
"$SLABVISOR" run --guest-ring 3 "$B/guests/negative" spin
echo "status \$?"
stty -g >"$work/after"
END
timeout -s KILL 600 script -qfc "sh '$work/session'" /dev/null <"$work/to" >"$work/from" 2>/dev/null &
pid=$!
exec 4>"$work/to" 3<"$work/from"
seen=
while read -r -t 300 line <&3; do
	line=${line%$'\r'}
	case $line in
	spinning) printf '\003' >&4 ;;
	*status\ *)
		seen=${line##*status }
		break
		;;
	esac
done
cat <&3 >/dev/null
exec 4>&-
finish
is "$seen" 130 'Ctrl-C on a terminal: status 130'
is "$(cat "$work/after")" "$(cat "$work/before")" \
	"Ctrl-C on a terminal: the terminal's settings are as they were"

done_testing
