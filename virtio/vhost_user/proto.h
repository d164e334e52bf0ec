/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes over a vhost-user socket (QEMU docs/interop/vhost-user.rst), for the back
 * end here and for clients of it. Numbers are in the machine's byte order.
 */
#ifndef VIRTIO_VHOST_USER_PROTO_H
#define VIRTIO_VHOST_USER_PROTO_H

#include <stddef.h>
#include <stdint.h>

/* Flags of a message. */
#define VHOST_USER_VERSION      1u
#define VHOST_USER_VERSION_MASK 3u
#define VHOST_USER_REPLY        4u
#define VHOST_USER_NEED_REPLY   8u

/* Feature bits beside the device's. */
#define VHOST_USER_F_LOG_ALL           (1ull << 26)
#define VHOST_USER_F_PROTOCOL_FEATURES (1ull << 30)

/* Bits of the protocol features. */
#define VHOST_USER_PF_MQ                  (1ull << 0)
#define VHOST_USER_PF_LOG_SHMFD           (1ull << 1)
#define VHOST_USER_PF_REPLY_ACK           (1ull << 3)
#define VHOST_USER_PF_BACKEND_REQ         (1ull << 5)
#define VHOST_USER_PF_CONFIG              (1ull << 9)
#define VHOST_USER_PF_INFLIGHT_SHMFD      (1ull << 12)
#define VHOST_USER_PF_RESET_DEVICE        (1ull << 13)
#define VHOST_USER_PF_CONFIGURE_MEM_SLOTS (1ull << 15)

enum vhost_user_request {
	VHOST_USER_GET_FEATURES = 1,
	VHOST_USER_SET_FEATURES = 2,
	VHOST_USER_SET_OWNER = 3,
	VHOST_USER_RESET_OWNER = 4,
	VHOST_USER_SET_MEM_TABLE = 5,
	VHOST_USER_SET_LOG_BASE = 6,
	VHOST_USER_SET_LOG_FD = 7,
	VHOST_USER_SET_VRING_NUM = 8,
	VHOST_USER_SET_VRING_ADDR = 9,
	VHOST_USER_SET_VRING_BASE = 10,
	VHOST_USER_GET_VRING_BASE = 11,
	VHOST_USER_SET_VRING_KICK = 12,
	VHOST_USER_SET_VRING_CALL = 13,
	VHOST_USER_SET_VRING_ERR = 14,
	VHOST_USER_GET_PROTOCOL_FEATURES = 15,
	VHOST_USER_SET_PROTOCOL_FEATURES = 16,
	VHOST_USER_GET_QUEUE_NUM = 17,
	VHOST_USER_SET_VRING_ENABLE = 18,
	VHOST_USER_SET_BACKEND_REQ_FD = 21,
	VHOST_USER_GET_CONFIG = 24,
	VHOST_USER_SET_CONFIG = 25,
	VHOST_USER_GET_INFLIGHT_FD = 31,
	VHOST_USER_SET_INFLIGHT_FD = 32,
	VHOST_USER_RESET_DEVICE = 34,
	VHOST_USER_GET_MAX_MEM_SLOTS = 36,
	VHOST_USER_ADD_MEM_REG = 37,
	VHOST_USER_REM_MEM_REG = 38,
	VHOST_USER_REQUESTS,
};

/* From the back end. */
#define VHOST_USER_BACKEND_CONFIG_CHANGE 2u

#define VHOST_USER_MAX_FDS        8u /* of one message */
#define VHOST_USER_TABLE_REGIONS  8u
#define VHOST_USER_CONFIG_MAX     256u
#define VHOST_USER_QUEUE_MASK     0xffu /* of SET_VRING_KICK, CALL, ERR */
#define VHOST_USER_NO_FD          0x100u
#define VHOST_USER_RING_LOG       1u /* of vhost_user_ring_addr.flags */
#define VHOST_USER_CONFIG_MIGRATE 1u /* of vhost_user_config_space.flags */
#define VHOST_USER_LOG_PAGE       4096u

struct vhost_user_header {
	uint32_t request;
	uint32_t flags;
	uint32_t size; /* of the payload */
};

