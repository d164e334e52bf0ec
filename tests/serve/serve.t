#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `slabvisor serve`: its conventions, its disks under verified load.
set -u

. tests/serve/lib.sh

truncate -s 64M "$disk"

"$SLABVISOR" serve --print-capabilities --no-such-option >"$out" 2>"$err"
is $? 0 '--print-capabilities ends with 0, whatever else is there'
is "$(tr -d ' \n' <"$out")" '{"type":"block","features":["read-only","blk-file"]}' 'as JSON'

fails() { # STATUS PATTERN DESCRIPTION OPTIONS...
	local want=$1 pattern=$2 what=$3
	shift 3
	timeout 60 "$SLABVISOR" serve "$@" >"$out" 2>"$err" </dev/null
	status=$?
	[ $status = "$want" ] && grep -qE "$pattern" "$err" && [ "$(wc -l <"$err")" = 1 ]
	ok $? "$what" || say_output
}
fails 125 'no disk' 'no disk: usage' --socket-path "$socket"
fails 125 'no socket' 'no socket: usage' --blk-file "$disk"
fails 125 'only one of them' '--socket-path with --fd: usage' --blk-file "$disk" --socket-path x --fd 3
fails 125 'from 1 to 16' 'a bad number: usage' --blk-file "$disk" --queues 0
fails 125 'a multiple of 2M' 'a budget that is no number of windows: usage' --blk-file "$disk" --pin-budget 1M
fails 125 'sandbox maybe: give on or off' 'a bad word: usage' --blk-file "$disk" --sandbox maybe
fails 125 "unknown option '--quick': see slabvisor serve --help" 'an unknown option: usage' --blk-file "$disk" --quick
fails 124 'none: No such file' 'a file that is not there' --blk-file "$disks/none" --socket-path "$socket"
fails 124 'null: give a regular file or a block device' 'a file that is no disk' --blk-file /dev/null --socket-path "$socket"
printf 'disks:\n  - blk-file: %s\n    queues: many\n' "$disk" >"$work/bad.yaml"
fails 126 'bad.yaml:3: queues: many: give a number from 1 to 16' 'a bad value in a file, with its line' --config "$work/bad.yaml"
printf 'disks:\n  - blk-file: %s\n    colour: red\n' "$disk" >"$work/bad.yaml"
fails 126 'bad.yaml:3: colour: unknown key: the keys are those of slabvisor serve --help' 'an unknown key in a file' --config "$work/bad.yaml"
printf 'sandbox: maybe\ndisks:\n  - blk-file: %s\n' "$disk" >"$work/bad.yaml"
fails 126 'bad.yaml:1: sandbox: maybe: give on or off' 'a bad word in a file' --config "$work/bad.yaml"
printf 'sandbox: off\nsandbox: on\n' >"$work/bad.yaml"
fails 126 'bad.yaml:2: sandbox: this key is given twice' 'a key that is given twice' --config "$work/bad.yaml"
printf 'sandbox: off\n' >"$work/bad.yaml"
fails 126 'bad.yaml:2: expected .disks:. and a list' 'a file without disks' --config "$work/bad.yaml"
printf 'disks: []\n' >"$work/bad.yaml"
fails 126 'bad.yaml:1: disks: the list is empty' 'a file with a list of no disks' --config "$work/bad.yaml"
printf 'disks:\n  - blk-file: %s\n    sandbox: off\n' "$disk" >"$work/bad.yaml"
fails 126 'bad.yaml:3: sandbox: it is for all disks: write it beside' 'the sandbox of one disk' \
	--config "$work/bad.yaml"
printf 'disks:\n  - blk-file: %s\n    queues:\n' "$disk" >"$work/bad.yaml"
fails 126 'bad.yaml:3: queues: no value is given: give a number from' 'a key of a disk without a value' \
	--config "$work/bad.yaml"
printf 'disks:\n  - blk-file: %s\n    poll_us: 3\n' "$disk" >"$work/bad.yaml"
fails 126 'bad.yaml:3: poll_us: unknown key: did you mean .poll-us.' 'a misspelt key of a disk' --config "$work/bad.yaml"
printf 'disks:\n  - queues: 2\n' >"$work/bad.yaml"
fails 126 'bad.yaml:3: no disk: blk-file names one' 'a disk without a file' --config "$work/bad.yaml"
printf 'cache: off\n' >"$work/bad.yaml"
fails 126 'bad.yaml:1: cache: unknown key: the keys are .disks., a list of disks, .kmem-size. and its like, .sandbox., .qmp., .name., .jail. and .jail-cgroup.' 'an unknown key beside disks' \
	--config "$work/bad.yaml"
