# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_KMEM_SRCS := $(wildcard virtio/kmem/*.c)
VIRTIO_KMEM_TEST_SRCS := tests/unit/virtio/driver.c tests/unit/virtio/kmem/driver.c \
	$(VIRTIO_RING_SRCS) virtio/device.c $(VIRTIO_MMIO_SRCS) $(VIRTIO_KMEM_SRCS)

UNIT_TESTS += $(call unit_tests,virtio/kmem)
virtio/kmem_SRCS := tests/unit/virtio/kmem/fake_mm.c $(VIRTIO_KMEM_TEST_SRCS)
virtio/kmem/threads_SAN := asan tsan
virtio/kmem/heap_SRCS := $(VIRTIO_KMEM_TEST_SRCS) $(MM_SRCS)
virtio/kmem/user_SRCS := $(virtio/kmem/heap_SRCS)
virtio/kmem/leases_SRCS := $(virtio/kmem/heap_SRCS)
