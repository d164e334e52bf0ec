#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""front.py SOCKET: a vhost-user front end that asks for what the load generator does not: a channel
back, blocking eventfds; and that then takes away the memory which it shares, under a ring that is
being served. Exit status 0: the back end answered it all, and then hung up."""
import array
import os
import socket
import struct
import sys
import time

VERSION, NEED_REPLY = 1, 8
FEATURES = 1 << 30 | 1 << 32
PROTOCOL = 1 << 3 | 1 << 5 | 1 << 12  # REPLY_ACK, BACKEND_REQ, INFLIGHT_SHMFD
SIZE = 2 << 20
USER = 0x7F0000000000

s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.settimeout(60)


def send(request, payload=b"", fds=(), flags=VERSION):
    control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    s.sendmsg([struct.pack("<III", request, flags, len(payload)) + payload], control)


def answer():
    data, control, _, _ = s.recvmsg(4096, 4096)
    return data[12:], control


def ask(request, payload=b""):
    send(request, payload)
    return answer()


def do(request, payload=b"", fds=()):
    send(request, payload, fds, VERSION | NEED_REPLY)
    status = struct.unpack("<Q", answer()[0])[0]
    assert not status, "request %d is refused" % request


u64 = lambda value: struct.pack("<Q", value)

send(3)
ask(1)
send(2, u64(FEATURES))
ask(15)
send(16, u64(PROTOCOL))
back = socket.socketpair()
do(21, fds=[back[1].fileno()])
_, control = ask(31, struct.pack("<QQHHI", 0, 0, 1, 64, 0))
assert control, "there is no inflight region"
memory = os.memfd_create("guest")
os.ftruncate(memory, SIZE)
do(5, struct.pack("<IIQQQQ", 1, 0, 0, SIZE, USER, 0), [memory])
kick, call = os.eventfd(0, 0), os.eventfd(0, 0)
do(8, struct.pack("<II", 0, 64))
do(9, struct.pack("<IIQQQQ", 0, 0, USER, USER + 0x3000, USER + 0x2000, 0))
do(10, struct.pack("<II", 0, 0))
do(13, u64(0), [call])
do(12, u64(0), [kick])
do(18, struct.pack("<II", 0, 1))
os.eventfd_write(kick, 1)
time.sleep(0.1)
os.ftruncate(memory, 0)
# The end is heard of when the ring is looked at; a kick that comes while it is, is not.
for _ in range(600):
    os.eventfd_write(kick, 1)
    s.settimeout(0.1)
    try:
        sys.exit(0 if not s.recv(1) else 1)
    except socket.timeout:
        pass
sys.exit("it does not hang up")
