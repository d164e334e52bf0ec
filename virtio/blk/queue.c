/* SPDX-License-Identifier: BSD-2-Clause */
/* The rings of a disk: requests in, answers out, and when the driver is to notify. */

#include "mm/host/clock.h"
#include "mm/probe.h"
#include "mm/util.h"
#include "virtio/blk/priv.h"

static struct blk_dev *of_source(struct io_source *source)
{
	return container_of(source, struct blk_dev, source);
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

static bool take(struct blk_queue *q)
{
	struct vring_chain chain = {.seg = q->seg, .max_seg = VRING_MAX_SEGS};
	struct blk_list taken;
	struct blk_req *req;
	struct blk_dev *blk = q->blk;
	struct vring *ring = &blk->dev.queue[q->index].ring;
	uint64_t now = 0;
	unsigned int n;
	int ret;

	blk_list_init(&taken);
	virtio_queue_lock(&blk->dev, q->index);
	for (n = 0; n < BLK_TAKE && live(q); n++) {
		if (blk_queue_exhausted(q, n)) {
			blk->stalled = true;
			break;
		}
		ret = vring_pop(ring, &chain);
		if (ret < 0)
			give_up(q);
		if (ret <= 0)
			break;
		if (!n) {
			vring_disable_notify(ring);
			now = monotonic_ns();
		}
		req = blk_req_claim(q, &chain);
		req->taken_ns = now;
		blk_list_append(&taken, req);
	}
	virtio_queue_unlock(&blk->dev, q->index);
	while ((req = blk_list_take(&taken)))
		blk_req_start(req);
	return n != 0;
}

static bool blk_work(struct io_source *source)
{
	struct blk_dev *blk = of_source(source);
	bool any = blk_steps(blk);

	blk->stalled = false;
	for (unsigned int i = 0; i < blk->dev.nr_queues; i++)
		any |= take(&blk->queue[i]);
	/* What was answered, or begun and failed, without any operation. */
	if (any)
		source->ops->flush(source);
	return any;
}

/* How long a request lasted that is answered at now. */
static void time_request(struct blk_queue *q, const struct blk_req *req, uint64_t now)
{
	enum blk_latency_op op;
	uint64_t ns = now - req->taken_ns;

	if (req->status != VIRTIO_BLK_S_OK)
		return;
	switch (req->type) {
	case VIRTIO_BLK_T_IN:
		op = BLK_LATENCY_READ;
		break;
	case VIRTIO_BLK_T_OUT:
		op = BLK_LATENCY_WRITE;
		break;
	case VIRTIO_BLK_T_FLUSH:
		op = BLK_LATENCY_FLUSH;
		break;
	case VIRTIO_BLK_T_DISCARD:
	case VIRTIO_BLK_T_WRITE_ZEROES:
		op = BLK_LATENCY_UNMAP;
		break;
	default:
		return;
	}
	io_stat_add(&q->bucket[op][blk_latency_bucket(ns)], 1);
	io_stat_add(&q->total_ns[op], ns);
}

static void answer(struct blk_queue *q)
{
	struct virtio_device *dev = &q->blk->dev;
	struct vring *ring = &dev->queue[q->index].ring;
	struct blk_list list = q->finished;
	struct blk_req *req;
	uint64_t now;

	blk_list_init(&q->finished);
	virtio_queue_lock(dev, q->index);
	/* Who reads these answers asks for more soon, and is polled for. */
	vring_disable_notify(ring);
	/* A ring that is to stop does so when the last answer is out (queue_stop). */
	for (req = list.first; req; req = req->next) {
		if (req->written &&
		    !blk_copy_to(req, req->chain.writable - 1, &req->status, sizeof(req->status)))
			req->written = 0;
		PROBE(blk_answer, q->blk, req, req->type, req->status, req->written);
		vring_push(ring, &req->chain, req->written);
	}
	virtio_queue_signal(dev, q->index);
	virtio_queue_unlock(dev, q->index);
	io_stat_add(&q->blk->stats.signals, 1);
	now = monotonic_ns();
	while ((req = blk_list_take(&list))) {
		time_request(q, req, now);
		blk_req_release(req);
	}
}

static void blk_flush(struct io_source *source)
{
	struct blk_dev *blk = of_source(source);

	blk_steps(blk);
	for (unsigned int i = 0; i < blk->dev.nr_queues; i++) {
		if (!blk->queue[i].finished.first)
			continue;
		answer(&blk->queue[i]);
		blk->stalled = false;
	}
}

static bool blk_pending(struct io_source *source)
{
	struct blk_dev *blk = of_source(source);
	bool pending = false;

	if (blk->stalled)
		return false;
	for (unsigned int i = 0; i < blk->dev.nr_queues && !pending; i++) {
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
	struct blk_dev *blk = of_source(source);
	bool pending = false;

	/* The completion that ends a stall wakes the thread. */
	if (blk->stalled)
		return false;
	for (unsigned int i = 0; i < blk->dev.nr_queues; i++) {
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
