#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Disks that are not what they are given for: each is refused or said, by `run` and `serve` alike,
# and no byte of theirs is changed.
. tests/cli/lib.sh

needs "$GUEST/reset"
hello=$GUEST/hello # ends with 7
disk=$work/disk

# put AT BYTES: into the disk, as printf has them.
put() {
	# shellcheck disable=SC2059 # it is a format
	printf "$2" | dd of="$disk" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

# serve OPTIONS...: a service of the disk, which is not to come up.
serve() {
	run serve --socket-path "$work/socket" --blk-file "$disk" "$@"
}

up_or_gone() {
	listens "$work/socket" || ended "$service"
}

# comes_up OPTIONS...: a service of the disk listens, and ends in order. Sets status, and err.
comes_up() {
	"$SLABVISOR" serve --socket-path "$work/socket" --blk-file "$disk" "$@" >"$out" 2>"$err" &
	service=$!
	until_true 60 up_or_gone
	kill -TERM $service 2>/dev/null
	status=0
	wait $service || status=$?
}

# not_raw WHAT MAKE: the disk is refused as that, and with that advice.
not_raw() {
	sum=$(cksum <"$disk")
	for how in 'run' 'run --dry-run'; do
		for mode in '' ',readonly=on' ',direct=off'; do
			# shellcheck disable=SC2086 # two words
			run $how --disk "path=$disk$mode" "$hello"
			is_status 124 "$1: $how refuses it$mode"
			err_is_line "^slabvisor: --disk path=$disk: it is $1.*by .$2.*or say format=raw" \
				'... says what it is, what makes it raw, and the word for its bytes'
		done
	done
	for mode in '' '--read-only' '--direct off'; do
		# shellcheck disable=SC2086 # two words
		serve $mode
		is_status 124 "$1: serve refuses it $mode"
		err_is_line "^slabvisor: $disk: it is $1.*by .$2.*or say --format raw" \
			'... and says the same'
	done
	printf 'disks:\n  - blk-file: %s\n    socket-path: %s/socket\n' "$disk" "$work" >"$work/c.yaml"
	run serve --config "$work/c.yaml"
	is_status 124 "$1: refused by a configuration file too"
	run run --disk "path=$disk,format=raw" "$hello"
	is_status 7 "$1: format=raw takes it"
	comes_up --format raw
	is_status 0 "$1: --format raw serves it"
	[ "$sum" = "$(cksum <"$disk")" ]
	ok $? "$1: not a byte has changed"
}

truncate -s 1M "$disk"
put 0 'QFI\373\0\0\0\3'
not_raw 'a qcow2 image' 'qemu-img convert -O raw'
rm "$disk"
truncate -s 1M "$disk"
put 1048064 'conectix'
not_raw 'a VHD image' 'qemu-img convert -f vpc -O raw'
rm "$disk"
head -c 1M /dev/zero | gzip >"$disk"
not_raw 'gzip-compressed' 'gzip -d'

printf 'disks:\n  - blk-file: %s\n    socket-path: %s/socket\n    format: raw\n' "$disk" "$work" \
	>"$work/c.yaml"
"$SLABVISOR" serve --config "$work/c.yaml" 2>"$err" &
service=$!
until_true 60 up_or_gone
kill -TERM $service
wait $service
status=$?
is_status 0 'format: raw serves it from a configuration file'
run run --dry-run --disk "path=$disk,format=raw" "$hello"
grep -q 'path=.*,format=raw' "$out"
ok $? '--dry-run prints the word' "$(cat "$out")"

run run --disk "path=$disk,format=qcow2" "$hello"
is_status 125 'another format is refused'
err_is_line 'format=qcow2: disks are raw: say raw, or nothing; .*qemu-img convert -O raw' '... with what would be right'
serve --format vhdx
is_status 125 'and by serve'
err_is_line '^slabvisor: --format vhdx: disks are raw: say raw' '... in the same words'

# A guest that has written such a thing to its own disk is let have it: it restarts.
rm "$disk"
truncate -s 1M "$disk"
mkfifo "$work/told" "$work/said"
timeout -k 5 600 "$SLABVISOR" run --memory 64M --kernel "$GUEST/reset" --disk "path=$disk" \
	<"$work/told" >"$work/said" 2>"$err" &
service=$!
exec 3>"$work/told" 4<"$work/said"
read -r first <&4
put 0 'QFI\373\0\0\0\3'
printf r >&3
read -r second <&4
printf q >&3
exec 3>&- 4<&-
status=0
wait $service || status=$?
is_status 0 'a guest restarts on a disk that it has made look like an image'
[ "$first $second" = 'up up' ]
ok $? '... it does' "$first $second" "$(cat "$err")"

# Sizes that are not of whole sectors.
# tail SIZE PATTERN: a disk of that size is taken, and that is said of it.
tail_of() {
	rm -f "$disk"
	truncate -s "$1" "$disk"
	run run --disk "path=$disk,direct=off" "$hello"
	is_status 7 "a disk of $1 bytes is taken"
	err_is_line "^slabvisor: --disk path=$disk: $2" '... and its end is spoken of'
	run run --dry-run --disk "path=$disk,direct=off" "$hello"
	err_is_line "^slabvisor: --disk path=$disk: $2" '... by --dry-run too'
	comes_up --direct off
	is_status 0 "... and served"
	err_is_line "^slabvisor: $disk: $2" '... and its end is spoken of'
}
tail_of 0 'it is empty: the guest sees a disk without sectors'
tail_of 511 'its 511 bytes are not one sector of 512: the guest sees a disk without'
tail_of 1000 'the last 488 bytes are not a whole sector of 512: they are out of the guest.s reach'
rm "$disk"
truncate -s 10240 "$disk"
run run --disk "path=$disk,direct=off" "$hello"
is "$(cat "$err")" '' 'nothing is said of a disk of whole sectors'
run run --disk "path=$disk,direct=off,block-size=4096" "$hello"
err_is_line 'the last 2048 bytes are not a whole sector of 4096' 'sectors of 4096 leave more of it out'

# A file that was made longer, by something else than a whole number of sectors.
"$SLABVISOR" serve --socket-path "$work/socket" --blk-file "$disk" --direct off 2>"$err" &
service=$!
until_true 60 up_or_gone
truncate -s 10250 "$disk"
kill -HUP $service
until_true 60 test -s "$err"
kill -TERM $service
wait $service
err_is_line "^slabvisor: $disk: the last 10 bytes are not a whole sector" 'HUP looks at the end again'

# A partition table says what sectors it is for.
rm "$disk"
truncate -s 1M "$disk"
put 4096 'EFI PART'
run run --disk "path=$disk,direct=off" "$hello"
err_is_line 'sees sectors of 512, and the partition table is one for sectors of 4096: it wants block-size=4096' \
	'a partition table for other sectors is spoken of'
comes_up --direct off
err_is_line 'it wants --block-size 4096' '... by serve'
run run --disk "path=$disk,direct=off,block-size=4096" "$hello"
is "$(cat "$err")" '' '... and not where the sectors are those'
put 512 'EFI PART'
run run --disk "path=$disk,direct=off,block-size=4096" "$hello"
err_is_line 'sees sectors of 4096, and the partition table is one for sectors of 512' \
	'... nor is it without a line the other way round'
run run --disk "path=$disk,block-size=1024" "$hello"
is_status 125 'other sizes of sectors are refused'
err_is_line 'block-size=1024: sectors are of 512 or of 4096 bytes' '... with what would be right'
serve --block-size 8192
is_status 125 '... and by serve'
run run --dry-run --disk "path=$disk,block-size=4096" "$hello"
grep -q 'path=.*,block-size=4096' "$out"
ok $? '--dry-run prints block-size' "$(cat "$out")"

# One file as two disks, by whatever name.
ln "$disk" "$work/hard"
ln -s "$disk" "$work/soft"
for other in "$disk" "$work/hard" "$work/soft" "$work/../$(basename "$work")/disk"; do
	run run --disk "path=$disk" --disk "path=$other,readonly=on" "$hello"
	is_status 124 'the same file twice is refused'
	err_is_line "^slabvisor: --disk path=$disk and --disk path=$other are one and the same" \
		'... and both are named'
done
run run --dry-run --disk "path=$disk" --disk "path=$work/hard" "$hello"
is_status 124 '... by --dry-run too'
printf 'disks:\n  - blk-file: %s\n    socket-path: %s/a\n  - blk-file: %s\n    socket-path: %s/b\n' \
	"$disk" "$work" "$work/soft" "$work" >"$work/c.yaml"
run serve --config "$work/c.yaml"
is_status 124 '... and by serve'
err_is_line "^slabvisor: $disk and $work/soft are one and the same" '... and both are named'
run run --disk "path=$disk,readonly=on,block-size=512" --disk "path=$work/soft,readonly=on,block-size=512" "$hello"
is_status 7 'twice read-only is no harm'

# A file system without locks: fcntl() says so by a filter, which a program keeps that is executed.
cat >"$work/unlocked.py" <<'END'
import ctypes, os, struct, sys
step = lambda code, jt, jf, k: struct.pack("<HBBI", code, jt, jf, k)
code = (step(0x20, 0, 0, 0) + step(0x15, 0, 3, 72)        # fcntl
        + step(0x20, 0, 0, 24) + step(0x15, 0, 1, 37)     # ... F_OFD_SETLK
        + step(0x06, 0, 0, 0x50000 | 37)                  # ENOLCK
        + step(0x06, 0, 0, 0x7fff0000))                   # all else is allowed
program = ctypes.create_string_buffer(code, len(code))
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
if libc.prctl(22, 2, struct.pack("<HxxxxxxQ", len(code) // 8, ctypes.addressof(program))):
    sys.exit("no filter: " + os.strerror(ctypes.get_errno()))
os.execv(sys.argv[1], sys.argv[1:])
END
rm "$disk"
truncate -s 1M "$disk"
status=0
timeout -k 5 600 python3 "$work/unlocked.py" "$SLABVISOR" run --disk "path=$disk,direct=off" "$hello" \
	>"$out" 2>"$err" || status=$?
is_status 7 'a disk that cannot be locked is taken'
err_is_line "^slabvisor: --disk path=$disk: it cannot be locked .No locks available.: nothing keeps" \
	'... and that nothing guards it is said'
python3 "$work/unlocked.py" "$SLABVISOR" serve --direct off --blk-file "$disk" --socket-path "$work/socket" 2>"$err" &
service=$!
until_true 60 up_or_gone
kill -TERM $service
wait $service
err_is_line "^slabvisor: $disk: it cannot be locked" '... by serve'

# --dry-run looks, and leaves all as it is.
chmod 400 "$disk"
before=$(stat -c '%y %z %b' "$disk")
run run --disk "path=$disk,direct=off" --dry-run "$hello"
is_status 0 '--dry-run judges a disk'
is "$(stat -c '%y %z %b' "$disk")" "$before" '... and leaves it as it is'
"$SLABVISOR" serve --socket-path "$work/socket" --blk-file "$disk" --direct off 2>"$err" &
service=$!
until_true 60 up_or_gone
run run --disk "path=$disk,direct=off" --dry-run "$hello"
is_status 124 '... and finds that another process has it'
err_is_line 'it is in use by another process' '... which it says'
kill -TERM $service
wait $service

# doctor looks at disks as well.
chmod 600 "$disk"
run doctor --disk "path=$disk,direct=off"
[ "$status" -ne 124 ] && grep -q '^good  the disks can be opened' "$out"
ok $? 'doctor looks at a disk' "$(cat "$out" "$err")"
put 0 'QFI\373\0\0\0\3'
run doctor --disk "path=$disk,direct=off"
is_status 124 '... and ends with its status when it is unfit'
err_is_line 'it is a qcow2 image, and disks are raw' '... having said so'
rm "$disk"
truncate -s 1M "$disk"

# libvirt's hook says the words as well.
hook() { # OPERATION ATTRIBUTE: status, err
	status=0
	printf "<domain><metadata><s:disks xmlns:s='urn:slabvisor:libvirt:1'><s:disk socket='%s/socket' \
		file='%s' %s/></s:disks></metadata></domain>" "$work" "$disk" "$2" |
		SLABVISOR=$SLABVISOR SLABVISOR_LOG=$work/log \
			timeout -k 5 600 python3 configs/libvirt/hooks/qemu vm "$1" begin - \
			>"$out" 2>"$err" || status=$?
}
if [ -d /run/systemd/system ]; then
	skip "libvirt's hook" 'systemd would start it'
else
	chmod 600 "$disk"
	put 0 'QFI\373\0\0\0\3'
	case $SLABVISOR in /*) ;; *) SLABVISOR=$PWD/$SLABVISOR ;; esac
	hook prepare ''
	is_status 1 "libvirt's hook refuses an image that is not raw"
	err_has 'it is a qcow2 image, and disks are raw' '... and says so'
	hook prepare "format='raw' block-size='512'"
	is_status 0 '... unless it is told that its bytes are meant'
	hook release "format='raw'"

	# What it would have to pass over.
	refused() { # ATTRIBUTES MESSAGE
		hook prepare "format='raw' $1"
		is_status 1 "libvirt's hook refuses $1"
		err_has "$2" '... and says what it takes'
	}
	refused "readonly='true'" "readonly='true' of a slabvisor:disk: give yes or no"
	refused "read-only='yes'" 'read-only of a slabvisor:disk: there is no such attribute; there are block-size, cpuset,'
	for cpus in '' x 0- 1-0 '^0' '0,,1' 0x0; do
		refused "cpuset='$cpus'" "' of a slabvisor:disk: give CPUs, as in 0-3,.2,8"
	done
	refused "cpuset='0-9999'" "this host has the CPUs $(cat /sys/devices/system/cpu/online)"
	refused "/><s:dsik socket='$work/socket'" 'slabvisor:dsik: there is no such element; there are slabvisor:disks,'
	last=$(sed 's/.*[-,]//' /sys/devices/system/cpu/online)
	hook prepare "format='raw' cpuset='0-$last,^0, $last'"
	is_status 0 '... and starts a service on some CPUs'
	service=$(pgrep -P "$(cat "$work/socket.pid")")
	is "$(sed -n 's/^Cpus_allowed_list:\t//p' /proc/"$service"/status)" \
		"$(seq -s, 1 $((last - 1)) | sed 's/.\+/&,/')$last" '... which is kept on these'
	hook release "format='raw' readonly='true'"
	is_status 0 '... and ends it, whatever its XML says by then'
	! kill -0 "$service" 2>/dev/null
	ok $? '... indeed'
fi

done_testing
