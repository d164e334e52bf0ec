#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What a user can get wrong: each is answered by one line and its own status.
. tests/cli/lib.sh

hello=$GUEST/hello

# Commands and options.
error 125 'no command given: see'
error 125 'fly: no such command' fly
error 125 'no program given: slabvisor run' run
error 125 'no program given' run --cpus 2
error 125 "unknown option '--wings': see slabvisor run --help" run --wings "$hello"
error 125 '--memory: a value is missing' run --memory
error 125 '--stats 3: give true or false' run --stats=3 "$hello"
error 125 "the program's name is empty: give the path" run ''
error 125 '--config: give the path of a file' run --config '' "$hello"
error 125 '--config: give the path of a file' serve --config ''
error 125 'there is no program 1G: if that is the option.s value, write --hugepages=1G' \
	run --hugepages 1G "$hello"
error 125 'write --slab-debug=FZ$' run --slab-debug FZ "$hello"
error 125 'write --slab-debug=FZ$' run --slab-d FZ "$hello"
error 125 'there is no program on: if that is the option.s value, write --prefault=on' run --prefault on "$hello"
error 125 'on: no such argument: if it is the value of --read-only, write --read-only=on' serve --read-only on
error 124 'none: cannot be read' run --stats none
error 125 "'--m' may be any of --memory, --module: write one of them" run --m 64M "$hello"
error 125 "'--socket' may be any of --socket-path, --socket-group, --socket-mode: write" serve --socket x
error 125 '--kvm-device: give the path of a KVM device' run --kvm-device= "$hello"
error 124 'none: cannot be read' run --hugepages=2M "$work/none"
error 124 'none: cannot be read' run --memory 16M "$work/none"
error 125 '--memory 12X: give a size from 4M' run --memory 12X "$hello"
error 125 '--memory -4M: give a size' run --memory -4M "$hello"
error 125 '--memory 1M: give a size from 4M' run --memory 1M "$hello"
error 125 '--memory 2T: give a size from 4M to 1T' run --memory 2T "$hello"
error 125 '--memory 4G: a program takes 3328M at most' run --memory 4G "$hello"
error 125 'passes 3328M: ask for less memory' run --memory 3328M "$hello"
error 125 '--memory 99999999999999999999: give' run --memory 99999999999999999999 "$hello"
error 125 '--hugepages 4M: give 2M or 1G' run --hugepages=4M "$hello"
error 125 '--hugepages maybe: give 2M or 1G' run --hugepages=maybe "$hello"
error 125 '--prefault 2: give true or false' run --prefault=2 "$hello"
error 125 '--memory 1536M: with --hugepages=1G give whole pages' \
	run --hugepages=1G --memory 1536M --kernel "$hello"
error 125 '--heap 3M: give a size from 2M' run --heap 3M "$hello"
error 125 '--heap 0: give a size' run --heap 0 "$hello"
for wrong in 4M,user= 4M,user=1M 4M,user=3M 4M,user=500G; do
	error 125 "--heap $wrong: user is a size from 2M, a multiple of 2M and less than the heap" run --heap $wrong "$hello"
done
for wrong in user size=2M u=2M ''; do
	error 125 "--heap 4M,$wrong: .$wrong. is nothing that it takes: write SIZE.,user=SIZE." \
		run --heap "4M,$wrong" "$hello"
done
error 125 '--heap 8M,user=2M,user=2M: user is given twice' run --heap 8M,user=2M,user=2M "$hello"
error 125 '--heap user=2M: give a size from 2M' run --heap user=2M "$hello"
error 125 '--heap user=: node 0 has a heap of 4M, and 4M of it for user space: leave 2M at least' \
	run --heap 4M,user=4M "$hello"
error 125 '--heap user=: node 1 has a heap of 4M, and 6M of it' \
	run --numa heap=4M,user=2M --numa heap=4M,user=6M "$hello"
error 125 '--heap user=2M: less than 2M for each of 2 nodes' \
	run --heap 64M,user=2M --numa memory=8M --numa memory=8M "$hello"
