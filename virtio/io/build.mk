# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_IO_SRCS := $(wildcard virtio/io/*.c)

UNIT_TESTS += $(call unit_tests,virtio/io)
virtio/io_SRCS := virtio/io/place.c virtio/io/window.c virtio/io/window_release.c $(MM_SRCS)
virtio/io_LIBS := liburing
virtio/io/learn_SRCS := virtio/io/learn.c
virtio/io/regions_SRCS := $(VIRTIO_IO_SRCS) $(MM_SRCS)
