#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""fio_figures.py NAME FILE: what fio, zcbench or the load generator printed as JSON, as lines of figures of NAME.

A job that reads and writes has the latencies of either by themselves.
"""
import json
import sys

name, path = sys.argv[1:]
with open(path) as f:
    text = f.read()
job = json.loads(text[text.index("{"):])["jobs"][0]
sides = [s for s in ("read", "write") if job[s]["total_ios"]]
if job["error"] or not sides:
    sys.exit("bench: %s: error %d, and %d sides did anything" % (name, job["error"], len(sides)))
iops = sum(job[s]["iops"] for s in sides)


def figure(what, value, unit):
    print("%s_%s %.3f %s" % (name, what, value, unit))


figure("iops", iops, "/s")
figure("bw", sum(job[s]["bw_bytes"] for s in sides) / (1 << 20), "MiB/s")
for s in sides:
    side = s + "_" if len(sides) > 1 else ""
    took = job[s]["clat_ns"]
    for percent in (50, 90, 99, 99.9, 99.99):
        figure("%sp%g_us" % (side, percent), took["percentile"]["%.6f" % percent] / 1000, "us")
    figure(side + "max_us", took["max"] / 1000, "us")
if "usr_cpu" in job:
    cpu = (job["usr_cpu"] + job["sys_cpu"]) / 100
    figure("cpu_s_per_mio", cpu / iops * 1e6, "s")
    if cpu:
        figure("iops_per_core", iops / cpu, "/s")
for what, value in job.get("slabvisor", {}).items():
    figure(what, value, "s" if what.endswith("cpu_per_mio") else "count")
