# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The window of a memory service, as the host's file system sees it. Sourced from the top of the source
# tree.

# window_kib PID: KiB that it has memory for; fails where that process has none.
window_kib() {
	local fd
	for fd in /proc/"$1"/fd/*; do
		[[ $(readlink "$fd") != /memfd:slabvisor-heap* ]] || {
			echo $(($(stat -L -c '%b * %B' "$fd") / 1024))
			return
		}
	done
	return 1
}
