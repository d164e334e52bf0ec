/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver for the kmem device that does nothing right by itself: registers and one
 * ring laid bare, for requests that no honest driver would make. Queue 0 only.
 */
#ifndef HOSTILE_RAW_H
#define HOSTILE_RAW_H

#include "virtio/abi/kmem.h"
#include <linux/types.h>

/* virtio 1.2, section 4.2.2. */
#define REG_DEVICE_ID       0x008
#define REG_DRIVER_FEATURES 0x020
#define REG_DRIVER_SEL      0x024
#define REG_QUEUE_SEL       0x030
#define REG_QUEUE_NUM       0x038
#define REG_QUEUE_READY     0x044
#define REG_QUEUE_NOTIFY    0x050
#define REG_STATUS          0x070
#define REG_QUEUE_DESC      0x080
#define REG_QUEUE_AVAIL     0x090
#define REG_QUEUE_USED      0x0a0
#define REG_CONFIG          0x100

#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER      2u
#define STATUS_DRIVER_OK   4u
#define STATUS_FEATURES_OK 8u
#define STATUS_NEEDS_RESET 64u

#define DESC_NEXT     1u
#define DESC_WRITE    2u
#define DESC_INDIRECT 4u

#define RAW_QUEUE 16 /* entries */

/* What raw_request() says when the device gave no answer. */
#define RAW_NO_ANSWER 0x7fffffff

struct raw_desc {
	__le64 addr;
	__le32 len;
	__le16 flags;
	__le16 next;
};

struct raw_ring {
	struct raw_desc desc[RAW_QUEUE];
	volatile __le16 avail_flags, avail_idx;
	__le16 avail[RAW_QUEUE];
	__le16 pad;
	volatile __le32 used_head __attribute__((aligned(4))); /* flags, idx */
	struct {
		__le32 id, len;
	} used[RAW_QUEUE];
};

/* The ring, and the buffers of a request. */
extern struct raw_ring raw;
extern struct virtio_kmem_req raw_req;
extern u64 raw_payload[VIRTIO_KMEM_MAX_BATCH + 1];
extern struct {
	struct virtio_kmem_resp resp;
	u64 payload[VIRTIO_KMEM_MAX_BATCH];
} raw_reply;

/* Finds the device. False: there is none. */
bool raw_find(void);

u32 raw_read(unsigned int reg);
void raw_write(unsigned int reg, u32 value);
/* A store of 1, 2, 4 or 8 bytes at any offset of the page. */
void raw_store(unsigned int offset, u64 value, unsigned int width);

/* Resets the device, negotiates and gives it the ring. True if it is ready. */
bool raw_start(void);

/* As raw_start() up to the ring: size and addresses are the caller's. True if the
 * device took them. */
bool raw_start_with(u32 size, u64 desc, u64 avail, u64 used);

/* The three steps of it: resets the device and negotiates (features: bits 0 to 31); gives it a
 * ring; says that it may begin. Each is true if the device agrees. */
bool raw_begin(u32 features);
bool raw_queue(u32 queue, u32 size, u64 desc, u64 avail, u64 used);
bool raw_ready(void);

bool raw_needs_reset(void);

/* Makes the chain that starts at head available and rings the bell. True if the
 * device used a buffer. */
bool raw_kick(u16 head);

/* Lays raw_req, payload_bytes of raw_payload and reply_bytes of raw_reply out as a
 * chain and sends it. Returns the reply's status or RAW_NO_ANSWER. */
int raw_request(size_t payload_bytes, size_t reply_bytes);

/* The same with room for any reply, after raw_req is cleared and given a type, a
 * count and a cache by raw_prepare(). */
void raw_prepare(unsigned int type, u32 count, u32 cache);

/* Descriptors of raw_req, and of raw_reply with that room (DESC_WRITE is not implied). */
struct raw_desc request_desc(u16 flags, u16 next);
struct raw_desc reply_desc(u16 flags, u16 next);

/* Room for the longest reply. */
#define RAW_REPLY_MAX sizeof(raw_reply)

#endif
