/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of a queue is in flight, noted in memory that the front end keeps when this process
 * is killed (QEMU docs/interop/vhost-user.rst, "Inflight I/O tracking"), so that the
 * next one takes it again: each request is answered once, and none is lost.
 *
 * The memory is the front end's as much as ours: it is read when a ring is started, with
 * every number checked, and after that only written, from a copy of our own.
 *
 * Requests are handed back one by one, so that a process that is killed leaves at most one
 * that the ring says is used and the account says is not.
 */
#ifndef VIRTIO_VHOST_USER_INFLIGHT_H
#define VIRTIO_VHOST_USER_INFLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/ring/vring.h"
#include "virtio/vhost_user/proto.h"

struct vhost_user_inflight {
	union {
		struct vhost_user_split_inflight *split;
		struct vhost_user_packed_inflight *packed;
		void *area; /* NULL: no account is kept */
	};
	uint16_t desc_num;
	uint64_t counter;
	/* Heads (packed: first entries) to take again, in the order they were first taken. */
	uint16_t again[VRING_MAX_SIZE];
	unsigned int nr_again, next_again;
	/* Split: copy of the shared word. */
	uint16_t last_batch_head;
	/* Packed: the list of free entries; which entries the chain of a buffer id has. */
	uint16_t free_head;
	uint16_t next[VRING_MAX_SIZE];
	uint16_t last[VRING_MAX_SIZE];
	uint16_t entry[VRING_MAX_SIZE]; /* by id */
};

/* What was found when a ring was started. */
struct vhost_user_recovery {
	unsigned int resubmitted; /* to be taken again */
	unsigned int recovered;   /* were used already */
};

/* Bytes of one queue's part, for rings of queue_size; 0 for an impossible size. */
uint64_t vhost_user_inflight_size(bool packed, uint16_t queue_size);

/*
 * Takes up the account of a ring that is about to be started by *setup: an area of
 * vhost_user_inflight_size() bytes, new (all zero) or what a process before left. Sets
 * setup->base, which holds what the front end said, to where the ring really is. used_idx
 * is that of a split ring; used_flags those of the descriptor at the account's
 * old_used_idx of a packed one, which vhost_user_inflight_peek() says.
 * Returns 0, or -EBADMSG if the account makes no sense.
 */
int vhost_user_inflight_attach(struct vhost_user_inflight *inflight, void *area, uint16_t desc_num,
			       struct vring_setup *setup, uint16_t used_idx, uint16_t used_flags,
			       struct vhost_user_recovery *recovery);

/* The descriptor of a packed ring whose flags the above needs; below desc_num. */
uint16_t vhost_user_inflight_peek(const void *area, uint16_t desc_num);

/* For struct vring_track_ops. */
bool vhost_user_inflight_again_pending(const struct vhost_user_inflight *inflight);
int vhost_user_inflight_again(struct vhost_user_inflight *inflight, const struct vring *ring,
			      struct vring_chain *chain);
void vhost_user_inflight_taken(struct vhost_user_inflight *inflight, const struct vring *ring,
			       uint16_t first, const struct vring_chain *chain);
void vhost_user_inflight_returning(struct vhost_user_inflight *inflight, const struct vring *ring,
				   const struct vring_chain *chain);
void vhost_user_inflight_returned(struct vhost_user_inflight *inflight, const struct vring *ring,
				  const struct vring_chain *chain);

/* The packed half, in inflight_packed.c. What it finds to take again it adds in the order of its
 * entries, and when each was taken to counters, of VRING_MAX_SIZE. */
int vhost_user_packed_attach(struct vhost_user_inflight *inflight, struct vring_setup *setup,
			     uint16_t used_flags, uint64_t *counters,
			     struct vhost_user_recovery *recovery);
int vhost_user_packed_again(struct vhost_user_inflight *inflight, uint16_t entry,
			    const struct vring *ring, struct vring_chain *chain);
void vhost_user_packed_taken(struct vhost_user_inflight *inflight, const struct vring *ring,
			     uint16_t first, const struct vring_chain *chain);
void vhost_user_packed_returning(struct vhost_user_inflight *inflight, const struct vring *ring,
				 const struct vring_chain *chain);
void vhost_user_packed_returned(struct vhost_user_inflight *inflight, const struct vring *ring,
				const struct vring_chain *chain);

/* A store to the account that is done before any that follows: what a process that is killed
 * leaves is what it stored, in this order. */
#define VHOST_USER_NOTE(place, value) __atomic_store_n(&(place), (value), __ATOMIC_RELEASE)

#endif
