# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_RING_SRCS := virtio/vring.c virtio/vring_split.c virtio/vring_packed.c virtio/vring_chain.c
VIRTIO_SRCS := $(VIRTIO_RING_SRCS) virtio/device.c virtio/mmio.c virtio/mmio_regs.c \
	virtio/kmem_dev.c virtio/kmem_dev_request.c virtio/kmem_dev_objects.c \
	virtio/kmem_dev_pages.c virtio/kmem_dev_caches.c virtio/kmem_dev_events.c

UNIT_TESTS += virtio_vring
virtio_vring_SRCS := tests/unit/virtio_driver.c $(VIRTIO_RING_SRCS) virtio/device.c \
	virtio/mmio.c virtio/mmio_regs.c

UNIT_TESTS += virtio_mmio
virtio_mmio_SRCS := $(virtio_vring_SRCS)

UNIT_TESTS += virtio_kmem
virtio_kmem_SRCS := tests/unit/virtio_driver.c tests/unit/virtio_kmem_driver.c \
	tests/unit/virtio_fake_mm.c $(VIRTIO_SRCS)

UNIT_TESTS += virtio_hostile
virtio_hostile_SRCS := $(virtio_kmem_SRCS)

UNIT_TESTS += virtio_threads
virtio_threads_SRCS := $(virtio_kmem_SRCS)
virtio_threads_SAN := asan tsan

UNIT_TESTS += virtio_heap
virtio_heap_SRCS := tests/unit/virtio_driver.c tests/unit/virtio_kmem_driver.c \
	$(VIRTIO_SRCS) $(MM_SRCS)
