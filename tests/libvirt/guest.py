#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""guest.py SOCKET SECONDS COMMAND: has the domain run a command; its output and status.

124 if there is no answer in time. A domain that is still booting hears nothing: --retry before
the rest repeats the command until it does.
"""
import os
import socket
import sys
import time

retry = sys.argv[1] == "--retry"
path, seconds, command = sys.argv[1 + retry : 4 + retry]
end = time.monotonic() + float(seconds)


def ask(until):
    """Returns the status, or None."""
    word = "%d-%d" % (os.getpid(), time.monotonic_ns())
    channel = socket.socket(socket.AF_UNIX)
    try:
        channel.connect(path)
        channel.sendall(("%s %s\n" % (word, command)).encode())
    except OSError:
        time.sleep(0.05)
        return None
    data, lines = b"", []
    while True:
        channel.settimeout(max(until - time.monotonic(), 0.01))
        try:
            more = channel.recv(4096)
        except OSError:
            more = b""
        if not more:
            channel.close()
            return None
        data += more
        while b"\n" in data:
            line, data = data.split(b"\n", 1)
            text = line.rstrip(b"\r").decode(errors="replace")
            if text.startswith("=" + word + " "):
                print("\n".join(lines))
                return int(text.split()[1])
            lines.append(text)


while True:
    status = ask(min(end, time.monotonic() + 1) if retry else end)
    if status is not None:
        sys.exit(status)
    if not retry or time.monotonic() > end:
        sys.exit(124)
