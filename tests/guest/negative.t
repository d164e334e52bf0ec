#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Guests that do what they must not: each ends with its status and message, the report
# names the function at fault, and the host is left as it was. See negative.tbl.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

# wrong RING CASE STATUS SYMBOL MESSAGE [options]
wrong() {
	local ring=$1 case=$2 wanted=$3 symbol=$4 message=$5
	shift 5
	guest --heap 64M --guest-ring "$ring" "$@" "$B/guests/negative" "$case"
	is "$status" "$wanted" "$case at CPL $ring: status $wanted" || say_output
	if [ "$message" != - ]; then
		grep -qF -- "$message" "$err"
		ok $? "$case at CPL $ring: $message" || say_output
	fi
	if [ "$symbol" != - ]; then
		grep -qE "\\b$symbol\\+0x" "$err"
		ok $? "$case at CPL $ring: names $symbol" || say_output
	fi
	frames_balanced
	ok $? "$case at CPL $ring: no frame is left behind" || say_output
}

tabled=
while IFS='|' read -r name rings wanted symbol options message; do
	case $name in
	'' | '#'*) continue ;;
	esac
	tabled="$tabled $name"
	[ "$options" = - ] && options=
	for ring in $rings; do
		# shellcheck disable=SC2086 # a list of options
		wrong "$ring" "$name" "$wanted" "$symbol" "$message" $options
	done
done <tests/guest/negative.tbl

# What the locals of a function with a frame hold is no caller.
guest "$B/guests/negative" stale_stack
[ "$status" -eq 120 ] && ! grep -q stale_address "$err"
ok $? 'no stale address is in a backtrace' || say_output

guest "$B/guests/negative" list
missing=
while read -r name; do
	case " $tabled " in
	*" $name "*) ;;
	*) missing="$missing $name" ;;
	esac
done <"$out"
is "$missing" '' 'every case of the program is in the table'

done_testing
