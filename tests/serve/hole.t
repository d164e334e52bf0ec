#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A machine gives memory back between its requests: by default a service has hold of none of it, and
# no byte is read or written that is not the machine's.
set -u

. tests/serve/lib.sh

truncate -s 16M "$disk"

gives_back() { # DESCRIPTION [OPTION...]
	local what=$1
	shift
	: >"$err"
	rm -f "$socket"
	start_service "$@"
	timeout 300 "$B/tests/serve/hole" "$socket" "$disk" >"$out" 2>>"$err"
	is "$? $(sort -u "$out")" '0 ' "$what: what a machine gives back is used by no I/O" || say_output
	timeout 300 "$B/tests/serve/hole" "$socket" "$disk" --packed >"$out" 2>>"$err"
	is "$? $(sort -u "$out")" '0 ' "$what: nor with a packed ring" || say_output
	is "$(faults)" '' "$what: and there is nothing to say"
	stop_service
}
gives_back 'by default'
gives_back 'polling' --poll-us 50
gives_back "through the host's page cache" --direct off
gives_back 'with a budget of none' --pin-budget 0

# Registration is asked for, and answered by what it takes.
warned() { # DESCRIPTION COUNT OPTION...
	local what=$1 count=$2
	shift 2
	: >"$err"
	rm -f "$socket"
	"$SLABVISOR" serve "$@" 2>>"$err" &
	pid=$!
	listening
	is "$(grep -c 'pin-budget.*balloon.*free page reporting.*virtio-mem.*postcopy' "$err")" "$count" "$what" ||
		say_output
	load --rw randrw --verify --depth 8 --ios 1000
	is "$status $(figure wrong)" '0 0' '... and serves' || say_output
	is "$(faults | wc -l)" "$count" '... with nothing more to say'
	stop_service
}
warned '--pin-budget says when it is wrong' 1 --blk-file "$disk" --socket-path "$socket" --pin-budget 1G
truncate -s 16M "$disks/second.img"
cat >"$work/two.yaml" <<END
disks:
  - blk-file: $disks/second.img
    socket-path: $socket.2
    pin-budget: 64M
  - blk-file: $disk
    socket-path: $socket
    pin-budget: 64M
END
warned 'a file that has it says so once' 1 --config "$work/two.yaml"
sed -i '/pin-budget/d' "$work/two.yaml"
warned 'and not at all without it' 0 --config "$work/two.yaml"

done_testing
