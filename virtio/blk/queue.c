/* SPDX-License-Identifier: BSD-2-Clause */
/* The rings of a disk: requests in, answers out, and when the driver is to notify. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mm/probe.h"
#include "virtio/blk/priv.h"

_Static_assert(sizeof(struct blk_req) <= BLK_ENTRY_MOST, "what is counted is kept");
_Static_assert((BLK_BOUNCES + 1) * BLK_BOUNCE_SIZE +
			       (BLK_MAX_SEGMENTS + VRING_MAX_SEGS) * 3 * sizeof(struct iovec) +
			       (2 << 20) <=
		       BLK_DEV_MOST,
	       "what is counted is kept, with 2 MiB for the kernel's lists of pages");

int blk_queue_create(struct blk_dev *blk, unsigned int index, unsigned int size)
{
	struct blk_queue *q = &blk->queue[index];
	unsigned int i;

	q->blk = blk;
	q->index = index;
	q->finished_tail = &q->finished;
	q->pool = calloc(size, sizeof(*q->pool));
	if (!q->pool)
		return -ENOMEM;
	for (i = 0; i < size; i++) {
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

/* The queue's lock is held, in all of these. */
static bool live(const struct blk_queue *q)
{
	return !q->dead && virtio_queue_live(&q->blk->dev, q->index);
}

static void give_up(struct blk_queue *q)
{
	struct virtio_device *dev = &q->blk->dev;

	q->dead = true;
	if (dev->transport)
		dev->transport->needs_reset(dev->transport_opaque);
}

static struct blk_req *claim(struct blk_queue *q, const struct vring_chain *chain)
{
	unsigned int n = chain->nr_readable + chain->nr_writable;
	struct blk_req *req = q->free;

