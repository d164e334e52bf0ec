#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# What benches share: a disturbed round is found and made again, a run that stays disturbed says so, finished rounds are
# kept, the JSON has all rounds, the tables are README's, and a disk of the user's own is taken by an explicit word alone.
import fcntl, json, os, pty, re, signal, subprocess, sys, tempfile

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
sys.dont_write_bytecode = True
sys.path[:0] = "tests", "tests/bench"
import host
from tap import done_testing, ok, skip

work = tempfile.TemporaryDirectory()

# What was recorded on a machine with two CPUs that others kept busy, of a bench (7718) with a busy loop (8384) of its own:
# the bench's processes, and two threads of the kernel.
RECORDED = """\
at 15804.212
cpu  957515 848280 946305 322017 39009 0 10765 32736 63914 76591
15 (p15) I 2 0 0 0 -1 2129984 0 0 0 0 0 3961 0 0
58 (p58) I 2 0 0 0 -1 69238880 0 0 0 0 0 984 0 0
77 (p77) I 2 0 0 0 -1 2129984 0 0 0 0 0 14884 0 0
7718 (bench) R 7711 7711 17876 0 -1 4194560 3107 6544 2 1 8 1 4 5
8384 (loop) R 7718 7711 17876 0 -1 4194304 138 0 1 0 0 0 0 0
at 15805.959
cpu  957660 848419 946368 322017 39009 0 10766 32737 63914 76612
15 (p15) I 2 0 0 0 -1 2129984 0 0 0 0 0 3961 0 0
58 (p58) I 2 0 0 0 -1 69238880 0 0 0 0 0 984 0 0
77 (p77) I 2 0 0 0 -1 2129984 0 0 0 0 0 14888 0 0
7718 (bench) R 7711 7711 17876 0 -1 4194560 3124 6544 2 1 8 2 4 5
8384 (loop) R 7718 7711 17876 0 -1 4194304 138 0 1 0 6 0 0 0
at 15807.697
cpu  957789 848564 946440 322017 39009 0 10767 32738 63914 76639
15 (p15) I 2 0 0 0 -1 2129984 0 0 0 0 0 3962 0 0
58 (p58) I 2 0 0 0 -1 69238880 0 0 0 0 0 985 0 0
77 (p77) I 2 0 0 0 -1 2129984 0 0 0 0 0 14891 0 0
7718 (bench) R 7711 7711 17876 0 -1 4194560 3146 6544 2 1 9 3 4 5
8384 (loop) R 7718 7711 17876 0 -1 4194304 138 0 1 0 12 0 0 0
"""
samples = []
for text in RECORDED.split("at ")[1:]:
    at, stat, *lines = text.strip().split("\n")
    samples.append(host.Sample(float(at), stat, {int(l.split()[0]): host.process(l) for l in lines}, 7718))
# Of 697 ticks 693 were run; 15 by the bench and 9 by the kernel's threads; 2 were stolen.
steal, others, why = host.judge(samples)
ok(abs(steal - 100 * 2 / 697) < 1e-9 and abs(others - 100 * 669 / 697) < 1e-9,
   "recorded samples: steal is told, and what others ran without the bench and the kernel", steal, others)
ok(why == "other processes took 96.0 % of the CPUs' time, and 5 % is let pass", "... and that they disturb", why)
ok(host.judge(samples, 3, 97)[2] is None, "... which a limit above that lets pass")


def sample(at, ran=0, steal=0, own=0, child=0, kernel=0, other=0):
    """Of two CPUs: what has run in ticks by then; child's parent is the bench, 100."""
    total = int(at * 200)
    stat = "cpu  %d 0 0 %d 0 0 0 %d 0 0\ncpu0 1 2 3" % (ran, total - ran - steal, steal)
    line = "%d (a) b) S %d 0 0 0 -1 %d 0 0 0 0 %d 0 %d 0 0 0 0"
    lines = [line % (100, 1, 4194304, own, 0), line % (2, 0, 2129984, 0, 0), line % (9, 2, 2129984, kernel, 0),
             line % (7, 1, 4194304, 5000 + other, 0)] + ([line % (101, 100, 4194304, 0, child)] if child else [])
    return host.Sample(at, stat, {int(l.split()[0]): host.process(l) for l in lines}, 100)


