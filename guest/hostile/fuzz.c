/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to the memory service that are made up, field by field, from a seed: all types and
 * some that are none, right and wrong lengths, addresses of every kind, chains cut in any way,
 * rings that make no sense. All vCPUs make them at once, each on its own queue; then two on one
 * queue, whose ring they write without a lock.
 *
 * The service answers, refuses, or asks for a reset, which whichever vCPU sees it first does: all
 * memory goes back by it.
 */
#include "attack.h"
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <slabvisor/platform.h>
#include <slabvisor/smp.h>

#define MOST_VCPUS  8u
#define KNOWN       256u /* addresses that a vCPU remembers */
#define MOST_CACHES 8u
#define PIECES      6u
#define F_INDIRECT  (1u << 28)
#define F_EVENT_IDX (1u << 29)

struct fuzz {
	struct raw_ring ring;
	u64 room; /* where the device writes its event index */
	struct virtio_kmem_req req;
	u64 payload[VIRTIO_KMEM_MAX_BATCH + 2];
	struct {
		struct virtio_kmem_resp resp;
		u64 payload[VIRTIO_KMEM_MAX_BATCH];
	} reply;
	struct raw_desc table[RAW_QUEUE];
	u64 rng;
	u64 known[KNOWN];
	unsigned int nr_known, queue;
	u32 cache[MOST_CACHES];
	u64 asked, answered, refused;
} __attribute__((aligned(4096)));

static struct fuzz vcpus[MOST_VCPUS];
static struct {
	spinlock_t lock; /* of resets */
	unsigned int cpus;
	u64 count; /* of each vCPU in each half */
	u64 resets, rng;
	bool shared, unserved, resetting;
} all;

static u64 next(u64 *rng)
{
	*rng ^= *rng << 13;
	*rng ^= *rng >> 7;
	*rng ^= *rng << 17;
	return *rng;
}

static u32 below(struct fuzz *f, u32 n)
{
	return (u32)((next(&f->rng) >> 32) * n >> 32);
}

static bool one_in(struct fuzz *f, u32 n)
{
	return !below(f, n);
}

static u64 edge(struct fuzz *f)
{
	u64 bit = 1ull << below(f, 64);

	switch (below(f, 5)) {
	case 0:
		return bit - 1;
	case 1:
		return bit;
	case 2:
		return 0 - bit;
	case 3:
		return below(f, 600);
	default:
		return next(&f->rng);
	}
}

/* The device anew, with a queue for each vCPU. The others go on writing into theirs. */
static void restart(void)
{
	u32 features = 1u << VIRTIO_KMEM_F_PIN;
	bool up;

	spin_lock(&all.lock);
	if (all.resets && !raw_needs_reset())
		goto out;
	all.resets++;
	__atomic_store_n(&all.resetting, true, __ATOMIC_RELAXED);
	features |= next(&all.rng) & 1 ? F_INDIRECT : 0;
	features |= next(&all.rng) & 1 ? F_EVENT_IDX : 0;
	up = raw_begin(features);
	for (unsigned int i = 0; i < all.cpus; i++) {
		struct raw_ring *ring = &vcpus[i].ring;

		memset(ring, 0, sizeof(*ring));
		vcpus[i].nr_known = 0;
		up = up && raw_queue(i, RAW_QUEUE, virt_to_phys(ring->desc),
				     virt_to_phys((const void *)&ring->avail_flags),
				     virt_to_phys((const void *)&ring->used_head));
	}
	/* Another vCPU's ring may be wrong before the device is ready: then it says so later. */
	raw_ready();
	all.unserved = all.unserved || !up;
	__atomic_store_n(&all.resetting, false, __ATOMIC_RELAXED);
out:
	spin_unlock(&all.lock);
}

static u64 address(struct fuzz *f)
{
	const struct fuzz *other = &vcpus[below(f, all.cpus)];
	unsigned int n = other->nr_known;

	switch (below(f, 12)) {
	case 0:
		return edge(f);
	case 1:
		return below(f, (u32)platform()->ram_size);
	case 2:
		return heap_base + heap_size - below(f, 8192);
	case 3:
	case 4:
		return heap_base + (next(&f->rng) % heap_size & ~4095ull);
	case 5:
		return heap_base + next(&f->rng) % heap_size;
	case 6: /* what was given, and a little beside it */
		return n ? other->known[below(f, n)] + 8 * below(f, 64) : heap_base;
	case 7: /* another's */
		return n ? other->known[below(f, n)] : heap_base;
	default:
		return f->nr_known ? f->known[below(f, f->nr_known)] : heap_base;
	}
}

