# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_RING_SRCS := virtio/ring/vring.c virtio/ring/split.c virtio/ring/packed.c virtio/ring/chain.c
VIRTIO_SRCS := $(VIRTIO_RING_SRCS) virtio/device.c virtio/mmio/mmio.c virtio/mmio/regs.c \
	virtio/kmem/kmem.c virtio/kmem/request.c virtio/kmem/objects.c \
	virtio/kmem/pages.c virtio/kmem/caches.c virtio/kmem/events.c

VIRTIO_MMIO_TEST_SRCS := tests/unit/virtio_driver.c $(VIRTIO_RING_SRCS) virtio/device.c \
	virtio/mmio/mmio.c virtio/mmio/regs.c

UNIT_TESTS += virtio_chain virtio_vring virtio_packed virtio_rings
virtio_chain_SRCS := tests/unit/virtio_ring.c $(VIRTIO_MMIO_TEST_SRCS)
virtio_vring_SRCS := $(virtio_chain_SRCS)
virtio_packed_SRCS := $(virtio_chain_SRCS)
virtio_rings_SRCS := $(virtio_chain_SRCS)
virtio_rings_SAN := asan tsan

UNIT_TESTS += virtio_mmio virtio_mmio_queues
virtio_mmio_SRCS := tests/unit/virtio_echo.c $(VIRTIO_MMIO_TEST_SRCS)
virtio_mmio_queues_SRCS := $(virtio_mmio_SRCS)

UNIT_TESTS += virtio_stop
virtio_stop_SRCS := $(VIRTIO_MMIO_TEST_SRCS)
virtio_stop_SAN := asan tsan

VIRTIO_IO_SRCS := virtio/io/engine.c virtio/io/loop.c virtio/io/place.c virtio/io/region.c \
	virtio/io/ring.c virtio/io/watch.c virtio/io/window.c virtio/io/window_release.c

UNIT_TESTS += io_windows
io_windows_SRCS := virtio/io/place.c virtio/io/window.c virtio/io/window_release.c $(MM_SRCS)
io_windows_LIBS := liburing

VIRTIO_CONSOLE_SRCS := virtio/console/control.c virtio/console/console.c virtio/rng.c \
	virtio/balloon/balloon.c

UNIT_TESTS += virtio_console
virtio_console_SRCS := $(VIRTIO_MMIO_TEST_SRCS) $(VIRTIO_CONSOLE_SRCS) $(VIRTIO_IO_SRCS) \
	$(MM_SRCS)
virtio_console_LIBS := liburing
virtio_console_SAN := asan tsan

UNIT_TESTS += virtio_kmem
virtio_kmem_SRCS := tests/unit/virtio_driver.c tests/unit/virtio_kmem_driver.c \
	tests/unit/virtio_fake_mm.c $(VIRTIO_SRCS)

UNIT_TESTS += virtio_kmem_events
virtio_kmem_events_SRCS := $(virtio_kmem_SRCS)

UNIT_TESTS += virtio_hostile
virtio_hostile_SRCS := $(virtio_kmem_SRCS)

UNIT_TESTS += virtio_threads
virtio_threads_SRCS := $(virtio_kmem_SRCS)
virtio_threads_SAN := asan tsan

UNIT_TESTS += virtio_heap
virtio_heap_SRCS := tests/unit/virtio_driver.c tests/unit/virtio_kmem_driver.c \
	$(VIRTIO_SRCS) $(MM_SRCS)

VIRTIO_BLK_SRCS := virtio/blk/blk.c virtio/blk/file.c virtio/blk/format.c virtio/blk/part.c virtio/blk/pin.c \
	virtio/blk/queue.c virtio/blk/range.c virtio/blk/request.c virtio/blk/rw.c virtio/blk/step.c
VIRTIO_BLK_SRCS += virtio/blk/handover.c
BLK_TEST_SRCS := tests/unit/blk_driver.c tests/unit/virtio_driver.c $(VIRTIO_RING_SRCS) \
	virtio/device.c virtio/mmio/mmio.c virtio/mmio/regs.c $(VIRTIO_IO_SRCS) $(VIRTIO_BLK_SRCS) \
	$(MM_SRCS)

UNIT_TESTS += blk_format
blk_format_SRCS := virtio/blk/file.c virtio/blk/format.c

UNIT_TESTS += blk_requests
blk_requests_SRCS := $(BLK_TEST_SRCS)
blk_requests_LIBS := liburing

VHOST_USER_SRCS := virtio/vhost_user/guard.c virtio/vhost_user/inflight.c virtio/vhost_user/inflight_packed.c virtio/vhost_user/mem.c virtio/vhost_user/msg.c virtio/vhost_user/queue.c virtio/vhost_user/request.c virtio/vhost_user/ring.c virtio/vhost_user/session.c virtio/vhost_user/table.c virtio/vhost_user/track.c
VIRTIO_SRCS += $(VIRTIO_CONSOLE_SRCS) $(VIRTIO_IO_SRCS) $(VIRTIO_BLK_SRCS) $(VHOST_USER_SRCS) \
	virtio/vhost_user/engine.c
VMM_LIBS += liburing

UNIT_TESTS += blk_data
blk_data_SRCS := $(BLK_TEST_SRCS)
blk_data_LIBS := liburing
blk_data_SAN := asan tsan plain

UNIT_TESTS += blk_release
blk_release_SRCS := $(BLK_TEST_SRCS) virtio/balloon/balloon.c
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

UNIT_TESTS += vhost_user_inflight
vhost_user_inflight_SRCS := tools/vhost/client.c tools/vhost/ring.c virtio/vhost_user/inflight.c \
	virtio/vhost_user/inflight_packed.c $(VIRTIO_RING_SRCS)

VHOST_USER_TEST_SRCS := tests/unit/vhost_user_backend.c tools/vhost/client.c tools/vhost/ring.c \
	$(VHOST_USER_SRCS) virtio/vhost_user/engine.c $(VIRTIO_IO_SRCS) $(VIRTIO_BLK_SRCS) \
	$(VIRTIO_RING_SRCS) virtio/device.c $(MM_SRCS)

UNIT_TESTS += vhost_user_messages
vhost_user_messages_SRCS := $(VHOST_USER_TEST_SRCS)
vhost_user_messages_LIBS := liburing

UNIT_TESTS += vhost_user_handover
vhost_user_handover_SRCS := $(VHOST_USER_TEST_SRCS)
vhost_user_handover_LIBS := liburing
vhost_user_handover_SAN := asan tsan

UNIT_TESTS += vhost_user_memory
vhost_user_memory_SRCS := $(VHOST_USER_TEST_SRCS)
vhost_user_memory_LIBS := liburing
vhost_user_memory_SAN := asan tsan plain

UNIT_TESTS += vhost_user_rings
vhost_user_rings_SRCS := $(VHOST_USER_TEST_SRCS)
vhost_user_rings_LIBS := liburing
vhost_user_rings_SAN := asan tsan
