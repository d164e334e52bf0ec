#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# What zcbench and the load generator print as fio's JSON is fio's: its tool makes tables of the bins, whose
# percentiles are those that are printed; its bins are fio's; names and units are those that fio prints.
import csv, json, os, subprocess, sys, tempfile, time

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
sys.dont_write_bytecode = True
sys.path.insert(0, "tests")
from tap import done_testing, ok

slabvisor = os.environ.get("SLABVISOR", "build/slabvisor")
LOAD = "build/tools/slabvisor-vhost-load"
work = tempfile.TemporaryDirectory(dir="build")
disk = work.name + "/disk"


def run(*command):
    got = subprocess.run(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    if got.returncode:
        ok(False, "%s ends with 0" % command[0], got.stdout)
        sys.exit(1)
    return got.stdout


def parted(text):
    """{name: (value, unit)} of the lines, and the JSON behind them."""
    at = text.index("{\n")
    lines = [line.split() for line in text[:at].splitlines()]
    return {words[0]: (float(words[1]), words[2]) for words in lines}, json.loads(text[at:])


def table(data):
    """The rows that fio's own tool makes of the bins; it compares them itself as well."""
    source, stub = work.name + "/source.json", work.name + "/table.csv"
    with open(source, "w") as f:
        json.dump(data, f)
    run("fio_jsonplus_clat2csv", source, stub)
    same = subprocess.run(["fio_jsonplus_clat2csv", source, stub, "--validate"], stdout=subprocess.DEVNULL)
    with open(work.name + "/table_job0.csv") as f:
        rows = list(csv.DictReader(f, skipinitialspace=True))
    return same.returncode, rows


def percentile(rows, side, percent):
    """The first time that has so many at or below it, as the table has it."""
    for row in rows:
        share = row[side + "_clat_ns_percentile"].strip()
        if share and float(share) * 100 >= percent - 1e-9:
            return int(row["nsec"])


def shape(value):
    return {k: shape(v) for k, v in value.items()} if isinstance(value, dict) else type(value) in (int, float)


def looked_at(who, text, side, fio):
    lines, data = parted(text)
    job = data["jobs"][0]
    got = job[side]
    bins = got["clat_ns"]["bins"]
    status, rows = table(data)
    ok(status == 0 and sum(bins.values()) == got["clat_ns"]["N"] == got["total_ios"] > 0,
       "%s: fio_jsonplus_clat2csv reads it, and each I/O is in a bin" % who, status, got["total_ios"], got["clat_ns"]["N"])
    printed = got["clat_ns"]["percentile"]
    ok(all(percentile(rows, side, float(p)) == ns for p, ns in printed.items()),
       "%s: percentiles of fio's table are those of the JSON" % who, printed, rows)
    with open(work.name + "/source", "w") as f:
        f.write(text)
    figures = dict(line.split()[:2] for line in run("tests/bench/fio_figures.py", "x", work.name + "/source").splitlines())
    ok(all(float(figures["x_p%g_us" % p]) == printed["%.6f" % p] / 1000 for p in (50, 90, 99, 99.9, 99.99)) and
       abs(float(figures["x_iops"]) / got["iops"] - 1) < 1e-3, "%s: benches read it as they read fio's" % who, figures)
    names = {"p50": 50, "p90": 90, "p99": 99, "p99.9": 99.9, "p99.99": 99.99}
    said = {n: lines.get("latency_%s_us" % n, lines.get("latency_" + n)) for n in names}
    ok(all(said[n] == (percentile(rows, side, p) / 1000, "us") for n, p in names.items()),
       "%s: ... and those of the lines" % who, said, printed)
    # As fio's latencies lie on its own grid, so do these.
    middles = set(range(128)) | {((64 + k) << s) + (1 << s >> 1) for s in range(1, 29) for k in range(64)}
    ok(all(int(b) in middles for b in bins) and all(int(b) in middles for b in fio["clat_ns"]["bins"]),
       "%s: bins are fio's" % who, sorted(map(int, bins)))
    theirs = dict(fio, slat_ns={k: v for k, v in fio["slat_ns"].items() if k in got["slat_ns"]})
    wrong = [k for k in got if k not in theirs or (not k.endswith("_ns") and shape(got[k]) != shape(theirs[k]))]
    ok(not wrong and set(printed) == set(fio["clat_ns"]["percentile"]) and
       set(got["clat_ns"]) == set(fio["clat_ns"]), "%s: names are fio's" % who, wrong, got.keys(), theirs.keys())
    seconds = got["runtime"] / 1000
    ok(abs(got["iops"] * seconds / got["total_ios"] - 1) < 0.01 and got["io_bytes"] == got["total_ios"] * 4096 and
       abs(got["bw_bytes"] * seconds / got["io_bytes"] - 1) < 0.01 and got["bw"] == got["bw_bytes"] // 1024,
       "%s: units are fio's" % who, got)
    mean = sum(int(b) * n for b, n in bins.items()) / got["total_ios"]
    ok(abs(got["clat_ns"]["mean"] / mean - 1) < 0.01 and got["clat_ns"]["min"] <= got["clat_ns"]["mean"] <= got["clat_ns"]["max"],
       "%s: the mean is that of its bins" % who, mean, got["clat_ns"])
    if got["total_ios"] > 1:
        deviation = (sum((int(b) - mean) ** 2 * n for b, n in bins.items()) / (got["total_ios"] - 1)) ** 0.5
        ok(abs(got["clat_ns"]["stddev"] - deviation) <= deviation / 50 + 1, "%s: and so is the deviation" % who,
           deviation, got["clat_ns"])


with open(disk, "wb") as f:
    for i in range(64):
        f.write(bytes([i]) * 65536)
fio = json.loads(run("fio", "--name=x", "--ioengine=psync", "--filename=" + disk, "--size=4m", "--rw=randread",
                     "--bs=4k", "--number_ios=500", "--output-format=json+"))["jobs"][0]["read"]


def zcbench(*words):
    return run(slabvisor, "run", "--disk", "path=" + disk, "build/guests/zcbench", "bs=4k", "depth=4", "ms=200", *words)


looked_at("zcbench", zcbench("rw=randread", "output-format=normal,json+"), "read", fio)
looked_at("zcbench that writes", zcbench("rw=randwrite", "output-format=normal,json+"), "write", fio)
text = zcbench("rw=randrw", "--output-format=json+")
job = json.loads(text)["jobs"][0]
ok(job["read"]["total_ios"] > 0 and job["write"]["total_ios"] > 0 and table(json.loads(text))[0] == 0,
   "zcbench that does both has both, and no line beside the JSON", text)
ok("bins" not in json.loads(zcbench("rw=randread", "output-format=json"))["jobs"][0]["read"]["clat_ns"],
   "json without + has no bins")

service = subprocess.Popen([slabvisor, "serve", "--blk-file", disk, "--socket-path", work.name + "/s"],
                           stderr=subprocess.DEVNULL)
try:
    until = time.monotonic() + 60
    while not os.path.exists(work.name + "/s") and time.monotonic() < until:
        pass
    load = [LOAD, "--socket", work.name + "/s", "--rw", "randread", "--depth", "4", "--ios", "2000"]
    looked_at("the load", run(*load, "--output-format=normal,json+"), "read", fio)
    job = json.loads(run(LOAD, "--socket", work.name + "/s", "--rw=randrw", "--ios=500", "--output-format=json"))["jobs"][0]
    ok(job["read"]["total_ios"] > 0 and job["write"]["total_ios"] > 0 and
       job["read"]["total_ios"] + job["write"]["total_ios"] == 500, "the load that does both has both", job)
finally:
    service.terminate()
    service.wait()

done_testing()
