#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# planted.sh BENCH...: whether a bench (kmalloc, start, nested-boot, ...) finds a load that is planted: a busy loop on one
# CPU, from the end of its first round until the end of its second, or during the first where there is one alone. That
# one has to be told to be disturbed and made again, and the others to be quiet, so that the bench ends with 0. For a machine
# that is quiet but for that.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

rounds_of() { # FILE
	{ grep -s '"load_disturbed"' "$1" || true; } | wc -l
}

for bench; do
	json=$work/$bench.json
	spoilt=2
	[ "$bench" != nested-boot ] || spoilt=1
	JSON=$json ROUNDS=${ROUNDS:-2} "tests/bench/${bench//-/_}.sh" >"$work/out" 2>"$work/err" &
	pid=$!
	while [ "$(rounds_of "$json")" -lt $((spoilt - 1)) ] && kill -0 $pid 2>/dev/null; do
		sleep 0.05
	done
	taskset -c 0 "$BASH" -c 'while :; do :; done' &
	loop=$!
	while [ "$(rounds_of "$json")" -lt $spoilt ] && kill -0 $pid 2>/dev/null; do
		sleep 0.05
	done
	kill $loop
	wait $loop 2>/dev/null
	wait $pid
	status=$?
	python3 - "$json" "$status" "$bench" "$spoilt" <<-'END' || failed=1
		import json, sys
		try:
		    data = json.load(open(sys.argv[1]))
		except OSError:
		    sys.exit("%s: it made no round" % sys.argv[3])
		told = [bool(r["load_disturbed"]) for r in data["rounds"]]
		n = int(sys.argv[4])
		good = told == [False] * (n - 1) + [True] + [False] * (len(told) - n) and len(told) > n and sys.argv[2] == "0"
		print("%s: %s, status %s: %s" % (sys.argv[3], "found, and no other round" if good else "NOT AS PLANTED", sys.argv[2],
		      "; ".join("%d: others %.1f %%, steal %.1f %%%s" % (r["number"], r["others_percent"], r["steal_percent"],
		      ", disturbed" if r["disturbed"] else "") for r in data["rounds"])))
		sys.exit(not good)
	END
done
exit $failed
