# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += $(wildcard vmm/elf/*.c)

UNIT_TESTS += $(call unit_tests,vmm/elf)
vmm/elf_SRCS := virtio/blk/format.c vmm/base/cli.c vmm/elf/elf.c vmm/elf/notes.c mm/host/file.c vmm/base/media.c \
	vmm/elf/symbols.c
