#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A served disk of a machine of which a part of the memory is plugged and unplugged, by virtio-mem,
# again and again.
set -u

# shellcheck source=tests/soak/qemu.sh
. tests/soak/qemu.sh

plugged() { # MIB: whether the guest has come there
	[[ $(qmp query-memory-devices) =~ \"size\":\ *([0-9]+) ]] && [ "${BASH_REMATCH[1]}" = $(($1 << 20)) ]
}

cycle() {
	until_true 60 reading
	while :; do
		for target in 64 384; do
			qmp qom-set "{\"path\": \"part\", \"property\": \"requested-size\", \"value\": $((target << 20))}" \
				>>"$err" || return
			settles plugged $target
		done
	done
}

prepare virtio_mem
machine 128 -m 192M,slots=1,maxmem=1G -machine q35,memory-backend=m \
	-object memory-backend-memfd,id=m,size=192M,share=on \
	-object memory-backend-memfd,id=more,size=384M,share=on \
	-device virtio-mem-pci,id=part,memdev=more,requested-size=384M
cycle &
helpers+=($!)
judge virtio_mem 16