def verdict(*of):
    return host.judge(list(of))[2]


ok(verdict(sample(0), sample(2, ran=200, own=200)) is None, "what a bench does itself is no load of others")
ok(verdict(sample(0, own=50), sample(2, ran=200, own=50, child=200)) is None, "nor what its processes waited for")
ok(verdict(sample(0), sample(2, ran=200, own=100, kernel=100)) is None, "nor what the kernel's threads do for it")
ok("other processes took 25.0 %" in str(verdict(sample(0), sample(2, ran=200, own=100))),
   "what nobody of the bench's did is", verdict(sample(0), sample(2, ran=200, own=100)))
ok("other processes took 25.0 %" in str(verdict(sample(0), sample(2, ran=100, own=100, other=100))),
   "nor does it hide where the kernel has missed ticks", verdict(sample(0), sample(2, ran=100, own=100, other=100)))
ok("hypervisor took 5.0 %" in str(verdict(sample(0), sample(2, ran=200, own=200, steal=20))), "steal is told")
ok(verdict(sample(0), sample(2, ran=200, own=186, steal=10)) is None, "a little of both is let pass")
quiet = [sample(t, ran=100 * t, own=100 * t) for t in range(41)]
burst = quiet[:20] + [sample(t, ran=100 * t + 60, own=100 * t) for t in range(20, 41)]
ok(verdict(*quiet) is None and "for a second or more" in str(verdict(*burst)),
   "a burst of a second in a long round is told", verdict(*burst))
ok(len(host.windows([sample(t / 10) for t in range(26)])) == 2 and len(host.windows([sample(0), sample(0.1)])) == 1,
   "ticks are judged over a second at least")

BENCH = """
set -eu
. tests/bench/lib.sh
at_exit 'echo "# tidied"'
n=0
peer=(%(peer)s)
round() {
	n=$((n + 1))
	bench_step "part $n"
	figure ours_ns $((n * 10)) ns
	figure peer_a_ns ${peer[n - 1]} ns
	figure peer_b_ns 50 ns
	ratio x_ratio $((n * 10)) 100
	%(extra)s
}
bench_start tried '^peer_.*_ns$'
bench_version peer 'a peer 1.0'
bench_ratio ours_ratio ours_ns peer_a_ns peer_b_ns
bench_table "$TABLE"
bench_rounds round
"""
table = work.name + "/table"
with open(table, "w") as f:
    f.write("| what | {ours_ns:.1f} ns | {ours_ratio_best} | {ours_ratio:.2f} | {nothing:.2f} |\n")


def bench(peer="40 40 40 40 40 40 40 40 40 40", extra=":", rounds=3, **env):
    """(status, stdout, stderr, what the JSON has)"""
    path = work.name + "/tried.json"
    if os.path.exists(path):
        os.unlink(path)
    got = subprocess.run(["bash", "-c", BENCH % {"peer": peer, "extra": extra}], capture_output=True, text=True, env=dict(
        os.environ, JSON=path, TABLE=table, ROUNDS=str(rounds), **dict({"BENCH_OTHERS": "1000", "BENCH_STEAL": "1000"}, **env)))
    data = None
    if os.path.exists(path):
        with open(path) as f:
            data = json.load(f)
    return got.returncode, got.stdout, got.stderr, data


status, out, err, data = bench()
ok(status == 0 and not err and "\nours_ns 20.000 ns\n" in out and "\nours_ratio 0.500 x\n" in out and
   "\nx_ratio 0.200 x\n" in out, "a quiet run ends with 0, and prints the medians of its rounds", status, out, err)
ok("\n| what | 20.0 ns | 40.0 ns (peer) | 0.50 | - |\n" in out, "it prints its table", out)
ok("# tidied\n" in out, "it leaves nothing")
ok([r["figures"]["ours_ns"] for r in data["rounds"]] == [[10], [20], [30]] and data["figures"]["ours_ns"]["min"] == 10 and
   data["figures"]["ours_ns"]["max"] == 30 and data["status"] == 0 and data["versions"] == {"peer": "a peer 1.0"},
   "the JSON has all rounds, their spread, and the peers' versions", data)
