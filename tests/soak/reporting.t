#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A served disk of a machine that gives back, by free page reporting, what its guest has free.
set -u

# shellcheck source=tests/soak/qemu.sh
. tests/soak/qemu.sh
prepare virtio_balloon
machine 192 -m 512M -machine q35,memory-backend=m \
	-object memory-backend-memfd,id=m,size=512M,share=on \
	-device virtio-balloon-pci,free-page-reporting=on
judge reporting 8
