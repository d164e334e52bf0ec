#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# How guests start and end, at both privilege levels: tiny programs that do right or
# wrong, and what the monitor says of it.
. tests/cli/lib.sh

# poke STATUS PATTERN WHAT...: tests/guest-asm/poke.S doing WHAT ends so.
poke() {
	want=$1
	pattern=$2
	shift 2
	run run --guest-ring "$ring" --timeout 300 "$GUEST/poke" "$@"
	is_status "$want" "ring $ring: poke $* ends with $want"
	[ -z "$pattern" ] || err_has "^slabvisor: $pattern" "... and says so: $pattern"
}

# AMD's CPUs lose the registers of a vCPU that shuts down.
lost='vCPU 0; its registers are lost on this host'

for ring in 0 3; do
	run run --guest-ring $ring "$GUEST/hello" 'two words' ''
	is_status 7 "ring $ring: the program's status is ours"
	out_is "hello from ring $ring
$(printf '%stwo words' "$GUEST/hello")" '... its output and arguments are right'
	[ ! -s "$err" ]
	ok $? '... and nothing is on stderr' "$(cat "$err")"

	for cpus in 1 2 16; do
		run run --guest-ring $ring --cpus $cpus --timeout 500 "$GUEST/start"
		is_status 0 "ring $ring: $cpus vCPUs start by the boot protocol"
	done
	run run --guest-ring $ring --memory 4M --heap 2M "$GUEST/start"
	is_status 0 "ring $ring: with the least memory there is"
	run run --guest-ring $ring --cpus 2 --timeout 500 "$GUEST/wait"
	is_status 0 "ring $ring: WAIT and WAKE lose nothing"
	for cpus in 1 2; do
		run run --guest-ring $ring --cpus $cpus --timeout 500 "$GUEST/tlb"
		is_status 0 "ring $ring: after TLB_FLUSH $cpus vCPUs see new mappings"
	done

	seq 100 >"$work/input"
	timeout 600 "$SLABVISOR" run --guest-ring $ring "$GUEST/echo" <"$work/input" >"$out"
	cmp -s "$work/input" "$out"
	ok $? "ring $ring: input comes in up to its end" "$(head -3 "$out")"
	echo contents >"$work/one"
	: >"$work/empty-module-file"
	run run --guest-ring $ring --module "$work/one" --module "$work/empty-module-file" \
		"$GUEST/modules"
	tr -d '\0' <"$out" >"$work/text"
	cp "$work/text" "$out"
	out_is 'one
