#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""small_window.py SOCKET MIB: an ivshmem server whose window is too small for a memory service, but
which says that it is one (virtio/abi/ivshmem.h). For one client, until that has gone.
"""
import array
import os
import socket
import struct
import sys

MAGIC, VERSION, UP, QUEUES = 0x4D4B5653, 1, 1, 2

path, size = sys.argv[1], int(sys.argv[2]) << 20
window = os.memfd_create("small-window")
os.ftruncate(window, size)
control = struct.pack("<IIIIQQQ", MAGIC, VERSION, QUEUES, 16384, 4096, 1 << 20, size)
os.pwrite(window, control, 0)
os.pwrite(window, struct.pack("<I", UP), 64)

server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(1)
client, _ = server.accept()


def send(number, fd=None):
    """A message: eight bytes, and perhaps a descriptor."""
    ancillary = []
    if fd is not None:
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
    client.sendmsg([struct.pack("<q", number)], ancillary)


send(0)  # the protocol's version
send(0)  # who the client is
send(-1, window)
for peer in 1, 0:
    for _ in range(QUEUES + 1):
        send(peer, os.eventfd(0))
client.recv(1)
