#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The manual pages: sound, complete, and true of what they are about.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
. tests/wait.sh

pages=("$B"/man/*)
[ ${#pages[@]} -ge 13 ] && [ "${#pages[@]}" = "$(find docs/man -name '*.in' | wc -l)" ]
ok $? 'each page is built' "${pages[@]}"

# As plain text in one line, where words are not parted.
plain() { # PAGE
	MANWIDTH=10000 man -E UTF-8 --no-hyphenation -l "$B/man/$1" 2>/dev/null | sed 's/.\x08//g'
}

for page in "${pages[@]}"; do
	name=${page##*/}
	# What other packages have is not looked for, and the pages name their system.
	mandoc -Tlint "$page" 2>/dev/null |
		grep -vE 'STYLE: (referenced manual not found|operating system explicitly specified)' >"$out"
	[ ! -s "$out" ]
	ok $? "mandoc -Tlint has nothing to say of $name" || diag <"$out"
	LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>"$out" >/dev/null
	[ ! -s "$out" ]
	ok $? "nor has man of it" || diag <"$out"
	plain "$name" >"$work/$name"
	grep -nE '^ *@[a-z]|@VERSION@' "$work/$name" >"$out"
	[ ! -s "$out" ]
	ok $? 'nothing in it is left to be filled in' || diag <"$out"
done

# Each one that a page sends its reader to is there.
sed -n 's/^\.Xr \(slabvisor[^ ]*\) \([0-9]\).*/\1.\2/p' "${pages[@]}" | sed 's/[\\]//g' | sort -u >"$out"
missing=$(while read -r name; do [ -e "$B/man/$name" ] || echo "$name"; done <"$out" | xargs)
is "$missing" '' 'no page sends to one that is not there'

# in_page NAME < LIST: each line of the list is a word of the page.
in_page() {
	local word missing=''
	while read -r word; do
		grep -qE -- "(^|[^A-Za-z0-9_-])${word//./\\.}([^A-Za-z0-9_-]|\$)" "$work/$1" || missing+=" $word"
	done
	echo "$missing"
}

# What --help lists is what the page does: options, keys of comma lists, statuses.
options() { sed -nE 's/^  (-[a-zA-Z], )?(--[a-z].*)/\2/p' | sed 's/   *[^-].*//' | grep -oE -- '--[a-z][a-z_-]*' | sort -u; }
keys() { sed -nE 's/^ {26}([a-z-]+): .*/\1/p' | sort -u; }
statuses() { sed -n '/^Exit status/,/^$/p' | grep -oE '\b(1[0-9]{2}|[0-2])\b' | sort -u; }
described() { # PAGE PROGRAM...
	local page=$1
	shift
	"$@" --help >"$out"
	options <"$out" >"$work/options"
	is "$(wc -l <"$work/options" | grep -c '^0$')$(in_page "$page" <"$work/options")" 0 "$page has the options of $*"
	plain "$page" | sed -nE 's/^ {5}(-[a-zA-Z], )?(--[a-z].*)/\2/p' | grep -oE -- '--[a-z][a-z_-]*' |
		sort -u >"$work/in_page"
	is "$(comm -13 "$work/options" "$work/in_page" | tr '\n' ' ')" '' '... and no others'
	is "$(keys <"$out" | in_page "$page")" '' '... the keys of their comma lists'
	is "$(statuses <"$out" | in_page "$page")" '' '... and its statuses'
}
"$SLABVISOR" --help | sed -n 's/^  \([a-z]*\) .*/\1/p' >"$work/commands"
while read -r command; do
	[ -e "$B/man/slabvisor-$command.1" ]
	ok $? "slabvisor $command has a page" || continue
	described "slabvisor-$command.1" "$SLABVISOR" "$command"
done <"$work/commands"
is "$(in_page slabvisor.1 <"$work/commands")" '' 'slabvisor(1) has each command'
for tool in slabvisor-vhost-load slabvisor-vhost-disk; do
	described "$tool.1" "$B/tools/$tool"
done
described slabvisor-mkinitramfs.1 tools/mkinitramfs.sh

# Of files: what a dry run prints, and what run's --help says that a file has besides.
"$SLABVISOR" run --dry-run --disk path=README.md,readonly=on "$B/guests/hello" >"$out" 2>"$err"
is "$? $(sed -n 's/^\([a-z-]*\):.*/\1/p' "$out" | in_page slabvisor.yaml.5)" '0 ' \
	'slabvisor.yaml(5) has the keys of a dry run' || say_output
is "$(printf '%s\n' program args disks blk-file socket-path read-only | in_page slabvisor.yaml.5)" '' '... and those of serve'
# The page's own examples are files that are taken.
awk '/^\.Sh EXAMPLES/ { on = 1 } on && /^\.Bd/ { n++; file = FOLDER "/" n ".yaml"; next }
	/^\.Ed/ { file = "" } on && file { gsub(/\\-/, "-"); print >file }' FOLDER="$work" "$B/man/slabvisor.yaml.5"