fails 125 'socket-group none-such: there is no such group: give the name' 'a group that is not there' \
	--blk-file "$disk" --socket-path "$socket" --socket-group none-such
for mode in 0888 01777 rw; do
	fails 125 "socket-mode $mode: give octal digits, as in 0660" "a mode of a socket that is none: $mode" \
		--blk-file "$disk" --socket-path "$socket" --socket-mode "$mode"
done
fails 125 'socket-group and socket-mode are of a socket that socket-path names' 'the group of a socket that another made' \
	--blk-file "$disk" --fd 3 --socket-group nogroup

# The tools' options are of the same kind of table.
tool_fails() { # PATTERN DESCRIPTION TOOL ARGS...
	local pattern=$1 what=$2 tool=$3
	shift 3
	timeout 60 "$B/tools/$tool" "$@" >"$out" 2>"$err" </dev/null
	status=$?
	[ $status = 2 ] && grep -qE "^$tool: $pattern" "$err" && [ "$(wc -l <"$err")" = 1 ]
	ok $? "$what" || say_output
}
tool_fails "unknown option '--dpth': did you mean '--depth'" 'a misspelt option of the load' slabvisor-vhost-load --dpth 3
tool_fails '--depth 2000: give a number from 1 to 1024' '... and one out of range' slabvisor-vhost-load --socket x --depth 2000
tool_fails '--rw wild: give read, write, randread, randwrite or randrw' '... and an unknown word' \
	slabvisor-vhost-load --socket x --rw wild
tool_fails '--iodepth 2000: give a number from 1 to 1024' "... and by fio's name, as it was given" \
	slabvisor-vhost-load --socket x --iodepth=2000
tool_fails "unknown option '--iodpth': did you mean '--iodepth'" '... which may be misspelt too' slabvisor-vhost-load --iodpth 3
tool_fails '--iodepth is given twice' '... and is no second option' slabvisor-vhost-load --socket x --depth 3 --iodepth 3
tool_fails '--socket PATH is needed' '... and no socket' slabvisor-vhost-load --depth 2
tool_fails 'QUEUES many: give a number from 1 to 16' 'a wrong argument of the <disk> element' slabvisor-vhost-disk x vdb many
tool_fails 'SOCKET is needed' '... and none' slabvisor-vhost-disk
tool_fails 'four: no such argument: see slabvisor-vhost-disk --help' '... and one too many' slabvisor-vhost-disk x vdb 1 four
tool_fails 'SOCKET: give the path of a socket' '... and an empty one' slabvisor-vhost-disk ''
strange=$(printf 'no\033[31mfile')
for words in "slabvisor-vhost-disk" "slabvisor-vhost-load --socket"; do
	# shellcheck disable=SC2086 # a list of words
	"$B/tools/"$words "$strange" >"$out" 2>"$err" </dev/null
	is "$? $(cat "$err")" "1 ${words%% *}: no?[31mfile: No such file or directory" \
		"control characters of a path reach no terminal by ${words%% *}"
done
for tool in slabvisor-vhost-load slabvisor-vhost-disk; do
	"$B/tools/$tool" --help >"$out" 2>"$err"
	is "$? $(awk 'length > 80' "$out")" '0 ' "$tool --help fits into 80 columns"
	is "$("$B/tools/$tool" --version)" "$tool $("$SLABVISOR" --version | cut -d ' ' -f 2)" "$tool has a version"
done

: >"$err"
start_service --queues 2 --serial tea
"$B/tools/slabvisor-vhost-disk" "$socket" vdc >"$out" 2>>"$err"
is "$? $(grep -c -e "queues='2'" -e "path='$socket'" -e "dev='vdc'" "$out")" '0 3' \
	'the <disk> element of a running service' || say_output
for ring in '' '--packed' '--plain' '--packed --plain --no-event-idx' '--no-event-idx'; do
	# shellcheck disable=SC2086 # a list of words
	load --rw randrw --verify --queues 2 --depth 16 --ios 8000 $ring
	is "$status $(figure wrong) $(figure errors)" '0 0 0' "verified load ${ring:-with a split ring}" ||
		say_output
