/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring that keeps the account of vhost-user by itself, without the rest of a session:
 * track_opaque is its struct vhost_user_inflight. */
#ifndef INFLIGHT_TRACK_H
#define INFLIGHT_TRACK_H

#include "virtio/vhost_user/inflight.h"

static bool inflight_again_pending(const void *opaque)
{
	return vhost_user_inflight_again_pending(opaque);
}

static int inflight_again(void *opaque, const struct vring *ring, struct vring_chain *chain)
{
	return vhost_user_inflight_again(opaque, ring, chain);
}

static void inflight_taken(void *opaque, const struct vring *ring, uint16_t first,
			   const struct vring_chain *chain)
{
	vhost_user_inflight_taken(opaque, ring, first, chain);
}

static void inflight_returning(void *opaque, const struct vring *ring,
			       const struct vring_chain *chain)
{
	vhost_user_inflight_returning(opaque, ring, chain);
}

static void inflight_returned(void *opaque, const struct vring *ring,
			      const struct vring_chain *chain)
{
	vhost_user_inflight_returned(opaque, ring, chain);
}

static const struct vring_track_ops inflight_track_ops = {
	.again_pending = inflight_again_pending,
	.again = inflight_again,
	.taken = inflight_taken,
	.returning = inflight_returning,
	.returned = inflight_returned,
};

#endif
