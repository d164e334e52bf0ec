#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A served disk of a machine whose balloon takes half of its memory and gives it back, again and
# again.
set -u

# shellcheck source=tests/soak/qemu.sh
. tests/soak/qemu.sh

ballooned() { # MIB: whether the guest has come there
	[[ $(qmp query-balloon) =~ \"actual\":\ *([0-9]+) ]] && [ "${BASH_REMATCH[1]}" = $(($1 << 20)) ]
}

cycle() {
	until_true 60 reading
	while :; do
		for target in 224 512; do
			qmp balloon "{\"value\": $((target << 20))}" >>"$err" || return
			settles ballooned $target
		done
	done
}

prepare virtio_balloon
machine 96 -m 512M -machine q35,memory-backend=m \
	-object memory-backend-memfd,id=m,size=512M,share=on \
	-device virtio-balloon-pci,deflate-on-oom=on
cycle &
helpers+=($!)
judge balloon 16