struct vhost_user_ring_state {
	uint32_t index;
	uint32_t num;
};

struct vhost_user_ring_addr {
	uint32_t index;
	uint32_t flags;
	uint64_t desc; /* the front end's virtual addresses */
	uint64_t used;
	uint64_t avail;
	uint64_t log; /* guest-physical */
};

struct vhost_user_region {
	uint64_t guest_addr;
	uint64_t size;
	uint64_t user_addr; /* the front end's virtual address */
	uint64_t mmap_offset;
};

struct vhost_user_table {
	uint32_t nr;
	uint32_t padding;
	struct vhost_user_region region[VHOST_USER_TABLE_REGIONS];
};

struct vhost_user_single_region {
	uint64_t padding;
	struct vhost_user_region region;
};

struct vhost_user_log_area {
	uint64_t size;
	uint64_t offset;
};

struct vhost_user_config_space {
	uint32_t offset;
	uint32_t size;
	uint32_t flags;
	uint8_t data[VHOST_USER_CONFIG_MAX];
};

struct vhost_user_inflight_area {
	uint64_t mmap_size;
	uint64_t mmap_offset;
	uint16_t num_queues;
	uint16_t queue_size;
};

/* What of the last two goes over the wire at least: some front ends send the padding of the
 * structure, too. */
#define VHOST_USER_INFLIGHT_SIZE 20u
#define VHOST_USER_CONFIG_HEADER offsetof(struct vhost_user_config_space, data)

union vhost_user_payload {
	uint64_t u64;
	struct vhost_user_ring_state state;
	struct vhost_user_ring_addr addr;
	struct vhost_user_table table;
	struct vhost_user_single_region single;
	struct vhost_user_log_area log;
	struct vhost_user_config_space config;
	struct vhost_user_inflight_area inflight;
};

/* The region that is shared for what is in flight: one of these for each queue, each
 * followed by its entries, each rounded up to VHOST_USER_INFLIGHT_ALIGN. */
#define VHOST_USER_INFLIGHT_VERSION 1u
#define VHOST_USER_INFLIGHT_ALIGN   64u

struct vhost_user_split_entry {
	uint8_t inflight;
	uint8_t padding[5];
	uint16_t next;
	uint64_t counter;
};

struct vhost_user_split_inflight {
	uint64_t features;
	uint16_t version;
	uint16_t desc_num;
	uint16_t last_batch_head;
	uint16_t used_idx;
	struct vhost_user_split_entry desc[];
};

struct vhost_user_packed_entry {
	uint8_t inflight;
	uint8_t padding;
	uint16_t next;
	uint16_t last;
	uint16_t num;
	uint64_t counter;
	uint16_t id;
	uint16_t flags;
	uint32_t len;
	uint64_t addr;
};

struct vhost_user_packed_inflight {
	uint64_t features;
	uint16_t version;
	uint16_t desc_num;
	uint16_t free_head;
	uint16_t old_free_head;
	uint16_t used_idx;
	uint16_t old_used_idx;
	uint8_t used_wrap_counter;
	uint8_t old_used_wrap_counter;
	uint8_t padding[7];
	struct vhost_user_packed_entry desc[];
};

_Static_assert(sizeof(struct vhost_user_header) == 12, "message header");
_Static_assert(sizeof(struct vhost_user_ring_addr) == 40, "ring addresses");
_Static_assert(sizeof(struct vhost_user_table) == 264, "memory table");
_Static_assert(sizeof(struct vhost_user_single_region) == 40, "single region");
_Static_assert(offsetof(struct vhost_user_config_space, data) == 12, "configuration access");
_Static_assert(offsetof(struct vhost_user_inflight_area, queue_size) == 18, "inflight area");
_Static_assert(sizeof(struct vhost_user_split_entry) == 16, "split entry");
_Static_assert(sizeof(struct vhost_user_split_inflight) == 16, "split inflight region");
_Static_assert(sizeof(struct vhost_user_packed_entry) == 32, "packed entry");
_Static_assert(sizeof(struct vhost_user_packed_inflight) == 32, "packed inflight region");

#endif
