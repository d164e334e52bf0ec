#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Prints the rooms of the house, their sizes and the arrows between them, from the sources.

A room is a folder below mm, virtio, vmm or guest/lib, or a guest program's. An arrow is an include, or
the mention of a function that a file of the other room defines. tools/rooms.order lists the rooms from
the bottom up: arrows run downwards only, but for those that it allows by name, each with its reason.
A function that a port declares is called through the port, whichever room above defines it.

It tells of calls that run upwards, and of files of a room that call each other in a circle. With
--check it looks at what may not be there at all, and ends with 1 if anything is:
  - a file includes another room's priv.h, or *_priv.h;
  - an include runs upwards, as one of every circle of rooms does;
  - an include names a file that is no room's (a program's header names one of a room), or a macro;
  - a file declares a function of another room by itself, where a header has to say it;
  - a file is a link, by which it would lie in two rooms;
  - a room stands in the sources and not in the list, or the other way round;
  - the list allows an arrow that is not there;
  - a document names a path, or a function as `name()`, that is not there.
"""
import collections
import glob
import os
import re
import subprocess
import sys

TOPS = ('mm', 'virtio', 'vmm', 'guest')
DOCUMENTS = ('*.md', 'docs/*.md')
WORD = re.compile(r'[A-Za-z_]\w*')
# What a document names between `...`.
PATH = re.compile(r'`((?:mm|virtio|vmm|guest|tools|tests|configs|docs)/[\w./-]*)`')
FUNCTION = re.compile(r'`(\w+)\(\)`')
CALLED = re.compile(r'([A-Za-z_]\w*)\(')
# Names that are no function's, though one may be called alike.
NO_FUNCTION = re.compile(r'(->|\.)\s*\w+|\b(struct|union|enum)\s+\w+')
# A definition at the left edge, as the style has it: no `;` before the body's brace.
DEFINED = re.compile(r'^(?!static\b|typedef\b|#|(?:struct|enum|union)\b[\w\s]*\{)[A-Za-z_][\w\s*]*?\b(\w+)\('
                     r'[^;{}]*\)[\w\s()]*\n\{', re.M)
# However it is spelt, once comments are gone and lines that go on are one.
INCLUDED = re.compile(r'^[ \t]*(?:#|%:)[ \t]*(?:include|include_next|import)\b[ \t]*(.*)$', re.M)
NAMED = re.compile(r'(?:"([^"]+)"|<([^>]+)>)\s*$')
COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|("(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|<[\w./-]+>)', re.S)
# A declaration at the left edge, as DEFINED but for its end.
DECLARED = re.compile(r'^(?!static\b|typedef\b|return\b|#)[A-Za-z_][\w\s*]*?\b(\w+)\([^;{}]*\)[\w\s()]*;', re.M)
NO_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def sources(contracts):
    """The C files of the rooms that git tracks, or, outside a checkout, that are there."""
    listed = subprocess.run(['git', 'ls-files', '--cached', '--others', '--exclude-standard', '--', *TOPS],
                            capture_output=True, text=True)
    names = listed.stdout.split()
    if listed.returncode:
        names = [os.path.join(at, f) for top in TOPS for at, _, fs in os.walk(top) for f in fs]
    names = [f for f in names if f in contracts or not f.startswith('guest/include/')]
    return sorted({f for f in names if f.endswith(('.c', '.h', '.S')) and os.path.exists(f)})


def headers():
    """What programs include, and is no contract: it belongs to no room, and knows of none."""
    return sorted(os.path.join(at, f) for at, _, fs in os.walk('guest/include') for f in fs if f.endswith('.h'))


def included(text):
    """What a text includes: (name, whether between quotes), or (None, what stands there)."""
    text = COMMENT.sub(lambda m: m.group(1) or ' ', text.replace('\\\n', ''))
    for what in INCLUDED.findall(text):
        named = NAMED.match(what)
        yield (named.group(1) or named.group(2), named.group(1) is not None) if named else (None, what.strip())


def order(path):
    """Returns the rooms from the bottom up, {file: room} of contracts, the ports among these, and
    {(from, to): reason}."""
    rooms, contracts, ports, allowed = [], {}, [], {}
    with open(path, encoding='utf-8') as f:
        for n, line in enumerate(f, 1):
            line = line.split('#')[0].strip()
            if not line:
                continue
            words = line.split()
            if words[0] == 'room' and len(words) == 2:
                rooms.append(words[1])
            elif words[0] in ('contract', 'port') and len(words) == 2:
                rooms.append(words[1])
                contracts[words[1]] = words[1]
                if words[0] == 'port':
                    ports.append(words[1])
            elif words[0] == 'allow' and len(words) > 4 and words[2] == '->':
                allowed[(words[1], words[3])] = ' '.join(words[4:])
            else:
                sys.exit(f'{path}:{n}: "room NAME", "contract FILE", "port FILE" or "allow ROOM -> ROOM REASON" is right')
    return rooms, contracts, ports, allowed


def scope(file):
    """Where a name means one function: each guest program, their library, all of the host's files."""
    words = file.split('/')
    return '/'.join(words[:2]) if words[0] == 'guest' else ''


