# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_BALLOON_SRCS := $(wildcard virtio/balloon/*.c)

UNIT_TESTS += $(call unit_tests,virtio/balloon)
virtio/balloon_SRCS := $(VIRTIO_MMIO_TEST_SRCS) $(VIRTIO_BALLOON_SRCS) $(VIRTIO_IO_SRCS) $(MM_SRCS)
virtio/balloon_LIBS := liburing
virtio/balloon_SAN := asan tsan
