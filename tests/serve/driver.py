# SPDX-License-Identifier: BSD-2-Clause
"""A vhost-user front end with a virtio-blk driver of one split ring, for tests of a service: it
makes chains of any shape, keeps its memory and the account of what is in flight over
connections, and waits for answers, never for time."""
import array
import mmap
import os
import select
import socket
import struct
import time

VERSION, NEED_REPLY = 1, 8
PROTOCOL_FEATURES, VERSION_1, INDIRECT = 1 << 30, 1 << 32, 1 << 28
SEG_MAX, DISCARD, WRITE_ZEROES = 1 << 2, 1 << 13, 1 << 14
PROTOCOL = 1 << 0 | 1 << 3 | 1 << 9 | 1 << 12  # MQ, REPLY_ACK, CONFIG, INFLIGHT_SHMFD
USER = 0x7F0000000000
IN, OUT, GET_ID, T_DISCARD, T_WRITE_ZEROES = 0, 1, 8, 11, 13
OK, IOERR, UNSUPP = 0, 1, 2
# Where things lie in memory: rings, then headers of 512 bytes, then data.
DESC, AVAIL, USED, HEADERS, DATA = 0, 0x4000, 0x6000, 0x10000, 0x100000
PATIENCE = 60  # seconds for an answer that is to come: more than any machine needs


def u64(value):
    return struct.pack("<Q", value)


def header(kind, sector=0):
    return struct.pack("<IIQ", kind, 0, sector)


class Gone(Exception):
    """The back end hung up."""