	q->free = req->next;
	*req = (struct blk_req){.queue = q, .chain = *chain, .nr = n};
	req->chain.seg = req->inline_seg;
	req->data = req->inline_data;
	if (n > BLK_INLINE_SEGS) {
		req->allocated = malloc((2 * n + BLK_MAX_PARTS) * sizeof(struct iovec));
		if (!req->allocated) {
			/* Enough for the answer: the last segment has the status. */
			req->nr = 0;
			req->chain.nr_readable = 0;
			req->chain.readable = 0;
			req->chain.nr_writable = chain->nr_writable != 0;
			if (req->chain.nr_writable) {
				req->inline_seg[0] = chain->seg[n - 1];
				req->chain.writable = (uint32_t)req->inline_seg[0].iov_len;
				req->nr = 1;
			}
			return req;
		}
		req->chain.seg = req->allocated;
		req->data = req->chain.seg + n;
	}
	memcpy(req->chain.seg, chain->seg, n * sizeof(struct iovec));
	return req;
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

/* Out of something that only a completion can give; n requests are not begun yet. */
static bool exhausted(const struct blk_queue *q, unsigned int n)
{
	const struct blk_dev *blk = q->blk;

	return !q->free || blk->flight >= BLK_MAX_FLIGHT || blk->segments >= BLK_MAX_SEGMENTS ||
	       blk->range_flight >= BLK_MAX_RANGE_FLIGHT ||
	       !io_engine_room(blk->engine, BLK_MAX_PARTS * (n + 1));
}

static bool take(struct blk_queue *q)
{
	struct vring_chain chain = {.seg = q->seg, .max_seg = VRING_MAX_SEGS};
	struct blk_req *first = NULL, **last = &first, *req;
	struct blk_dev *blk = q->blk;
	struct vring *ring = &blk->dev.queue[q->index].ring;
	unsigned int n;
	int ret;

	virtio_queue_lock(&blk->dev, q->index);
	for (n = 0; n < BLK_TAKE && live(q); n++) {
		if (exhausted(q, n)) {
			blk->stalled = true;
			break;
		}
		ret = vring_pop(ring, &chain);
		if (ret < 0)
			give_up(q);
		if (ret <= 0)
			break;
		if (!n)
			vring_disable_notify(ring);
		req = claim(q, &chain);
		req->bytes = (uint64_t)chain.readable + chain.writable;
		blk->flight += req->bytes;
		blk->segments += req->allocated ? req->nr : 0;
		req->asked = may_ask(&chain);
		blk->range_flight += req->asked;
		blk->source.busy++;
		q->busy++;
		*last = req;
		last = &req->next;
	}
	virtio_queue_unlock(&blk->dev, q->index);
	while (first) {
		req = first;
		first = req->next;
		blk_req_start(req);
	}
	return n != 0;
}

static bool blk_work(struct io_source *source)
{
	struct blk_dev *blk = (struct blk_dev *)((char *)source - offsetof(struct blk_dev, source));
	bool any = blk_steps(blk);
	unsigned int i;

	blk->stalled = false;
	for (i = 0; i < blk->dev.nr_queues; i++)
		any |= take(&blk->queue[i]);
	/* What was answered, or begun and failed, without any operation. */
	if (any)
		source->ops->flush(source);
	return any;
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

static void answer(struct blk_queue *q)
{
	struct virtio_device *dev = &q->blk->dev;
	struct vring *ring = &dev->queue[q->index].ring;
	struct blk_req *list = q->finished, *req;

	q->finished = NULL;
	q->finished_tail = &q->finished;
	virtio_queue_lock(dev, q->index);
	/* Who reads these answers asks for more soon, and is polled for. */
	vring_disable_notify(ring);
	/* A ring that is to stop does so when the last answer is out (queue_stop). */
	for (req = list; req; req = req->next) {
		if (req->written &&
		    !blk_copy_to(req, req->chain.writable - 1, &req->status, sizeof(req->status)))
			req->written = 0;
		PROBE(blk_answer, q->blk, req, req->type, req->status, req->written);
		vring_push(ring, &req->chain, req->written);
	}
	virtio_queue_signal(dev, q->index);
	virtio_queue_unlock(dev, q->index);
	io_stat_add(&q->blk->stats.signals, 1);
	while (list) {
		req = list;
		list = req->next;
		blk_req_release(req);
	}
}

static void blk_flush(struct io_source *source)
{
	struct blk_dev *blk = (struct blk_dev *)((char *)source - offsetof(struct blk_dev, source));
	unsigned int i;

	blk_steps(blk);
	for (i = 0; i < blk->dev.nr_queues; i++) {
		if (!blk->queue[i].finished)
			continue;
		answer(&blk->queue[i]);
		blk->stalled = false;
	}
}

static bool blk_pending(struct io_source *source)
{
	struct blk_dev *blk = (struct blk_dev *)((char *)source - offsetof(struct blk_dev, source));
	bool pending = false;
	unsigned int i;

	if (blk->stalled)
		return false;
	for (i = 0; i < blk->dev.nr_queues && !pending; i++) {
		struct virtio_queue *vq = &blk->dev.queue[i];

		/* Whoever has the lock is about to kick, or to stop the queue. */
		if (pthread_mutex_trylock(&vq->lock))
			continue;
		pending = live(&blk->queue[i]) && vring_pending(&vq->ring);
		pthread_mutex_unlock(&vq->lock);
	}
	return pending;
}

static bool blk_rest(struct io_source *source)
{
	struct blk_dev *blk = (struct blk_dev *)((char *)source - offsetof(struct blk_dev, source));
	bool pending = false;
	unsigned int i;

	/* The completion that ends a stall wakes the thread. */
	if (blk->stalled)
		return false;
	for (i = 0; i < blk->dev.nr_queues; i++) {
		virtio_queue_lock(&blk->dev, i);
		if (live(&blk->queue[i]))
			pending |= vring_enable_notify(&blk->dev.queue[i].ring);
		virtio_queue_unlock(&blk->dev, i);
	}
	return pending;
}

const struct io_source_ops blk_source_ops = {
	.work = blk_work,
	.flush = blk_flush,
	.pending = blk_pending,
	.rest = blk_rest,
};
