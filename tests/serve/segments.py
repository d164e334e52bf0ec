#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""segments.py SOCKET DISK: a driver without indirect tables, with rings as QEMU makes them unless it
is told otherwise, reads and writes as many segments as it is told that a request may have. Prints how
many that were; exit status 0: all of their bytes were right."""
import sys

from driver import *

RING = 128
PAGE = 4096
d = Driver(num=RING, features=SEG_MAX)
d.connect(sys.argv[1])
segments = d.config(12, 4)
status = HEADERS + 0x1000
# Every other page, so that no two make one segment.
pages = [DATA + 2 * PAGE * i for i in range(segments)]
want = bytes(i // PAGE * 7 + i % 251 & 0xFF for i in range(segments * PAGE))


def transfer(kind):
    d.m[HEADERS : HEADERS + 16] = header(kind, 16)
    d.m[status] = 0xFF
    data = [(page, PAGE, kind == IN) for page in pages]
    d.submit([(HEADERS, 16, False)] + data + [(status, 1, True)])
    assert d.m[status] == OK


for i, page in enumerate(pages):
    d.m[page : page + PAGE] = want[i * PAGE : (i + 1) * PAGE]
transfer(OUT)
for page in pages:
    d.m[page : page + PAGE] = bytes(PAGE)
transfer(IN)
assert b"".join(d.m[page : page + PAGE] for page in pages) == want
with open(sys.argv[2], "rb") as disk:
    disk.seek(16 * 512)
    assert disk.read(len(want)) == want
print(segments)
