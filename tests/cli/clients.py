#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# Fifty clients that ask a control socket for everything all the time: each of them is answered, the guest
# goes on, one who comes beside them is answered, and the thread that answers keeps to its share of a CPU.
import json, os, re, socket, subprocess, sys, tempfile, threading, time

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
sys.dont_write_bytecode = True
sys.path.insert(0, "tests")
from tap import done_testing, ok

slabvisor = os.environ.get("SLABVISOR", "build/slabvisor")
work = tempfile.TemporaryDirectory()
path = work.name + "/qmp"
CLIENTS = 50
ROUNDS = 2
QUERIES = ["query-status", "query-memory", "query-slabinfo", "query-frames", "query-pins", "query-vcpus",
           "query-io", "query-blockstats", "metrics", "query-commands"]

with open(work.name + "/disk", "wb") as f:
    f.truncate(16 << 20)
guest = subprocess.Popen([slabvisor, "run", "--qmp", "unix:" + path, "--disk", "path=" + work.name + "/disk",
                          "build/guests/ticker"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
assert guest.stdout.readline() == "tick 1\n"
done = [0] * CLIENTS
wrong = []
over = threading.Event()


def client(i):
    """Sends all it may without waiting, and reads what comes."""
    try:
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        s.settimeout(600)
        f = s.makefile("rw", newline="\n")
        f.readline()
        f.write('{"execute": "qmp_capabilities"}\n')
        f.flush()
        f.readline()
        text = "".join('{"execute": "%s"}\n' % q for q in QUERIES)
        while not over.is_set():
            f.write(text)
            f.flush()
            for q in QUERIES:
                m = json.loads(f.readline())
                if "return" not in m:
                    wrong.append((i, q, m))
            done[i] += 1
        s.close()
    except (OSError, ValueError) as e:
        wrong.append((i, repr(e)))


def cpu():
    """CPU time of the thread that serves the socket, s; None where it is not to be seen."""
    for task in os.listdir("/proc/%d/task" % guest.pid):
        stat = open("/proc/%d/task/%s/stat" % (guest.pid, task)).read()
        if re.search(r"\(qmp\)", stat):
            fields = stat.rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return None


threads = [threading.Thread(target=client, args=(i,), daemon=True) for i in range(CLIENTS)]
began, used = time.monotonic(), cpu()
for t in threads:
    t.start()
ticks = 0
while min(done) < ROUNDS and not wrong:
    ticks += guest.stdout.readline().startswith("tick ")
ok(not wrong, "each of fifty clients has each of its questions answered", wrong[:3])
ok(ticks > 0, "... while the guest goes on")
r = subprocess.run([slabvisor, "ctl", path, "query-status"], capture_output=True, text=True, timeout=600)
ok(r.returncode == 0 and '"running"' in r.stdout, "... and one more is answered beside them", r)
lasted, used = time.monotonic() - began, cpu() - used
# The burst, a hundredth, the clock's ticks, and a last round of answers.
ok(used <= 0.1 + lasted / 100 + 0.2, "the thread keeps to its share of a CPU", used, lasted)
over.set()
ok(subprocess.run([slabvisor, "ctl", path, "quit"], capture_output=True, timeout=600).returncode == 0,
   "a guest with fifty clients can be ended")
ok(guest.wait(timeout=600) == 143, "... and ends")
done_testing()
