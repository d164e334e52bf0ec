# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Waits for states, for any POSIX shell. A limit is for what hangs: a loaded machine may take long for
# what takes no time, so a minute is little. It is counted in tries, of which a machine makes few when
# it is busy with others.

# until_true SECONDS COMMAND...: tries until it succeeds.
until_true() {
	wait_tries=$(($1 * 50))
	shift
	until "$@"; do
		wait_tries=$((wait_tries - 1))
		[ $wait_tries -gt 0 ] || return 1
		sleep 0.02
	done
}

# listens PATH: somebody listens at this socket, by the kernel's list: its flags are in the fourth column,
# the path is in the eighth. That the path is there tells nothing: it is so a moment earlier, when who
# connects is refused, and a service leaves it behind.
listens() {
	awk -v path="$1" '$8 == path && $4 == "00010000" { found = 1 } END { exit !found }' /proc/net/unix
}

# ended PID: it has ended, whether or not somebody has waited for it.
ended() {
	! kill -0 "$1" 2>/dev/null || grep -qs '^State:.Z' "/proc/$1/status"
}
