#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Completion: a bash and a zsh, each at a terminal, are asked for it as by who types there.

A key prints what the line has become. What is typed goes to the shell byte by byte, and each answer is
waited for by its mark, so that nothing depends on how fast the shell is.
"""
import atexit
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
sys.dont_write_bytecode = True
sys.path.insert(0, 'tests')
from tap import done_testing, ok

BUILD = os.path.abspath('build')
LIMIT = 120  # seconds, for what hangs


def same(got, wanted, name):
    ok(got == wanted, name, f'got:    {got!r}', f'wanted: {wanted!r}')


class Shell:
    """A shell at a terminal of its own, wide and high enough to show all there is."""

    def __init__(self, name, args, setup):
        self.name, self.seen, self.marks = name, '', 0
        pid, self.fd = pty.fork()
        if not pid:
            os.chdir(folder)
            os.environ.update(TERM='dumb', LC_ALL='C.UTF-8', PATH=f'{folder}/bin:{os.environ["PATH"]}')
            os.execvp(args[0], args)
        self.pid = pid
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', 500, 400, 0, 0))
        for line in setup:
            self.send(line + '\n')
        # It echoes what it is told, before that does anything: the mark is put together by the shell.
        self.send('echo rea""dy\n')
        self.until(r'ready\r?\n')

    def send(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.fd, data):]

    def until(self, pattern):
        """Reads up to a pattern. Returns the match; what came before it is in self.before."""
        while True:
            found = re.search(pattern, self.seen, re.S)
            if found:
                self.before, self.seen = self.seen[:found.start()], self.seen[found.end():]
                return found
            if not select.select([self.fd], [], [], LIMIT)[0]:
                raise SystemExit(f'Bail out! {self.name} does not answer: {self.seen!r}')
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b''
            if not data:
                raise SystemExit(f'Bail out! {self.name} ended: {self.seen!r}')
            self.seen += data.decode(errors='replace')

    def complete(self, text, tabs=1):
        """The line that completing text leaves, and all that was shown meanwhile."""
        self.send(text + '\t' * tabs + '\x07')
        line = self.until(r'<<<(.*?)>>>').group(1)
        self.send('\x15')
        return line, self.before

    def end(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def options_of(command):
    """The options of --help: names of a line's beginning, of each one two at most."""
    text = subprocess.run([*command, '--help'], capture_output=True, text=True, check=True).stdout
    return {name for line in text.splitlines() if re.match(r'  (-\w, )?--\w', line)
            for name in re.findall(r'--[a-z][\w-]*', re.split(r'  +(?=[^- ])', line.strip())[0])}


def check(shell, ends_option):
    """ends_option: what this shell puts behind the name of an option that takes a value."""
    for typed, wanted, name in (
            ('slabvisor ser', 'slabvisor serve ', 'a command'),
            ('slabvisor run --mem', f'slabvisor run --memory{ends_option}', 'an option'),
            ('slabvisor run --dry', 'slabvisor run --dry-run ', 'an option without a value'),
            ('slabvisor run --guest-ring a', 'slabvisor run --guest-ring auto ', 'a word'),
            ('slabvisor run --backing=m', 'slabvisor run --backing=memfd ', 'a word behind a ='),
            ('slabvisor run --hugepages=1', 'slabvisor run --hugepages=1G ', 'one that only a = may be in front of'),
            ('slabvisor run --config gue', 'slabvisor run --config guest.yaml ', 'a file'),
            ('slabvisor run --qmp uni', 'slabvisor run --qmp unix:', 'what is in front of a path'),
            ('slabvisor run --qmp unix:gue', 'slabvisor run --qmp unix:guest.yaml ', 'the path behind it'),
            ('slabvisor run --disk pat', 'slabvisor run --disk path=', 'a key of a comma list'),
            ('slabvisor run --disk path=dis', 'slabvisor run --disk path=disk.img', 'its file'),
            ('slabvisor run --disk=path=dis', 'slabvisor run --disk=path=disk.img', 'its file, all behind a ='),
            ('slabvisor run --disk path=disk.img,rea', 'slabvisor run --disk path=disk.img,readonly=', 'another key'),
            ('slabvisor run --disk path=disk.img,readonly=of', 'slabvisor run --disk path=disk.img,readonly=off',
             'its word'),
            ('slabvisor serve --jail roo', 'slabvisor serve --jail root ', 'a user'),
            ('slabvisor run --cpus 2 progr', 'slabvisor run --cpus 2 program ', 'the program'),
            ('slabvisor run program gue', 'slabvisor run program guest.yaml ', "a file among a program's arguments"),
            ('slabvisor run program --mem', 'slabvisor run program --mem', "no option among a program's arguments"),
            ('slabvisor ctl guest.yaml query-st', 'slabvisor ctl guest.yaml query-status ', 'a command of QMP'),
            (f'slabvisor ctl {GUEST[:-2]}', f'slabvisor ctl {GUEST} ', 'the name of a guest that runs'),
            ('slabvisor doctor --ini', 'slabvisor doctor --ini', 'no option that the command has not'),
            ('slabvisor-vhost-load --iod', f'slabvisor-vhost-load --iodepth{ends_option}', "fio's name of an option"),
    ):
        line, _ = shell.complete(typed)
        # A list may go on: whether a blank or a comma follows is the shell's.
        same(line.rstrip(' ,') if wanted[-1].isalnum() else line, wanted, f'{shell.name} completes {name}')
    for command in (*(['slabvisor', c] for c in COMMANDS), ['slabvisor-vhost-load'], ['slabvisor-vhost-disk']):
        typed = ' '.join(command) + ' --'
        _, shown = shell.complete(typed, tabs=2)
        # From its dashes on: what is left of the line before is in front.
        shown = shown[shown.find(typed) + len(typed) - 2:]
        wanted = options_of([f'{folder}/bin/{command[0]}', *command[1:]])
        got = set(re.findall(r'(?<![\w-])--[a-z][\w-]*', shown))
        # In a line of its own a description may name others, which are in the list anyway.
        ok(wanted <= got and (shell.name != 'bash' or got == wanted),
           f'{shell.name} shows the options of {" ".join(command)}', f'not shown: {wanted - got}', f'more: {got - wanted}')


