#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# same_code.sh BEFORE AFTER: tells whether a change that moves files or functions left the code as it was.
# Builds the objects of both revisions and compares the machine code of each, without debug data. Git's
# own renames pair the objects. Ends with 1 if any differs.
set -euo pipefail

[ $# = 2 ] || {
	echo "usage: tools/same_code.sh BEFORE AFTER (two revisions)" >&2
	exit 2
}
cd "$(git rev-parse --show-toplevel)"
before=$(git rev-parse --verify "$1^{commit}")
after=$(git rev-parse --verify "$2^{commit}")
dir=$(mktemp -d build/same.XXXXXX)
trap 'git worktree remove --force "$dir/a" 2>/dev/null; git worktree remove --force "$dir/b" 2>/dev/null; rm -rf "$dir"' EXIT
git worktree add --quiet --detach "$dir/a" "$before"
git worktree add --quiet --detach "$dir/b" "$after"
for side in a b; do
	make -C "$dir/$side" -j"$(nproc)" all >"$dir/$side.log" 2>&1 || {
		tail -n 20 "$dir/$side.log" >&2
		exit 2
	}
done

declare -A from # path after -> path before
while IFS=$'\t' read -r how old new; do
	[[ $how == R* ]] && from[$new]=$old
done < <(git diff --name-status -M30% "$before" "$after" -- '*.c' '*.S')

# Each function of a guest's object has a section of its own, so that a dump of the bytes would lay them
# over each other: the disassembly has them all, with what the linker is to put where. The place of a
# string among strings is left out, since the path of the file is one of them in a warning.
code() { # OBJECT: its machine code; the first lines name the file
	objdump -dr "$1" | sed -e '1,3d' -e 's/\(\.rodata[^+]*\.str[^+]*\)+0x[0-9a-f]*/\1/' | sha256sum
}

same=0 other=0 alone=0
while IFS= read -r object; do
	world=${object%%/*}
	source=${object#*/}
	for ext in c S; do
		[ ! -e "$dir/b/${source%.o}.$ext" ] || path=${source%.o}.$ext
	done
	old=${from[$path]:-$path}
	a=$dir/a/build/$world/${old%.*}.o
	if [ ! -e "$a" ]; then
		echo "alone: $path has no object before it"
		alone=$((alone + 1))
	elif [ "$(code "$a")" = "$(code "$dir/b/build/$object")" ]; then
		same=$((same + 1))
	else
		echo "differs: $path ($world)"
		other=$((other + 1))
	fi
done < <(cd "$dir/b/build" && find host-plain guest -name '*.o' | sort)
echo "$same objects alike, $other differ, $alone without a pair"
[ $((other + alone)) = 0 ]
