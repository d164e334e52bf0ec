# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/linux/*.c)

UNIT_TESTS += $(call unit_tests,vmm/linux)
vmm/linux/acpi_SRCS := vmm/linux/acpi.c vmm/linux/acpi_dsdt.c vmm/linux/aml.c
vmm/linux/serial_SRCS := vmm/linux/serial.c
vmm/linux/serial_SAN := asan tsan
vmm/linux/image_SRCS = virtio/blk/format.c vmm/base/cli.c vmm/elf/notes.c mm/host/file.c vmm/linux/elf.c vmm/linux/image.c \
	vmm/linux/reject.c vmm/machine/bound.c vmm/linux/map.c vmm/base/media.c vmm/machine/memory.c $(MM_SRCS)
vmm/linux/pvh_SRCS = $(vmm/linux/image_SRCS) vmm/linux/pvh.c
