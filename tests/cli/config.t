#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Configuration files: what they say counts as on the command line, which has the last
# word; what is wrong in one is named with its line.
. tests/cli/lib.sh

hello=$GUEST/hello
yaml=$work/guest.yaml

# bad LINE PATTERN: the configuration on standard input is refused so.
bad() {
	cat >"$yaml"
	run run --config "$yaml" "$hello"
	is_status 126 "refused: $2"
	err_is_line "^slabvisor: $yaml:$1: .*$2" "... in line $1"
}

bad 2 'wings: unknown key' <<'E2'
cpus: 2
wings: 4
E2
bad 1 'memroy: unknown key: did you mean .memory.' <<'E2'
memroy: 64M
E2
bad 3 'cpus: 99: give a number from 1 to 16' <<'E2'
# a comment
memory: 64M
cpus: 99
E2
bad 4 'numa: heap=3M: heap is a size from 2M' <<'E2'
cpus: 1
numa:
  - heap=2M
  - heap=3M
E2
bad 3 'cpus: this key is given twice' <<'E2'
cpus: 1
memory: 64M
cpus: 2
E2
bad 2 'append: this key is given twice' <<'E2'
append: one
append: two
E2
bad 2 'disk: path=a,path=b: path is given twice' <<'E2'
disk:
  - path=a,path=b
