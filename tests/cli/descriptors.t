#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Descriptors as a parent leaves them: too few allowed, the standard ones closed, others left open;
# and configuration files that are none.
# shellcheck disable=SC3045 # ulimit -n, which dash has
. tests/cli/lib.sh
LOAD=${LOAD:-build/tools/slabvisor-vhost-load}
needs "$LOAD" "$GUEST/hello" "$GUEST/echo" "$GUEST/pvh64" "$GUEST/reset"

# Not in memory: tmpfs has no direct I/O.
disks=$(mktemp -d build/descriptors.XXXXXX)
disk=$disks/disk
sock=$work/sock
pid=
# shellcheck disable=SC2317 # called at the end
leave() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
	rm -rf "$disks"
}
at_end leave
seq 1 200000 | head -c 1048576 >"$disk"
cp "$disk" "$disk.2"
cp "$disk" "$work/before"

unharmed() {
	cmp -s "$disk" "$work/before"
	ok $? "$1" "$(cmp -l "$disk" "$work/before" | head -3)"
}

gone() {
	ended "$pid"
}

up_or_gone() {
	listens "$sock" || gone
}

# limited N ARGS...: as run, with N descriptors at most, which no privilege raises.
limited() {
	n=$1
	shift
	status=0
	(
		exec >"$out" 2>"$err" </dev/null
		ulimit -n "$n"
		exec timeout -k 5 600 "$SLABVISOR" "$@"
	) || status=$?
}

# What a process says that has too few: the loader's word, timeout's, or ours, in $figure.
refused() {
	said=$(sed -n "s/^slabvisor: $1 files may be open at once and \([0-9]*\) are needed: raise .*/\1/p" \
		"$err")
	[ -z "$said" ] || figure=$said
	[ "$status" -ne 0 ] && { [ -n "$said" ] || grep -q 'error while loading shared' "$err"; }
}

# With each limit from 3 on a machine says what it needs, until it has it and ends as it should.
sweep() { # NAME STATUS ARGS...
	name=$1
	well=$2
	shift 2
	wrong=
	figure=
	for n in $(seq 3 64); do
		limited "$n" "$@"
		[ -z "$figure" ] || [ "$n" -lt "$figure" ] || [ "$status" -eq "$well" ] ||
			wrong="$wrong $n: $status"
		[ "$status" -eq "$well" ] || refused "$n" || wrong="$wrong $n: $status, $(head -1 "$err")"
	done
	[ -z "$wrong" ] && [ -n "$figure" ]
	ok $? "$name: every limit from 3 to 64 is said, with what is needed, or enough" "$wrong"
	limited "$((figure - 1))" "$@"
	is_status 127 "... and one less than $figure is refused"
	limited "$figure" "$@"
	is_status "$well" '... and as many do'
}

# The program's own status is 7.
sweep 'a program' 7 run --cpus 2 "$GUEST/hello"
sweep 'a program with disks' 7 run --disk "path=$disk" --disk "path=$disk.2" --qmp "unix:$sock" \
	--stats "$GUEST/hello"
limited "$((figure - 1))" run --disk "path=$disk" --disk "path=$disk.2" --qmp "unix:$sock" \
	"$GUEST/hello"
err_is_line "ulimit -n $figure, as root; LimitNOFILE=$figure in a systemd unit" '... by the one line'
sweep 'a kernel' 0 run --memory 64M --cpus 2 --disk "path=$disk" --qmp "unix:$sock" \
	--virtio-port "name=a,path=$work/port" --kernel "$GUEST/pvh64"

# The soft limit is the program's own business.
status=0
(
	exec >"$out" 2>"$err" </dev/null
	ulimit -Sn 8
	exec "$SLABVISOR" run --disk "path=$disk" "$GUEST/hello"
) || status=$?
is_status 7 'a soft limit is raised as far as it takes'