ok(data["kernel"] == os.uname().release and data["cpu"] and data["cpus"] == os.cpu_count() and
   all("steal_percent" in r and "others_percent" in r and len(r["loadavg"]) == 3 for r in data["rounds"]) and
   data["commit"] == (subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip() or None),
   "... and commit, kernel, CPU, load and steal", data)

status, out, err, data = bench(BENCH_OTHERS="-1", BENCH_AGAIN="2")
ok(status == 3 and len(data["rounds"]) == 5 and err.count("is disturbed: other processes took") == 5 and
   "tried stayed disturbed: 0 of 5 rounds were quiet, and 3 had to be" in err and "stayed disturbed" in out,
   "a run that stays disturbed is made again, says so, and ends with 3", status, out, err)
ok("\nours_ns 30.000 ns\n" in out and data["status"] == 3 and all(r["disturbed"] for r in data["rounds"]),
   "... and tells what it measured all the same", out)
status, out, err, data = bench(BENCH_STEAL="-1", BENCH_AGAIN="0")
ok(status == 3 and err.count("is disturbed: the hypervisor took") == 3, "so it is for steal", status, err)

status, out, err, data = bench(peer="40 80 40 40 40 40", rounds=4)
ok(status == 0 and [bool(r["disturbed"]) for r in data["rounds"]] == [False, True, False, False, False] and
   "round 2 is disturbed: 1 of 2 figures of peers are more than 20 % off" in err,
   "a round whose peers are not what they are in other rounds is found, once there are others", status, err, data)
ok("\nours_ns 35.000 ns\n" in out, "... and counts no more", out)

status, out, err, data = bench(extra="[ $n != 3 ] || kill -TERM $$")
ok(status == 143 and len(data["rounds"]) == 2 and "\nours_ns 15.000 ns\n" in out and "# tidied\n" in out and
   "ended early, with 143: these are the 2 rounds that it finished of 3" in err,
   "a bench that is interrupted prints the rounds that it has finished", status, out, err)
status, out, err, data = bench(extra='[ $n != 3 ] || { echo "step x" >&"$bench_to"; exit 130; }')
ok(status == 130 and "\nours_ns 15.000 ns\n" in out, "also when it was waiting for an answer", status, out, err)
status, out, err, data = bench(extra="[ $n != 2 ] || false")
ok(status == 1 and len(data["rounds"]) == 1 and "\nours_ns 10.000 ns\n" in out, "and so does one that fails", status, out, err)
status, out, err, data = bench(extra="false")
ok(status == 1 and data is None and "ours_ns" not in out, "without a round there is nothing to print", status, out, err)
ok(bench(rounds="many")[0] != 0, "a number of rounds that is none is refused")

# On a terminal, which prints what is under way, and an interrupt that all of the group get.
pid, fd = pty.fork()
if not pid:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ.update(JSON=work.name + "/t.json", TABLE=table, ROUNDS="3", BENCH_OTHERS="1000", BENCH_STEAL="1000")
    os.execvp("bash", ["bash", "-c", BENCH % {"peer": "40 40 40", "extra": "[ $n != 3 ] || sleep 3600"}])
screen = b""
while b"part 3" not in screen:
    screen += os.read(fd, 4096)
os.write(fd, b"\x03")
try:
    while got := os.read(fd, 4096):
        screen += got
except OSError:
    pass
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
screen = screen.decode()
ok(re.search(r"tried: round 2, 1 of 3 done, about \d+:\d\d left: part 2", screen), "on a terminal it says how far it is", screen)
ok(status == 130 and "ours_ns 15.000 ns" in screen, "Ctrl-C prints the rounds that are finished", status, screen)

# README's tables are those that benches print.
readme = open("README.md").read()
for name in sorted(f for f in os.listdir("tests/bench") if f.endswith(".table")):
    rows = open("tests/bench/" + name).read().splitlines()
    wanted = [re.sub(r"\\\{.*?\\\}", ".+?", re.escape(row)) for row in rows]
    missing = [row for row, w in zip(rows, wanted) if not re.search("^%s$" % w, readme, re.M)]
    ok(not missing, "README has each row of %s" % name, *missing)

