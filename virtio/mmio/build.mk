# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_MMIO_SRCS := $(wildcard virtio/mmio/*.c)
VIRTIO_MMIO_TEST_SRCS := tests/unit/virtio_driver.c $(VIRTIO_RING_SRCS) virtio/device.c \
	$(VIRTIO_MMIO_SRCS)

UNIT_TESTS += virtio_mmio virtio_mmio_queues
virtio_mmio_SRCS := tests/unit/virtio_echo.c $(VIRTIO_MMIO_TEST_SRCS)
virtio_mmio_queues_SRCS := $(virtio_mmio_SRCS)

UNIT_TESTS += virtio_stop
virtio_stop_SRCS := $(VIRTIO_MMIO_TEST_SRCS)
virtio_stop_SAN := asan tsan