E2
bad 1 'qmp: unix:/a,b: .b. is nothing that it can do' <<'E2'
qmp: unix:/a,b
E2
bad 3 'not valid YAML' <<'E2'
cpus: 1
numa: [heap=2M
E2
bad 1 'cpus: expected a plain value' <<'E2'
cpus: [1, 2]
E2
bad 2 'memory: expected a plain value' <<'E2'
memory:
  size: 64M
E2
bad 1 'expected lines of the form' <<'E2'
- cpus
E2
bad 1 'dry-run: this option belongs on the command line only' <<'E2'
dry-run: true
E2
bad 2 'qmp: that is no value: leave the key out, or put it in quotes' <<'E2'
cpus: 2
qmp: ~
E2
bad 1 'tag:yaml.org,2002:binary: no tag is heeded: write the value without it' <<'E2'
kvm-device: !!binary L2Rldi9udWxs
E2
bad 2 'memory: an alias is not followed: write the value' <<'E2'
append: &size 64M
memory: *size
E2
bad 2 'a second document' <<'E2'
cpus: 1
---
cpus: 2
E2
bad 1 'stats: maybe: give true or false' <<'E2'
stats: maybe
E2
bad 1 'memory: no value is given: give a size' <<'E2'
memory:
E2
bad 1 'hugepages: 3M: give 2M or 1G' <<'E2'
hugepages: 3M
E2
printf 'cpus: "1\\0"\n' >"$yaml"
run run --config "$yaml" "$hello"
err_is_line "$yaml:1: .*must not contain NUL" 'a NUL in a value is refused'
printf 'cpus: 1\n\377\376: 1\n' >"$yaml"
run run --config "$yaml" "$hello"
is_status 126 'bytes that are not UTF-8 are refused'
err_is_line "$yaml:2: not valid YAML" '... with their line'

run run --config "$work/none.yaml" "$hello"
is_status 126 'a missing file is refused'
err_is_line "none.yaml: cannot be read: No such file" '... and named'
run run --config "$work" "$hello"
is_status 126 'a directory is refused'
printf 'args: [a]\n' >"$yaml"
run run --config "$yaml" "$hello"
is_status 126 'args without program are refused'

# What is right.
: >"$yaml"
run run --config "$yaml" "$hello" x
is_status 7 'an empty file is no configuration'

for word in on off; do
	printf 'heap: 64M\nprefault: %s\nslab-debug: %s\nhugepages: off\n' "$word" "$word" >"$yaml"
	run run --config "$yaml" --dry-run "$hello"
	[ "$word" = on ] && want=true || want=false
	[ "$word" = on ] && modes=1 || modes=0
	grep -qx "prefault: $want" "$out" && grep -qx 'hugepages: false' "$out" &&
		[ "$(grep -c '^slab-debug: "FZPU"$' "$out")" = "$modes" ]
	ok $? "$word is a word for a switch, as true and false are" "$(cat "$out" "$err")"
done

printf 'args: [from, file]\nprogram: %s\nguest-ring: 3\n' "$hello" >"$yaml"
run run --config "$yaml"
is_status 7 'a file names the program'
out_is "hello from ring 3
$(printf '%sfromfile' "$hello")" '... and its arguments'
run run --config "$yaml" --guest-ring 0 "$hello" mine
out_is "hello from ring 0
$(printf '%smine' "$hello")" 'the command line has the last word'

printf 'numa: [heap=2M, heap=4M]\ncpus: 3\nslab-debug: "FZ;PU,inode*,kmalloc-64"\n' >"$yaml"
run run --config "$yaml" --dry-run --numa heap=6M "$hello"
is_status 0 'a dry run ends with 0'
grep -qx '  - heap=6M' "$out" && ! grep -q 'heap=2M' "$out" && grep -qx 'cpus: 3' "$out" &&
	grep -qx 'heap: 6M' "$out" &&
	grep -qx 'slab-debug: "FZ;PU,inode\*;PU,kmalloc-64"' "$out"
ok $? "the command line's nodes take the place of the file's" "$(cat "$out")"
# says_the_same NAME: what the last dry run printed, read again, is printed so.
says_the_same() {
	cp "$out" "$work/printed.yaml"
	run run --config "$work/printed.yaml" --dry-run
	[ "$status" -eq 0 ] && cmp -s "$out" "$work/printed.yaml"
	ok $? "$1" "$(diff "$out" "$work/printed.yaml")" "$(cat "$err")"
}
says_the_same 'what a dry run prints is a configuration that says the same'

# Characters that end a line, or that a file may not hold as they are.
printf 'program: %s\nargs: ["\\t\\"\\\\\\n", "a\\N\\_b", " \\L\\P", "\\x80\\ufffe\\uffff", "\\u00e9\\U0001f600"]\n' \
	"$hello" >"$yaml"
run run --config "$yaml" --dry-run
is_status 0 'arguments may hold any character'
grep -qxF '  - "a\x85'"$(printf '\302\240')"'b"' "$out" &&
	grep -qxF '  - " \u2028\u2029"' "$out" && grep -qxF '  - "\x80\ufffe\uffff"' "$out" &&
	grep -qxF "  - \"$(printf '\303\251\360\237\230\200')\"" "$out"
ok $? '... and are printed as they can be read again' "$(cat "$out")"
says_the_same '... and say the same then'

run run --dry-run --qmp unix:/a,,b --virtio-port name=a,,b,path=c,,d,,,,e --kernel "$GUEST/pvh64"
is_status 0 'commas of a path are written twice'
grep -qxF 'qmp: "unix:/a,,b"' "$out" && grep -qxF '  - "name=a,,b,path=c,,d,,,,e,console=off"' "$out"
ok $? '... and printed so' "$(cat "$out")"
says_the_same '... and say the same then'

run run --dry-run --numa memory=16M,host=0 --numa memory=8M "$hello"
cp "$out" "$work/printed.yaml"
run run --config "$work/printed.yaml" --dry-run
[ "$status" -eq 0 ] && cmp -s "$out" "$work/printed.yaml" && grep -qx 'memory: 24M' "$out" &&
	grep -qx '  - memory=16M,heap=512M,host=0' "$out" && grep -qx '  - memory=8M,heap=512M' "$out"
ok $? 'nodes may say what they have of the RAM alone' "$(cat "$out")" "$(cat "$err")"

# Of the heap a part may be for user space, of all together or of each node.
printf 'heap: 2G,user=1G\nprogram: %s\n' "$hello" >"$yaml"
run run --config "$yaml" --dry-run
[ "$status" -eq 0 ] && grep -qx 'heap: 2G,user=1G' "$out" && grep -qx '  - heap=2G,user=1G' "$out"
ok $? 'a file names the part of the heap that is for user space' "$(cat "$out")" "$(cat "$err")"
says_the_same '... and a dry run prints it so'
run run --config "$yaml" --dry-run --heap 8M
[ "$status" -eq 0 ] && grep -qx 'heap: 8M' "$out" && ! grep -q user= "$out"
ok $? "the command line's heap takes the place of the file's with its parts" "$(cat "$out")"
run run --dry-run --heap 64M,user=33554432 --numa heap=24M,host=0 --numa heap=40M "$hello"
[ "$status" -eq 0 ] && grep -qx 'heap: 64M,user=32M' "$out" &&
	grep -qx '  - heap=24M,user=16M,host=0' "$out" && grep -qx '  - heap=40M,user=16M' "$out"
ok $? 'nodes are dealt equal parts of it' "$(cat "$out")" "$(cat "$err")"
says_the_same '... and it is printed so'
run run --dry-run --numa heap=24M,user=4M --numa heap=40M,user=6M "$hello"
grep -qx 'heap: 64M,user=10M' "$out"
ok $? '... or say what they have of it' "$(cat "$out")" "$(cat "$err")"
head -n 1 "$out" | grep -q ' heap 64, '
ok $? '... which is no more than the heap' "$(cat "$out")"

run run --config configs/example.yaml --dry-run "$hello"
is_status 0 'the example is valid'

run run --dry-run --memory 8M --heap 16M --cpus 2 "$hello"
head -n 1 "$out" | grep -Eqx "# the host's memory: at most [0-9]+ MiB: ram [0-9]+, heap 16, metadata [0-9]+, KVM [0-9]+, monitor [0-9]+"
ok $? 'a dry run says what the guest can come to' "$(cat "$out")"

run run --dry-run --kvm-device "$work/none" "$hello"
is_status 0 'a dry run needs no KVM'
done_testing
