#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The memory service as it ships, sandboxed: a client plays QEMU, with a driver in its window."""
import array
import json
import mmap
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import done_testing, ok

PROGRAM = os.environ.get("SLABVISOR", os.path.join(os.environ.get("B", "build"), "slabvisor"))
ANY_NODE = 0xFFFFFFFF
ALLOC, FREE, ALLOC_PAGES, FREE_PAGES, STATS = 1, 2, 3, 4, 10
REQUEST, REPLY = 1024, 8192
LIMIT = 60


def equal(got, wanted, name):
    ok(got == wanted, name, "got %r, wanted %r" % (got, wanted))


def until_true(tell):
    end = time.monotonic() + LIMIT
    while not tell():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Service:
    def __init__(self, work, *options):
        self.path = os.path.join(work, "kmem.sock")
        self.qmp = os.path.join(work, "kmem.qmp")
        self.err = os.path.join(work, "err")
        with open(self.err, "w", encoding="utf-8") as err:
            self.child = subprocess.Popen(
                [PROGRAM, "serve", "--kmem-size", "4G", "--queues", "2", "--socket-path", self.path,
                 "--qmp", "unix:" + self.qmp, *options], stderr=err)
        if not until_true(self.listens):
            print("Bail out! the service does not listen: " + self.said())
            sys.exit(1)

    def listens(self):
        with open("/proc/net/unix", encoding="utf-8") as table:
            return any(line.rstrip().endswith(" " + self.path) and line.split()[3] == "00010000" for line in table)

    def said(self):
        with open(self.err, encoding="utf-8") as err:
            return err.read()

    def ask(self, command):
        done = subprocess.run([PROGRAM, "ctl", self.qmp, command], capture_output=True, check=False,
                              encoding="utf-8")
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr

    def thread(self):
        """Of the service's threads the one that answers the machine."""
        for at in os.listdir("/proc/%d/task" % self.child.pid):
            with open("/proc/%d/task/%s/comm" % (self.child.pid, at), encoding="utf-8") as comm:
                if comm.read() == "kmem\n":
                    return "/proc/%d/task/%s" % (self.child.pid, at)
        return None

    def wakes(self):
        with open(self.thread() + "/status", encoding="utf-8") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("voluntary"))

    def stop(self):
        """A signal is only on its way when kill() returns."""
        self.child.send_signal(signal.SIGSTOP)
        until_true(self.is_stopped)

    def is_stopped(self):
        tasks = "/proc/%d/task" % self.child.pid
        for at in os.listdir(tasks):
            with open("%s/%s/stat" % (tasks, at), encoding="utf-8") as stat:
                if stat.read().rpartition(")")[2].split()[0] != "T":
                    return False
        return True

    def own_kib(self):
        """Of memory that is not the window's."""
        with open("/proc/%d/status" % self.child.pid, encoding="utf-8") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))

    def end(self, number=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(number)
        return self.child.wait(LIMIT)


class Machine:
    """What QEMU does with the socket, and a driver of mailboxes."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.settimeout(LIMIT)
        self.version = self.hear()[0]
        if self.version:
            return
        self.position = self.hear()[0]
        self.memory = self.hear()[1]
        self.size = os.fstat(self.memory).st_size
        self.window = mmap.mmap(self.memory, self.size)
        (self.magic, _, self.queues, self.stride, self.mailboxes, self.page_map, _,
         self.features) = struct.unpack_from("<4I4Q", self.window, 0)
        heard = [self.hear() for _ in range(2 * (self.queues + 1))]
        self.bell = [fd for peer, fd in heard if peer == 1]
        self.irq = [fd for peer, fd in heard if peer == 0]

    def hear(self):
        data, more, _, _ = self.socket.recvmsg(8, socket.CMSG_SPACE(4))
        fds = [array.array("i", said[:4])[0] for _, _, said in more]
        return struct.unpack("<q", data)[0], fds[0] if fds else None

    def word(self, at, value=None):
        if value is not None:
            struct.pack_into("<I", self.window, at, value)
        return struct.unpack_from("<I", self.window, at)[0]

    def state(self):
        return self.word(64)

    def ring(self, vector):
        os.eventfd_write(self.bell[vector], 1)

    def reset(self):
        number = (self.word(72) + 1) & 0xFFFFFFFF
        struct.pack_into("<Q", self.window, 136, self.features)
        self.word(128, number)
        self.ring(self.queues)
        return until_true(lambda: self.word(72) == number)

    def post(self, queue, kind, count=0, cache=0, order=0, addresses=(), node=ANY_NODE):
        """Makes a request. Returns where its mailbox is, and its number."""
        box = self.mailboxes + queue * self.stride
        request = struct.pack("<HHIIIIIQQQQQ", kind, order, count, cache, node, 0, 0, 0, 0, 0, 0, 0)
        request += struct.pack("<%dQ" % len(addresses), *addresses)
        self.window[box + REQUEST:box + REQUEST + len(request)] = request
        number = (self.word(box) + 1) & 0xFFFFFFFF
        struct.pack_into("<III", self.window, box + 4, len(request), 8192, 0)
        self.word(box, number)
        if not self.word(box + 72):
            self.ring(queue)
        return box, number

    def ask(self, queue, kind, *rest, **more):
        """Returns status and the reply's 64-bit words; None: there was no answer."""
        box, number = self.post(queue, kind, *rest, **more)
        if not until_true(lambda: self.word(box + 64) == number):
            return None
        status, n = struct.unpack_from("<iI", self.window, box + REPLY)
        if kind not in (ALLOC, ALLOC_PAGES):
            n = (self.word(box + 68) - 16) // 8 if kind == STATS else 0
        return status, struct.unpack_from("<%dQ" % n, self.window, box + REPLY + 16)

    def pages(self, queue, count, **more):
        status, words = self.ask(queue, ALLOC_PAGES, count, **more)
        return [word & ~7 for word in words] if status == 0 else []

    def stored(self):
        return os.fstat(self.memory).st_blocks * 512

    def leave(self):
        self.window.close()
        for fd in [self.memory] + self.bell + self.irq:
            os.close(fd)
        self.socket.close()


def backed(service):
    return service.ask("query-memory")["frames-backed"] * 4096


def account(work):
    """Requests, the account, and what the control socket says of it."""
    service = Service(work, "--kmem-max", "64M")
    machine = Machine(service.path)
    equal((machine.version, machine.position, machine.size, machine.queues), (0, 0, 4 << 30, 2),
          "the handshake gives a window of 4 GiB, and a vector a queue and one more")
    equal(machine.state(), 1, "the service is up")
    ok(machine.reset(), "a driver begins with a reset")
    reserve = machine.stored()
    pages = machine.pages(0, 300)
    equal(len(pages), 300, "pages come from the host")
    ok(min(pages) >= reserve, "none of them lies where control page, mailboxes and page map are")
    for page in pages:
        machine.window[page:page + 8] = struct.pack("<Q", page)
    status, objects = machine.ask(1, ALLOC, 64, cache=4)
    equal((status, len(objects)), (0, 64), "and objects do, by another queue")
    equal(machine.stored(), reserve + backed(service), "the memfd's blocks are the account's")
    said = service.ask("query-memory")
    equal((said["objects-active"], said["heap"]), (64, 4 << 30), "query-memory tells what is out")
    caches = [c for c in service.ask("query-slabinfo") if c["active-objs"]]
    equal([c["name"] for c in caches], ["kmalloc-64"], "query-slabinfo tells of which cache")
    ok(all(struct.unpack("<Q", machine.window[page:page + 8])[0] == page for page in pages),
       "what was written to the pages is there")
    runs = machine.pages(0, 100, order=9)
    ok(0 < len(runs) < 32, "no more than --kmem-max has memory", len(runs))
    equal(machine.ask(0, ALLOC_PAGES, 1, order=9)[0], -12, "beyond it there is none")
    ok(backed(service) <= 64 << 20, "query-memory says so, too", backed(service))
    machine.ask(0, FREE_PAGES, len(runs), addresses=runs)
    machine.ask(0, FREE_PAGES, 300, addresses=pages)
    machine.ask(1, FREE, 64, addresses=[word & ~7 for word in objects])
    ok(until_true(lambda: machine.stored() == reserve), "what was freed goes back to the host",
       machine.stored() - reserve)
    event = 192
    before = machine.word(event)
    ok("discarded" in service.ask("heap-reclaim"), "heap-reclaim is a command of the service")
    ok(machine.word(event) != before, "... and an event of the machine's")

    second = Machine(service.path)
    equal(second.version, -1, "a second client is refused")
    ok(until_true(lambda: "a second client is refused" in service.said()), "... and that is said")

    machine.pages(0, 10)
    machine.leave()
    equal(service.child.wait(LIMIT), 0, "with its machine a service that has no disks ends")
    return service


def strays(work):
    """A machine that touches what it was not given."""
    service = Service(work, "--kmem-max", "4M")
    machine = Machine(service.path)
    machine.reset()
    reserve = machine.stored()
    kept = machine.pages(0, 8)
    for page in kept:
        machine.window[page] = 0x77
    # A look that comes between a page's fault and the store of it has the page twice, and one that is held
    # up before it punches what it has counted may miss some. Of a machine that rests it counts each.
    service.stop()
    for i in range(20000):
        machine.window[(1 << 30) + i * 4096] = 1
    service.child.send_signal(signal.SIGCONT)
    ok(until_true(lambda: machine.stored() == reserve + backed(service)),
       "strays go back within some looks", machine.stored())
    ok(until_true(lambda: service.ask("query-memory")["stray-pages"] == 20000), "each is counted once",
       service.ask("query-memory"))
    ok("pages that it was not given" in service.said(), "and told of", service.said())
    ok(machine.word(192 + 16) != 0, "beyond --kmem-max the machine is told of pressure")
    ok(all(machine.window[page] == 0x77 for page in kept), "what it was given stays")

    # Some seconds after the last request nothing is looked at any more.
    rest = [service.wakes()]

    def rested():
        time.sleep(3)
        rest.append(service.wakes())
        return rest[-1] == rest[-2]

    ok(until_true(rested), "a service that is idle does not wake", rest)
    status, _ = machine.ask(1, STATS)
    equal(status, 0, "... until it is rung")
    machine.leave()
    service.end()


def scribble(machine, chance, reserve, rounds):
    """Random bytes over control page and mailboxes, with all bells."""
    for _ in range(rounds):
        for box in range(2):
            at = machine.mailboxes + box * machine.stride
            machine.window[at:at + 128] = chance.randbytes(128)
            if chance.random() < 0.7:
                # Lengths that fit, and a type that there is: what is behind the first checks.
                struct.pack_into("<III", machine.window, at + 4, chance.choice([64, 72, 64 + 8 * 512]), 8192, 1)
            machine.window[at + REQUEST:at + REQUEST + 256] = chance.randbytes(256)
            if chance.random() < 0.8:
                struct.pack_into("<HHIIIII", machine.window, at + REQUEST, chance.randrange(13), chance.randrange(11),
                                 chance.choice([1, 3, 512]), chance.randrange(16), ANY_NODE, chance.randrange(16), 0)
                struct.pack_into("<QQ", machine.window, at + REQUEST + 48, 0, 0)
        if chance.random() < 0.2:
            machine.window[:4096] = chance.randbytes(4096)
        machine.window[chance.randrange(reserve, machine.size)] = 1
        for vector in range(3):
            machine.ring(vector)


def hostile(work):
    """A machine that writes random bytes."""
    service = Service(work)
    machine = Machine(service.path)
    machine.reset()
    reserve = machine.stored()
    seed = int(os.environ.get("SEED", "1"))
    scribble(machine, random.Random(seed), reserve, int(os.environ.get("ROUNDS", "300")))
    ok(service.child.poll() is None, "a machine that writes random bytes (seed %d) ends nothing" % seed,
       service.said())
    for number in (1, 2):
        machine.word(72, number)
        machine.reset()
    equal(machine.ask(0, STATS)[0], 0, "a driver that begins anew finds all in order")
    ok(until_true(lambda: machine.stored() == reserve), "with the reset all went back", machine.stored() - reserve)
    machine.leave()
    equal(service.end(), 0, "it ends in order")


def works(machine, kept, rounds):
    """Whether requests of both queues are answered as they should be, and memory stays as it was."""
    for i in range(rounds):
        pages = machine.pages(i % 2, 8)
        if len(set(pages) - set(kept)) != 8 or machine.ask((i + 1) % 2, FREE_PAGES, 8, addresses=pages)[0]:
            return False
    return all(machine.window[page:page + 8] == struct.pack("<Q", page) for page in kept)


def neighbours(work):
    """Two machines, each with its service: one does what it can to hold up the other's answers."""
    bad, good = (Service(tempfile.mkdtemp(dir=work)) for _ in range(2))
    other, machine = Machine(bad.path), Machine(good.path)
    other.reset()
    machine.reset()
    reserve = other.stored()
    kept = machine.pages(0, 64)
    for page in kept:
        machine.window[page:page + 8] = struct.pack("<Q", page)
    over = threading.Event()

    def flood():
        chance = random.Random(2)
        while not over.is_set():
            scribble(other, chance, reserve, 1)

    before = bad.own_kib()
    flooding = threading.Thread(target=flood)
    flooding.start()
    right = works(machine, kept, 300)
    over.set()
    flooding.join()
    ok(right, "while a machine writes random bytes another has its answers, and its memory is as it was")
    ok(bad.own_kib() <= before + 4096, "the service of the first has no more memory of its own for it",
       "%d KiB, then %d" % (before, bad.own_kib()))
    for number in (1, 2):
        other.word(72, number)
        other.reset()

    # As slow as a service can be.
    bad.stop()
    box, number = other.post(0, STATS)
    right = works(machine, kept, 50)
    early = other.word(box + 64) == number
    bad.child.send_signal(signal.SIGCONT)
    ok(right and not early, "no answer of the one waits for an earlier request of the other", (right, early))
    ok(until_true(lambda: other.word(box + 64) == number), "which is answered in its turn")
    other.leave()
    machine.leave()
    equal((bad.end(), good.end()), (0, 0), "both end in order")


def killed(work):
    """What was handed out stays the machine's."""
    service = Service(work)
    machine = Machine(service.path)
    machine.reset()
    pages = machine.pages(0, 64)
    for page in pages:
        machine.window[page:page + 8] = struct.pack("<Q", page)
    service.end(signal.SIGKILL)
    ok(all(struct.unpack("<Q", machine.window[page:page + 8])[0] == page for page in pages),
       "a service that is killed takes nothing along")
    machine.leave()
    service = Service(work)
    machine = Machine(service.path)
    equal(service.end(), 0, "SIGTERM ends it in order")
    equal(machine.state(), 3, "... and it says that it is dead")
    machine.leave()


def usage():
    """What is refused, with a sentence."""
    for options, words in (
            (["--kmem-size", "256M"], "uncached"),
            (["--kmem-size", "6G"], "power of two"),
            (["--kmem-size", "4G", "--kmem-max", "8G"], "larger than the window"),
            (["--kmem-size", "4G", "--kmem-user", "3G"], "half of --kmem-size"),
            (["--kmem-max", "2G"], "--kmem-size SIZE asks for one"),
            (["--kmem-size", "4G", "--serial", "x"], "an option of a disk"),
            (["--kmem-size", "4G", "--kmem-socket-path", "b"],
             "--socket-path and --kmem-socket-path: "),
            (["--kmem-size", "4G", "--socket-mode", "600", "--kmem-socket-mode", "660"],
             "--socket-mode and --kmem-socket-mode: "),
            (["--kmem-size", "4G", "--queues", "2", "--kmem-queues", "3"], "--queues 2 and --kmem-queues 3: ")):
        done = subprocess.run([PROGRAM, "serve", *options, "--socket-path", "/nowhere/s"], capture_output=True,
                              check=False, encoding="utf-8")
        ok(done.returncode == 125 and words in done.stderr, "refused with a sentence: " + " ".join(options),
           done.stderr)


def main():
    work = tempfile.mkdtemp()
    try:
        for part in (usage, lambda: account(work), lambda: strays(work), lambda: hostile(work),
                     lambda: neighbours(work), lambda: killed(work)):
            part()
    finally:
        shutil.rmtree(work)
    done_testing()


if __name__ == "__main__":
    main()