# serve_limited N: starts a service with 4 queues; returns whether it serves, or sets status.
serve_limited() {
	rm -f "$sock"
	(
		exec >"$out" 2>"$err" </dev/null
		ulimit -n "$1"
		exec "$SLABVISOR" serve --blk-file "$disk.2" --queues 4 --socket-path "$sock"
	) &
	pid=$!
	until_true 60 up_or_gone
	! gone && return
	status=0
	wait "$pid" || status=$?
	pid=
	return 1
}

end_service() {
	kill -TERM "$pid"
	wait "$pid"
	pid=
}

wrong=
figure=
for n in $(seq 3 64); do
	if serve_limited "$n"; then
		[ -z "$figure" ] || [ "$n" -ge "$figure" ] || wrong="$wrong $n serves"
		end_service
	else
		refused "$n" || wrong="$wrong $n: $status, $(head -1 "$err")"
	fi
done
[ -z "$wrong" ] && [ -n "$figure" ]
ok $? 'a service: every limit from 3 to 64 is said, with what is needed, or enough' "$wrong"
serve_limited "$figure"
ok $? "... and $figure do" "$(cat "$err")"
status=0
"$LOAD" --socket "$sock" --queues 4 --rw randrw --verify --depth 8 --ios 500 >"$out" 2>&1 || status=$?
is_status 0 '... with a front end that uses all queues'
end_service
cp "$work/before" "$disk.2"

# without WHICH COMMAND...: runs it without these of the standard descriptors.
without() {
	which=$1
	shift
	case $which in
	0) "$@" <&- ;;
	1) "$@" >&- ;;
	2) "$@" 2>&- ;;
	01) "$@" <&- >&- ;;
	02) "$@" <&- 2>&- ;;
	12) "$@" >&- 2>&- ;;
	012) "$@" <&- >&- 2>&- ;;
	esac
}

# What was closed is not a file that the process opened itself.
opens_nothing_there() { # NAME
	for fd in $(echo "$which" | sed 's/./& /g'); do
		[ "$(readlink "/proc/$pid/fd/$fd")" = /dev/null ] && continue
		ok 1 "$1 without $which opens nothing there" "$(ls -l "/proc/$pid/fd")"
		return
	done
	ok 0 "$1 without $which opens nothing there"
}

has_disk_open() {
	gone || readlink "/proc/$pid/fd/"* | grep -q "/$disk\$"
}

# A guest whose module never comes has its disk open meanwhile.
mkfifo "$work/fifo"
for which in 0 1 2 01 02 12 012; do
	(without $which exec "$SLABVISOR" run --disk "path=$disk" --module "$work/fifo" "$GUEST/hello") \
		>"$out" 2>"$err" &
	pid=$!
	until_true 60 has_disk_open
	opens_nothing_there run
	kill -KILL $pid
	wait $pid 2>/dev/null
	pid=
	without $which timeout -k 5 600 "$SLABVISOR" run --disk "path=$disk" --stats "$GUEST/hello" \
		>"$out" 2>"$err"
	unharmed '... and prints nothing to its disk'
done

for which in 0 1 2 01 02 12 012; do
	rm -f "$sock"
	(without $which exec "$SLABVISOR" serve --blk-file "$disk" --socket-path "$sock") \
		>"$out" 2>"$err" &
	pid=$!
	until_true 60 up_or_gone
	opens_nothing_there serve
	# It has something to say to a front end that is none.
	perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new($ARGV[0]) or die "$!\n";
		print $s "0" x 1000; $s->flush; sysread $s, $_, 1' "$sock" ||
		ok 1 "a front end meets serve without $which" "$(cat "$err")"
	end_service
	unharmed '... and prints nothing to its disk'
done

# A client's socket would be the first to get a number that is free, and its answer go back there.
rm -f "$sock"
"$SLABVISOR" run --qmp "unix:$sock" --module "$work/fifo" "$GUEST/hello" >"$out" 2>"$err" &
pid=$!
until_true 60 up_or_gone
for which in 0 1 2 01 02 12 012; do
	status=0
	without $which timeout -k 5 600 "$SLABVISOR" ctl "$sock" query-nonsense >"$work/ctl" 2>&1 ||
		status=$?
	is_status 1 "ctl without $which fails as with it"
	status=0
	"$SLABVISOR" ctl "$sock" query-version >"$work/ctl" 2>&1 || status=$?
	is_status 0 '... and the next one has its answer'
