# SPDX-License-Identifier: BSD-2-Clause

# The machine half of the runtime: entry, exceptions, console, vCPUs, pages, user
# memory, the virtio channel.
GUEST_LIB_SRCS += $(addprefix guest/lib/, \
	entry.S blk.c blk_queue.c blk_user.c boot.c channel_virtio.c console.c exception.c fault.c gup.c lock.c mmap.c page.c \
	kvmalloc.c pgtable.c platform.c ram.c smp.c time.c uaccess.c virtio_mmio.c vmalloc.c vspace.c vsprintf.c)

# The allocator half, which is portable: the guest's and the hosted build have it alike.
GUEST_PORTABLE_SRCS := $(addprefix guest/lib/, \
	dmapool.c kasprintf.c kmem_core.c kmem_cpu.c kmem_depot.c kmem_host.c kmem_mag.c kstrtox.c mempool.c \
	slab_cache.c slab_kmalloc.c string_linux.c)
GUEST_LIB_SRCS += $(GUEST_PORTABLE_SRCS) guest/lib/string.c guest/lib/string_c.c
HOSTED_LIB_SRCS += $(GUEST_PORTABLE_SRCS) guest/lib/hosted.c guest/lib/hosted_channel.c

# Its loops are not to become calls of the functions they implement.
$(B)/guest/guest/lib/string.o $(B)/guest/guest/lib/string_c.o: \
	GUEST_CFLAGS += -fno-tree-loop-distribute-patterns

GUEST_PROGRAMS += hello
GUEST_PROGRAMS += blkcheck hostile kbench negative selftest wordfreq zcbench

GUEST_TESTS := guest_kmalloc guest_cache guest_magazine guest_pools guest_string guest_threads
UNIT_TESTS += $(GUEST_TESTS)
$(foreach t,$(GUEST_TESTS),$(eval $(t)_HOSTED := tests/unit/guest_util.c $(HOSTED_LIB_SRCS)))
$(foreach t,$(GUEST_TESTS),$(eval $(t)_SRCS := $(MM_SRCS)))
guest_threads_SAN := asan tsan
