# SPDX-License-Identifier: BSD-2-Clause
VHOST_USER_SRCS := $(wildcard virtio/vhost_user/*.c)

UNIT_TESTS += vhost_user_inflight
vhost_user_inflight_SRCS := tools/vhost/client.c tools/vhost/ring.c virtio/vhost_user/inflight.c \
	virtio/vhost_user/inflight_packed.c $(VIRTIO_RING_SRCS)
VHOST_USER_TEST_SRCS := tests/unit/vhost_user_backend.c tools/vhost/client.c tools/vhost/ring.c \
	$(VHOST_USER_SRCS) $(VIRTIO_IO_SRCS) $(VIRTIO_BLK_SRCS) \
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
