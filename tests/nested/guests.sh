#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine: the guest programs at CPL 0, which is native there.
# One TAP stream; what a program prints stands indented before its own line.
set -u

slabvisor=build/slabvisor
count=0 failures=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

result() { # RESULT(0: good) NAME
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		failures=$((failures + 1))
	fi
}

# show CMD...: runs it for at most 150 s, shows what it prints and keeps it in $out.
show() {
	timeout -k 5 150 "$@" 2>&1 </dev/null | tee "$out" | sed -u 's/^/    /'
	return "${PIPESTATUS[0]}"
}

# tap NAME FILE CMD...: CMD must end with 0 and print a TAP stream that holds what it
# plans and no failure. FILE is what CMD needs built.
tap() {
	local name=$1 file=$2 status good
	shift 2
	if [ ! -x "$file" ]; then
		result 1 "$name"
		echo "# $file is not built"
		return
	fi
	show "$@"
	status=$?
	awk '/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1 }
		/^ok / { n++ }
		/^not ok / { n++; if (!/# *TODO/) bad = 1 }
		/^Bail out!/ { bad = 1 }
		END { exit bad || !planned || !n || n != plan }' "$out"
	good=$?
	[ $status = 0 ] || echo "# exit status $status"
	result $((good | status)) "$name"
}

# prints NAME FILE PATTERN CMD...: CMD must end with 0 and print a line like PATTERN.
prints() {
	local name=$1 file=$2 pattern=$3 status good
	shift 3
	if [ ! -x "$file" ]; then
		result 1 "$name"
		echo "# $file is not built"
		return
	fi
	show "$@"
	status=$?
	grep -qE -- "$pattern" "$out"
	good=$?
	[ $status = 0 ] || echo "# exit status $status"
	result $((good | status)) "$name"
}

tap 'KVM is a stock one' build/nested/probe build/nested/probe
prints 'doctor finds CPL 0 native' $slabvisor 'CPL 0 runs natively' $slabvisor doctor
prints 'hello at CPL 0' build/guests/hello '[Hh]ello' \
	$slabvisor run --guest-ring 0 build/guests/hello
prints 'auto takes CPL 0' build/guests/hello '^ring 0$' \
	$slabvisor run --stats build/guests/hello
for cpus in 1 2 4; do
	tap "selftest at CPL 0, $cpus vCPUs" build/guests/selftest \
		$slabvisor run --guest-ring 0 --cpus $cpus build/guests/selftest
done

# The scripts that run guests under any KVM: here too, at both levels, but for those that take
# more memory, time or devices than this machine has.
for script in tests/cli/*.t tests/guest/*.t; do
	case ${script##*/} in
	wordfreq.t | asan.t | blk_acked.t | blk_budget.t | blk_crash.t | blk_device.t | blk_syscalls.t) ;;
	*) tap "$script" "$script" "$script" ;;
	esac
done

echo "1..$count"
[ $failures = 0 ]