truncate -s 1M "$work/disk.img"
sed -i -e "s|/srv/program|$PWD/$B/guests/hello|" -e "s|/srv/disk.img|$work/disk.img|" "$work/1.yaml"
"$SLABVISOR" run --config "$work/1.yaml" --dry-run >"$out" 2>"$err"
is $? 0 'the example of a guest is a good one' || say_output
sed -i -e "s|/srv/|$work/none/|" "$work/2.yaml"
"$SLABVISOR" serve --config "$work/2.yaml" >"$out" 2>"$err"
is "$? $(grep -c "none/vm1.img: No such file" "$err")" '124 1' 'so is that of a service, whose files are not there' || say_output

sed -nE 's/^\tX\([a-z_]*, ([a-z_]*)[,)].*/\1/p' mm/mm.h virtio/blk/blk.h virtio/io/engine.h >"$work/counters"
is "$(wc -l <"$work/counters" | grep -c '^0$')$(in_page slabvisor-stats.7 <"$work/counters")" 0 'slabvisor-stats(7) has every counter'

# The protocol: each macro, structure and value of the header that others are to use.
sed -nE -e 's/^#define (VIRTIO_[A-Z0-9_]+).*/\1/p' -e 's/^\t(VIRTIO_KMEM_[A-Z0-9_]+) =.*/\1/p' \
	-e 's/^(struct|enum) (virtio_kmem_[a-z_]+) \{/\2/p' virtio/abi/kmem.h |
	grep -vE '^VIRTIO_ABI_KMEM_H|^VIRTIO_KMEM_CLASS_|^virtio_kmem_class$' >"$work/abi"
is "$(wc -l <"$work/abi" | grep -c '^0$')$(in_page slabvisor-kmem.7 <"$work/abi")" 0 'slabvisor-kmem(7) has all that its header has'
# Over ivshmem as well, with each field of its structures.
sed -nE -e 's/^#define (IVSHMEM_[A-Z0-9_]+).*/\1/p' -e 's/^\t(IVSHMEM_KMEM_[A-Z0-9_]+) =.*/\1/p' \
	-e 's/^(struct|enum) (ivshmem_kmem_[a-z_]+) \{/\2/p' \
	-e 's/^\t(__[a-z0-9]+|struct [a-z_]+) ([a-z_0-9]+)[;[].*/\2/p' virtio/abi/ivshmem.h |
	sort -u >"$work/abi"
is "$(wc -l <"$work/abi" | grep -c '^0$')$(in_page slabvisor-kmem.7 <"$work/abi")" 0 '... and that of its carrier over ivshmem'

# The functions of README's table, and of the headers that the page names.
# shellcheck disable=SC2016 # backquotes of a document
sed -n '/^| family /,/^$/p' README.md | grep -oE '`[a-z_]+`' | tr -d '`' >"$work/calls"
is "$(wc -l <"$work/calls" | grep -c '^0$')$(in_page slabvisor-guest.7 <"$work/calls")" 0 'slabvisor-guest(7) has the calls of README.md'
missing=$(grep -oE '[a-z_]+\(\)' "$work/slabvisor-guest.7" | tr -d '()' | sort -u | while read -r call; do
	[ "$call" = main ] || grep -rqE "\b$call\(" guest/include || echo "$call"
done | xargs)
is "$missing" '' '... and names none that is in no header'

# The library's: each function that its header declares.
sed -nE 's/^[a-z].*[ *](slabvisor_[a-z_]+)\(.*/\1/p' guest/user/slabvisor.h >"$work/calls"
is "$(wc -l <"$work/calls" | grep -c '^0$')$(in_page libslabvisor.3 <"$work/calls")" 0 'libslabvisor(3) has the functions of its header'

# The control socket's commands, which the page has of their table: as a monitor tells them.
timeout -s KILL 600 "$SLABVISOR" run --qmp "unix:$work/qmp" "$B/guests/ticker" >"$work/ticks" 2>"$err" </dev/null &
pid=$!
at_end "kill $pid 2>/dev/null; wait $pid"
listens() { "$SLABVISOR" ctl "$work/qmp" query-status >"$out" 2>&1; }
until_true 60 listens
"$SLABVISOR" ctl "$work/qmp" query-commands 2>>"$err" |
	python3 -c 'import json, sys; [print(c["name"]) for c in json.load(sys.stdin)]' |
	grep -v '^qmp_capabilities$' >"$work/qmp_commands"
is "$(wc -l <"$work/qmp_commands" | grep -c '^0$')$(in_page slabvisor-ctl.1 <"$work/qmp_commands")" 0 \
	'slabvisor-ctl(1) has the commands of a monitor' || say_output

done_testing
