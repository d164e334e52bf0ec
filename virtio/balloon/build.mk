# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_BALLOON_SRCS := $(wildcard virtio/balloon/*.c)