contents
empty-module-fil' "ring $ring: modules are there by their names"

	# Memory and devices: what is not the guest's.
	poke 0 '' q1000,1 r1000
	poke 120 "guest fault: triple fault, (cr2 0xffff888000000000, at rip .*\(op_r|$lost)" r0
	poke 120 'guest fault: .* heap that is not handed out' r40000000
	poke 120 'guest fault: .* heap that is not handed out' q7ffffff8,1
	poke 120 'guest fault: store of 8 bytes to 0x80000000, which is the page map' q80000000,1
	poke 0 '' r80000000
	poke 120 'guest fault: load of 8 bytes from 0xd0002000, which is no device.*\(op_r' rd0002000
	poke 120 'guest fault: store of 1 bytes to 0xd0040fff, which is no device.*\(op_b' bd0040fff,1
	poke 120 "guest fault: triple fault, (cr2 0xffff8880cfffff00|$lost)" rcfffff00
	poke 120 'guest fault: triple fault' Vffffffff80001000,1
	poke 120 'guest fault: triple fault' xffff888000002000
	poke 120 'guest fault: triple fault' vfffffe800000fff8
	poke 120 'guest fault: triple fault' vfffffe8000030000
	poke 120 'guest fault: triple fault' u
	poke 120 'guest fault: ' o3f8,41
	poke 120 'guest fault: ' i3f8
	poke 120 'guest fault: ' h

	# CR8: on a CPU that runs CPL 0 natively KVM exits when it becomes lower.
	if [ $ring -eq 0 ]; then
		poke 5 '' t9 t5 T
		poke 0 '' t5 t0 T
	else
		poke 120 'guest fault: triple fault' t0
	fi

	# Doorbells: widths and offsets that mean nothing, arguments that are not memory.
	poke 0 '' qd0000000,1 qd0000ff8,1 dd0000f00,1 bd0000f00,1 qd0000f01,5 qd0000efc,1
	poke 0 '' bd0001070,1 qd0001000,ffffffffffffffff dd0001050,ffffffff
	poke 0 '' qd0000f08,0000ffff00000000 qd0000f38,0 qd0000f30,1
	for bell in f10 f18 f20 f28; do
		for addr in 3ffffff000 40000000 d0000000 80000000 fffffffffffffff8; do
			poke 120 "guest fault: doorbell [A-Z_]+ names 0x$addr" "qd0000$bell,$addr"
		done
	done
	poke 120 'guest fault: doorbell CONSOLE names 0x40000000' qd0000f08,0005000040000000
	poke 120 'guest fault: divide error' qd0000f28,1000

	# Ends.
	poke 119 '' e77
	poke 119 'the guest ended with status 120: it is given as 119' e78
	poke 119 'the guest ended with status 18446744073709551615' effffffffffffffff
	run run --guest-ring $ring --timeout 1 "$GUEST/loop"
	is_status 142 "ring $ring: a program that loops meets --timeout"
	out_is looping '... what it printed is there'
	err_is_line 'the guest was ended after 1 s: raise --timeout' '... and why it ended'

	run run --guest-ring $ring "$GUEST/bug"
	is_status 121 "ring $ring: BUG has its own status"
	err_has '^slabvisor: guest BUG: bad \?\[31mcolour\? next at rip .*\(_start\+0x[0-9a-f]+\), vCPU 0' \
		'... and its text comes without control characters'
	err_has '^    0x[0-9a-f]+ helper\+0x1$' '... with a backtrace'
	while read -r letter pattern; do
		run run --guest-ring $ring "$GUEST/fault" "$letter"
		is_status 120 "ring $ring: fault $letter ends with 120"
		err_has "^slabvisor: guest fault: $pattern, vCPU 0\$" '... and names the instruction'
	done <<-'E2'
		w page fault writing 0x[0-9a-f]+ \(not permitted\) at rip .*\(write_rodata\+0x0\)
		n page fault reading 0x10 at rip .*\(read_null\+0x0\)
		u invalid opcode at rip .*\(undefined\+0x0\)
		d divide error at rip .*\(divide\+0x2\)
		g general protection fault at rip .*\(general\+0xa\)
		x page fault executing 0x[0-9a-f]+ \(not permitted\) at rip .*\(record\+0x0\)
	E2
done

# The account.
run run --stats "$GUEST/hello"
for name in requests exits kicks objects_allocated objects_freed objects_active pages_given \
	pages_taken frames_in_use_start frames_in_use_end frames_in_use_after errors \
	monitor_rss_kib; do
	err_has "^$name [0-9]+\$" "--stats has $name"
done
err_has '^exits 3$' '... and counts exits'

# Output that nobody reads ends the guest as it would any program.
{
	status=0
	timeout 600 "$SLABVISOR" run "$GUEST/echo" </dev/zero 2>"$err" || status=$?
	echo "$status" >"$work/status"
} | head -c 1 >"$out"
status=$(cat "$work/status")
is_status 141 'a guest whose reader has gone ends with 141'
status=0
timeout 600 "$SLABVISOR" run "$GUEST/hello" >/dev/full 2>"$err" || status=$?
is_status 127 'output that cannot be written ends with 127'
err_is_line "the guest's output cannot be written: No space left" '... and says so'
done_testing
