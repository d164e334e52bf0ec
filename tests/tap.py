# SPDX-License-Identifier: BSD-2-Clause
"""The TAP of scripts in Python, in the dialect of tests/tap.sh. A script goes to the top of the source
tree, puts tests/ into sys.path, states its checks, and calls done_testing() last."""
import sys

checks = failures = 0


def ok(good, name, *show):
    """One check, a statement that is shown to be true; of one that failed the end of what there is to show.
    Returns whether it is."""
    global checks, failures
    checks += 1
    failures += not good
    print("%sok %d - %s" % ("" if good else "not ", checks, name), flush=True)
    if not good:
        # The line that tests/check.sh looks for.
        print("#   Failed: %d - %s" % (checks, name), file=sys.stderr)
        for line in "\n".join(map(str, show)).splitlines()[-20:]:
            print("#", line, file=sys.stderr, flush=True)
    return bool(good)


def skip(name, reason):
    """Counts a check that cannot be made here."""
    global checks
    checks += 1
    print("ok %d - %s # SKIP %s" % (checks, name, reason), flush=True)


def done_testing():
    """Prints the plan and ends the script; with 1 if a check failed."""
    print("1..%d" % checks, flush=True)
    sys.exit(failures != 0)
