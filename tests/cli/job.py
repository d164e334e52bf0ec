#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# The monitor as a job of an interactive shell, on a terminal of its own: started in the background
# it leaves the terminal alone, in the foreground it has it, and stopped it has given it back.
import os
import pty
import re
import select
import signal
import sys
import tempfile
import termios
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from tap import done_testing, ok

B = os.environ.get('B', 'build')
SLABVISOR = os.path.abspath(os.environ.get('SLABVISOR', B + '/slabvisor'))
KERNEL = os.path.abspath(B + '/tests/asm/pvh64')
ECHO = os.path.abspath(B + '/tests/asm/echo')
PATIENCE = 30



class Shell:
    """bash, its prompt the last status; without readline, which would set the terminal itself."""

    def __init__(self):
        self.seen = b''
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ.update(PS1='<$?>', PS2='', TERM='dumb', S=SLABVISOR, K=KERNEL)
            os.execvp('bash', ['bash', '--norc', '--noprofile', '--noediting', '-i'])

    def send(self, text):
        os.write(self.fd, text)

    def expect(self, pattern):
        """Waits for it in what was printed since the last; returns the match, or None."""
        end = time.monotonic() + PATIENCE
        while True:
            found = re.search(pattern, self.seen, re.S)
            if found:
                self.seen = self.seen[found.end():]
                return found
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                return None
            try:
                data = os.read(self.fd, 4096)
            except OSError:
                return None
            self.seen += data

    def is_cooked(self):
        """Whether the terminal edits lines."""
        return bool(termios.tcgetattr(self.fd)[3] & termios.ICANON)

    def becomes_cooked(self, wanted):
        end = time.monotonic() + PATIENCE
        while self.is_cooked() != wanted:
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def answers(self):
        """The shell, and nobody else, has what is typed."""
        self.send(b'echo shell-$((40+2))\n')
        return self.expect(rb'shell-42')

    def jobs(self):
        self.send(b'jobs -l; echo that-is-$((40+2))\n')
        found = self.expect(rb'that-is-42')
        return found and found.string[:found.end()]

    def job_pid(self):
        self.send(b'echo pid-$!-\n')
        found = self.expect(rb'pid-(\d+)-')
        return int(found.group(1)) if found else 0

    def end(self):
        os.close(self.fd)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def said(sh, pattern, name):
    return ok(sh.expect(pattern), name, sh.seen[-500:])


def guest_has_input(sh, name):
    sh.send(b'x')
    return said(sh, rb'\[x\]', name)


def linux_guest():
    sh = Shell()
    sh.answers()
    sh.send(b'"$S" run --memory 64M --kernel "$K" --append E &\n')
    said(sh, rb'cmdline E.*\necho', 'a guest that is started in the background runs')
    pid = sh.job_pid()
    jobs = sh.jobs() or b''
    ok(b'Running' in jobs and b'Stopped' not in jobs, '... and is not stopped', jobs)
    ok(sh.is_cooked(), '... and leaves the terminal as it is')
    ok(all([sh.answers() for _ in range(20)]), '... and what is typed to the shell')

    sh.send(b'fg\n')
    ok(sh.becomes_cooked(False), 'brought to the foreground it takes the terminal')
    guest_has_input(sh, '... of which a key is the guest\'s')
    sh.send(b'\x1a\x03')
    said(sh, rb'\[\x1a\]\[\x03\]', '... so are those that stop and end jobs')

    os.kill(pid, signal.SIGTSTP)
    said(sh, rb'Stopped', 'told to stop, it stops')
    ok(sh.becomes_cooked(True), '... and gives the terminal back')
    ok(sh.answers(), '... to the shell')
    sh.send(b'bg\n')
    ok(sh.answers(), 'going on in the background it leaves what is typed')
    ok(sh.is_cooked(), '... and the terminal')
    sh.send(b'fg\n')
    ok(sh.becomes_cooked(False), '... and takes both in the foreground')
    guest_has_input(sh, '... for the guest')

    os.kill(pid, signal.SIGSTOP)
    said(sh, rb'Stopped', 'stopped without a word')
    ok(sh.answers(), '... it leaves the shell what that makes of it')
    sh.send(b'stty -ixon; fg\n')
    ok(sh.becomes_cooked(False), '... and has the terminal again')
    guest_has_input(sh, '... with its keys')
    sh.send(b'q')
    said(sh, rb'\[q\]', 'the guest ends')
    ok(sh.becomes_cooked(True), '... and the terminal is as the shell had it')
    ok(not termios.tcgetattr(sh.fd)[0] & termios.IXON, '... before it went on')
    sh.send(b'echo status-$?-\n')
    said(sh, rb'status-0-', '... with its own status')

    sh.send(b'"$S" run --memory 64M --kernel "$K" --append E\n')
    ok(sh.becomes_cooked(False), 'started in the foreground a guest has the terminal')
    said(sh, rb'\necho', '... as it starts')
    sh.send(b'\x01x')
    ok(sh.becomes_cooked(True), '... and Ctrl-A x ends it')
    sh.send(b'echo status-$?-\n')
    said(sh, rb'status-130-', '... as Ctrl-C would a program')
    sh.send(b'"$S" run --memory 64M --kernel "$K" --append E &\n')
    said(sh, rb'\necho', 'one in the background')
    sh.send(b'kill %1; wait %1; echo status-$?-\n')
    said(sh, rb'status-143-', '... ends by SIGTERM')
    ok(sh.is_cooked(), '... without a look at the terminal')
    sh.end()


def program():
    sh = Shell()
    sh.answers()
    sh.send(b'"$S" run %s\n' % ECHO.encode())
    for turn in ('a program', 'stopped by Ctrl-Z and brought back it'):
        sh.send(b'first\n')
        said(sh, rb'first\r\n.*first\r\n', turn + ' has its input')
        sh.send(b'\x1a')
        said(sh, rb'Stopped', '... and stops by Ctrl-Z')
        ok(sh.answers(), '... which leaves the shell')
        sh.send(b'fg\n')
    sh.send(b'last\n')
    said(sh, rb'last\r\n.*last\r\n', '... and again')
    sh.send(b'\x03')
    said(sh, rb'<130>', 'Ctrl-C ends it')
    sh.end()


def service():
    with tempfile.TemporaryDirectory() as folder:
        disk, sock = folder + '/disk', folder + '/sock'
        with open(disk, 'wb') as f:
            f.truncate(1 << 20)
        sh = Shell()
        sh.answers()
        sh.send(b'stty tostop; "$S" serve --direct off --blk-file %s --socket-path %s &\n' %
                (disk.encode(), sock.encode()))
        end = time.monotonic() + PATIENCE
        while not os.path.exists(sock) and time.monotonic() < end:
            time.sleep(0.01)
        import socket
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(PATIENCE)
        try:
            s.connect(sock)
            s.send(bytes(12))
            s.recv(1)
        except OSError as e:
            ok(False, 'the service answers', e)
        said(sh, rb'a malformed message', 'a service in the background of a tostop terminal speaks')
        jobs = sh.jobs() or b''
        ok(b'Running' in jobs and b'Stopped' not in jobs, '... and is not stopped by it', jobs)
        sh.send(b'kill %1; wait %1; echo status-$?-\n')
        said(sh, rb'status-0-', '... and ends well')
        sh.end()


signal.alarm(300)
linux_guest()
program()
service()
done_testing()