static u32 count(struct fuzz *f)
{
	switch (below(f, 8)) {
	case 0:
		return (u32)edge(f);
	case 1:
		return VIRTIO_KMEM_MAX_BATCH - 1 + below(f, 3);
	default:
		return 1 + below(f, 16);
	}
}

/* Fills the request; returns the bytes of its payload. */
static u32 make_up(struct fuzz *f)
{
	struct virtio_kmem_req *req = &f->req;
	u32 bytes = 0;

	*req = (struct virtio_kmem_req){
		.type = (u16)(one_in(f, 24) ? edge(f) : 1 + below(f, VIRTIO_KMEM_WIDEN)),
		.order = (u16)(one_in(f, 16) ? edge(f) : below(f, one_in(f, 8) ? 12 : 4)),
		.count = count(f),
		.cache = one_in(f, 16)  ? (u32)edge(f)
			 : one_in(f, 3) ? f->cache[below(f, MOST_CACHES)]
					: below(f, VIRTIO_KMEM_CLASSES + 2),
		.node = one_in(f, 8) ? (u32)edge(f) : VIRTIO_KMEM_NODE_ANY,
		.gfp = one_in(f, 16) ? (u32)edge(f) : below(f, 16),
		.flags = one_in(f, 16) ? (u32)edge(f) : below(f, 128),
		.size = one_in(f, 4) ? edge(f) : 1 + below(f, 9000),
		.align = one_in(f, 4) ? edge(f) : 1ull << below(f, 14),
		.caller = next(&f->rng),
	};
	if (one_in(f, 40))
		req->reserved[below(f, 2)] = edge(f);
	switch (req->type) {
	case VIRTIO_KMEM_FREE:
	case VIRTIO_KMEM_FREE_PAGES:
	case VIRTIO_KMEM_PIN:
	case VIRTIO_KMEM_UNPIN:
	case VIRTIO_KMEM_WIDEN:
		bytes = req->count <= VIRTIO_KMEM_MAX_BATCH ? req->count * 8 : 8 * below(f, 514);
		break;
	case VIRTIO_KMEM_CACHE_CREATE:
		bytes = below(f, VIRTIO_KMEM_NAME_MAX + 4);
	}
	if (one_in(f, 24))
		bytes = below(f, sizeof(f->payload));
	for (u32 i = 0; i < bytes / 8 + 1; i++)
		f->payload[i] = address(f);
	return bytes;
}

/* Some bytes, cut into pieces; returns how many descriptors it took. */
static u32 cut(struct fuzz *f, struct raw_desc *desc, u32 n, u32 room, const void *at, u32 bytes,
	       u16 flags)
{
	u32 first = n;
	u32 piece;
	u64 pa = virt_to_phys(at);

	while (bytes && n < room) {
		piece = n + 1 < room && n - first + 1 < PIECES && one_in(f, 4) ? 1 + below(f, bytes)
									       : bytes;
		desc[n] = (struct raw_desc){pa, piece, (u16)(flags | DESC_NEXT), (u16)(n + 1)};
		pa += piece;
		bytes -= piece;
		n++;
	}
	return n;
}

/* One thing of a chain that is otherwise right. */
static void spoil(struct fuzz *f, struct raw_desc *desc, u32 n)
{
	struct raw_desc *d = &desc[below(f, n)];

	switch (below(f, 6)) {
	case 0:
		d->addr = address(f);
		break;
	case 1:
		d->len = (u32)edge(f);
		break;
	case 2:
		d->flags = (u16)(edge(f) & 15);
		break;
	case 3:
		d->next = (u16)edge(f);
		break;
	case 4:
		d->len = 0;
		break;
	default:
		d->flags ^= DESC_WRITE;
	}
}

static u32 reply_room(struct fuzz *f)
{
	if (one_in(f, 30))
		return 16 + 8 * below(f, 40);
	return one_in(f, 300) ? 1 + below(f, 16) : sizeof(f->reply);
}

/* What the answer gave is remembered. */
static void look(struct fuzz *f, const struct virtio_kmem_req *req, u32 used_before)
{
	const struct fuzz *owner = &vcpus[f->queue];

	if (owner->ring.used_head == used_before)
		return;
	f->answered++;
	if (f->reply.resp.status) {
		f->refused++;
		return;
	}
	if (req->type == VIRTIO_KMEM_CACHE_CREATE)
		f->cache[below(f, MOST_CACHES)] = (u32)f->reply.resp.value;
	if (req->type != VIRTIO_KMEM_ALLOC && req->type != VIRTIO_KMEM_ALLOC_PAGES)
		return;
	for (u32 i = 0; i < f->reply.resp.count && i < VIRTIO_KMEM_MAX_BATCH; i++) {
		u64 given = f->reply.payload[i] & ~VIRTIO_KMEM_ADDR_FLAGS;

		if (f->nr_known < KNOWN)
			f->known[f->nr_known++] = given;
		else
			f->known[below(f, KNOWN)] = given;
	}
}

