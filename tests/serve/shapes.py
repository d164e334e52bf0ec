#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""shapes.py SOCKET CASE [again [killed]]: makes a request that has not the shape of one, and then a good
one. again: the first is in flight already, in the account of a back end that is gone, when the
session begins; killed: says "ready" and waits for a line before it begins. Prints how the first was answered: its status and the bytes that were written, or
"gone" for a session that was ended. Exit status 0: the good one is answered with OK."""
import sys

from driver import *

MIB = 1 << 20
STATUS = HEADERS + 0x1000
TABLE = HEADERS + 0x2000
status = (STATUS, 1, True)


def huge(writable):
    """260 MiB, over the same 4 MiB again and again."""
    return [(DATA, 4 * MIB, writable)] * 65


CASES = {
    "status only": [status],
    "no readable byte": [(DATA, 4096, True), status],
    "header only": [(HEADERS, 16, False)],
    "one readable byte": [(HEADERS, 1, False)],
    "half a header": [(HEADERS, 8, False), status],
    "half a header alone": [(HEADERS, 8, False)],
    "260 MiB to read": [(HEADERS, 16, False)] + huge(True) + [status],
    "260 MiB to write": [(HEADERS, 16, False)] + huge(False) + [status],
    "260 MiB to write, no status": [(HEADERS, 16, False)] + huge(False),
    "260 MiB writable, no header": huge(True) + [status],
}

path, name = sys.argv[1:3]
again = len(sys.argv) > 3
chain = CASES[name]
d = Driver(num=128)
d.m[HEADERS : HEADERS + 16] = header(IN)
d.m[STATUS] = 0xFF
table = TABLE if len(chain) > 8 else None
d.features |= INDIRECT


def take_before():
    d.next = 3
    head = d.lay(chain, table)
    d.post(head)
    d.mark_in_flight(head)


if again:
    # A first session leaves its account behind.
    d.connect(path, keep_account=True)
    assert d.request(IN, room=512) == OK
    d.hang_up()
    d.m[STATUS] = 0xFF
    if len(sys.argv) > 4:
        print("ready", flush=True)
        sys.stdin.readline()
    d.connect(path, keep_account=True, before=take_before)
    d.wait(d.avail)
    used, length = d.last_used()
    assert used == 3
else:
    d.connect(path)
    length = d.submit(chain, table)
print("status %d, %d bytes" % (d.m[STATUS], length))
sys.exit(d.request(IN, room=4096) != OK)
