# SPDX-License-Identifier: BSD-2-Clause
# Each room names its sources and its unit tests; a room stands behind those that it needs.
include $(addprefix virtio/, $(addsuffix /build.mk, ring mmio kmem ivshmem io balloon console blk vhost_user))

VIRTIO_SRCS := virtio/device.c virtio/rng.c $(VIRTIO_RING_SRCS) $(VIRTIO_MMIO_SRCS) $(VIRTIO_IO_SRCS) \
	$(VIRTIO_KMEM_SRCS) $(VIRTIO_BLK_SRCS) $(VIRTIO_BALLOON_SRCS) $(VIRTIO_CONSOLE_SRCS) \
	$(VHOST_USER_SRCS) $(VIRTIO_IVSHMEM_SRCS)
VMM_LIBS += liburing

UNIT_TESTS += $(call unit_tests,virtio)
virtio_SRCS := $(VIRTIO_MMIO_TEST_SRCS) virtio/rng.c
virtio_SAN := asan tsan
