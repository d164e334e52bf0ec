#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The probes that docs/PROBES.md lists are those that the program has, each with its arguments. The
# list is the rows of the document's table; a tracer reads the same notes as this script.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

# NAME COUNT a row: the second cell has each argument between `...`.
awk -F'|' '$2 ~ /^ `[a-z_]+` $/ { name = $2; gsub(/[` ]/, "", name); print name, gsub(/`[a-z]+`/, "", $3) }' \
	docs/PROBES.md | sort >"$work/listed"

# NAME COUNT ADDRESS a note of ours. A function that the compiler copied has a note for each copy.
LC_ALL=C readelf -n "$SLABVISOR" | awk '
	/^ *Provider:/ { ours = $2 == "slabvisor" }
	/^ *Name:/ { name = $2 }
	/^ *Location:/ { at = $2; sub(/,$/, "", at) }
	/^ *Arguments:/ && ours { print name, NF - 1, at }' >"$work/notes"
cut -d ' ' -f 1,2 "$work/notes" | sort -u >"$work/there"

[ -s "$work/listed" ]
ok $? 'docs/PROBES.md has a table of probes'
while read -r name count; do
	is "$(grep "^$name " "$work/there")" "$name $count" "the program has $name with $count arguments"
done <"$work/listed"
is "$(cut -d ' ' -f 1 "$work/there" | comm -13 <(cut -d ' ' -f 1 "$work/listed") -)" '' \
	'every probe of the program is in docs/PROBES.md'

# Nobody who does not look pays for a probe.
others=
while read -r name _ at; do
	code=$(objdump -d --no-show-raw-insn --start-address="$at" --stop-address="$((at + 1))" "$SLABVISOR" |
		awk '/^ *[0-9a-f]+:/ { print $2 }')
	[ "$code" = nop ] || others="$others $name:$code"
done <"$work/notes"
is "$others" '' 'each probe is one nop'

for use in 'usdt:[^ ]+:slabvisor:' sdt_slabvisor:; do
	missing=
	while read -r name _; do
		grep -qE "$use$name\b" docs/PROBES.md || missing="$missing $name"
	done <"$work/listed"
	is "$missing" '' "docs/PROBES.md shows each probe's use by $use"
done

done_testing