with tempfile.TemporaryDirectory() as folder:
    os.mkdir(f'{folder}/bin')
    os.symlink(f'{BUILD}/slabvisor', f'{folder}/bin/slabvisor')
    for tool in ('slabvisor-vhost-load', 'slabvisor-vhost-disk'):
        os.symlink(f'{BUILD}/tools/{tool}', f'{folder}/bin/{tool}')
    for file in ('guest.yaml', 'disk.img', 'program'):
        with open(f'{folder}/{file}', 'w', encoding='ascii'):
            pass
    os.mkdir(f'{folder}/zsh')
    os.symlink(f'{BUILD}/completion/slabvisor.zsh', f'{folder}/zsh/_slabvisor')
    listed = subprocess.run([f'{BUILD}/slabvisor', '--help'], capture_output=True, text=True, check=True).stdout
    COMMANDS = re.findall(r'^  ([a-z]+) +', listed, re.M)
    ok(len(COMMANDS) >= 4, 'slabvisor --help lists commands', listed)

    # A guest that has a name, as long as all this takes.
    GUEST = f'completion-{os.getpid()}'
    guest = subprocess.Popen([f'{BUILD}/slabvisor', 'run', '--name', GUEST, f'{BUILD}/guests/ticker'], stdout=subprocess.DEVNULL,
                             stdin=subprocess.DEVNULL)
    atexit.register(guest.wait)
    atexit.register(guest.terminate)
    while GUEST not in subprocess.run([f'{BUILD}/slabvisor', 'list'], capture_output=True, text=True, check=False).stdout:
        if guest.poll() is not None:
            raise SystemExit('Bail out! no guest runs')
        time.sleep(0.02)

    bash = Shell('bash', ['bash', '--norc', '--noprofile', '-i'], (
        'PS1= PROMPT_COMMAND=',
        "bind 'set show-all-if-ambiguous on' 'set completion-query-items 0' 'set page-completions off'",
        "bind 'set enable-bracketed-paste off'; bind 'set bell-style none'",
        'show() { printf "\\n<<<%s>>>\\n" "$READLINE_LINE"; }; bind -x \'"\\C-g": show\'',
        f'. {BUILD}/completion/slabvisor.bash'))
    check(bash, ' ')
    bash.end()
    zsh = Shell('zsh', ['zsh', '-f', '-i'], (
        "PS1='' RPS1='' LISTMAX=0 zle_bracketed_paste=(); setopt no_beep no_prompt_sp",
        f'fpath=({folder}/zsh $fpath); autoload -Uz compinit; compinit -u -D',
        'show() { print -r -- $\'\\n\'"<<<$BUFFER>>>" }; zle -N show; bindkey "^G" show; bindkey "^U" kill-whole-line'))
    check(zsh, '=')
    zsh.end()
done_testing()
