#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""moves.py SOCKET-A SOCKET-B COMMAND: a machine with a disk that two back ends reach, each through
a page cache of its own. It writes at A, goes to B, where COMMAND has made the disk larger
meanwhile, and comes back. Prints what is wrong; exit status 0: nothing."""
import os
import subprocess
import sys

from driver import *

BYTES = 1 << 20
NUMBERS = range(BYTES // 65536)


def pattern(turn, i):
    return bytes([turn * 16 + i]) * 65536


def write(d, turn):
    status = HEADERS + 0x1000
    for i in NUMBERS:
        d.m[HEADERS : HEADERS + 16] = header(OUT, i * 128)
        d.m[DATA : DATA + 65536] = pattern(turn, i)
        d.m[status] = 0xFF
        d.submit([(HEADERS, 16, False), (DATA, 65536, False), (status, 1, True)])
        assert d.m[status] == OK


def wrong(d, turn):
    """Blocks that are not of that turn."""
    found = []
    for i in NUMBERS:
        assert d.request(IN, i * 128, room=65536) == OK
        if d.m[DATA : DATA + 65536] != pattern(turn, i):
            found.append(i)
    return found


def stop(d):
    d.ask(11, struct.pack("<II", 0, 0))


def start(d):
    d.do(10, struct.pack("<II", 0, d.used()))
    d.do(12, u64(0), [d.kick])


bad = 0
# A driver that knows of the cache: what it writes stays there.
FLUSH = 1 << 9
a, b = Driver(features=FLUSH), Driver(features=FLUSH)
a.connect(sys.argv[1])
write(a, 1)
stop(a)
# B has seen the disk as it was; and so has its cache.
b.connect(sys.argv[2])
first = wrong(b, 1)
if first:
    bad = 1
    print("B does not have what A wrote: blocks", first)
wrong(b, 1)
size = b.config(0, 8)
stop(b)
start(a)
write(a, 2)
stop(a)
subprocess.run(sys.argv[3], shell=True, check=True)
start(b)
second = wrong(b, 2)
if second:
    bad = 1
    print("B has what A wrote before: blocks", second)
if b.config(0, 8) != 2 * size:
    bad = 1
    print("B has %d sectors and not %d" % (b.config(0, 8), 2 * size))
write(b, 3)
stop(b)
start(a)
third = wrong(a, 3)
if third:
    bad = 1
    print("A does not have what B wrote: blocks", third)
if a.config(0, 8) != 2 * size:
    bad = 1
    print("A has %d sectors and not %d" % (a.config(0, 8), 2 * size))
sys.exit(bad)