error 125 '--numa: give user= of every node, or of none' run --numa heap=4M,user=2M --numa heap=4M "$hello"
error 125 "--numa: the nodes' user adds up to 4M, and user= of --heap is 2M: leave that out" \
	run --heap 8M,user=2M --numa heap=4M,user=2M --numa heap=4M,user=2M "$hello"
error 125 '--numa user=3M: user is a size from 2M to 400G, a multiple of 2M' run --numa user=3M "$hello"
error 125 '--cpus 0: give a number from 1 to 16' run --cpus 0 "$hello"
error 125 '--cpus 17: give a number from 1 to 16' run --cpus 17 "$hello"
error 125 '--cpus two: give a number' run --cpus two "$hello"
error 125 '--vcpu-cpus 0,: give numbers of CPUs and ranges, as in 0,2-3' run --vcpu-cpus 0, "$hello"
error 125 '--vcpu-cpus 1-0: give numbers' run --vcpu-cpus 1-0 "$hello"
error 125 '--io-cpus all: give numbers' run --io-cpus all "$hello"
error 125 '--io-cpus 0-4095: CPU [0-9]* is not among those of this process' run --io-cpus 0-4095 "$hello"
error 125 '--io-cpus 99999999999999999999: CPU' run --io-cpus 99999999999999999999 "$hello"
error 125 '--guest-ring 1: give auto, 0 or 3' run --guest-ring 1 "$hello"
error 125 '--backing silk: give anon, memfd or hugetlb' run --backing silk "$hello"
error 125 '--timeout 0: give whole seconds' run --timeout 0 "$hello"
error 125 '--reclaim-delay soon: give milliseconds' run --reclaim-delay soon "$hello"
error 125 '--slab-debug FX: give letters of FZPU' run --slab-debug=FX "$hello"
error 125 '--slab-findings never: give fail or count' run --slab-findings never "$hello"
error 125 '--slab-debug Z,: give names of 1 to 31 characters' run --slab-debug=Z, "$hello"
error 125 '--slab-debug G,kmalloc-64: guards are for the whole heap' \
	run --slab-debug=G,kmalloc-64 "$hello"
error 125 '--numa 512M: .512M. is no KEY=VALUE .*: write memory=SIZE,heap=SIZE,user=SIZE,host=N' run --numa 512M "$hello"
error 125 '--numa size=2M: .size. is no key that there is: write memory=SIZE' run --numa size=2M "$hello"
error 125 '--numa heap=3M: heap is a size from 2M to 400G, a multiple of 2M' run --numa heap=3M "$hello"
error 125 '--numa memory=1M: memory is a size from 2M to 1T, a multiple of 2M' run --numa memory=1M "$hello"
error 125 '--numa host=two: host is the number of a NUMA node' run --numa host=two "$hello"
error 125 '--numa heap=2M,host=999: this machine has no NUMA node 999' \
	run --numa heap=2M,host=999 "$hello"
error 125 "--numa: the nodes' heap adds up to 6M, and --heap is 8M" \
	run --heap 8M --numa heap=2M --numa heap=4M "$hello"
error 125 "--numa: the nodes' memory adds up to 6M, and --memory is 8M" \
	run --memory 8M --numa memory=2M --numa memory=4M "$hello"
error 125 "--numa: the nodes' heap adds up to 600G: at most 400G" \
	run --numa heap=300G --numa heap=300G "$hello"
error 125 "--numa: the nodes' memory adds up to 4G: at most 3328M" \
	run --numa memory=2G --numa memory=2G "$hello"
error 125 "--numa: the nodes' memory adds up to 2M: give 4M at least" run --numa memory=2M "$hello"
error 125 '--numa: give memory= of every node, or of none' \
	run --numa memory=16M,heap=2M --numa heap=2M "$hello"
error 125 '--numa: give heap= of every node, or of none' run --numa heap=2M,memory=8M --numa memory=8M "$hello"
error 125 '--heap 2M: less than 2M for each of 2 nodes' run --heap 2M --numa host=0 --numa host=0 "$hello"
error 125 '--memory 4M: less than 2M for each of 3 nodes' \
	run --memory 4M --numa heap=2M --numa heap=2M --numa heap=2M "$hello"
