/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that are well laid out and ask for what cannot be. */
#include "attack.h"
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/string.h>

struct request {
	const char *what;
	unsigned int type;
	u32 count, cache;
	int status;
	u32 node, gfp, flags;
	u16 order;
	bool reserved;
	u64 size, align;
	size_t payload; /* bytes; 0: none */
	size_t reply;   /* bytes; 0: room for any */
};

static const struct request requests[] = {
	{"request: type 0", 0, 1, CACHE_64, -EOPNOTSUPP, .node = VIRTIO_KMEM_NODE_ANY},
	{"request: type 12", 12, 1, CACHE_64, -EOPNOTSUPP, .node = VIRTIO_KMEM_NODE_ANY},
	{"request: type 0xffff", 0xffff, 1, CACHE_64, -EOPNOTSUPP, .node = VIRTIO_KMEM_NODE_ANY},
	{"request: no objects", VIRTIO_KMEM_ALLOC, 0, CACHE_64, -EINVAL,
	 .node = VIRTIO_KMEM_NODE_ANY},
	{"request: one object above the limit", VIRTIO_KMEM_ALLOC, VIRTIO_KMEM_MAX_BATCH + 1,
	 CACHE_64, -EINVAL, .node = VIRTIO_KMEM_NODE_ANY},
	{"request: 4294967295 objects", VIRTIO_KMEM_ALLOC, ~0u, CACHE_64, -EINVAL,
	 .node = VIRTIO_KMEM_NODE_ANY},
	{"request: no room for the addresses", VIRTIO_KMEM_ALLOC, 64, CACHE_64, -ENOSPC,
	 .node = VIRTIO_KMEM_NODE_ANY, .reply = 16 + 63 * 8},
	{"request: objects of cache 0", VIRTIO_KMEM_ALLOC, 1, 0, -ENOENT,
	 .node = VIRTIO_KMEM_NODE_ANY},
	{"request: objects of a cache that is not there", VIRTIO_KMEM_ALLOC, 1, 200, -ENOENT,
	 .node = VIRTIO_KMEM_NODE_ANY},
	{"request: objects of cache 4294967295", VIRTIO_KMEM_ALLOC, 1, ~0u, -ENOENT,
	 .node = VIRTIO_KMEM_NODE_ANY},
	{"request: node 99", VIRTIO_KMEM_ALLOC, 1, CACHE_64, -EINVAL, .node = 99},
	{"request: flags that mean nothing", VIRTIO_KMEM_ALLOC, 1, CACHE_64, -EINVAL,
	 .node = VIRTIO_KMEM_NODE_ANY, .gfp = 1u << 31},
	{"request: a reserved field that is set", VIRTIO_KMEM_ALLOC, 1, CACHE_64, -EINVAL,
	 .node = VIRTIO_KMEM_NODE_ANY, .reserved = true},
	{"request: pages of order 11", VIRTIO_KMEM_ALLOC_PAGES, 1, 0, -EINVAL,
	 .node = VIRTIO_KMEM_NODE_ANY, .order = 11},
	{"request: pages of order 65535", VIRTIO_KMEM_ALLOC_PAGES, 1, 0, -EINVAL,
	 .node = VIRTIO_KMEM_NODE_ANY, .order = 0xffff},
	{"request: a free that is shorter than its count", VIRTIO_KMEM_FREE, 8, 0, -EINVAL,
	 .node = VIRTIO_KMEM_NODE_ANY, .payload = 7 * 8},
	{"request: a free that is longer than its count", VIRTIO_KMEM_FREE, 8, 0, -EINVAL,
	 .node = VIRTIO_KMEM_NODE_ANY, .payload = 9 * 8},
	{"request: a free with no room for refusals", VIRTIO_KMEM_FREE, 8, 0, -ENOSPC,
	 .node = VIRTIO_KMEM_NODE_ANY, .payload = 8 * 8, .reply = 16 + 63},
	{"request: a cache of objects of no size", VIRTIO_KMEM_CACHE_CREATE, 0, 0, -EINVAL,
	 .node = VIRTIO_KMEM_NODE_ANY, .payload = VIRTIO_KMEM_NAME_MAX},
	{"request: a cache of objects of 2^64 - 1 bytes", VIRTIO_KMEM_CACHE_CREATE, 0, 0, -EINVAL,
	 .node = VIRTIO_KMEM_NODE_ANY, .size = ~0ull, .payload = VIRTIO_KMEM_NAME_MAX},
	{"request: a cache aligned to 3", VIRTIO_KMEM_CACHE_CREATE, 0, 0, -EINVAL,
	 .node = VIRTIO_KMEM_NODE_ANY, .size = 64, .align = 3, .payload = VIRTIO_KMEM_NAME_MAX},
	{"request: a cache aligned to 2^63", VIRTIO_KMEM_CACHE_CREATE, 0, 0, -EINVAL,
	 .node = VIRTIO_KMEM_NODE_ANY, .size = 64, .align = 1ull << 63,
	 .payload = VIRTIO_KMEM_NAME_MAX},
	{"request: destroy a size class", VIRTIO_KMEM_CACHE_DESTROY, 0, CACHE_64, -EPERM,
	 .node = VIRTIO_KMEM_NODE_ANY},
	{"request: destroy a cache that is not there", VIRTIO_KMEM_CACHE_DESTROY, 0, 150, -ENOENT,
	 .node = VIRTIO_KMEM_NODE_ANY},
	{"request: shrink a cache that is not there", VIRTIO_KMEM_CACHE_SHRINK, 0, 0xe0, -ENOENT,
	 .node = VIRTIO_KMEM_NODE_ANY},
	{"request: statistics of a cache that is not there", VIRTIO_KMEM_STATS, 0, ~0u, -ENOENT,
	 .node = VIRTIO_KMEM_NODE_ANY},
	{"request: statistics without room for them", VIRTIO_KMEM_STATS, 0, 0, -ENOSPC,
	 .node = VIRTIO_KMEM_NODE_ANY, .reply = 24},
	{"request: pins of more pages than the limit", VIRTIO_KMEM_PIN, VIRTIO_KMEM_MAX_BATCH + 1,
	 0, -EINVAL, .node = VIRTIO_KMEM_NODE_ANY, .payload = (VIRTIO_KMEM_MAX_BATCH + 1) * 8},
};

