# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_BLK_SRCS := $(wildcard virtio/blk/*.c)
BLK_TEST_SRCS := tests/unit/blk_driver.c tests/unit/virtio_driver.c $(VIRTIO_RING_SRCS) \
	virtio/device.c $(VIRTIO_MMIO_SRCS) $(VIRTIO_IO_SRCS) $(VIRTIO_BLK_SRCS) \
	$(MM_SRCS)

UNIT_TESTS += blk_format
blk_format_SRCS := virtio/blk/file.c virtio/blk/format.c virtio/blk/loop.c

UNIT_TESTS += blk_requests
blk_requests_SRCS := $(BLK_TEST_SRCS)
blk_requests_LIBS := liburing

UNIT_TESTS += blk_data
blk_data_SRCS := $(BLK_TEST_SRCS)
blk_data_LIBS := liburing
blk_data_SAN := asan tsan plain

UNIT_TESTS += blk_release
blk_release_SRCS := $(BLK_TEST_SRCS) $(VIRTIO_BALLOON_SRCS)
blk_release_LIBS := liburing
blk_release_SAN := asan tsan plain

UNIT_TESTS += blk_lost
blk_lost_SRCS := $(BLK_TEST_SRCS)
blk_lost_LIBS := liburing
blk_lost_SAN := asan tsan plain

UNIT_TESTS += blk_disk
blk_disk_SRCS := $(BLK_TEST_SRCS)
blk_disk_LIBS := liburing
blk_disk_SAN := asan tsan

UNIT_TESTS += blk_steps
blk_steps_SRCS := $(BLK_TEST_SRCS)
blk_steps_LIBS := liburing
blk_steps_SAN := asan tsan plain

UNIT_TESTS += blk_packed
blk_packed_SRCS := $(BLK_TEST_SRCS)
blk_packed_LIBS := liburing

UNIT_TESTS += blk_hostile
blk_hostile_SRCS := $(BLK_TEST_SRCS)
blk_hostile_LIBS := liburing
