# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_IO_SRCS := $(wildcard virtio/io/*.c)

UNIT_TESTS += io_windows
io_windows_SRCS := virtio/io/place.c virtio/io/window.c virtio/io/window_release.c $(MM_SRCS)
io_windows_LIBS := liburing
