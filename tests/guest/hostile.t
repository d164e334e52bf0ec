#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A guest that drives its memory service by hand and means no good.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

for ring in 0 3; do
	truncate -s 8M "$work/disk"
	guest --heap 16M --cpus 2 --guest-ring $ring --disk "path=$work/disk" "$B/guests/hostile"
	is "$status" 0 "hostile: every attack is answered at CPL $ring" || say_output
	! grep '^not ok' "$out" | diag 2>&1 | grep .
	ok $? "hostile: no check fails at CPL $ring"
	planned=$(sed -n 's/^1\.\.//p' "$out")
	is "$(grep -cE '^(not )?ok ' "$out")" "${planned:-no plan}" \
		"hostile: as many checks as planned at CPL $ring"
	frames_balanced
	ok $? "hostile: no frame is left behind at CPL $ring" || say_output
done

done_testing
