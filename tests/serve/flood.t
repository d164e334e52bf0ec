#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Front ends that are refused as fast as they can be, by one session and by many: the service says
# what is wrong, and how much it left out, in few lines.
set -u

. tests/serve/lib.sh

truncate -s 64M "$disk"
truncate -s 64M "$disks/second.img"

cat >"$work/flood.py" <<'END'
import os
import socket
import struct
import sys

how, path, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
VERSION, NEED_REPLY = 1, 8
SET_FEATURES, GET_PROTOCOL_FEATURES, SET_PROTOCOL_FEATURES, SET_VRING_NUM = 2, 15, 16, 8


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    return s


def message(request, payload=b"", flags=VERSION):
    return struct.pack("<III", request, flags, len(payload)) + payload


def receive(s, size):
    data = b""
    while len(data) < size:
        more = s.recv(size - len(data))
        if not more:
            sys.exit("hung up")
        data += more
    return data


if how == "session":  # one that is answered each time that it is refused
    s = connect()
    s.sendall(message(SET_FEATURES, struct.pack("<Q", 1 << 30 | 1 << 32)))
    s.sendall(message(SET_PROTOCOL_FEATURES, struct.pack("<Q", 1 << 3)))
    wrong = message(SET_VRING_NUM, struct.pack("<II", 999, 3), VERSION | NEED_REPLY)
    for _ in range(n // 50):
        s.sendall(wrong * 50)
        answers = receive(s, 50 * 20)
        assert all(answers[i * 20 + 12] == 1 for i in range(50))
else:  # sessions, of which each ends with a malformed message
    for _ in range(n):
        s = connect()
        s.sendall(struct.pack("<III", 1, 5, 0))
        assert s.recv(1) == b""
        s.close()
print("refused", n)
END

flood() { # HOW SOCKET TIMES
	timeout 600 python3 "$work/flood.py" "$@" >"$out" 2>"$work/flood.err"
	is "$? $(cat "$out")" "0 refused $3" "$1: refused $3 times" || diag <"$work/flood.err"
}
lines() { # PATTERN: how many of them the service printed
	grep -c "$1" "$err"
}
left_out() { # of a disk, over all lines
	sed -n "s|^slabvisor: $1: \([0-9]*\) more messages were left out.*|\1|p" "$err" |
		awk '{ n += $1 } END { print n + 0 }'
}

cat >"$work/two.yaml" <<END
disks:
  - blk-file: $disk
    socket-path: $socket
  - blk-file: $disks/second.img
    socket-path: $socket.2
END
: >"$err"
"$SLABVISOR" serve --config "$work/two.yaml" 2>>"$err" &
pid=$!
until_true 60 listens "$socket.2"
flood session "$socket" 50000
printed=$(lines "^slabvisor: $disk: SET_VRING_NUM is refused")
[ "$printed" -ge 16 ] && [ "$printed" -le 100 ]
ok $? "session: few lines say so ($printed)"
# Another disk's front end is another source.
flood sessions "$socket.2" 3000
other=$(lines "^slabvisor: $disks/second.img: a malformed message")
[ "$other" -ge 16 ] && [ "$other" -le 100 ]
ok $? "sessions: few lines say so ($other)"
kill -0 "$pid"
ok $? 'the service lives'
load --rw randrw --verify --depth 8 --ios 500
is "$status $(figure wrong)" '0 0' 'and serves'
stop_service
is $status 0 'SIGTERM ends it with 0'
printed=$(lines "^slabvisor: $disk: SET_VRING_NUM is refused")
is "$((printed + $(left_out "$disk")))" 50000 'session: what was left out is told, all of it'
other=$(lines "^slabvisor: $disks/second.img: a malformed message")
is "$((other + $(left_out "$disks/second.img")))" 3000 'sessions: what was left out is told, all of it'
[ "$(wc -l <"$err")" -le 300 ]
ok $? "$(wc -l <"$err") lines in all"

done_testing
