#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Keeps the account of a bench: its rounds, whether they were disturbed, and what is printed at the end.

tests/bench/lib.sh starts it beside a bench and tells it by lines what goes on; each is answered by a line.
  round              another round begins: its number, or `done`
  step TEXT          what comes next in it
  end FILE           it is over: its figures, `name value unit` lines, are in FILE
  version NAME TEXT  of a peer, for the JSON
  ratio NAME A B...  the median of A by the least one of the other medians, for the end
  table FILE         a table of README's, whose {name:format} are figures
  report STATUS FILE writes the report to FILE: `report` and the status that the bench is to end with
"""
import datetime
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import host  # noqa: E402

DISTURBED = 3
FIGURE = re.compile(r"(\S+) (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?) (\S+)$")


def number(name, default):
    try:
        return float(os.environ.get(name) or default)
    except ValueError:
        sys.exit("bench: %s: a number would be right" % name)


def written(value):
    return "%.*f" % (0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 3, value)


def said(*command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
    except OSError:
        return ""


def machine():
    with open("/proc/cpuinfo") as f:
        model = re.search(r"model name\s*: (.*)", f.read())
    commit = said("git", "rev-parse", "HEAD")
    return {"commit": commit or None,
            "changed": bool(commit and said("git", "status", "--porcelain", "--untracked-files=no")),
            "kernel": os.uname().release, "cpu": model.group(1) if model else None, "cpus": os.cpu_count(),
            "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")}


class Blank(dict):
    def __missing__(self, name):
        return Cell("-")


class Cell(str):
    """What there is no figure for: as text, whatever its format."""

    def __format__(self, spec):
        return str(self)


class Bench:
    def __init__(self, name, wanted, peers, root):
        self.name, self.wanted, self.peers, self.root = name, wanted, re.compile(peers or "(?!)"), root
        self.most = wanted + int(number("BENCH_AGAIN", max(wanted, 2)))
        self.limits = number("BENCH_STEAL", host.STEAL), number("BENCH_OTHERS", host.OTHERS)
        self.spread = number("BENCH_SPREAD", 20)
        self.rounds, self.versions, self.ratios, self.tables, self.units, self.notes = [], {}, [], [], {}, []
        self.machine, self.began, self.samples = machine(), time.time(), None
        self.load = os.getloadavg()
        self.path = os.environ.get("JSON") or "%s/bench/%s.json" % (os.environ.get("B", "build"), name)

    # Rounds

    def good(self):
        return [r for r in self.rounds if not r["disturbed"]]

    def next(self):
        if len(self.good()) >= self.wanted or len(self.rounds) >= self.most:
            return "done"
        self.samples = [host.take(self.root)]
        self.progress("")
        return str(len(self.rounds) + 1)

    def step(self, text):
        self.samples.append(host.take(self.root))
        self.progress(text)

    def end(self, path):
        self.samples.append(host.take(self.root))
        steal, others, why = host.judge(self.samples, *self.limits)
        figures = {}
        with open(path, errors="replace") as f:
            for line in f:
                m = FIGURE.match(line)
                if m:
                    figures.setdefault(m[1], []).append(float(m[2]))
                    self.units.setdefault(m[1], m[3])
                elif line.strip() and line.strip() not in self.notes:
                    self.notes.append(line.strip())
        self.rounds.append({"number": len(self.rounds) + 1, "seconds": round(self.samples[-1].at - self.samples[0].at, 3),
                            "steal_percent": round(steal, 2), "others_percent": round(others, 2),
                            "loadavg": os.getloadavg(), "disturbed": why, "load_disturbed": why, "figures": figures})
        for r in self.rounds:
            told, r["disturbed"] = r["disturbed"], r["load_disturbed"] or self.apart(r)
            if r["disturbed"] and (not told or r is self.rounds[-1]):
                self.warn("round %d is disturbed: %s" % (r["number"], r["disturbed"]))
        self.write()

    def apart(self, r):
        """What the peers' own figures say of a round: None where most are what they are in the others."""
        off = seen = 0
        for name, values in r["figures"].items():
            others = [statistics.median(o["figures"][name]) for o in self.rounds if name in o["figures"]]
            if self.peers.search(name) and len(others) >= 3 and statistics.median(others):
                seen += 1
                off += abs(statistics.median(values) / statistics.median(others) - 1) * 100 > self.spread
        if off * 4 < seen or not off:
            return None
        return "%d of %d figures of peers are more than %g %% off what they are in other rounds" % (off, seen, self.spread)

    # What is said

    def warn(self, text):
        self.progress(None)
        print("bench: " + text, file=sys.stderr, flush=True)

    def progress(self, text):
        if not sys.stderr.isatty():
            return
        line = ""
        if text is not None:
            line = "%s: round %d, %d of %d done" % (self.name, len(self.rounds) + 1, len(self.good()), self.wanted)
            if self.rounds:
                left = statistics.mean(r["seconds"] for r in self.rounds) * (self.wanted - len(self.good()))
                left -= self.samples[-1].at - self.samples[0].at
                line += ", about %d:%02d left" % divmod(max(left, 0), 60)
            line += ": " + text if text else ""
        sys.stderr.write("\r\033[K" + line[:110])
        sys.stderr.flush()

    def medians(self):
        """{name: figures} of the rounds that count: those that were not disturbed, or all where each was."""
        values = {}
        for r in self.good() or self.rounds:
            for name, v in r["figures"].items():
                values.setdefault(name, []).extend(v)
        out = {}
        for name in self.units:
            if name in values:
                v = sorted(values[name])
                q = statistics.quantiles(v, n=4, method="inclusive") if len(v) > 1 else v * 3
                out[name] = {"unit": self.units[name], "median": statistics.median(v), "min": v[0], "q1": q[0], "q3": q[2],
                             "max": v[-1], "values": len(v)}
        for name, ours, *peers in self.ratios:
            there = [p for p in peers if p in out and out[p]["median"]]
            if ours in out and there:
                best = min(there, key=lambda p: out[p]["median"])
                out[name] = {"unit": "x", "median": out[ours]["median"] / out[best]["median"], "to": best}
        return out

    def write(self, status=None):
        data = {"bench": self.name, "began": datetime.datetime.fromtimestamp(self.began).astimezone().isoformat(),
                **self.machine, "loadavg_before": self.load, "loadavg_after": os.getloadavg(), "versions": self.versions,
                "rounds_wanted": self.wanted, "rounds_good": len(self.good()), "peers": self.peers.pattern,
                "limits": {"steal_percent": self.limits[0], "others_percent": self.limits[1], "peers_percent": self.spread},
                "status": status, "figures": self.medians(), "rounds": self.rounds, "notes": self.notes}
        os.makedirs(os.path.dirname(self.path) or ".", exist_ok=True)
        with open(self.path + ".new", "w") as f:
            json.dump(data, f, indent=1)
            f.write("\n")
        os.replace(self.path + ".new", self.path)

    def report(self, status, to):
        self.progress(None)
        good = self.good()
        lines = list(self.notes)
        figures = self.medians()
        # Ratios come last, where they are seen.
        for name, f in sorted(figures.items(), key=lambda item: item[1]["unit"] in ("x", "ratio")):
            lines.append("%s %s %s" % (name, written(f["median"]), f["unit"]))
        cells = Blank({name: f["median"] for name, f in figures.items()})
        for name, f in figures.items():
            if "to" in f:
                cells[name + "_best"] = Cell("%.1f %s (%s)" % (figures[f["to"]]["median"], figures[f["to"]]["unit"],
                                                             re.split(r"[_.]", f["to"])[0]))
        for table in self.tables:
            with open(table) as f:
                lines += [""] + [line.rstrip("\n").format_map(cells) for line in f]
        if self.tables:
            lines.append("")
        used = good or self.rounds
        m = self.machine
        lines.append("# %d rounds, %d disturbed; steal %.1f %%, others %.1f %% of the CPUs' time; load %.2f before"
                     % (len(self.rounds), len(self.rounds) - len(good),
                        statistics.mean(r["steal_percent"] for r in used) if used else 0,
                        statistics.mean(r["others_percent"] for r in used) if used else 0, self.load[0]))
        lines.append("# commit %s%s, Linux %s, %d x %s" % (m["commit"], " with changes" if m["changed"] else "",
                                                           m["kernel"], m["cpus"], m["cpu"]))
        if self.rounds:
            lines.append("# all rounds: " + self.path)
        if status:
            self.warn("%s ended early, with %d: these are the %d rounds that it finished of %d"
                      % (self.name, status, len(self.rounds), self.wanted))
        elif len(good) < self.wanted:
            status = DISTURBED
            text = "%s stayed disturbed: %d of %d rounds were quiet, and %d had to be" \
                % (self.name, len(good), len(self.rounds), self.wanted)
            self.warn(text)
            lines.append("# " + text + "; the figures are of " + ("those" if good else "disturbed ones"))
        if self.rounds:
            self.write(status)
        with open(to, "w") as f:
            f.write("\n".join(lines) + "\n" if self.rounds else "")
        return status

    # What lib.sh says

    def obey(self, line):
        word, _, rest = line.partition(" ")
        if word == "round":
            return self.next()
        if word == "report":
            status, _, to = rest.partition(" ")
            return "report %d" % self.report(int(status), to)
        if word == "step":
            self.step(rest)
        elif word == "end":
            self.end(rest)
        elif word == "version":
            name, _, text = rest.partition(" ")
            self.versions[name] = text
        elif word == "ratio":
            self.ratios.append(rest.split())
        elif word == "table":
            self.tables.append(rest)
        else:
            return "unknown " + word
        return "ok"


def main():
    name, wanted, peers, root = sys.argv[1:5]
    if not wanted.isdigit() or not int(wanted):
        sys.exit("bench: ROUNDS=%s: a number from 1 would be right" % wanted)
    # It is told of the end, and has to print what is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    bench = Bench(name, int(wanted), peers, int(root))
    for line in sys.stdin:
        print(bench.obey(line.rstrip("\n")), flush=True)


if __name__ == "__main__":
    main()