/* A reset takes long, and what is asked meanwhile is not heard: a little of it is enough. */
static void wait_for_reset(struct fuzz *f)
{
	if (!__atomic_load_n(&all.resetting, __ATOMIC_RELAXED) || one_in(f, 8))
		return;
	spin_lock(&all.lock);
	spin_unlock(&all.lock);
}

static void ask(struct fuzz *f)
{
	struct fuzz *owner = &vcpus[f->queue];
	struct raw_ring *ring = &owner->ring;
	u32 bytes = make_up(f);
	u32 n;
	u32 before = ring->used_head;
	bool in_table = one_in(f, 8);
	/* Two vCPUs on one ring have half of its table each. */
	u32 base = all.shared && f != owner ? RAW_QUEUE / 2 : 0;
	u32 room = all.shared ? RAW_QUEUE / 2 : RAW_QUEUE;
	struct raw_desc *desc = in_table ? f->table : ring->desc + base;

	f->reply.resp.status = ~0u;
	n = cut(f, desc, 0, room - 4, &f->req, sizeof(f->req), 0);
	n = cut(f, desc, n, room - 2, f->payload, bytes, 0);
	n = cut(f, desc, n, room, &f->reply, reply_room(f), DESC_WRITE);
	desc[n - 1].flags &= (u16)~DESC_NEXT;
	if (one_in(f, 60))
		spoil(f, desc, n);
	if (!in_table) {
		for (u32 i = 0; i < n; i++)
			desc[i].next = (u16)(desc[i].next + base);
	} else {
		ring->desc[base] =
			(struct raw_desc){virt_to_phys(f->table), n * 16, DESC_INDIRECT, 0};
	}
	ring->avail[ring->avail_idx % RAW_QUEUE] = (u16)(one_in(f, 500) ? edge(f) : base);
	asm volatile("" : : : "memory");
	ring->avail_idx = (u16)(ring->avail_idx + (one_in(f, 500) ? edge(f) : 1));
	/* Now and then another's bell, the event queue's, or none's. */
	raw_write(REG_QUEUE_NOTIFY, one_in(f, 50) ? (u32)below(f, all.cpus + 2) : f->queue);
	f->asked++;
	look(f, &f->req, before);
	if (raw_needs_reset())
		restart();
}

static void attack(void *arg)
{
	unsigned int cpu = smp_processor_id();
	struct fuzz *f = &vcpus[cpu];

	(void)arg;
	f->queue = all.shared ? cpu & ~1u : cpu;
	for (u64 i = 0; i < all.count; i++) {
		wait_for_reset(f);
		ask(f);
	}
}

static void nothing(void *arg)
{
	(void)arg;
}

int fuzz(u64 seed, u64 requests)
{
	u64 asked = 0;
	u64 answered = 0;
	u64 refused = 0;
	bool good;

	all.cpus = num_online_cpus() < MOST_VCPUS ? num_online_cpus() : MOST_VCPUS;
	all.count = requests / all.cpus / 2 + 1;
	all.rng = seed * 2 + 1;
	for (unsigned int i = 0; i < all.cpus; i++)
		vcpus[i].rng = seed * 0x9e3779b97f4a7c15ull + i * 2 + 1;
	/* The runtime starts the other vCPUs while it has a memory service. */
	smp_call_all(nothing, NULL);
	restart();
	smp_call_all(attack, NULL);
	all.shared = true;
	smp_call_all(attack, NULL);
	for (unsigned int i = 0; i < all.cpus; i++) {
		asked += vcpus[i].asked;
		answered += vcpus[i].answered;
		refused += vcpus[i].refused;
	}
	good = raw_start() && good_request();
	raw_write(REG_STATUS, 0);
	printk("fuzz: %lu requests, %lu answered, %lu of them refused, %lu resets\n",
	       (unsigned long)asked, (unsigned long)answered, (unsigned long)refused,
	       (unsigned long)all.resets);
	printk("fuzz: the service %s\n", good && !all.unserved ? "serves" : "does not serve");
	console_flush();
	platform_ring(PLATFORM_EXIT, !good || all.unserved || answered < asked / 2 ||
					     refused == answered || !refused);
	return 0;
}
