#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A monitor that its sandbox ends while the terminal is a guest's console: the terminal is as it was, whichever thread
made the call; and what lets it be restored lets no thread set another mode."""
import os
import shutil
import subprocess
import sys
import tempfile
import termios
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import done_testing, ok

B = os.environ.get("B", "build")
SLABVISOR = os.environ.get("SLABVISOR", B + "/slabvisor")
ATTACKER = os.path.abspath(B + "/tests/sandbox/attacker.so")
SOCKET = "41 1 1 0"
# Of standard input, to what the attacker has in its memory.
SET_MODE = "16 0 0x5402 page"


class Run:
    """A guest whose console is a terminal, until a thread makes a call: how it ended, what it said, and the
    terminal's mode before and after."""

    def __init__(self, work, thread, call, *options):
        master, slave = os.openpty()
        # One that no program would choose by itself.
        mode = termios.tcgetattr(slave)
        mode[0] &= ~termios.IXON
        mode[6][termios.VEOF] = b"\x05"
        termios.tcsetattr(slave, termios.TCSANOW, mode)
        self.before = termios.tcgetattr(slave)
        child = os.fork()
        if not child:
            os.close(master)
            os.login_tty(os.dup(slave))
            os.environ.update(LD_PRELOAD=ATTACKER, ATTACK_THREAD=thread, ATTACK_CALL=call, ATTACK_RAW="1")
            os.execv(SLABVISOR, [SLABVISOR, "run", "--memory", "64M", "--timeout", "300", "--qmp",
                                 "unix:" + work + "/qmp", "--disk", "path=" + work + "/disk", *options,
                                 "--kernel", B + "/tests/asm/pvh64", "--append", "E"])
        while not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            time.sleep(0.05)
            # Threads that sleep look up.
            if thread not in ("io", "qmp"):
                continue
            subprocess.run([SLABVISOR, "ctl", work + "/qmp", "stop"], capture_output=True, check=False, timeout=60)
        self.status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        self.after = termios.tcgetattr(slave)
        os.set_blocking(master, False)
        self.said = os.read(master, 65536).decode(errors="replace")
        os.close(master)
        os.close(slave)

    def is_raw(self):
        return not self.after[3] & termios.ICANON

    def was_ended(self, number):
        return self.status == 159 and "made system call %d (" % number in self.said


def main():
    work = tempfile.mkdtemp(dir=B)
    try:
        with open(work + "/disk", "wb") as disk:
            disk.truncate(16 << 20)
        for thread in "vcpu", "io", "qmp", "terminal", "main":
            run = Run(work, thread, SOCKET, "--sandbox", "off")
            ok(run.status == 42 and run.is_raw(), thread + ": makes a call while the terminal is raw", run.status,
               run.said)
            run = Run(work, thread, SOCKET)
            ok(run.was_ended(41), "... which ends a monitor in its sandbox", run.status, run.said)
            ok(run.after == run.before, "... that leaves the terminal as it was", run.before, run.after)
            if thread == "main":
                continue
            run = Run(work, thread, SET_MODE)
            ok(run.was_ended(16) and run.after == run.before, "... and lets it set no mode of its own", run.status,
               run.said)
    finally:
        shutil.rmtree(work)
    done_testing()


main()