error 125 '--numa memory=512M: with --hugepages=1G give whole pages' \
	run --hugepages=1G --numa memory=512M --kernel "$hello"
error 125 '--disk disk.img: .disk.img. is no KEY=VALUE .a comma of a value is written twice.: write path=FILE' run --disk disk.img "$hello"
error 125 '--disk direct=on: say which file' run --disk direct=on "$hello"
error 125 '--disk path=: say which file' run --disk path= "$hello"
error 125 '--disk path=x,direct=yes: direct is on or off' run --disk path=x,direct=yes "$hello"
error 125 '--disk path=x,packed=1: packed is on or off' run --disk path=x,packed=1 "$hello"
error 125 '--disk path=x,queues=0: queues is a number' run --disk path=x,queues=0 "$hello"
error 125 '--disk path=x,serial=123456789012345678901: serial has at most 20' \
	run --disk path=x,serial=123456789012345678901 "$hello"
error 125 '--disk path=x,wings=2: .wings. is no key that there is: write path=FILE' run --disk path=x,wings=2 "$hello"
error 125 '--qmp /run/x: write unix:PATH' run --qmp /run/x "$hello"
error 125 '--qmp unix:: write unix:PATH' run --qmp unix: "$hello"
error 125 "--qmp unix:/x,server=off: .server=off. is nothing that it can do: it listens" \
	run --qmp unix:/x,server=off "$hello"
error 125 '.wait=on. is nothing' run --qmp unix:/x,server=on,wait=on "$hello"
error 125 '.b. is nothing .*A comma of the path is written twice' run --qmp unix:/a,b "$hello"

# What is misspelt, by a letter or three.
error 125 "unknown option '--memroy': did you mean '--memory'" run --memroy 64M "$hello"
error 125 "unknown option '--poll_us': did you mean '--poll-us'" run --poll_us=3 "$hello"
error 125 "unknown option '--socket-pth': did you mean '--socket-path'" serve --socket-pth x
error 125 "unknown option '--kernal': did you mean '--kernel'" doctor --kernal x
error 125 "--disk pth=x: .pth. is no key that there is: did you mean .path." run --disk pth=x "$hello"
error 125 '--numa heep=2M: .heep. is no key that there is: did you mean .heap.' run --numa heep=2M "$hello"
error 125 'rnu: no such command: did you mean run' rnu
error 125 "unknown option '-memory': did you mean '--memory'" run -memory 64M "$hello"
error 125 "unknown option '-x': see slabvisor run --help" run -x "$hello"
error 125 "unknown option '-m': options are words, as in --memory, --module: see slabvisor run --help" run -m 64M "$hello"

# A size as others write it, as it is written here.
error 125 '--memory 64MB: give a size from 4M to 1T, a multiple of 4K: write 64M$' run --memory 64MB "$hello"
error 125 '--memory 64MiB: give .*: write 64M$' run --memory 64MiB "$hello"
error 125 '--memory 1.5G: give .*: write 1536M$' run --memory 1.5G "$hello"
error 125 '--memory 1TiB2: give .* of 4K$' run --memory 1TiB2 "$hello"
error 125 '--memory 2TB: give .* of 4K$' run --memory 2TB "$hello"

# What takes one value is not given two, of which one would be lost.
for option in memory=64M heap=64M cpus=2 vcpu-cpus=0 io-cpus=0 guest-ring=3 hugepages=2M pin-budget=2M \
	poll-us=0 kernel=x initrd=x append=x backing=anon reclaim-delay=0 slab-debug=F slab-findings=count timeout=9 \
	qmp=unix:/x kvm-device=/dev/kvm config=x; do
	error 125 "--${option%%=*} is given twice, and takes one value" \
		run "--$option" "--$option" "$hello"
