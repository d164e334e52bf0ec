#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# One round of tests/bench/clients.sh: a kmalloc pair and a disk's IOPS with 50 clients of the control socket that ask
# for everything all the time, and with none; clients.py 1 has those with none first. Prints `name value unit` lines.
import json, os, re, socket, subprocess, sys, tempfile, threading, time

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
B = os.environ.get("B", "build")
work = tempfile.TemporaryDirectory(dir=B)
path = work.name + "/qmp"
disk = work.name + "/disk"
QUERIES = ["query-memory", "query-slabinfo", "query-frames", "query-blockstats", "query-io", "metrics"]
TEXT = "".join('{"execute": "%s"}\n' % q for q in ["qmp_capabilities"] + QUERIES * 20).encode()
with open(disk, "wb") as f:
    f.write(bytes(64 << 20))


def connect():
    """Connects as soon as the guest's monitor listens, before its guest runs."""
    while True:
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(path)
            return s
        except (FileNotFoundError, ConnectionRefusedError):
            s.close()


def client(s):
    """Asks for more than is answered, and reads till the guest ends."""
    try:
        s.sendall(TEXT)
        while s.recv(1 << 16):
            pass
    except OSError:
        pass


def execute(stream, command):
    """Asks until it is granted: a guest that is being started does not stop."""
    answer = {"error": None}
    while "error" in answer:
        stream.write('{"execute": "%s"}\n' % command)
        stream.flush()
        answer = {}
        while not answer.keys() & {"return", "error"}:
            answer = json.loads(stream.readline())


def run(what, clients):
    p = subprocess.Popen([B + "/slabvisor", "run", "--qmp", "unix:" + path, "--heap", "256M"] + what,
                         stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    with connect() as s, s.makefile("rw") as stream:
        execute(stream, "qmp_capabilities")
        execute(stream, "stop")
        threads = [threading.Thread(target=client, args=[connect()], daemon=True) for _ in range(clients)]
        for t in threads:
            t.start()
        # The guest waits until the clients have had the burst that is theirs at once.
        time.sleep(0.5)
        execute(stream, "cont")
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
