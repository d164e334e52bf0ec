# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_RING_SRCS := $(wildcard virtio/ring/*.c)

UNIT_TESTS += $(call unit_tests,virtio/ring)
virtio/ring_SRCS = tests/unit/virtio/ring/ring.c $(VIRTIO_MMIO_TEST_SRCS)
virtio/ring/rings_SAN := asan tsan