# One bench as it is: its parts are the whole.
got = subprocess.run(["tests/bench/start.sh"], capture_output=True, text=True, env=dict(
    os.environ, JSON=work.name + "/start.json", ROUNDS="1", RUNS="1", BENCH_OTHERS="1000", BENCH_STEAL="1000"))
lines = {name: float(value) for name, value, unit in re.findall(r"^(\S+_ms) (\S+) (ms)$", got.stdout, re.M)}
whole = lines.pop("start_marked_ms", -1)
parts = {name: value for name, value in lines.items() if name not in ("true_ms", "start_to_exit_ms")}
ok(got.returncode == 0 and len(parts) == 10 and min(parts.values()) >= 0 and
   abs(sum(parts.values()) - whole) <= 0.2 + whole / 100, "the parts of a start are its whole", got, parts)

# A disk of one's own.
own = work.name + "/own"


def disk(path, mib="1", **env):
    got = subprocess.run(["bash", "-ec", '. tests/bench/lib.sh; bench_disk "$1" "$2"; echo "took $disk"', "bash",
                          work.name + "/b/default", mib], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                         env=dict({k: v for k, v in os.environ.items() if k != "OVERWRITE"}, DISK=path, **env))
    return got.returncode, got.stdout, got.stderr


with open(own, "wb") as f:
    f.truncate(2 << 20)
zeroes = bytes(2 << 20)
got = disk(own)
ok(got[0] == 1 and "the first 1 of 2 MiB of %s will be overwritten" % own in got[2] and "say OVERWRITE=" + own in got[2] and
   open(own, "rb").read() == zeroes, "a disk of one's own is told what will be overwritten, and left alone", got)
ok(disk(own, OVERWRITE="yes")[0] == 1 and open(own, "rb").read() == zeroes, "another word than its path is none")
got = disk(own, "3", OVERWRITE=own)
ok(got[0] == 1 and "it has 2 MiB, and 3 have to be there" in got[2] and open(own, "rb").read() == zeroes,
   "one that is too small is refused", got)
got = disk(own, OVERWRITE=own)
data = open(own, "rb").read()
ok(got[0] == 0 and "took " + own in got[1] and data[:1 << 20] != zeroes[:1 << 20] and data[1 << 20:] == zeroes[1 << 20:],
   "with the word that much of it is overwritten, and no more", got)
ok(disk(work.name + "/none")[0] == 1 and disk("/dev/null", OVERWRITE="/dev/null")[0] == 1,
   "what is no disk is refused")
loop = subprocess.run(["losetup", "--show", "-f", own], capture_output=True, text=True).stdout.strip()
if loop:
    # As a mount does.
    held = os.open(loop, os.O_RDWR | os.O_EXCL)
    got = disk(loop, OVERWRITE=loop)
    os.close(held)
    ok(got[0] == 1 and "it is mounted, swap, or part of another device" in got[2] and open(own, "rb").read() == data,
       "a device that is in use is refused, whatever is said", got)
    got = disk(own, OVERWRITE=own)
    ok(got[0] == 1 and "it is the disk of " + loop in got[2] and open(own, "rb").read() == data,
       "so is the file that is a loop device's", got)
    got = disk(loop, OVERWRITE=loop)
    ok(got[0] == 0 and "NAME" in got[2], "and taken once it is not", got)
    subprocess.run(["losetup", "-d", loop])
else:
    skip("a device that is in use is refused", "no loop device can be had")
with open(own, "r+b") as held:
    before = open(own, "rb").read()
    fcntl.lockf(held, fcntl.LOCK_EX, 1, 100)
    got = disk(own, OVERWRITE=own)
    ok(got[0] == 1 and "another process has locked it" in got[2] and open(own, "rb").read() == before,
       "a file that a machine has locked is refused", got)
default = work.name + "/b/default"
got = disk("", "2")
ok(got[0] == 0 and os.path.getsize(default) == 2 << 20, "without one a file is made", got)
made = open(default, "rb").read()
got = disk("")
ok(got[0] == 0 and open(default, "rb").read() == made, "and not written again for a bench that needs less", got)

done_testing()
