#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The commands of README.md, from top to bottom, as they are written: each is run here, in a folder that
# looks like the tree, or by another test that is named below. Sockets are in the test's own folder.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
. tests/readme.sh
. tests/wait.sh

# PATTERN TEST: who runs a command that is not run here.
elsewhere='
make demo*|tests/demo.sh
make check*|.ci/run
make install*|tests/guest/install.t
make module*|tests/nested/module.t
~ \#*|tests/nested/module.sh
make deb*|tests/install/deb.t
apt install*|tests/install/deb.t
gcc *|tests/guest/install.t
slabvisor run hello *|tests/guest/install.t
tools/mkinitramfs.sh *|tests/nested/linux.t
*--kernel /boot/vmlinuz*|tests/nested/linux.sh
*--kernel ...*|tests/nested/memory.sh
'

tree=$work/tree
mkdir -p "$tree" "$work/run"
for name in README.md configs tools; do
	ln -s "$PWD/$name" "$tree/$name"
done
# The folder that is tested, by the name that it has in the README.
ln -s "$(realpath "$B")" "$tree/build"

readme_commands >"$work/commands"
[ "$(wc -l <"$work/commands")" -ge 20 ]
ok $? 'README.md has commands' || diag <"$work/commands"

other_test() { # COMMAND: prints who runs it
	local pattern name
	while IFS='|' read -r pattern name; do
		# shellcheck disable=SC2254 # a pattern
		case $1 in
		$pattern) [ -n "$pattern" ] && echo "$name" && return ;;
		esac
	done <<<"$elsewhere"
	return 1
}

# Names have their sockets in the run directory.
if [ "$(id -u)" -ne 0 ]; then
	export XDG_RUNTIME_DIR="$work/run"
	readme_names=$work/run/slabvisor
fi

# answers COMMAND SOCKET: it is as far as who types the next command finds it.
answers() {
	case $1 in
	*--qmp* | *--name*) "$SLABVISOR" ctl "$2" query-memory >/dev/null 2>&1 ;;
	*) listens "$2" ;;
	esac
}

answers_or_gone() {
	answers "$@" || ended "$pid"
}

# stays COMMAND: starts it; returns once it answers.
stays() {
	local command=${1%&} path pid
	path=$(readme_socket_of "$1")
	(cd "$tree" && exec bash -c "exec $command") >>"$out" 2>>"$err" </dev/null &
	pid=$!
	at_end "kill -KILL $pid 2>/dev/null; wait $pid 2>/dev/null"
	until_true 60 answers_or_gone "$command" "$path"
	answers "$command" "$path"
}

while read -r command; do
	: >"$out"
	: >"$err"
	if name=$(other_test "$command"); then
		[ -e "$name" ]
		ok $? "$command # by $name"
		continue
	fi
	command=${command//\/run\//$work/run/}
	wanted=0
	# One that faults, and whose report the README shows.
	case $command in *null_read) wanted=120 ;; esac
	if [ -n "$(readme_socket_of "$command")" ]; then
		stays "$command"
	else
		(cd "$tree" && timeout -s KILL 600 bash -c "$command") >"$out" 2>"$err" </dev/null
	fi
	status=$?
	is $status $wanted "$command" || say_output
done <"$work/commands"

# What the last of the guests with a report said is what is shown of it, but for addresses.
build/slabvisor run build/guests/negative null_read >"$out" 2>"$err" </dev/null
plain() { sed -e 's/rip 0x[0-9a-f]*/rip R/' -e 's/^ *//'; }
sed -n '/null_read$/,/null pointer/p' README.md | sed 1d | plain >"$work/shown"
head -2 "$err" | plain | cmp -s - "$work/shown"
ok $? "the report of a fault is the README's" || say_output

done_testing
