# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_CONSOLE_SRCS := $(wildcard virtio/console/*.c)

UNIT_TESTS += $(call unit_tests,virtio/console)
virtio/console_SRCS := $(VIRTIO_MMIO_TEST_SRCS) $(VIRTIO_CONSOLE_SRCS) mm/host/thread.c
virtio/console_SAN := asan tsan