class Driver:
    def __init__(self, size=8 << 20, num=64, features=0):
        self.size, self.num, self.features = size, num, features | PROTOCOL_FEATURES | VERSION_1
        self.memfd = os.memfd_create("guest")
        os.ftruncate(self.memfd, size)
        self.m = mmap.mmap(self.memfd, size)
        self.inflight = self.account = self.s = None
        self.avail = self.next = 0

    # Messages.
    def send(self, request, payload=b"", fds=(), flags=VERSION):
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.s.sendmsg([struct.pack("<III", request, flags, len(payload)) + payload], control)

    def answer(self):
        data, control, _, _ = self.s.recvmsg(4096, 4096)
        if not data:
            raise Gone
        fds = array.array("i")
        for _, _, sent in control:
            fds.frombytes(sent)
        return data[12:], list(fds)

    def ask(self, request, payload=b""):
        self.send(request, payload)
        return self.answer()

    def do(self, request, payload=b"", fds=()):
        self.send(request, payload, fds, VERSION | NEED_REPLY)
        assert not struct.unpack("<Q", self.answer()[0])[0], "request %d is refused" % request

    def config(self, offset, size):
        data, _ = self.ask(24, struct.pack("<III", offset, size, 0) + bytes(size))
        return int.from_bytes(data[12:], "little")

    def connect(self, path, keep_account=False, before=lambda: None):
        """A session, from where the ring is. keep_account: with an inflight region, the last
        session's if there was one. before: called when the session before is over."""
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(PATIENCE)
        self.s.connect(path)
        self.send(3)
        self.ask(1)
        before()
        self.ask(15)
        self.send(16, u64(PROTOCOL))
        self.send(2, u64(self.features))
        if keep_account:
            if self.inflight is None:
                area, fds = self.ask(31, struct.pack("<QQHHI", 0, 0, 1, self.num, 0))
                size = struct.unpack("<Q", area[:8])[0]
                self.inflight, self.account = fds[0], mmap.mmap(fds[0], size)
            area = struct.pack("<QQHHI", len(self.account), 0, 1, self.num, 0)
            self.do(32, area, [self.inflight])
        self.do(5, struct.pack("<IIQQQQ", 1, 0, 0, self.size, USER, 0), [self.memfd])
        self.kick, self.call = os.eventfd(0, os.EFD_NONBLOCK), os.eventfd(0, os.EFD_NONBLOCK)
        ring = struct.pack("<IIQQQQ", 0, 0, USER + DESC, USER + USED, USER + AVAIL, 0)
        self.do(8, struct.pack("<II", 0, self.num))
        self.do(9, ring)
        self.do(10, struct.pack("<II", 0, self.used()))
        self.do(13, u64(0), [self.call])
        self.do(12, u64(0), [self.kick])
        self.do(18, struct.pack("<II", 0, 1))

    def hang_up(self):
        self.s.close()

    def gone(self):
        """Waits until the back end hangs up."""
        try:
            return not self.s.recv(1)
        except ConnectionResetError:
            return True

    # The ring.
    def descriptor(self, at, addr, length, flags, following=0):
        struct.pack_into("<QIHH", self.m, at, addr, length, flags, following)

    def lay(self, chain, table=None):
        """Writes a chain of (address, bytes, writable), to be made available by post()."""
        head = self.next
        if table is not None:
            self.table(table, chain)
            self.descriptor(DESC + head * 16, table, 16 * len(chain), 4)
            self.next += 1
            return head
        assert head + len(chain) <= self.num, "the ring is full"
        for i, (addr, length, writable) in enumerate(chain):
            more = i + 1 < len(chain)
            flags = (2 if writable else 0) | (1 if more else 0)
            self.descriptor(DESC + (head + i) * 16, addr, length, flags, head + i + 1 if more else 0)
        self.next += len(chain)
        return head

    def table(self, at, chain):
        for i, (addr, length, writable) in enumerate(chain):
            more = i + 1 < len(chain)
            flags = (2 if writable else 0) | (1 if more else 0)
            self.descriptor(at + i * 16, addr, length, flags, i + 1 if more else 0)

    def post(self, head):
        struct.pack_into("<H", self.m, AVAIL + 4 + 2 * (self.avail % self.num), head)
        self.avail = (self.avail + 1) & 0xFFFF
        struct.pack_into("<H", self.m, AVAIL + 2, self.avail)

    def ring(self):
        os.eventfd_write(self.kick, 1)

    def used(self):
        return struct.unpack_from("<H", self.m, USED + 2)[0]

    def wait(self, number):
        """Waits until the used ring has that many entries in all."""
        end = time.monotonic() + PATIENCE
        poll = select.poll()
        poll.register(self.call, select.POLLIN)
        poll.register(self.s, select.POLLHUP | select.POLLRDHUP)
        while (self.used() - number) & 0x8000:
            assert time.monotonic() < end, "no answer to %d of %d" % (number - self.used(), number)
            for fd, _ in poll.poll(1000):
                if fd != self.call:
                    raise Gone
                os.eventfd_read(self.call)

    def last_used(self):
        """Head and length of the last entry."""
        at = USED + 4 + 8 * ((self.used() - 1) % self.num)
        return struct.unpack_from("<II", self.m, at)

    def submit(self, chain, table=None):
        """Posts one and waits for its answer: the length that the device says it wrote."""
        self.next = 0
        head = self.lay(chain, table)
        self.post(head)
        self.ring()
        self.wait(self.avail)
        used, length = self.last_used()
        assert used == head, "answered %d for %d" % (used, head)
        return length

    def request(self, kind, sector=0, data=b"", room=0):
        """A request of the usual shape: its status."""
        self.m[HEADERS : HEADERS + 16 + len(data)] = header(kind, sector) + data
        status = HEADERS + 0x1000
        self.m[status] = 0xFF
        chain = [(HEADERS, 16 + len(data), False)]
        if room:
            chain.append((DATA, room, True))
        self.submit(chain + [(status, 1, True)])
        return self.m[status]

    def mark_in_flight(self, head):
        """Says in the account that a back end which is gone had taken it."""
        struct.pack_into("<BBBBBBHQ", self.account, 16 + 16 * head, 1, 0, 0, 0, 0, 0, 0, 1)
