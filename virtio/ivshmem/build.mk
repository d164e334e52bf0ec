# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_IVSHMEM_SRCS := $(wildcard virtio/ivshmem/*.c)

UNIT_TESTS += $(call unit_tests,virtio/ivshmem)
virtio/ivshmem_SRCS := tests/unit/virtio/ivshmem/machine.c $(VIRTIO_IVSHMEM_SRCS) $(VIRTIO_KMEM_SRCS) \
	$(VIRTIO_RING_SRCS) virtio/device.c $(MM_SRCS)
virtio/ivshmem_SAN := asan tsan
