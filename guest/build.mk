# SPDX-License-Identifier: BSD-2-Clause

# The machine half of the runtime: console, vCPUs, the virtio channel; pages and user memory; disks;
# start and exceptions.
GUEST_LIB_SRCS += $(wildcard $(addprefix guest/lib/, machine/*.c vm/*.c blk/*.c entry/*.[cS]))

# The allocator half, which is portable, and what kernel code takes for granted beside it: the guest's and the hosted build have it alike. The hosted
# build takes memcpy() and its kin, and printf's formats, from the host's C library.
GUEST_OWN_C := $(addprefix guest/lib/c/, string.c string_c.c vsprintf.c vsscanf.c)
GUEST_PORTABLE_SRCS := $(filter-out $(GUEST_OWN_C), $(wildcard guest/lib/kmem/*.c guest/lib/c/*.c guest/lib/kernel/*.c))
GUEST_LIB_SRCS += $(GUEST_PORTABLE_SRCS) $(GUEST_OWN_C)
HOSTED_LIB_SRCS += $(GUEST_PORTABLE_SRCS) $(wildcard guest/lib/hosted/*.c)

# Its loops are not to become calls of the functions they implement.
$(B)/guest/guest/lib/c/string.o $(B)/guest/guest/lib/c/string_c.o: \
	GUEST_CFLAGS += -fno-tree-loop-distribute-patterns

GUEST_PROGRAMS += hello
GUEST_PROGRAMS += blkcheck hoard hostile kbench negative pincheck planted selftest ticker wordfreq zcbench

GUEST_TEST_ROOMS := guest/c guest/kmem guest/vm
UNIT_TESTS += $(foreach room,$(GUEST_TEST_ROOMS),$(call unit_tests,$(room)))
$(foreach room,$(GUEST_TEST_ROOMS),$(eval $(room)_HOSTED := tests/unit/guest/util.c $(HOSTED_LIB_SRCS)))
$(foreach room,$(GUEST_TEST_ROOMS),$(eval $(room)_SRCS := $(MM_SRCS)))
guest/vm_HOSTED += guest/lib/vm/vspace.c
guest/kmem/threads_SAN := asan tsan
guest/kmem/rcu_SAN := asan tsan
