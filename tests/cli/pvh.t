#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Kernels that are entered by PVH, ELF32 and ELF64: what tests/pvh/check.c finds.
. tests/cli/lib.sh

printf 'of the module' >"$work/initrd"

# Pages that adjoin the end of RAM hold the module.
told() { # CMDLINE MODULE
	cat <<-END
		cpu 0x1 0x0 0x0 zero
		info 0x336ec578 0x1 0x0
		cmdline $1
		rsdp RSD PTR 
		memory 0x0 0xa0000 0x1 0x0 good
		memory 0xe0000 0x20000 0x2 0x0
		memory 0x100000 0x3f00000 0x1 0x0 good
		$2
	END
}

for bits in 32 64; do
	kernel=$GUEST/pvh$bits
	run run --memory 64M --kernel "$kernel" --append 'one two' --initrd "$work/initrd"
	is_status 0 "ELF$bits: it powers off"
	out_is "$(told 'one two' 'module 0x3fff000 0xd 0x0 of the module')" \
		'... having found what it was to be told'
	run run --memory 64M --cpus 2 --kernel "$kernel"
	is_status 0 '... also without command line and module'
	out_is "$(told '' 'no module')" '... of which it is told'
done

# One byte of the name makes it another's note.
for bits in 32 64; do
	sed 's/Xen/Xem/' "$GUEST/pvh$bits" >"$work/pvh$bits"
done
run run --kernel "$work/pvh32"
is_status 124 'ELF32 without the note is refused'
err_is_line '--kernel .*: a 32-bit ELF without a PVH note: give' '... which is said'
run run --kernel "$work/pvh64"
is_status 120 'ELF64 without the note is entered at its entry'
err_has 'triple fault' '... which faults'

# The entry is the contents of the note, after the name.
printf '\0\0\100' | dd of="$work/pvh32" bs=1 conv=notrunc seek=$(($(grep -abo 'Xem' \
	"$work/pvh32" | cut -d: -f1) + 4)) 2>/dev/null
sed -i 's/Xem/Xen/' "$work/pvh32"
run run --dry-run --kernel "$work/pvh32"
is_status 124 'an entry outside of the kernel is refused'
err_is_line 'its PVH entry 0x400000 is not within it' '... and named'

# A heap that nobody asked for does not keep a guest from starting.
run run --dry-run --kernel "$GUEST/pvh64"
grep -qx 'heap: 64M' "$out"
ok $? 'a guest with RAM of its own has a small heap' "$(cat "$out")"
run run --dry-run --heap 1G --kernel "$GUEST/pvh64"
grep -qx 'heap: 1G' "$out"
ok $? '... unless it is named' "$(cat "$out")"

# The one for the other.
run run "$GUEST/pvh64"
is_status 124 'a kernel that is given as a program is refused'
err_is_line 'a kernel .it has a PVH note.: give it by --kernel' '... with what would be right'
run run --kernel "$GUEST/hello"
is_status 124 'a program that is given as a kernel is refused'
err_is_line 'as programs of slabvisor are: give a program without --kernel' '... with what would be right'
gzip -c "$GUEST/pvh64" >"$work/pvh.gz"
run run --kernel "$work/pvh.gz"
is_status 124 'a kernel that is compressed is refused'
err_is_line 'is gzip-compressed: a kernel is given unpacked .*initial RAM disk by --initrd' '... with what would be right'
run run --kernel /bin/true
is_status 124 "a program of the host's is refused"
err_is_line 'ET_DYN|a program of an operating system' '... in words'

# Whether kernels run at all here is said before one is waited for.
run run --stats "$GUEST/hello"
ring=$(awk '$1 == "ring" { print $2 }' "$err")
run run --kernel "$GUEST/pvh64"
cp "$err" "$work/said"
run doctor --kernel "$GUEST/pvh64"
case $ring in
3)
	is "$status $(grep -c 'Linux guests do not get anywhere on this host: its KVM emulates' "$work/said") $(tail -1 "$out")" \
		'122 1 Programs can run on this host as guests, Linux cannot.' \
		'where KVM emulates kernels, run says at its start that Linux does not get anywhere, and so does doctor'
	;;
*)
	is "$status $(cat "$work/said") $(tail -1 "$out")" '0  Guests can run on this host: programs and Linux.' \
		'where KVM runs kernels natively, run says nothing, and doctor that Linux runs'
	;;
esac
run doctor
head -1 "$out" | grep -Eq "^good  slabvisor [0-9.]+, Linux $(uname -r) $(uname -m), [0-9]+ CPU"
ok $? 'doctor begins with what a report of a bug has to say' "$(head -1 "$out")"
is_status 0 'doctor ends with 0 where programs run, unless a kernel is named'

done_testing
