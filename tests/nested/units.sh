#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs inside the nested machine: unit tests that depend on what io_uring the kernel has, on a
# file system with direct I/O. One TAP stream; what a test prints stands indented before its line.
set -u

# shellcheck source=tests/nested/guests-lib.sh
. tests/nested/guests-lib.sh

here=$PWD
# The tests make their disks at this path.
mkdir -p "$NESTED_DISK/build/tests"
cd "$NESTED_DISK" || exit 1
export CMOCKA_MESSAGE_OUTPUT=TAP
for test in blk_data blk_release vhost_user_memory; do
	tap $test "$here/build/tests/$test.plain" "$here/build/tests/$test.plain"
done
finish
