# SPDX-License-Identifier: BSD-2-Clause

# The machine half of the runtime: entry, exceptions, console, vCPUs, pages, user
# memory, the virtio channel.
GUEST_LIB_SRCS += $(addprefix guest/lib/, \
	entry.S boot.c channel_virtio.c console.c exception.c fault.c gup.c lock.c mmap.c page.c \
	pgtable.c platform.c ram.c smp.c time.c uaccess.c virtio_mmio.c vmalloc.c vspace.c vsprintf.c)