done
error 125 '--kvm-device is given twice' doctor --kvm-device /dev/kvm --kvm-device /dev/kvm
for option in blk-file=x socket-path=x fd=3 queues=1 serial=x direct=on format=raw block-size=512 \
	socket-group=0 socket-mode=0660 poll-us=0 pin-budget=2M read-only sandbox=on config=x; do
	error 125 "--${option%%=*} is given twice, and takes one value" serve "--$option" "--$option"
done
error 125 "--disk path=a,path=b: path is given twice" run --disk path=a,path=b "$hello"
error 125 "--disk .*: direct is given twice" run --disk path=a,direct=on,direct=off "$hello"
error 125 "--numa .*: host is given twice" run --numa host=0,heap=2M,host=0 "$hello"
error 125 "--virtio-port .*: name is given twice" run --virtio-port name=a,name=b,path=x --kernel x
error 125 "--virtio-port .*: .server. is no key that there is: write name=NAME" \
	run --virtio-port name=a,path=x,server=on --kernel x
error 125 '--virtio-port name=a: two ports have this name: give each one of its own' \
	run --virtio-port name=a,path=x --virtio-port name=b,path=y --virtio-port name=a,path=z --kernel x
error 125 "--virtio-port .*: console is on or off" run --virtio-port name=a,path=x,console=1 --kernel x

# Sockets as QEMU writes them.
for path in unix:/x /x,server=on,wait=off /x,server,nowait /x,reconnect=1; do
	error 125 "--socket-path $path: a path alone is needed" serve --blk-file x --socket-path "$path"
done

# What is no file: by the monitor's word, not only by the kernel's.
for uri in nbd://host:10809/disk nbd+unix:///disk?socket=/x nbd:unix:/x http://host/disk.img \
	iscsi://host/target file:///disk.img json:x; do
	error 124 "--disk path=$(echo "$uri" | sed 's/[+?]/[&]/g'): No such file or directory, and URIs are not supported: give the path of a file.*nbdfuse" \
		run --disk "path=$uri" "$hello"
	error 124 "URIs are not supported" serve --blk-file "$uri" --socket-path "$work/s"
done
error 127 '--qmp unix:/none/x: no socket can be made there: the folder' run --qmp unix:/none/x "$hello"
error 125 '--pin-budget 1M: give a size from 0' run --pin-budget 1M "$hello"
error 125 '--poll-us soon: give microseconds' run --poll-us soon "$hello"
error 124 '--disk path=none.img: No such file' run --disk path=none.img "$hello"
error 124 '--disk path=none.img: No such file' run --dry-run --disk path=none.img "$hello"
error 124 '--disk path=.*: Is a directory' run --disk "path=$work" "$hello"
error 124 '--disk path=/dev/null: give a regular file' run --disk path=/dev/null "$hello"
truncate -s 1M "$work/disk"
error 124 "--disk path=$work/disk and --disk path=$work/disk are one and the same: give each disk" \
	run --disk "path=$work/disk,direct=off" --disk "path=$work/disk,direct=off" "$hello"
error 125 "unknown option '--fast': see slabvisor doctor --help" doctor --fast
error 125 "unknown option '--cpus'" doctor --cpus 2
truncate -s 1M "$work/nbd:disk"
cd "$work" || exit 1
status=0
timeout -k 5 600 "$OLDPWD/$SLABVISOR" run --disk path=nbd:disk,direct=off "$OLDPWD/$hello" >"$out" 2>"$err" ||
	status=$?
