# SPDX-License-Identifier: BSD-2-Clause
"""What else goes on on the machine while a bench runs, and whether that spoils what it measures.

A sample is what /proc says at one moment. Of two samples follow, in percent of the time of all CPUs:
  steal   what a hypervisor gave to other machines (/proc/stat);
  others  what processes ran that are not the bench's: all that ran, less the bench's own processes
          (with those that ended and were waited for), less the kernel's threads; or, if that is more, the sum of
          what each of the others ran that is there at the end. For the kernel counts all that ran by its ticks, of
          which a machine that is itself kept waiting misses some, and a process's share by the clock.
          The kernel's threads and interrupts are left out since they work for the bench's I/O as for anybody's;
          so who only writes to the same disk is not seen here, but in the spread of what the peers do.
All of it is counted in ticks of 10 ms, which is why a second is the least that is judged.
"""
import os
import time

STEAL = 3.0   # percent that a round may lose
OTHERS = 5.0  # ... to others
BURST = 5     # times that, in any second
KERNEL_THREAD = 0x00200000  # PF_KTHREAD of Linux's <linux/sched.h>


class Sample:
    """at: seconds; stat: text of /proc/stat; processes: {pid: (parent, ticks, ticks of it and of those that it waited
    for, whether it is the kernel's)}; root: the bench's process."""

    def __init__(self, at, stat, processes, root):
        self.at = at
        cpu = [int(n) for n in stat.split("\n", 1)[0].split()[1:9]]
        cpu += [0] * (8 - len(cpu))  # steal came with 2.6.11
        self.total = sum(cpu)
        self.ran = cpu[0] + cpu[1] + cpu[2]
        self.steal = cpu[7]
        self.kernel = {p: t for p, (_, t, _, kernel) in processes.items() if kernel}
        self.ticks = {p: t for p, (_, t, _, _) in processes.items()}
        mine = {p for p in processes if inside(processes, p, root)}
        self.others = processes.keys() - self.kernel.keys() - mine
        self.own = sum(processes[p][2] for p in mine)


def inside(processes, pid, root):
    """Tells whether a process is root, or descends from it."""
    for _ in range(len(processes)):
        if pid == root:
            return True
        if pid not in processes:
            return False
        pid = processes[pid][0]
    return False


def process(text):
    """Of /proc/PID/stat; its name may have anything in it."""
    f = text[text.rindex(")") + 2:].split()
    ticks = int(f[11]) + int(f[12])
    return int(f[1]), ticks, ticks + int(f[13]) + int(f[14]), bool(int(f[6]) & KERNEL_THREAD)


def take(root):
    """A sample of this moment."""
    processes = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name, errors="replace") as f:
                    processes[int(name)] = process(f.read())
            except (OSError, ValueError, IndexError):
                pass  # it has ended
    with open("/proc/stat") as f:
        return Sample(time.monotonic(), f.read(), processes, root)


def between(a, b):
    """(seconds, steal, others) of the time from one sample to another."""
    total = max(b.total - a.total, 1)
    kernel = sum(max(t - a.kernel[p], 0) for p, t in b.kernel.items() if p in a.kernel)
    rest = b.ran - a.ran - max(b.own - a.own, 0) - kernel
    others = max(rest, sum(max(b.ticks[p] - a.ticks.get(p, 0), 0) for p in b.others))
    return b.at - a.at, 100 * (b.steal - a.steal) / total, min(100 * others / total, 100)


def windows(samples):
    """Parts of the time of a second at least, one after the other; less only where there is no more."""
    ends = [samples[0]]
    for s in samples[1:]:
        if s.at - ends[-1].at >= 1:
            ends.append(s)
    if ends[-1] is not samples[-1]:
        if len(ends) > 1:
            ends.pop()
        ends.append(samples[-1])
    return list(zip(ends, ends[1:]))


def judge(samples, steal_limit=STEAL, others_limit=OTHERS):
    """(steal, others, why) of a round that these samples were taken in, in the order of time. why is None, or says
    what spoilt it."""
    whole = between(samples[0], samples[-1])
    worst = [max(w) for w in zip(whole, *(between(a, b) for a, b in windows(samples)))]
    why = []
    for i, limit, what in ((1, steal_limit, "the hypervisor took"), (2, others_limit, "other processes took")):
        if whole[i] > limit:
            why.append("%s %.1f %% of the CPUs' time, and %g %% is let pass" % (what, whole[i], limit))
        elif worst[i] > BURST * limit:
            why.append("%s %.1f %% of the CPUs' time for a second or more, and %g %% is let pass"
                       % (what, worst[i], BURST * limit))
    return whole[1], whole[2], "; ".join(why) or None
