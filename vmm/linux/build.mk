# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/linux/*.c)

UNIT_TESTS += vmm_acpi vmm_serial vmm_linux vmm_pvh
vmm_acpi_SRCS := vmm/linux/acpi.c vmm/linux/acpi_dsdt.c vmm/linux/aml.c
vmm_serial_SRCS := vmm/linux/serial.c
vmm_serial_SAN := asan tsan
vmm_linux_SRCS = virtio/blk/format.c vmm/base/cli.c vmm/elf/notes.c vmm/base/file.c vmm/linux/elf.c vmm/linux/image.c vmm/linux/reject.c \
	vmm/machine/bound.c vmm/linux/map.c vmm/base/media.c vmm/machine/memory.c $(MM_SRCS)
vmm_pvh_SRCS = $(vmm_linux_SRCS) vmm/linux/pvh.c

UNIT_TESTS += vmm_media
vmm_media_SRCS = $(vmm_linux_SRCS) vmm/elf/elf.c