done
kill -KILL $pid
wait $pid 2>/dev/null
pid=

# What a parent left open for nobody is closed; what an option names is not.
keeps_nothing() {
	! readlink "/proc/$pid/fd/"* | grep -q "^$work/\(before\|other\)\$"
}
closes_inherited() { # NAME
	until_true 60 keeps_nothing && ! gone
	ok $? "$1" "$(ls -l "/proc/$pid/fd")"
}
is_looping() {
	gone || grep -q looping "$out"
}
(exec "$SLABVISOR" run "$GUEST/loop" 7<"$work/before" 9>>"$work/other") >"$out" 2>"$err" &
pid=$!
until_true 60 is_looping
closes_inherited 'run keeps nothing that was left open'
kill -KILL $pid
wait $pid 2>/dev/null
for sandbox in on off; do
	rm -f "$sock"
	(exec "$SLABVISOR" serve --blk-file "$disk" --sandbox $sandbox --socket-path "$sock" \
		7<"$work/before" 9>>"$work/other") >"$out" 2>"$err" &
	pid=$!
	until_true 60 up_or_gone
	closes_inherited "serve, sandbox $sandbox, neither"
	end_service
done
status=0
"$SLABVISOR" run --memory 64M --kernel /dev/fd/7 7<"$GUEST/pvh64" >"$out" 2>"$err" || status=$?
is_status 0 'a kernel may be one that was left open'

# A guest that restarts has all of its files opened again.
truncate -s 1M "$work/left"
mkfifo "$work/told" "$work/said"
timeout -k 5 600 "$SLABVISOR" run --memory 64M --kernel /dev/fd/7 --disk path=/dev/fd/8 \
	--disk path=/proc/self/fd/9,readonly=on 7<"$GUEST/reset" 8<>"$work/left" 9<"$GUEST/pvh64" \
	<"$work/told" >"$work/said" 2>"$err" &
pid=$!
exec 3>"$work/told" 4<"$work/said"
read -r first <&4
printf r >&3
read -r second <&4
printf q >&3
exec 3>&- 4<&-
status=0
wait $pid || status=$?
is_status 0 'a disk may be one that was left open, by a guest that restarts'
[ "$first $second" = 'up up' ]
ok $? '... which it does' "$first $second" "$(cat "$err")"

# Configuration files that never answer or never end.
refuses_config() { # NAME PATH STDIN
	run run --config "$2" --dry-run "$GUEST/hello"
	is_status 126 "a configuration that is $1 is refused"
	err_is_line 'expected a YAML file of at most 1M' '... in one line'
	run serve --config "$2"
	is_status 126 '... by serve, too'
}
refuses_config 'a FIFO' "$work/fifo"
refuses_config 'a device' /dev/zero
refuses_config 'a folder' "$work"
head -c 1048577 /dev/zero | tr '\0' '#' >"$work/large"
refuses_config 'too large' "$work/large"
for command in run serve; do
	status=0
	yes '# and on' 2>/dev/null | timeout -k 5 600 "$SLABVISOR" $command --config /dev/stdin \
		>"$out" 2>"$err" || status=$?
	is_status 126 "a pipe that never ends is read to 1M by $command"
	err_is_line 'expected a YAML file of at most 1M' '... and refused'
done
head -c 1048576 "$work/large" >"$work/config"
run run --config "$work/config" --dry-run "$GUEST/hello"
is_status 0 'one of 1M is read'
status=0
printf 'cpus: 2\nprogram: %s\n' "$GUEST/hello" | timeout -k 5 600 "$SLABVISOR" run --config /dev/stdin \
	--dry-run >"$out" 2>"$err" || status=$?
is_status 0 'so is what comes through a pipe'
done_testing
