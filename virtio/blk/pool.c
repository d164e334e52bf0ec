/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests from their being taken to their being given back, and the bounds on what they have of
 * the host's meanwhile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "virtio/blk/priv.h"

/* What a segment beyond those that requests have room for takes: its place in the chain, in the
 * operation and in the kernel, and its region. */
#define SEGMENT_MOST (3 * sizeof(struct iovec) + sizeof(struct io_region *))

_Static_assert(sizeof(struct blk_req) <= BLK_ENTRY_MOST, "what is counted is kept");
_Static_assert((BLK_BOUNCES + 1) * BLK_BOUNCE_SIZE +
			       (BLK_MAX_SEGMENTS + VRING_MAX_SEGS) * SEGMENT_MOST +
			       BLK_MAX_QUEUES * sizeof(struct blk_queue) + (2 << 20) <=
		       BLK_DEV_MOST,
	       "what is counted is kept, with 2 MiB for the kernel's lists of pages");

int blk_queue_create(struct blk_dev *blk, unsigned int index, unsigned int size)
{
	struct blk_queue *q = &blk->queue[index];

	q->blk = blk;
	q->index = index;
	blk_list_init(&q->finished);
	q->pool = calloc(size, sizeof(*q->pool));
	if (!q->pool)
		return -ENOMEM;
	for (unsigned int i = 0; i < size; i++) {
		q->pool[i].queue = q;
		q->pool[i].next = q->free;
		q->free = &q->pool[i];
	}
	return 0;
}

void blk_queue_destroy(struct blk_queue *q)
{
	free(q->pool);
}

bool blk_queue_exhausted(const struct blk_queue *q, unsigned int n)
{
	const struct blk_dev *blk = q->blk;

	return !q->free || blk->flight >= BLK_MAX_FLIGHT || blk->segments >= BLK_MAX_SEGMENTS ||
	       blk->range_flight >= BLK_MAX_RANGE_FLIGHT ||
	       !io_engine_room(blk->engine, BLK_MAX_PARTS * (n + 1));
}

/* The most that a request can ask for by ranges, before it is looked at: what has their shape has
 * not that of a transfer. */
static uint64_t may_ask(const struct vring_chain *chain)
{
	const uint64_t header = sizeof(struct virtio_blk_outhdr);
	const uint64_t range = sizeof(struct virtio_blk_discard_write_zeroes);

	if (chain->readable <= header || chain->readable > header + BLK_MAX_RANGES * range)
		return 0;
	return (chain->readable - header) / range * BLK_RANGE_BYTES;
}

/* Makes room for the segments. Where there is no memory for it, room for the last one is enough
 * for the answer: it has the status. Returns the first segment that is to be copied. */
static const struct iovec *make_room(struct blk_req *req, const struct vring_chain *chain)
{
	unsigned int n = req->nr;

	req->chain.seg = req->inline_seg;
	req->data = req->inline_data;
	req->region = req->inline_region;
	if (n <= BLK_INLINE_SEGS)
		return chain->seg;
	req->allocated =
		malloc((2 * n + BLK_MAX_PARTS) * sizeof(struct iovec) + n * sizeof(*req->region));
	if (req->allocated) {
		req->chain.seg = req->allocated;
		req->data = req->chain.seg + n;
		req->region = (const struct io_region **)(req->data + n + BLK_MAX_PARTS);
		return chain->seg;
	}
	req->nr = chain->nr_writable != 0;
	req->chain.nr_readable = 0;
	req->chain.readable = 0;
	req->chain.nr_writable = req->nr;
	if (req->nr)
		req->chain.writable = (uint32_t)chain->seg[n - 1].iov_len;
	return chain->seg + n - req->nr;
}

struct blk_req *blk_req_claim(struct blk_queue *q, const struct vring_chain *chain)
{
	struct blk_dev *blk = q->blk;
	struct blk_req *req = q->free;
	const struct iovec *seg;

	q->free = req->next;
	memset(req, 0, offsetof(struct blk_req, part));
	req->queue = q;
	req->chain = *chain;
	req->nr = chain->nr_readable + chain->nr_writable;
	seg = make_room(req, chain);
	memcpy(req->chain.seg, seg, req->nr * sizeof(struct iovec));
	req->bytes = (uint64_t)chain->readable + chain->writable;
	req->asked = may_ask(chain);
	blk->flight += req->bytes;
	blk->segments += req->allocated ? req->nr : 0;
	blk->range_flight += req->asked;
	blk->source.busy++;
	q->busy++;
	return req;
}

void blk_req_release(struct blk_req *req)
{
	struct blk_queue *q = req->queue;
	struct blk_dev *blk = q->blk;

	blk_unpin(req);
	blk->segments -= req->allocated ? req->nr : 0;
	free(req->allocated);
	blk->flight -= req->bytes;
	blk->range_flight -= req->asked;
	blk->source.busy--;
	q->busy--;
	req->next = q->free;
	q->free = req;
}
