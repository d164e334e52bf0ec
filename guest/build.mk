# SPDX-License-Identifier: BSD-2-Clause

# The machine half of the runtime: entry, exceptions, console, vCPUs, pages, user
# memory, the virtio channel.
GUEST_LIB_SRCS += guest/lib/entry.S guest/lib/blk.c guest/lib/blk_queue.c guest/lib/blk_user.c guest/lib/boot.c guest/lib/channel_virtio.c guest/lib/console.c guest/lib/exception.c guest/lib/fault.c guest/lib/gup.c guest/lib/lock.c guest/lib/mmap.c guest/lib/page.c guest/lib/kvmalloc.c guest/lib/pgtable.c guest/lib/platform.c guest/lib/ram.c guest/lib/smp.c guest/lib/time.c guest/lib/uaccess.c guest/lib/virtio_mmio.c guest/lib/vmalloc.c guest/lib/vspace.c guest/lib/c/vsprintf.c

# The allocator half, which is portable: the guest's and the hosted build have it alike.
GUEST_PORTABLE_SRCS := guest/lib/kmem/dmapool.c guest/lib/c/kasprintf.c guest/lib/kmem/core.c guest/lib/kmem/cpu.c guest/lib/kmem/depot.c guest/lib/kmem/host.c guest/lib/kmem/mag.c guest/lib/c/kstrtox.c guest/lib/kmem/mempool.c guest/lib/kmem/slab_cache.c guest/lib/kmem/slab_kmalloc.c guest/lib/c/string_linux.c
GUEST_LIB_SRCS += $(GUEST_PORTABLE_SRCS) guest/lib/c/string.c guest/lib/c/string_c.c
HOSTED_LIB_SRCS += $(GUEST_PORTABLE_SRCS) guest/lib/hosted.c guest/lib/hosted_channel.c

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