void try_requests(void)
{
	ok(raw_start() && good_request(), "request: a good one is served");
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		const struct request *r = &requests[i];
		int status;

		memset(raw_payload, 0, sizeof(raw_payload));
		raw_prepare(r->type, r->count, r->cache);
		raw_req.node = r->node;
		raw_req.gfp = r->gfp;
		raw_req.flags = r->flags;
		raw_req.order = r->order;
		raw_req.size = r->size;
		raw_req.align = r->align;
		raw_req.reserved[1] = r->reserved;
		status = raw_request(r->payload, r->reply ? r->reply : RAW_REPLY_MAX);
		if (status != r->status)
			printk("# status %d, not %d\n", status, r->status);
		ok(status == r->status && !raw_needs_reset() && good_request(), r->what);
	}
	raw.desc[0] = (struct raw_desc){virt_to_phys(&raw_req), 63, DESC_NEXT, 1};
	raw.desc[1] = reply_desc(DESC_WRITE, 0);
	raw_prepare(VIRTIO_KMEM_ALLOC, 1, CACHE_64);
	ok(raw_kick(0) && (int)raw_reply.resp.status == -EINVAL && good_request(),
	   "request: a header one byte short");
}

/* Frees and pins of one address each, the status of its refusal. */
static int refusal(unsigned int type, u64 address)
{
	const struct virtio_kmem_bad *bad = (const struct virtio_kmem_bad *)raw_reply.payload;

	raw_prepare(type, 1, 0);
	raw_payload[0] = address;
	if (raw_request(8, RAW_REPLY_MAX) || raw_reply.resp.value != 1 || bad->index)
		return 0;
	return (int)bad->status;
}

