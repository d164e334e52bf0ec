# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_KMEM_SRCS := $(wildcard virtio/kmem/*.c)
VIRTIO_KMEM_TEST_SRCS := tests/unit/virtio_driver.c tests/unit/virtio_kmem_driver.c \
	$(VIRTIO_RING_SRCS) virtio/device.c $(VIRTIO_MMIO_SRCS) $(VIRTIO_KMEM_SRCS)

UNIT_TESTS += virtio_kmem
virtio_kmem_SRCS := tests/unit/virtio_fake_mm.c $(VIRTIO_KMEM_TEST_SRCS)

UNIT_TESTS += virtio_kmem_events
virtio_kmem_events_SRCS := $(virtio_kmem_SRCS)

UNIT_TESTS += virtio_hostile
virtio_hostile_SRCS := $(virtio_kmem_SRCS)

UNIT_TESTS += virtio_threads
virtio_threads_SRCS := $(virtio_kmem_SRCS)
virtio_threads_SAN := asan tsan

UNIT_TESTS += virtio_heap
virtio_heap_SRCS := $(VIRTIO_KMEM_TEST_SRCS) $(MM_SRCS)
