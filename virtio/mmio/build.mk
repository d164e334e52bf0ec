# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_MMIO_SRCS := $(wildcard virtio/mmio/*.c)
VIRTIO_MMIO_TEST_SRCS := tests/unit/virtio/driver.c $(VIRTIO_RING_SRCS) virtio/device.c \
	$(VIRTIO_MMIO_SRCS)

UNIT_TESTS += $(call unit_tests,virtio/mmio)
virtio/mmio_SRCS := tests/unit/virtio/mmio/echo.c $(VIRTIO_MMIO_TEST_SRCS)
virtio/mmio/stop_SRCS := $(VIRTIO_MMIO_TEST_SRCS)
virtio/mmio/stop_SAN := asan tsan
