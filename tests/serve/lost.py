#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""lost.py SOCKET: the status byte of a request without a header lies in memory that the front end
takes away. Prints whether the back end ended the session for it."""
import os
import sys

from driver import *

d = Driver()
d.connect(sys.argv[1])
assert d.request(IN, room=512) == OK
d.next = 0
d.post(d.lay([(DATA, 1, True)]))
os.ftruncate(d.memfd, DATA)
d.ring()
print("the session ends" if d.gone() else "the session goes on")
