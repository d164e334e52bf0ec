#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Format, clang-tidy, cppcheck, shellcheck and the rooms' order over the files git knows. The
# compiler flags of each world come from make: HOST_CFLAGS, GUEST_CFLAGS.
set -u
fail=0

list() {
	git ls-files --cached --others --exclude-standard -- "$@" | sort -u
}

report() {
	if [ "$1" -ne 0 ]; then
		echo "lint: $2 has findings" >&2
		fail=1
	else
		printf '  %-12s clean\n' "$2"
	fi
}

# shellcheck disable=SC2046 # lists of words, no file of ours has a blank in its name
clang-format --dry-run -Werror $(list '*.c' '*.h')
report $? clang-format

strip() {
	printf '%s\n' "$1" | tr -d "'" | tr ' ' '\n' | grep -vE '^-(Werror|MMD|MP|mcmodel=.*|fno-pie)$' | tr '\n' ' '
}
resource=$(clang -print-resource-dir)/include
host=$(strip "$HOST_CFLAGS")
guest="$(strip "$GUEST_CFLAGS") -isystem $resource"
export host guest

tidy() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	flags=$1 xargs -r -n 1 -P "$(nproc)" sh -c \
		'clang-tidy --quiet --warnings-as-errors="*" "$@" -- $flags 2>/dev/null' tidy
}
list 'vmm/*.c' 'virtio/*.c' 'mm/*.c' 'tools/*.c' 'guest/user/*.c' | tidy "$host"
report $? 'clang-tidy'
# The module of guest/linux is the kernel's dialect: sparse and W=1 look at it (make module SPARSE=1).
list 'guest/*.c' | grep -v -e hosted -e ^guest/linux/ -e ^guest/user/ | tidy "$guest"
report $? 'clang-tidy guest'

# shellcheck disable=SC2046
cppcheck --quiet --error-exitcode=1 --std=c11 -j "$(nproc)" -I. \
	--enable=warning,performance,portability --inline-suppr \
	--suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
	--suppress=missingInclude $(list 'vmm/*.c' 'virtio/*.c' 'mm/*.c' 'tools/*.c')
report $? cppcheck

# shellcheck disable=SC2046
shellcheck -x $(list '*.sh' '*.t' '.ci/run')
report $? shellcheck

tools/rooms.py --check
report $? rooms

exit $fail