cd "$OLDPWD" || exit 1
is_status 7 'a file that is called as a URI is, and is there, is a disk'
set -- run
while [ $# -lt 16 ]; do
	set -- "$@" --numa=heap=2M
done
error 125 'at most 15 nodes' "$@" --numa=heap=2M "$hello"
set -- run --heap=64M,user=32M
for _ in 1 2 3 4 5 6 7; do
	set -- "$@" --numa=heap=8M
done
error 125 'user=32M: with 8 nodes: at most 7 have such parts' "$@" --numa=heap=8M "$hello"

# What is no error: help and version, whatever else is there.
for args in --help --version 'run --help' 'run -h --cpus 99' 'doctor --help' 'ctl x --help'; do
	# shellcheck disable=SC2086 # a list of words
	run $args
	is_status 0 "$args ends with 0"
	grep -q -e '^usage: slabvisor' -e '^slabvisor [0-9]' "$out" && [ ! -s "$err" ]
	ok $? '... and prints it' "$(head -3 "$out" "$err")"
done

# Help, as a terminal shows it.
for args in '' run serve ctl doctor; do
	# shellcheck disable=SC2086 # a word, or none
	run $args --help
	wide=$(awk 'length > 80' "$out")
	[ -z "$wide" ]
	ok $? "${args:-slabvisor} --help fits into 80 columns" "$wide"
done
for args in run serve; do
	run "$args" --help
	joined=$(awk '/^  --/ && length > 26 && substr($0, 26, 1) != " " &&
		!/^  --[^ ]+( [^ ]+)?$/' "$out")
	[ -z "$joined" ]
	ok $? "$args --help keeps an option and its text apart" "$joined"
done

# What is printed and cannot be.
for args in --help --version 'run --help' "run --dry-run $hello" 'serve --print-capabilities' \
	doctor; do
	status=0
	# shellcheck disable=SC2086 # a list of words
	timeout -k 5 600 "$SLABVISOR" $args >/dev/full 2>"$err" || status=$?
	is_status 127 "$args without room for its words ends with 127"
	err_is_line '^slabvisor: what it prints cannot be written' '... and says so'
done

# A file where a name holds control characters does not reach the terminal as such.
error 124 'no\?\[31mfile: cannot be read: No such file' run "$(printf 'no\033[31mfile')"

run doctor --kvm-device "$(printf 'no\033[31mfile')"
grep -q '^BAD   no?\[31mfile: ' "$out"
ok $? '... nor by what doctor says' "$(cat -v "$out")"
! LC_ALL=C grep -q "$(printf '\033')" "$out"
ok $? "... anywhere" "$(cat -v "$out")"

# In systemd's journal each line has its priority; wherever else standard error goes, it has none.
for stream in own other; do
	: >"$err"
	JOURNAL_STREAM=$(stat -c '%d:%i' "$err")
	[ $stream = own ] || JOURNAL_STREAM=${JOURNAL_STREAM}0
	export JOURNAL_STREAM
	run run --no-such
	[ $stream = own ] && fault='^<3>slabvisor: ' note='^<4>slabvisor: ' || fault='^slabvisor: ' note=$fault
	err_is_line "${fault}unknown option" "$stream journal: the priority of an error"
	run run --timeout 1 "$GUEST/loop"
	err_is_line "${note}the guest was ended after 1 s" "$stream journal: the priority of a note"
	run run "$GUEST/fault" n
	is "$(grep -cvE "${fault%slabvisor: }" "$err")" 0 "$stream journal: so has each line of a report"
	unset JOURNAL_STREAM
done
for how in --version -V version; do
	run $how
	is "$status $(cut -d ' ' -f 1 "$out")" '0 slabvisor' "$how prints the version"
done

# KVM.
error 122 "$work/none: cannot be opened .No such file.*load kvm" \
	run --kvm-device "$work/none" "$hello"
error 122 '/dev/null: not a KVM device' run --kvm-device /dev/null "$hello"
run doctor --kvm-device "$work/none"
is_status 122 'doctor ends with 122 without KVM'
grep -q "^BAD .*$work/none" "$out" && grep -q '^Guests cannot run' "$out"
ok $? '... and says what is wrong' "$(cat "$out")"

grep -Eq '^(good  when memory is short guests are asked for some: the host tells it by (pressure|a look)|note  nothing tells when memory is short)' "$out"
ok $? 'it says how a monitor is told that memory is short' "$(cat "$out")"

# What a guest can come to.
run doctor --heap 16M --memory 8M
grep -Eq '^(good|note)  a guest of --memory 8M --heap 16M can come to at most [0-9]+ MiB: ram [0-9]+, heap 16, metadata [0-9]+, KVM [0-9]+, monitor [0-9]+; .* available' "$out"
ok $? 'doctor says what a guest of a size can come to' "$(cat "$out")"
run doctor --heap 190G
grep -Eq '^note  a guest of .*: it does not start' "$out"
ok $? '... and whether the host can have it' "$(cat "$out")"
error 125 '--heap 3x: ' doctor --heap 3x
error 125 '--heap 3x: ' doctor --heap=3x
run doctor --memory=4G "--kernel=$work/none"
[ "$status" = 124 ] && grep -q "^BAD   --kernel $work/none: .*No such file" "$out" &&
	grep -q 'a guest of --memory 4G --heap 64M can come to at most' "$out"
ok $? 'doctor says what a Linux guest can come to, and whether its kernel is fit' \
		"$(cat "$out" "$err")"
error 125 '--memory: a value is missing' doctor --memory

# Memory that the host does not have.
error 123 '--heap 190G: ' run --heap 190G "$hello"
error 123 'heap 190G: the guest can come to at most [0-9]+ MiB: ram .*, metadata .*, KVM .*, monitor [0-9]+; the .* is [0-9.]+ GiB: ask for less' \
	run --heap 190G "$hello"
error 123 '--heap 100G: the (host cannot give it: .*hugetlb|guest can come to)' run --backing hugetlb --heap 100G "$hello"

error 123 '--memory 3000M --hugepages: hugetlb pool has [0-9]+ free pages of 2 MiB, [0-9]+ are needed: sysctl vm.nr_hugepages=' \
	run --hugepages --memory 3000M "$hello"
error 123 '--memory 3000M --hugepages: hugetlb pool has' run --dry-run --hugepages --memory 3000M "$hello"
error 123 '--memory 900G --hugepages: .*hugetlb pool' run --hugepages=1G --memory 900G --kernel "$hello"
error 123 '--memory 900G --prefault: 900.0 GiB are needed, .* GiB are missing' \
	run --prefault --memory 900G --kernel "$hello"
error 123 '--memory 900G --prefault: .* are missing' run --dry-run --prefault --memory 900G --kernel "$hello"

# Programs.
error 124 "$work/none: cannot be read: No such file" run "$work/none"
error 124 "$work: not a file" run "$work"
error 124 'not an ELF file' run tests/cli/errors.t
: >"$work/empty"
error 124 'not an ELF file' run "$work/empty"
head -c 40 "$hello" >"$work/short"
error 124 'cut short' run "$work/short"
head -c 4200 "$hello" >"$work/cut"
error 124 'cut short|past the end of the file' run "$work/cut"
# 32 bits: EI_CLASS 1.
{
	printf '\177ELF\001'
	tail -c +6 "$hello"
} >"$work/elf32"
error 124 'a 32-bit ELF: a 64-bit one' run "$work/elf32"
# e_machine at 18: 183 is AArch64.
{
	head -c 18 "$hello"
	printf '\267\000'
	tail -c +21 "$hello"
} >"$work/arm"
error 124 'an ELF for ARM64: one for x86-64' run "$work/arm"
error 124 'not a static executable|dynamically linked|top 2 GiB' run /bin/true

# Modules.
error 124 "--module $work/none: cannot be read: No such file" run --module "$work/none" "$hello"
error 124 "--module $work: cannot be read: Is a directory" run --module "$work" "$hello"
truncate -s 100M "$work/large"
error 124 'large: too large for the .* KiB of RAM that are left: raise --memory' \
	run --memory 16M --module "$work/large" "$hello"
error 124 'large: too large' run --dry-run --memory 16M --module "$work/large" "$hello"
truncate -s 4096 "$work/small"
set -- run
while [ $# -lt 17 ]; do
	set -- "$@" "--module=$work/small"
done
error 125 'at most 16 modules' "$@" --module "$work/small" "$hello"

# A test whose guests are not built.
! GUEST=$work timeout 300 tests/cli/signals.t >"$out" 2>"$err" &&
	grep -q "^Bail out! $work/loop is not built" "$out"
ok $? 'signals.t without its guests says what is missing' "$(head -5 "$out" "$err")"

done_testing
