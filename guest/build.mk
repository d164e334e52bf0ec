# SPDX-License-Identifier: BSD-2-Clause

# The machine half of the runtime: entry, exceptions, console, vCPUs, pages, user
# memory, the virtio channel.
GUEST_LIB_SRCS += guest/lib/machine/entry.S guest/lib/blk/blk.c guest/lib/blk/queue.c guest/lib/blk/user.c guest/lib/machine/boot.c guest/lib/machine/channel_virtio.c guest/lib/machine/console.c guest/lib/machine/exception.c guest/lib/machine/fault.c guest/lib/vm/gup.c guest/lib/machine/lock.c guest/lib/vm/mmap.c guest/lib/vm/page.c guest/lib/vm/kvmalloc.c guest/lib/vm/pgtable.c guest/lib/machine/platform.c guest/lib/machine/ram.c guest/lib/machine/smp.c guest/lib/machine/time.c guest/lib/vm/uaccess.c guest/lib/machine/virtio_mmio.c guest/lib/vm/vmalloc.c guest/lib/vm/vspace.c guest/lib/c/vsprintf.c

# The allocator half, which is portable: the guest's and the hosted build have it alike.
GUEST_PORTABLE_SRCS := guest/lib/kmem/dmapool.c guest/lib/c/kasprintf.c guest/lib/kmem/core.c guest/lib/kmem/cpu.c guest/lib/kmem/depot.c guest/lib/kmem/host.c guest/lib/kmem/mag.c guest/lib/c/kstrtox.c guest/lib/kmem/mempool.c guest/lib/kmem/slab_cache.c guest/lib/kmem/slab_kmalloc.c guest/lib/c/string_linux.c
GUEST_LIB_SRCS += $(GUEST_PORTABLE_SRCS) guest/lib/c/string.c guest/lib/c/string_c.c
HOSTED_LIB_SRCS += $(GUEST_PORTABLE_SRCS) guest/lib/hosted/hosted.c guest/lib/hosted/channel.c

# Its loops are not to become calls of the functions they implement.
$(B)/guest/guest/lib/c/string.o $(B)/guest/guest/lib/c/string_c.o: \
	GUEST_CFLAGS += -fno-tree-loop-distribute-patterns

GUEST_PROGRAMS += hello
GUEST_PROGRAMS += blkcheck hostile kbench negative selftest wordfreq zcbench

GUEST_TESTS := guest_kmalloc guest_cache guest_magazine guest_pools guest_string guest_threads
UNIT_TESTS += $(GUEST_TESTS)
$(foreach t,$(GUEST_TESTS),$(eval $(t)_HOSTED := tests/unit/guest_util.c $(HOSTED_LIB_SRCS)))
$(foreach t,$(GUEST_TESTS),$(eval $(t)_SRCS := $(MM_SRCS)))
guest_threads_SAN := asan tsan
