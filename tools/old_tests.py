#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""old_tests.py COMMIT [TEST...]: runs the tests that another commit had against what is built here.

A change of structure leaves the behaviour as it was if the tests of the commit before, which do not
know the change, still pass. They are taken out of git; tests/renames.map says what is called otherwise
here, and what each is let fail for. A unit test is compiled from its own sources and linked with the
objects of this tree. A script runs in a tree of its commit whose build folder is this one's.

TEST is `units`, `scripts`, or the name of a unit test or a script as that commit has it; units and
scripts otherwise. `make old-tests COMMIT=...` calls it: that builds what is needed, and gives it the
compiler's flags (HOST_CFLAGS, HOSTED_CFLAGS, SAN_plain, SAN_asan, SAN_tsan, LIBS) and the archives
build/old/{host,hosted}-VARIANT.a.
"""
import collections
import concurrent.futures
import os
import re
import shlex
import subprocess
import sys

MAP = 'tests/renames.map'
TAP = re.compile(r'^(ok|not ok) \d+ - (.*?)(?: Could not run test: .*)?$', re.M)
PLAN = re.compile(r'^1\.\.(\d+)', re.M)
BINARY = re.compile(r'^build/tests/(\w+)\.(plain|asan|tsan): (.*)', re.M)
# A statement that a unit test or a script can fail by.
ASSERTION = {
    '.c': re.compile(r'\b(?:assert_\w+|fail|fail_msg)\('),
    '.t': re.compile(r'(?:^|[;&|]|\bthen\b|\belse\b)\s*(?:ok|not_ok|is|check|is_status|out_is|err_has|err_is_line)\s', re.M),
    '.pl': re.compile(r'^\s*(?:ok|is|is_deeply|like|cmp_ok|pass|fail)\b', re.M),
}


def run(args, **more):
    return subprocess.run(args, capture_output=True, text=True, errors='replace', **more)


class Map:
    """What tests/renames.map says, which describes itself."""

    def __init__(self, path):
        self.names, self.edits = [], []
        self.let = collections.defaultdict(dict)  # test: {check: reason}
        with open(path, encoding='utf-8') as f:
            for n, line in enumerate(f, 1):
                line = line.strip()
                kind, _, rest = line.partition(' ')
                if not line or line.startswith('#'):
                    continue
                if kind == 'include' and len(rest.split()) == 2:
                    old, new = rest.split()
                    self.names.append((re.compile(r'(#\s*include\s*)"%s"' % re.escape(old)), r'\1"%s"' % new))
                elif kind == 'name' and len(rest.split()) == 2:
                    old, new = rest.split()
                    self.names.append((re.compile(r'\b%s\b' % re.escape(old)), new))
                elif kind == 'edit' and len(rest.split(' ', 1)) == 2:
                    name, expression = rest.split(' ', 1)
                    self.edits.append((n, name, expression))
                elif kind == 'expected' and rest.count(' | ') == 2:
                    test, check, reason = rest.split(' | ')
                    self.let[test][check] = reason
                else:
                    sys.exit(f'{path}:{n}: no line of a map: {line}')

    def apply(self, tree):
        for at, _, files in os.walk(os.path.join(tree, 'tests/unit')):
            for path in (os.path.join(at, f) for f in files if f.endswith(('.c', '.h'))):
                with open(path, encoding='utf-8') as f:
                    text = f.read()
                for old, new in self.names:
                    text = old.sub(new, text)
                with open(path, 'w', encoding='utf-8') as f:
                    f.write(text)
        for n, name, expression in self.edits:
            path = os.path.join(tree, name)
            if not os.path.exists(path):
                continue  # of another commit
            with open(path, encoding='utf-8') as f:
                before = f.read()
            subprocess.run(['sed', '-E', '-i', expression, path], check=True)
            with open(path, encoding='utf-8') as f:
                if f.read() == before:
                    print(f'# {MAP}:{n}: changes nothing in {name}')


class Tests:
    def __init__(self, commit):
        self.map = Map(MAP)
        self.top = 'build/old/' + commit
        self.tree = self.top + '/tree'
        self.passed = self.failed = self.let = 0
        subprocess.run(['rm', '-rf', self.top], check=True)
        os.makedirs(self.tree)
        archive = subprocess.Popen(['git', 'archive', commit], stdout=subprocess.PIPE)
        subprocess.run(['tar', '-x', '-C', self.tree], stdin=archive.stdout, check=True)
        # What is linked into what, and which scripts there are, by that commit's own makefiles.
        database = run(['make', '-C', self.tree, '-pn', 'unit']).stdout
        self.binaries = sorted((name, variant, [o for o in objects.split() if '/tests/unit/' in o])
                               for name, variant, objects in BINARY.findall(database))
        found = re.search(r'^TAP_SCRIPTS :?= (.*)', database, re.M)
        self.scripts = found[1].split() if found else []
        self.old_assertions = assertions(self.tree)
        self.map.apply(self.tree)
        os.symlink(os.path.abspath('build'), self.tree + '/build')

    def judge(self, test, output, status):
        """Counts the checks of a test that printed this TAP."""
        let, good, bad = self.map.let.get(test, {}), 0, []
        seen = TAP.findall(output)
        for result, check in seen:
            key = check if check in let else next((k for k in let if k.endswith('*') and check.startswith(k[:-1])), None)
            reason = let.get(key)
            if result == 'ok':
                good += 1
                if reason and key != '*':
                    bad.append(f'{check}: it passes, and {MAP} lets it fail: {reason}')
            elif reason:
                self.let += 1
                print(f'# {test}: {check}: fails, as {MAP} says: {reason}')
            else:
                bad.append(check)
        plan = PLAN.search(output)
        if not plan or int(plan[1]) != len(seen):
            last = output.strip().split('\n')[-1][:200]
            end = f'{len(seen)} checks of {plan[1] if plan else "no plan"}, and status {status}: {last}'
            reason = let.get('*') or let.get('end')
            if reason:
                self.let += 1
                print(f'# {test}: {end}: as {MAP} says: {reason}')
            else:
                bad.append(end)
        elif let.get('end') or (let.get('*') and good == len(seen)):
            bad.append(f'it passes, and {MAP} lets it fail: {let.get("end") or let["*"]}')
        for what in bad:
            print(f'not ok {test}: {what}')
        self.passed += good
        self.failed += len(bad)
        sys.stdout.flush()

    def compile(self, job):
        """Compiles an object of an old test; returns what the compiler said if it did not."""
        obj, world, variant, source = job
        os.makedirs(os.path.dirname(obj), exist_ok=True)
        flags = os.environ['HOSTED_CFLAGS' if world == 'hosted' else 'HOST_CFLAGS']
        done = run(['gcc', f'-I{self.tree}/tests-only', *shlex.split(flags), *shlex.split(os.environ['SAN_' + variant]),
                    '-c', '-o', obj, f'{self.tree}/tests-only/{source}'])
        return obj, done.stderr if done.returncode else ''

    def units(self, wanted):
        # Its tests alone: what else they include is this tree's.
        os.makedirs(self.tree + '/tests-only/tests')
        os.rename(self.tree + '/tests/unit', self.tree + '/tests-only/tests/unit')
        os.symlink('../tests-only/tests/unit', self.tree + '/tests/unit')
        binaries = [b for b in self.binaries if 'units' in wanted or b[0] in wanted]
        jobs = {}
        for _, variant, objects in binaries:
            for name in objects:
                world = name.split('/')[1].split('-')[0]
                source = name.split('/', 2)[2][:-2] + '.c'
                jobs[name] = (f'{self.top}/{name}', world, variant, source)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            said = dict(pool.map(self.compile, jobs.values()))
        for name, variant, objects in binaries:
            test = f'{name}.{variant}'
            program = f'{self.top}/{test}'
            errors = ''.join(said[jobs[o][0]] for o in objects)
            if not errors:
                done = run(['gcc', '-pthread', *shlex.split(os.environ['SAN_' + variant]), '-o', program,
                            *(jobs[o][0] for o in objects), '-Wl,--start-group', f'build/old/hosted-{variant}.a',
                            f'build/old/host-{variant}.a', '-Wl,--end-group', *shlex.split(os.environ['LIBS'])])
                errors = done.stderr if done.returncode else ''
            if errors:
                with open(program + '.log', 'w', encoding='utf-8') as f:
                    f.write(errors)
                first = next((e for e in errors.split('\n') if re.search(r'error|undefined|multiple', e)), errors)
                self.judge(name, 'is not built: ' + first.strip(), 1)
                continue
            self.judge(name, *self.started([program], '.', program + '.log'))

    def started(self, args, cwd, log):
        """Runs a test; returns its output and status."""
        with open(log, 'w', encoding='utf-8') as f:
            try:
                status = subprocess.run(args, cwd=cwd, stdout=f, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                        env={**os.environ, 'CMOCKA_MESSAGE_OUTPUT': 'TAP'}, timeout=900).returncode
            except subprocess.TimeoutExpired:
                status = 'none, after 900 s'
        with open(log, encoding='utf-8', errors='replace') as f:
            return f.read(), status

    def run_scripts(self, wanted):
        for script in self.scripts:
            with open(f'{self.tree}/{script}', encoding='utf-8') as f:
                builds = re.search(r'^\s*make ', f.read(), re.M)
            if builds:
                print(f'# {script}: is left out: it would build that commit into this build folder')
            elif 'scripts' in wanted or script in wanted:
                log = os.path.abspath(f'{self.top}/{script.replace("/", "_")}.log')
                self.judge(script, *self.started([script], self.tree, log))


def assertions(tree):
    """{kind of test: (files, statements that can fail)} of a tree's tests."""
    found = {'units': [0, 0], 'scripts': [0, 0]}
    for at, _, files in os.walk(os.path.join(tree, 'tests')):
        unit = os.path.relpath(at, tree).startswith('tests/unit')
        for name in files:
            ending = os.path.splitext(name)[1]
            if ending not in ASSERTION or (ending == '.c') != unit:
                continue
            with open(os.path.join(at, name), encoding='utf-8') as f:
                n = len(ASSERTION[ending].findall(f.read()))
            kind = found['units' if unit else 'scripts']
            kind[0] += 1
            kind[1] += n
    return found


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
    if len(sys.argv) < 2:
        sys.exit('usage: tools/old_tests.py COMMIT [TEST...]')
    commit = run(['git', 'rev-parse', '--verify', '--short', sys.argv[1] + '^{commit}']).stdout.strip()
    if not commit:
        sys.exit(f'old_tests: git has no commit {sys.argv[1]}')
    wanted = sys.argv[2:] or ['units', 'scripts']
    tests = Tests(commit)
    tests.units(wanted)
    tests.run_scripts(wanted)
    today = assertions('.')
    for kind, (files, n) in tests.old_assertions.items():
        print(f'{kind}: {n} assertions in {files} files of {commit}, {today[kind][1]} in {today[kind][0]} here')
    print(f'{tests.passed} passed, {tests.failed} failed, {tests.let} failed as {MAP} says')
    sys.exit(1 if tests.failed else 0)


if __name__ == '__main__':
    main()
