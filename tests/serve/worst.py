#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""worst.py COMMAND SOCKET...: a front end whose guest asks for as much as it can with a few bytes: 64
requests of 16 ranges, each of which the disk has to write with zeroes.

neighbour A B  A's ring is stopped, which waits for the requests that were taken; meanwhile B is
               begun, asked for its size, and read from. Prints which of the two was first.
hang-up A B    A hangs up; then B is begun and read from, and A begun again. Prints what became of
               them: "cut" if A's requests were not all carried out.
again A        A hangs up and begins again, with its account: all requests are carried out.
leave A        Asks for all of it, says so, and waits for the end of the service.
stop A         The same, while the ring is being stopped."""
import select
import sys

from driver import *

MIB = 1 << 20
REQUESTS = 64


def worst(path, requests=REQUESTS, keep_account=False):
    """A session with all of them under way: the first is answered."""
    d = Driver(num=256, features=WRITE_ZEROES)
    d.connect(path, keep_account)
    # All of the disk, as often as it goes, within the limits that it gives.
    sectors = min(d.config(0, 8), d.config(48, 4))
    ranges = min(16, d.config(52, 4))
    for i in range(requests):
        at = HEADERS + 512 * i
        body = header(T_WRITE_ZEROES) + struct.pack("<QII", 0, sectors, 0) * ranges
        d.m[at : at + len(body)] = body
        d.m[at + 511] = 0xFF
        d.post(d.lay([(at, len(body), False), (at + 511, 1, True)]))
    d.ring()
    d.wait(1)
    return d


def reads(path):
    """A new session that asks for the disk's size and reads."""
    d = Driver()
    d.connect(path)
    return d.config(0, 8) > 0 and d.request(IN, room=4096) == OK


def stop_ring(d):
    """Asks for it; the answer comes when all that was taken is answered."""
    d.send(11, struct.pack("<II", 0, 0))


def answered(d):
    return bool(select.select([d.s], [], [], 0)[0])


command, path = sys.argv[1:3]
if command == "neighbour":
    a = worst(path)
    stop_ring(a)
    assert reads(sys.argv[3])
    print("A" if answered(a) else "B")
    assert len(a.answer()[0]) == 8
elif command == "hang-up":
    a = worst(path)
    a.hang_up()
    assert reads(sys.argv[3])
    assert reads(path)
    print("cut" if a.used() < REQUESTS else "carried out")
elif command == "again":
    a = worst(path, 4, keep_account=True)
    a.hang_up()
    a.connect(path, keep_account=True)
    a.wait(4)
    print([a.m[HEADERS + 512 * i + 511] for i in range(4)])
elif command in ("leave", "stop"):
    a = worst(path)
    if command == "stop":
        stop_ring(a)
    print("under way", flush=True)
    try:
        while a.s.recv(4096):
            pass
    except ConnectionResetError:
        pass
    print("cut" if a.used() < REQUESTS else "carried out")
