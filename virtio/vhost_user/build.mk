# SPDX-License-Identifier: BSD-2-Clause
VHOST_USER_SRCS := $(wildcard virtio/vhost_user/*.c)

UNIT_TESTS += $(call unit_tests,virtio/vhost_user)
virtio/vhost_user_SRCS := tests/unit/virtio/vhost_user/backend.c tools/vhost/client.c tools/vhost/ring.c \
	$(VHOST_USER_SRCS) $(VIRTIO_IO_SRCS) $(VIRTIO_BLK_SRCS) \
	$(VIRTIO_RING_SRCS) virtio/device.c $(MM_SRCS)
virtio/vhost_user_LIBS := liburing
virtio/vhost_user/handover_SAN := asan tsan
virtio/vhost_user/log_SAN := asan tsan plain
virtio/vhost_user/memory_SAN := asan tsan plain
virtio/vhost_user/rings_SAN := asan tsan
virtio/vhost_user/inflight_SRCS := tools/vhost/client.c tools/vhost/ring.c virtio/vhost_user/inflight.c \
	virtio/vhost_user/inflight_packed.c $(VIRTIO_RING_SRCS)
