#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# `slabvisor ctl` as a shell: at a terminal with completion and history, and reading lines; its tables;
# its events.
import json, os, pty, re, select, subprocess, sys, tempfile, time

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
sys.dont_write_bytecode = True
sys.path.insert(0, "tests")
from tap import done_testing, ok

slabvisor = os.environ.get("SLABVISOR", "build/slabvisor")
work = tempfile.TemporaryDirectory()
socket = work.name + "/qmp"


def ctl(*args, **more):
    return subprocess.run([slabvisor, "ctl", *args], capture_output=True, text=True, timeout=300, **more)


disk = work.name + "/disk"
with open(disk, "wb") as f:
    f.truncate(64 << 20)
guest = subprocess.Popen([slabvisor, "run", "--qmp", "unix:" + socket, "--disk", "path=" + disk,
                          "build/tests/asm/loop"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
assert guest.stdout.readline() == b"looping\n"


class Terminal:
    """A shell at a terminal of its own."""

    def __init__(self):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ["TERM"] = "vt100"
            os.execv(slabvisor, [slabvisor, "ctl", socket])
        self.text = ""

    def until(self, pattern, limit=120):
        end = time.monotonic() + limit
        while not re.search(pattern, self.text):
            if time.monotonic() > end or not select.select([self.fd], [], [], 1)[0]:
                if time.monotonic() > end:
                    return False
                continue
            try:
                self.text += os.read(self.fd, 4096).decode()
            except OSError:
                return bool(re.search(pattern, self.text))
        return True

    def type(self, text):
        self.text = ""
        os.write(self.fd, text.encode())


t = Terminal()
ok(t.until(r"> $"), "a shell has a prompt", t.text)
t.type("query-st\t")
ok(t.until(r"query-st(\r\x1b\[\d+C)?atus $"), "Tab completes a command", t.text)
t.type("\r")
ok(t.until(r"status +running"), "... whose answer is a table", t.text)
t.until(r"> $")
t.type("block_resize si\t")
ok(t.until(r"block_resize si(\r\x1b\[\d+C)?ze=$"), "Tab completes an argument", t.text)
t.type("32M device=disk0\r")
ok(t.until(r"> $"), "... and the command takes a size", t.text)
t.type("query-b\t\t")
ok(t.until(r"query-block.*query-blockstats"), "Tab shows what fits", t.text)
t.type("\x15help block_resize\r")
ok(t.until(r"size=integer +bytes"), "help tells what a command takes", t.text)
t.until(r"> $")
t.type("\x1b[A\x1b[A\r")
ok(t.until(r"\S+> $"), "... and history has the line before", t.text)
t.type("nonsense\r")
ok(t.until(r"nonsense: The command nonsense has not been found"), "a command that is none is refused", t.text)
t.until(r"> $")
t.type("exit\r")
ok(os.waitpid(t.pid, 0)[1] == 0, "exit leaves it")

size = json.loads(ctl(socket, "query-block").stdout)[0]["inserted"]["image"]["virtual-size"]
ok(size == 32 << 20, "the disk has the size that was typed", size)
r = ctl(socket, "block_resize", "device=disk0", "size=64M")
ok(r.returncode == 0, "a command line takes KEY=VALUE, too", r.stderr)
r = ctl(socket, "block_resize", "device=disk0", "sise=64M")
ok((r.returncode, r.stderr) == (125, "slabvisor: block_resize: sise: the command has no such argument: see help\n"),
   "... and names a key that is none", r)
r = ctl(socket, "block_resize", "device=disk0", "size=64MB")
ok((r.returncode, r.stderr) == (125, "slabvisor: block_resize: size=64MB: give a number, or a size as in 64M or 10G\n"),
   "... and what a value is to be", r)
r = ctl(socket, "help")
ok(r.returncode == 0 and re.search(r"^  block_resize +gives a disk", r.stdout, re.M), "help lists the commands", r)
r = ctl(socket, "help", "block_resize")
ok(r.returncode == 0 and "size=integer  bytes" in r.stdout, "... and with one tells what it takes", r)
r = ctl(socket, "help", "nonsense")
ok((r.returncode, r.stderr) == (125, "slabvisor: nonsense: no such command: see slabvisor ctl %s help\n" % socket),
   "... or that there is no such command", r)
r = ctl(socket, "query-memry")
ok((r.returncode, r.stderr) == (1, "slabvisor: query-memry: no such command: did you mean query-memory?\n"),
   "a command that is misspelt is told what it may be", r)
r = ctl("--pretty", socket, "query-memory")
ok(re.search(r"^free-runs:\n  \d+( \d+){10}$", r.stdout, re.M) and max(map(len, r.stdout.split("\n"))) < 80,
   "--pretty prints lists as words", r.stdout)
r = ctl("--pretty", socket, "query-slabinfo")
ok(re.match(r"name +cache +active-objs", r.stdout) and re.search(r"^kmalloc-64 +4 ", r.stdout, re.M),
   "--pretty prints a table", r.stdout)
r = ctl(socket, input="query-name\n# none\nquery-status\n")
ok(r.returncode == 0 and '"status": "running"' in r.stdout, "lines of standard input are commands", r)
r = ctl(socket, input="query-nonsense\nquit\n")
ok((r.returncode, guest.poll()) == (1, None), "... up to one that is refused", r)

watch = subprocess.Popen([slabvisor, "ctl", "--watch", socket, "query-status"], stdout=subprocess.PIPE, text=True)
answer = ""
while not answer.endswith("}\n"):
    answer += watch.stdout.readline()
ctl(socket, "stop")
ctl(socket, "quit")
events = [json.loads(line)["event"] for line in watch.stdout]
ok(events == ["STOP", "SHUTDOWN"], "--watch prints the events, to the end of the guest", events)
ok((watch.wait(), guest.wait()) == (0, 143), "... and ends with it")
r = ctl(socket)
ok(r.returncode == 127 and "no monitor answers there" in r.stderr, "a shell without a guest says so", r)
# --stats is for people at a terminal, and for scripts in a file.
ours, theirs = pty.openpty()
run = [slabvisor, "run", "--stats", "build/tests/asm/hello"]
subprocess.run(run, stderr=theirs, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
os.close(theirs)
text = ""
try:
    while True:
        text += os.read(ours, 65536).decode()
except OSError:
    pass
ok(re.search(r"^heap\r?\n  objects_allocated +\d+  objects handed to the guest", text, re.M),
   "--stats has groups at a terminal", text)
r = subprocess.run(run, capture_output=True, text=True, stdin=subprocess.DEVNULL)
ok(re.fullmatch(r"([a-z_0-9]+ \d+\n)+", r.stderr), "... and name value lines in a file", r.stderr)
done_testing()
