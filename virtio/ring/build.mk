# SPDX-License-Identifier: BSD-2-Clause
VIRTIO_RING_SRCS := $(wildcard virtio/ring/*.c)

UNIT_TESTS += virtio_chain virtio_vring virtio_packed virtio_rings
virtio_chain_SRCS = tests/unit/virtio_ring.c $(VIRTIO_MMIO_TEST_SRCS)
virtio_vring_SRCS = $(virtio_chain_SRCS)
virtio_packed_SRCS = $(virtio_chain_SRCS)
virtio_rings_SRCS = $(virtio_chain_SRCS)
virtio_rings_SAN := asan tsan
