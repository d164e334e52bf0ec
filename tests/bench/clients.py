#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# One round of tests/bench/clients.sh: a kmalloc pair and a disk's IOPS with 50 clients of the control socket that ask
# for everything all the time, and with none; clients.py 1 has those with none first. Prints `name value unit` lines.
import os, re, socket, subprocess, sys, tempfile, threading

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
    got = {clients: run(what, clients)[name] for clients in ((0, 50) if sys.argv[1:] == ["1"] else (50, 0))}
    for clients, value in got.items():
        print("%s_%d_clients %.3f %s" % (name, clients, value, unit))
    print("%s_clients_ratio %.4f x" % (name, got[50] / got[0]), flush=True)
