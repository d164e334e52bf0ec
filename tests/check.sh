#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# check.sh TEST...: runs the tests by prove, one suite a folder, in the order in which the folders
# first appear. A suite that fails does not keep the next from running. What comes last is a table of
# the suites with their times, the tests that failed, and one line with the count.
set -u

cd "$(dirname "$0")/.." || exit 2
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
rm -f build/nested/reruns

suite_of() { # TEST: unit tests are programs, the others lie in the folder of their suite
	case $1 in
	build/*) echo units ;;
	*) basename "$(dirname "$1")" ;;
	esac
}

# Machines of the nested suite wait for each other's disks and for time: two at once end sooner.
# Everything else measures, or loads all CPUs by itself.
jobs_of() { # SUITE
	[ "$1" = nested ] && echo 2 || echo 1
}

declare -A tests
suites=()
for t; do
	name=$(suite_of "$t")
	[ -n "${tests[$name]+there}" ] || suites+=("$name")
	tests[$name]+=" $t"
done
[ ${#suites[@]} -gt 0 ] || {
	echo 'check: no test was named' >&2
	exit 2
}

passed=0 failed=0
for name in "${suites[@]}"; do
	echo "== $name"
	began=$SECONDS
	# shellcheck disable=SC2086 # a list of words
	CMOCKA_MESSAGE_OUTPUT=TAP prove --timer -j"$(jobs_of "$name")" -e '' ${tests[$name]} 2>&1 |
		tee "$log/$name"
	status=${PIPESTATUS[0]}
	# prove's own summary: "Files=2, Tests=30, ...", and for each file that failed
	# "NAME (Wstat: 256 Tests: 12 Failed: 1)". A file that died has failed once at least.
	read -r good bad < <(awk -v status="$status" '
		/^Files=[0-9]+, Tests=[0-9]+,/ { gsub(/[^0-9 ]/, " "); all = $2 }
		/\(Wstat: .*Tests: [0-9]+ Failed: [0-9]+\)/ {
			n = $0; sub(/.*Failed: /, "", n); n += 0; counted += n; bad += n ? n : 1 }
		END { if (status && !bad) bad = 1; print all - counted, bad + 0 }' "$log/$name")
	passed=$((passed + good)) failed=$((failed + bad))
	printf '  %-10s %5d tests %4d failed %5d s\n' "$name" $((good + bad)) "$bad" $((SECONDS - began)) \
		>>"$log/table"
	# Each check of a script that failed, with the first lines that it said of it.
	awk -v suite="$name" '
		/^#   Failed: / { left = 13 }
		!/^#/ { left = 0 }
		left-- > 0 || /\(Wstat: / { print "  " suite ": " $0 }' "$log/$name" >>"$log/failures"
done

echo
echo 'suite       tests        failed    time'
cat "$log/table"
if [ -s build/nested/reruns ]; then
	echo "The machine around the nested tests died, and the script was run again: $(wc -l <build/nested/reruns) times"
	sed 's/^/  /' build/nested/reruns
fi
if [ -s "$log/failures" ]; then
	echo 'What failed:'
	cat "$log/failures"
fi
printf '%d s in all\n' "$SECONDS"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