done
load --rw randrw --verify --depth 8 --ios 2000 --block-size 64K
is "$status $(figure wrong)" '0 0' 'of 64 KiB'
load --rw randrw --verify --depth 8 --ios 2000 --block-size 512
is "$status $(figure wrong)" '0 0' 'of 512 bytes'
load --readwrite=randrw --rwmixread=100 --bs=8k --iodepth=4 --numjobs=2 --number_ios=100 --randseed=7
[ "$status" = 0 ] && [ "$(figure ios)" -ge 100 ]
ok $? "the load takes fio's words" || say_output
load --rw randrw --verify --fsync 1 --depth 4 --ios 400
is "$status $(figure wrong) $(figure errors)" '0 0 0' 'a flush after each write is answered as one, and is no request' ||
	say_output
# A percentile is a bucket's edge, so the least and the greatest may lie within it.
awk '/^latency_(p|max)/ { if ($2 < last && $1 != "latency_max") exit bad = 1; last = $2; n++ }
	/^latency_(min|mean)/ { value[$1] = $2; n++ } /^latency_max/ { value[$1] = $2 }
	END { exit bad || n != 8 || value["latency_min"] > value["latency_mean"] ||
		value["latency_mean"] > value["latency_max"] || value["latency_min"] <= 0 }' "$out"
ok $? 'it tells the latencies from the least to the greatest' || say_output
too_much() { # DESCRIPTION PATTERN OPTIONS...
	timeout 60 "$LOAD" --socket "$socket" --ios 1 "${@:3}" >"$out" 2>"$work/said"
	is "$? $(grep -cE "^slabvisor-vhost-load: $2" "$work/said") $(wc -l <"$work/said")" '1 1 1' "$1" ||
		diag <"$work/said"
}
too_much 'more queues than the disk has: both numbers are said' '--queues 4: the disk offers 2' --queues 4
too_much 'more of the disk than there is' '--size: the disk has 64M' --size 128M
too_much 'more requests than it has room for' '--depth 1024: .* 4096 of them have to fit .* 2048 do' --depth 1024 \
	--queues 2 --block-size 32K
truncate -s 16M "$disks/second.img"
timeout 60 "$SLABVISOR" serve --blk-file "$disks/second.img" --socket-path "$socket" >"$out" 2>"$err"
[ $? = 127 ] && grep -q 'or a program that listens' "$err"
ok $? 'a socket that is in use is not taken'
stop_service
is $status 0 'SIGTERM ends it with 0'
[ -S "$socket" ]
ok $? 'and it leaves its socket, since it may remove nothing'

# Who may connect: as the umask has it, or as it is told, whatever the umask.
access_of() { # UMASK OPTIONS...
	(umask "$1" && exec "$SLABVISOR" serve --blk-file "$disk" --socket-path "$socket" "${@:2}" 2>>"$err") &
	pid=$!
	listening
	access=$(stat -c '%a %G' "$socket")
	stop_service
}
own=$(id -gn)
access_of 0027
is "$access" "750 $own" 'a socket is the group'"'"'s of who serves, and as the umask has it' || say_output
access_of 0077 --socket-mode 0606
is "$access" "606 $own" '--socket-mode is its mode, whatever the umask' || say_output
if [ "$(id -u)" = 0 ]; then
	access_of 0077 --socket-group nogroup
	is "$access" '660 nogroup' '--socket-group is its group, whose members may connect' || say_output
	access_of 0077 --socket-group "$(getent group nogroup | cut -d: -f3)" --socket-mode 0620
	is "$access" '620 nogroup' 'by its number, too, and in the mode that is named' || say_output
	printf 'disks:\n  - blk-file: %s\n    socket-path: %s\n    socket-group: nogroup\n    socket-mode: 0640\n' \
		"$disk" "$socket" >"$work/access.yaml"
	"$SLABVISOR" serve --config "$work/access.yaml" 2>>"$err" &
	pid=$!
	listening
	is "$(stat -c '%a %G' "$socket")" '640 nogroup' 'and so in a file' || say_output
	stop_service
	# An ordinary user gives it a group of their own only. The binary and the folder are made reachable.
	there=$(mktemp -d) && chmod 777 "$there"
	cp "$SLABVISOR" "$there/program" && truncate -s 1M "$there/disk" && chmod 666 "$there/disk"
	for groups in 33 34; do
		timeout 300 setpriv --reuid 65534 --regid 65534 --groups "$groups" "$there/program" serve \
			--blk-file "$there/disk" --socket-path "$there/s" --socket-group 33 2>"$err" </dev/null &
		user=$!
		if [ "$groups" = 33 ]; then
			until_true 60 listens "$there/s"
			is "$(stat -c %g "$there/s")" 33 'an ordinary user gives it a group that they are in' || say_output
			kill "$user"
		fi
		wait "$user"
		status=$?
	done
	[ $status = 127 ] && grep -q 'this user is not in the group of --socket-group' "$err" && [ ! -e "$there/s" ]
	ok $? 'and no other, which leaves no socket' || say_output
	rm -rf "$there"
