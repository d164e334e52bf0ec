/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-kmem requests: from a chain to a checked private copy, to the function that
 * serves its type, to the reply. What is said of a request by its type alone is
 * in one table.
 */
#include <errno.h>
#include <string.h>

#include "mm/probe.h"
#include "mm/util.h"
#include "virtio/kmem/priv.h"

enum kmem_payload {
	PAYLOAD_NONE,
	PAYLOAD_ADDRS, /* count addresses */
	PAYLOAD_NAME,  /* up to VIRTIO_KMEM_NAME_MAX characters */
};

struct kmem_request_type {
	int (*serve)(struct kmem_request *r);
	enum kmem_payload payload;
	bool counted;   /* count is 1..VIRTIO_KMEM_MAX_BATCH */
	size_t each;    /* longest reply: bytes a count, */
	size_t fixed;   /* and bytes besides */
	uint64_t needs; /* feature bits */
};

static const struct kmem_request_type types[] = {
	[VIRTIO_KMEM_ALLOC] = {.serve = kmem_dev_alloc, .counted = true, .each = 8},
	[VIRTIO_KMEM_FREE] = {.serve = kmem_dev_free,
			      .payload = PAYLOAD_ADDRS,
			      .counted = true,
			      .each = 8},
	[VIRTIO_KMEM_ALLOC_PAGES] = {.serve = kmem_dev_alloc_pages, .counted = true, .each = 8},
	[VIRTIO_KMEM_FREE_PAGES] = {.serve = kmem_dev_free_pages,
				    .payload = PAYLOAD_ADDRS,
				    .counted = true,
				    .each = 8},
	[VIRTIO_KMEM_CACHE_CREATE] = {.serve = kmem_dev_cache_create, .payload = PAYLOAD_NAME},
	[VIRTIO_KMEM_CACHE_DESTROY] = {.serve = kmem_dev_cache_destroy},
	[VIRTIO_KMEM_CACHE_SHRINK] = {.serve = kmem_dev_cache_shrink},
	[VIRTIO_KMEM_PIN] = {.serve = kmem_dev_pin,
			     .payload = PAYLOAD_ADDRS,
			     .counted = true,
			     .needs = 1ull << VIRTIO_KMEM_F_PIN},
	[VIRTIO_KMEM_UNPIN] = {.serve = kmem_dev_unpin,
			       .payload = PAYLOAD_ADDRS,
			       .counted = true,
			       .each = 8,
			       .needs = 1ull << VIRTIO_KMEM_F_PIN},
	[VIRTIO_KMEM_STATS] = {.serve = kmem_dev_stats, .fixed = sizeof(struct virtio_kmem_stats)},
	[VIRTIO_KMEM_WIDEN] = {.serve = kmem_dev_widen, .payload = PAYLOAD_ADDRS, .counted = true},
};

/* A name ends up in reports and on terminals: it is text or question marks. */
static void copy_name(struct kmem_request *r, const struct vring_chain *chain, size_t size)
{
	vring_chain_read(chain, sizeof(r->req), r->name, size);
	r->name[size < VIRTIO_KMEM_NAME_MAX ? size : VIRTIO_KMEM_NAME_MAX - 1] = '\0';
	for (size_t i = 0; r->name[i]; i++)
		if (r->name[i] < ' ' || r->name[i] > '~')
			r->name[i] = '?';
}

/* Copies the request, header and payload, once; refuses one that is not what its
 * type says. */
static int parse(struct kmem_request *r, const struct vring_chain *chain,
		 const struct kmem_request_type **type)
{
	struct virtio_kmem_req *req = &r->req;
	const struct kmem_request_type *t;
	size_t payload;
	size_t want = 0;

	if (vring_chain_read(chain, 0, req, sizeof(*req)) < sizeof(*req))
		return -EINVAL;
	if (req->type >= ARRAY_SIZE(types) || !types[req->type].serve)
		return -EOPNOTSUPP;
	t = &types[req->type];
	if (t->needs & ~r->kmem->dev.features)
		return -EOPNOTSUPP;
	if (req->reserved[0] || req->reserved[1])
		return -EINVAL;
	if (t->counted && (!req->count || req->count > VIRTIO_KMEM_MAX_BATCH))
		return -EINVAL;
	payload = chain->readable - sizeof(*req);
	switch (t->payload) {
	case PAYLOAD_NONE:
		if (payload)
			return -EINVAL;
		break;
	case PAYLOAD_ADDRS:
		want = (size_t)req->count * sizeof(*r->addr);
		if (payload != want)
			return -EINVAL;
		vring_chain_read(chain, sizeof(*req), r->addr, want);
		break;
	case PAYLOAD_NAME:
		if (payload > VIRTIO_KMEM_NAME_MAX)
			return -EINVAL;
		copy_name(r, chain, payload);
		break;
	}
	/* Before anything is done: an answer that does not fit would lose memory. */
	want = t->fixed + (t->counted ? t->each * req->count : 0);
	if (chain->writable - sizeof(r->resp) < want)
		return -ENOSPC;
	*type = t;
	return 0;
}

/* Serves one chain, which has room for at least a struct virtio_kmem_resp. Returns
 * the bytes written. */
static uint32_t serve_chain(struct kmem_dev *kmem, struct kmem_queue *q,
			    const struct vring_chain *chain, unsigned int cpu)
{
	struct kmem_request r = {.kmem = kmem, .cpu = cpu, .addr = q->addr, .bad = q->bad};
	const struct kmem_request_type *type;
	int status;

	status = parse(&r, chain, &type);
	PROBE(kmem_request, cpu, r.req.type, r.req.count);
	if (!status)
		status = type->serve(&r);
	r.resp.status = (uint32_t)status;
	PROBE(kmem_reply, cpu, r.req.type, status);
	/* Relaxed: statistics. */
	atomic_fetch_add_explicit(&q->requests, 1, memory_order_relaxed);
	if (status)
		atomic_fetch_add_explicit(&q->errors, 1, memory_order_relaxed);
	vring_chain_write(chain, 0, &r.resp, sizeof(r.resp));
	vring_chain_write(chain, sizeof(r.resp), r.reply, r.reply_size);
	return (uint32_t)(sizeof(r.resp) + r.reply_size);
}

uint32_t kmem_dev_serve(struct virtio_device *dev, unsigned int queue,
			const struct vring_chain *chain)
{
	struct kmem_dev *kmem = kmem_dev_of(dev);
	uint32_t written;

	virtio_queue_lock(dev, queue);
	written = serve_chain(kmem, &kmem->queue[queue], chain, queue);
	virtio_queue_unlock(dev, queue);
	return written;
}

bool kmem_dev_serve_queue(struct kmem_dev *kmem, unsigned int queue, unsigned int cpu)
{
	struct virtio_device *dev = &kmem->dev;
	struct vring *ring = &dev->queue[queue].ring;
	struct kmem_queue *q = &kmem->queue[queue];
	struct vring_chain chain = {.seg = q->seg, .max_seg = VRING_MAX_SEGS};
	/* One round of the ring, then others may have the lock. */
	unsigned int budget = ring->setup.size;
	bool more;

	do {
		while (budget && virtio_queue_pop(dev, queue, &chain)) {
			if (chain.writable < sizeof(struct virtio_kmem_resp)) {
				virtio_device_break(dev);
				return false;
			}
			vring_push(ring, &chain, serve_chain(kmem, q, &chain, cpu));
			budget--;
		}
		/* A broken device has nothing more to look at. */
		more = virtio_queue_live(dev, queue) && vring_enable_notify(ring);
	} while (more && budget);
	virtio_queue_signal(dev, queue);
	return more;
}