void try_addresses(void)
{
	const struct virtio_kmem_bad *bad = (const struct virtio_kmem_bad *)raw_reply.payload;
	u64 object;
	u64 page;
	u64 stranger = heap_base + heap_size - PAGE_SIZE;

	ok(raw_start(), "address: the device starts");
	raw_prepare(VIRTIO_KMEM_ALLOC, 1, CACHE_64);
	raw_request(0, RAW_REPLY_MAX);
	object = raw_reply.payload[0] & ~VIRTIO_KMEM_ADDR_FLAGS;
	raw_prepare(VIRTIO_KMEM_ALLOC_PAGES, 1, 0);
	raw_req.order = 2;
	raw_request(0, RAW_REPLY_MAX);
	page = raw_reply.payload[0] & ~VIRTIO_KMEM_ADDR_FLAGS;

	ok(refusal(VIRTIO_KMEM_FREE, 0x1000) == -EFAULT, "address: a free of RAM");
	ok(refusal(VIRTIO_KMEM_FREE, ~0ull) == -EFAULT, "address: a free of 2^64 - 1");
	ok(refusal(VIRTIO_KMEM_FREE, heap_base + heap_size) == -EFAULT,
	   "address: a free of the first byte past the heap");
	ok(refusal(VIRTIO_KMEM_FREE, stranger), "address: a free of a page never handed out");
	ok(refusal(VIRTIO_KMEM_FREE, object + 8) == -EINVAL,
	   "address: a free of the middle of an object");
	ok(refusal(VIRTIO_KMEM_FREE, object + 64), "address: a free of the object after it");
	ok(refusal(VIRTIO_KMEM_FREE_PAGES, page + PAGE_SIZE),
	   "address: a free of the middle of a run");
	ok(refusal(VIRTIO_KMEM_FREE_PAGES, object & PAGE_MASK), "address: a slab freed as a run");
	ok(refusal(VIRTIO_KMEM_UNPIN, page) == -ENOENT, "address: an unpin without a pin");

	raw_prepare(VIRTIO_KMEM_FREE, 3, CACHE_64);
	raw_payload[0] = raw_payload[1] = raw_payload[2] = object;
	ok(!raw_request(24, RAW_REPLY_MAX) && raw_reply.resp.count == 1 &&
		   raw_reply.resp.value == 2 && (int)bad[0].status == -ENOENT && bad[0].index == 1,
	   "address: one object freed three times in a request");
	ok(refusal(VIRTIO_KMEM_FREE, object) == -ENOENT, "address: and once more");

	raw_prepare(VIRTIO_KMEM_PIN, 1, 0);
	raw_payload[0] = stranger;
	ok(raw_request(8, RAW_REPLY_MAX) == -EFAULT, "address: a pin of a page never handed out");
	raw_prepare(VIRTIO_KMEM_PIN, 1, 0);
	raw_payload[0] = ~0ull << 12;
	ok(raw_request(8, RAW_REPLY_MAX) == -EFAULT, "address: a pin of the last page there is");
	raw_prepare(VIRTIO_KMEM_PIN, 2, 0);
	raw_payload[0] = page;
	raw_payload[1] = stranger;
	ok(!raw_request(16, RAW_REPLY_MAX) && raw_reply.resp.count == 1,
	   "address: a pin of a good page and a bad one pins the first");
	/* Left pinned and allocated: the reset takes them back. */
	ok(raw_start() && good_request(), "address: a reset with pages pinned");
}

void try_exhaustion(void)
{
	unsigned int caches = 0;
	int status;

	ok(raw_start(), "exhaustion: the device starts");
	do {
		raw_prepare(VIRTIO_KMEM_CACHE_CREATE, 0, 0);
		raw_req.size = 32;
		raw_req.flags = VIRTIO_KMEM_CACHE_NOMERGE;
		memset(raw_payload, 'x', VIRTIO_KMEM_NAME_MAX); /* no NUL */
		status = raw_request(VIRTIO_KMEM_NAME_MAX, RAW_REPLY_MAX);
	} while (!status && ++caches < 1000);
	ok(status == -ENOSPC && caches && good_request(), "exhaustion: caches run out");
	for (unsigned int i = 0; i < 10000; i++) {
		raw_prepare(VIRTIO_KMEM_ALLOC_PAGES, 1, 0);
		raw_req.order = VIRTIO_KMEM_MAX_ORDER;
		status = raw_request(0, RAW_REPLY_MAX);
		if (status)
			break;
	}
	ok(status == -ENOMEM, "exhaustion: memory runs out");
	ok(raw_start() && good_request(), "exhaustion: a reset takes all of it back");
}