fi

start_service --queues 1
load --rw randread --depth 1 --ios 4
is $status 0 'which the next one replaces' || say_output
timeout 300 python3 tests/serve/segments.py "$socket" "$disk" >"$out" 2>>"$err"
is "$? $(cat "$out")" '0 126' 'a driver without indirect tables gets what is offered into a ring of 128' ||
	say_output
stop_service

start_service --read-only
load --rw randwrite --depth 1 --ios 4
is "$status $(figure errors)" "1 $(figure ios)" 'a read-only disk refuses writes'
load --rw randread --depth 4 --ios 100
is $status 0 'and reads'
load --rw randrw --rwmixread 100 --depth 4 --ios 100
is "$status $(figure errors)" '0 0' 'of which all of a mixture can be' || say_output
stop_service

# An inherited socket, connected or listening.
cat >"$work/hand.py" <<'END'
import socket, subprocess, sys
how, program, disk, load, path = sys.argv[1:6]
if how == "connected":
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    client = subprocess.Popen([load, "--socket", path, "--ios", "200", "--depth", "4"])
    s, _ = listener.accept()
    listener.close()
else:
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    s.listen(1)
    client = None
args = [program, "serve", "--blk-file", disk]
p = subprocess.Popen(args + ["--fd", str(s.fileno())], pass_fds=[s.fileno()])
s.close()
if client is None:
    client = subprocess.Popen([load, "--socket", path, "--ios", "200", "--depth", "4"])
code = client.wait()
if how != "connected":
    p.terminate()
sys.exit(code or p.wait())
END
for how in connected listening; do
	rm -f "$socket"
	timeout 300 python3 "$work/hand.py" $how "$SLABVISOR" "$disk" "$LOAD" "$socket" >"$out" 2>"$err"
	status=$?
	is $status 0 "a socket that is handed over: $how" || say_output
done
rm -f "$socket"

# Two disks of one process.
cat >"$work/two.yaml" <<END
disks:
  - blk-file: $disk
    socket-path: $socket
    queues: 2
  - blk-file: $disks/second.img
    socket-path: $socket.2
    serial: second
    direct: off
sandbox: on
END
"$SLABVISOR" serve --config "$work/two.yaml" 2>>"$err" &
pid=$!
until_true 60 listens "$socket.2"
timeout 600 "$LOAD" --socket "$socket.2" --rw randrw --verify --depth 8 --ios 4000 >"$work/out2" 2>&1 &
loader=$!
load --rw randrw --verify --queues 2 --depth 8 --ios 4000
wait $loader
is "$? $status" '0 0' 'two disks, at once'
stop_service
is $status 0 'end with 0'

# The limit on the size of files stands for a file system that is full.
truncate -s 0 "$disk"
truncate -s 64M "$disk"
: >"$err"
ulimit -S -f 1024
start_service
ulimit -S -f unlimited
# One after the other: a write that fits and is done after one that does not ends what goes on.
load --rw write --depth 1 --ios 200 --block-size 64K
[ "$(figure errors)" -gt 1 ]
ok $? 'a file that takes no more fails its front end' || say_output
# A write that fits may be answered after one that did not, and then it is said again.
said=$(grep -c "^slabvisor: $disk: a write failed: File too large: the driver is told" "$err")
[ "$said" -ge 1 ] && [ "$said" -le 4 ]
ok $? '... and the service says why, once while it goes on' || say_output
stop_service
is "$(grep -c "^slabvisor: $disk: a machine of [0-9]* MiB uses it$" "$err") $(grep -c "^slabvisor: $disk: the machine has gone$" "$err")" \
	'1 1' 'a machine that comes and goes is a line each' || say_output

: >"$err"
export JOURNAL_STREAM
JOURNAL_STREAM=$(stat -c '%d:%i' "$err")
start_service
unset JOURNAL_STREAM
load --ios 10
stop_service
is "$(sed 's/ of [0-9]* MiB//' "$err")" "<6>slabvisor: $disk: a machine uses it
<6>slabvisor: $disk: the machine has gone" '... which in the journal is no fault' || say_output

done_testing
