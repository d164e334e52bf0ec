#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""disk.py PATH MIB: whether a bench may write over the first MIB MiB of a block device or a file of its user's.

Nothing that anybody uses is taken: neither what is mounted, nor swap, nor a part of RAID, LVM and the like. The kernel
knows of all of these, and refuses O_EXCL. Of a file it is asked whether a loop device has it, and whether it is locked,
as machines lock their disks. Who calls has to say that the data may go: by OVERWRITE=PATH, or on a
terminal by typing the path. Ends with 0 if it may.
"""
import fcntl
import glob
import os
import stat
import subprocess
import sys


def refuse(text):
    sys.exit("bench: " + text)


def user_of(fd, st):
    """Who uses a file, in words; None: nobody that the kernel tells of."""
    for at in glob.glob("/sys/block/loop*/loop/backing_file"):
        try:
            with open(at, encoding="utf-8") as backing:
                if os.path.samestat(os.stat(backing.read().rstrip("\n")), st):
                    return "it is the disk of /dev/" + at.split("/")[3]
        except OSError:
            continue
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return "another process has locked it"
    return None


def main():
    path, mib = sys.argv[1], int(sys.argv[2])
    try:
        # Of a file O_EXCL alone says nothing.
        fd = os.open(path, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
        st = os.fstat(fd)
        size = os.lseek(fd, 0, os.SEEK_END)
    except OSError as e:
        used = "" if e.errno != 16 else ": it is mounted, swap, or part of another device; lsblk says of what"
        refuse("DISK=%s: %s%s" % (path, e.strerror, used))
    if not stat.S_ISBLK(st.st_mode) and not stat.S_ISREG(st.st_mode):
        refuse("DISK=%s: a block device or a file would be right" % path)
    used = user_of(fd, st) if stat.S_ISREG(st.st_mode) else None
    if used:
        refuse("DISK=%s: %s" % (path, used))
    if size < mib << 20:
        refuse("DISK=%s: it has %d MiB, and %d have to be there" % (path, size >> 20, mib))
    print("bench: the first %d of %d MiB of %s will be overwritten" % (mib, size >> 20, path), file=sys.stderr)
    if stat.S_ISBLK(st.st_mode):
        try:
            subprocess.run(["lsblk", "-o", "NAME,SIZE,MODEL,FSTYPE,LABEL,PARTLABEL", path], stdout=sys.stderr)
        except OSError:
            pass
    word = os.environ.get("OVERWRITE", "")
    if not word and sys.stdin.isatty():
        word = input("Its path, typed once more, says that its data may go: ")
    if word != path:
        refuse("DISK=%s: say OVERWRITE=%s if its data may go; nothing was written" % (path, path))


main()
