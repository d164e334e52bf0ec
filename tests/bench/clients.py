#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# What clients of a control socket cost a guest: a kmalloc pair and a disk's IOPS with 50 clients that ask for
# everything all the time, and with none, in turns. Prints `name value unit` lines: medians of ROUNDS (7), and
# ratios.
import os, re, socket, statistics, subprocess, tempfile, threading

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
B = os.environ.get("B", "build")
work = tempfile.TemporaryDirectory(dir=B)
path = work.name + "/qmp"
disk = work.name + "/disk"
QUERIES = ["query-memory", "query-slabinfo", "query-frames", "query-blockstats", "query-io", "metrics"]
TEXT = "".join('{"execute": "%s"}\n' % q for q in ["qmp_capabilities"] + QUERIES * 20).encode()
with open(disk, "wb") as f:
    f.write(bytes(64 << 20))


def client():
    """Asks for more than is answered, and reads till the guest ends."""
    try:
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        s.sendall(TEXT)
        while s.recv(1 << 16):
            pass
    except OSError:
        pass


def run(what, clients):
    p = subprocess.Popen([B + "/slabvisor", "run", "--qmp", "unix:" + path, "--heap", "256M"] + what,
                         stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    # It listens before its guest runs.
    while not os.path.exists(path):
        pass
    threads = [threading.Thread(target=client, daemon=True) for _ in range(clients)]
    for t in threads:
        t.start()
    text = p.communicate()[0]
    for t in threads:
        t.join()
    os.unlink(path)
    return {m[0]: float(m[1]) for m in re.findall(r"^(\w+) ([\d.]+)", text, re.M)}


JOBS = [("kmalloc_pair_ns", "ns", [B + "/guests/kbench"]),
        ("iops", "/s", ["--disk", "path=" + disk, B + "/guests/zcbench", "rw=randread", "bs=4k", "iodepth=32",
                        "runtime=2"])]
for name, unit, what in JOBS:
    got = {0: [], 50: []}
    for i in range(int(os.environ.get("ROUNDS", "7"))):
        for clients in (0, 50) if i % 2 else (50, 0):
            got[clients].append(run(what, clients)[name])
    for clients, values in got.items():
        print("%s_%d_clients %.3f %s (%.3f to %.3f)" % (name, clients, statistics.median(values), unit,
                                                        min(values), max(values)))
    print("%s_clients_ratio %.3f" % (name, statistics.median(got[50]) / statistics.median(got[0])), flush=True)
