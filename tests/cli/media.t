#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Disks that are not what they are given for: each is refused or said, by `run` and `serve` alike,
# and no byte of theirs is changed.
. tests/cli/tap.sh

needs "$GUEST/reset"
hello=$GUEST/hello # ends with 7
disk=$dir/disk

# put AT BYTES: into the disk, as printf has them.
put() {
	# shellcheck disable=SC2059 # it is a format
	printf "$2" | dd of="$disk" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

# serve OPTIONS...: a service of the disk, which is not to come up.
serve() {
	run serve --socket-path "$dir/socket" --blk-file "$disk" "$@"
}

# comes_up OPTIONS...: a service of the disk listens, and ends in order. Sets status, and err.
comes_up() {
	"$SLABVISOR" serve --socket-path "$dir/socket" --blk-file "$disk" "$@" >"$out" 2>"$err" &
	service=$!
	until [ -S "$dir/socket" ] || ! kill -0 $service 2>/dev/null; do :; done
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
	printf 'disks:\n  - blk-file: %s\n    socket-path: %s/socket\n' "$disk" "$dir" >"$dir/c.yaml"
	run serve --config "$dir/c.yaml"
	is_status 124 "$1: refused by a configuration file too"
	run run --disk "path=$disk,format=raw" "$hello"
	is_status 7 "$1: format=raw takes it"
	comes_up --format raw
	is_status 0 "$1: --format raw serves it"
	if [ "$sum" = "$(cksum <"$disk")" ]; then
		ok "$1: not a byte has changed"
	else
		not_ok "$1: not a byte has changed"
	fi
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

printf 'disks:\n  - blk-file: %s\n    socket-path: %s/socket\n    format: raw\n' "$disk" "$dir" \
	>"$dir/c.yaml"
"$SLABVISOR" serve --config "$dir/c.yaml" 2>"$err" &
service=$!
until [ -S "$dir/socket" ] || ! kill -0 $service 2>/dev/null; do :; done
kill -TERM $service
wait $service
status=$?
is_status 0 'format: raw serves it from a configuration file'
run run --dry-run --disk "path=$disk,format=raw" "$hello"
if grep -q 'path=.*,format=raw' "$out"; then
	ok '--dry-run prints the word'
else
	not_ok '--dry-run prints the word' "$(cat "$out")"
fi

run run --disk "path=$disk,format=qcow2" "$hello"
is_status 125 'another format is refused'
err_is_line 'format=qcow2: disks are raw: say raw, or nothing; .*qemu-img convert -O raw' '... with what would be right'
serve --format vhdx
is_status 125 'and by serve'
err_is_line '^slabvisor: --format vhdx: disks are raw: say raw' '... in the same words'

# A guest that has written such a thing to its own disk is let have it: it restarts.
rm "$disk"
truncate -s 1M "$disk"
mkfifo "$dir/told" "$dir/said"
timeout -k 5 60 "$SLABVISOR" run --memory 64M --kernel "$GUEST/reset" --disk "path=$disk" \
	<"$dir/told" >"$dir/said" 2>"$err" &
service=$!
exec 3>"$dir/told" 4<"$dir/said"
read -r first <&4
put 0 'QFI\373\0\0\0\3'
printf r >&3
read -r second <&4
printf q >&3
exec 3>&- 4<&-
status=0
wait $service || status=$?
is_status 0 'a guest restarts on a disk that it has made look like an image'
if [ "$first $second" = 'up up' ]; then
	ok '... it does'
else
	not_ok '... it does' "$first $second" "$(cat "$err")"
fi

finish