def circles(arrows):
    """The circles of a graph {(from, to)}: its strongly connected parts of more than one node."""
    to = collections.defaultdict(set)
    for a, b in arrows:
        to[a].add(b)
    index, low, stack, on, found = {}, {}, [], set(), []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        on.add(v)
        for w in to[v]:
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in on:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            part = []
            while True:
                w = stack.pop()
                on.discard(w)
                part.append(w)
                if w == v:
                    break
            if len(part) > 1:
                found.append(sorted(part))

    sys.setrecursionlimit(10000)
    for v in list(to):
        if v not in index:
            visit(v)
    return sorted(found)


class House:
    def __init__(self, path):
        self.listed, contracts, self.ports, self.allowed = order(path)
        self.rank = {r: i for i, r in enumerate(self.listed)}
        self.files = sources(contracts)
        self.room = {f: contracts.get(f, os.path.dirname(f)) for f in self.files}
        self.text = {}
        for f in self.files:
            with open(f, encoding='utf-8') as source:
                self.text[f] = source.read()
        self.includes = {}  # (file, file): 1
        self.outside = {}  # (file, file that is no room's): 1
        # What programs' headers may include: contracts, and what the wire is like.
        self.free = {f for f in self.files if self.room[f] in (f, 'virtio/abi')}
        self.unnamed = []  # (file, what stands in place of a name)
        self.declared = set()  # (file, name, file that defines it)
        self.calls = collections.defaultdict(set)  # (file, file): names
        self.read_includes()
        self.read_calls()

    def read_includes(self):
        public = [f for f in headers() if f not in self.room]
        texts = dict(self.text)
        for f in public:
            with open(f, encoding='utf-8') as source:
                texts[f] = source.read()
        for f in texts:
            for name, near in included(texts[f]):
                if name is None:
                    self.unnamed.append((f, near))
                    continue
                places = [os.path.dirname(f)] * near + ['.', 'guest/include']
                paths = [os.path.normpath(os.path.join(place, name)) for place in places]
                target = next((p for p in paths if os.path.isfile(p)), f)
                if target in (f, *public):
                    continue
                if f in public or target not in self.room:
                    self.outside[(f, target)] = 1
                else:
                    self.includes[(f, target)] = 1

    def read_calls(self):
        whole = {f: INCLUDED.sub(' ', NO_CODE.sub(' ', self.text[f])) for f in self.files}
        code = {f: NO_FUNCTION.sub(' ', whole[f]) for f in self.files}
        defined = {}  # (scope, name): file; hosted files stand in for the machine's
        for f in self.files:
            if f.endswith('.c'):
                for name in DEFINED.findall(whole[f]):
                    key = (scope(f), name)
                    if key not in defined or '/hosted/' in defined[key]:
                        defined[key] = f
        for port in self.ports:
            for name in CALLED.findall(code[port]):
                if ('guest/lib', name) in defined:
                    defined[('guest/lib', name)] = port
        for f in self.files:
            if not f.endswith('.c'):
                continue
            # Each program has a main().
            for name in set(WORD.findall(code[f])) - {'main'}:
                target = self.definer(defined, f, name)
                if target and target != f and not re.search(r'\bstatic\b[^;{}()]*\b%s\(' % name, code[f]):
                    self.calls[(f, target)].add(name)

            for name in set(DECLARED.findall(whole[f])):
                target = self.definer(defined, f, name)
                if target and self.room[target] != self.room[f]:
                    self.declared.add((f, name, target))

    @staticmethod
    def definer(defined, f, name):
        """The file that defines the function which a file means by a name, or None."""
        target = defined.get((scope(f), name))
        if not target and f.startswith('guest/'):
            target = defined.get(('guest/lib', name))
        return target

    def between(self, arrows):
        """{(room, room): [(file, file)]} of those arrows that leave their room."""
        out = collections.defaultdict(list)
        for a, b in arrows:
            if self.room[a] != self.room[b]:
                out[(self.room[a], self.room[b])].append((a, b))
        return out

    def upwards(self, arrow):
        a, b = arrow
        return self.rank.get(a, -1) < self.rank.get(b, -1)

    def file_circles(self, room):
        inside = {(a, b) for a, b in self.calls if self.room[a] == self.room[b] == room}
        return circles(inside)

    def broken(self):
        """What breaks a rule: of includes, of the list itself, and of documents."""
        out = []
        for room in sorted(set(self.room.values()) - set(self.listed)):
            out.append(f'{room}: the room is not in tools/rooms.order')
        for room in self.listed:
            if room not in self.room.values():
                out.append(f'{room}: tools/rooms.order lists it, and it has no file')
        for f in self.files:
            if os.path.islink(f):
                out.append(f'{f}: a link: a file lies in one room')
        for f, what in sorted(self.unnamed):
            out.append(f'{f}: includes {what}: name the file itself')
        for (a, b) in sorted(self.outside):
            if (a, b) in self.allowed or (a not in self.room and b in self.free):
                continue
            why = 'which is a room\'s, and programs include this' if b in self.room else 'which is no room\'s'
            out.append(f'{a}: includes {b}, {why}')
        for f, name, target in sorted(self.declared):
            out.append(f'{f}: declares {name}(), which {target} defines: include its header')
        for (a, b) in sorted(self.includes):
            private = self.room[a] != self.room[b] and re.search(r'(^|[/_])priv\.h$', b)
            if private and (a, b) not in self.allowed:
                out.append(f'{a}: includes {b}, which is private to its room')
        rooms = self.between(self.includes)
        for arrow in sorted(rooms):
            if self.upwards(arrow) and arrow not in self.allowed:
                for a, b in sorted(rooms[arrow]):
                    if (a, b) not in self.allowed:
                        out.append(f'{a}: includes {b}, upwards: {arrow[0]} lies below {arrow[1]}')
        for arrow in sorted(self.allowed):
            if arrow not in rooms and arrow not in self.includes and arrow not in self.outside:
                out.append(f'{arrow[0]} -> {arrow[1]} is allowed, and nothing is included so')
        return out + self.named_in_vain()

    def named_in_vain(self):
        """What documents name that has gone, or has another name."""
        out, words = [], set(WORD.findall(' '.join(self.text.values())))
        for document in sorted(name for pattern in DOCUMENTS for name in glob.glob(pattern)):
            with open(document, encoding='utf-8') as f:
                text = f.read()
            for path in sorted(set(PATH.findall(text))):
                if not os.path.exists(path):
                    out.append(f'{document}: names {path}, which is not there')
            for function in sorted(set(FUNCTION.findall(text)) - words):
                out.append(f'{document}: names {function}(), which is not there')
        return out

    def told(self):
        """What of the calls is worth a look."""
        out = []
        rooms = self.between(self.calls)
        for arrow in sorted(rooms):
            if self.upwards(arrow):
                for a, b in sorted(rooms[arrow]):
                    names = ', '.join(sorted(self.calls[(a, b)]))
                    out.append(f'{a}: calls {names} of {b}, upwards: {arrow[0]} lies below {arrow[1]}')
        for part in circles(rooms):
            out.append('a circle of calls between rooms: ' + ', '.join(part))
        for room in sorted(set(self.room.values())):
            for part in self.file_circles(room):
                out.append(f'a circle of calls in {room}: ' + ', '.join(map(os.path.basename, part)))
        return out

    def show(self):
        print(f'{"room":24}{"files":>6}{"lines":>7}   from the top down')
        for room in reversed(self.listed):
            mine = [f for f in self.files if self.room[f] == room]
            print(f'{room:24}{len(mine):6}{sum(self.text[f].count(chr(10)) for f in mine):7}')
        includes, calls = self.between(self.includes), self.between(self.calls)
        print(f'\n{"from":24}{"to":24}{"includes":>9}{"calls":>7}')
        for arrow in sorted(set(includes) | set(calls), key=lambda r: (-self.rank.get(r[0], 0), -self.rank.get(r[1], 0))):
            names = sum(len(self.calls[p]) for p in calls.get(arrow, ()))
            mark = ''
            if self.upwards(arrow):
                mark = '   upwards' + (': ' + self.allowed[arrow] if arrow in self.allowed else '')
            print(f'{arrow[0]:24}{arrow[1]:24}{len(includes.get(arrow, ())):9}{names:7}{mark}')


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
    args = sys.argv[1:]
    if args not in ([], ['--check']):
        sys.exit('rooms: --check, or nothing, is right')
    house = House('tools/rooms.order')
    found = house.broken()
    if not args:
        house.show()
        print()
        for line in house.told():
            print(line)
    for line in found:
        print('rooms: ' + line)
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
