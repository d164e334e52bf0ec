#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The smallest guest, at both privilege levels.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

for ring in 0 3; do
	guest --guest-ring $ring "$B/guests/hello"
	is "$status" 0 "hello: ends with status 0 at CPL $ring" || say_output
	grep -qi hello "$out"
	ok $? "hello: says so at CPL $ring"
	is "$(account ring)" $ring "hello: ran at CPL $ring"
	all_given_back
	ok $? "hello: left nothing behind at CPL $ring" || say_output
done
guest "$B/guests/hello"
is "$status" 0 "hello: --guest-ring auto picks a level" || say_output

done_testing
