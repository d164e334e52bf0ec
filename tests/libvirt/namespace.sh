# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Has the test that sources this first run again in a mount and PID namespace of its own, where
# libvirtd is the test's and ends with it.
# shellcheck disable=SC2317 # it goes on where it is within

if [ "$(id -u)" -ne 0 ]; then
	echo '1..0 # SKIP root is needed, for a mount namespace'
	exit 0
fi
if [ "${1:-}" != inside ]; then
	exec unshare --mount --pid --fork --kill-child --mount-proc --propagation private "$0" inside
fi
