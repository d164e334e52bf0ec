# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_BLK_SRCS := $(wildcard virtio/blk/*.c)

UNIT_TESTS += $(call unit_tests,virtio/blk)
virtio/blk_SRCS := tests/unit/virtio/blk/driver.c tests/unit/virtio/blk/fixture.c tests/unit/virtio/driver.c $(VIRTIO_RING_SRCS) \
	virtio/device.c $(VIRTIO_MMIO_SRCS) $(VIRTIO_IO_SRCS) $(VIRTIO_BLK_SRCS) $(VIRTIO_BALLOON_SRCS) \
	$(MM_SRCS)
virtio/blk_LIBS := liburing
virtio/blk/awake_SAN := asan tsan
virtio/blk/balloon_SAN := asan tsan plain
virtio/blk/data_SAN := asan tsan plain
virtio/blk/disk_SAN := asan tsan
virtio/blk/lost_SAN := asan tsan plain
virtio/blk/release_SAN := asan tsan plain
virtio/blk/steps_SAN := asan tsan plain
virtio/blk/format_SRCS := mm/host/file.c virtio/blk/file.c virtio/blk/format.c virtio/blk/loop.c
