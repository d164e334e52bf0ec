// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The shared allocator's channel: the requests of virtio/abi/kmem.h as functions. */
#include "slabvisor/channel.h"

#include "slabvisor/kmem.h"
#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/smp.h>

#include "enter.h"
#include "priv.h"

static void *page_map;

struct sv_queue *sv_begin(enum virtio_kmem_type type, size_t count) __acquires(queue)
{
	struct sv_queue *q = &sv_dev->queue[raw_smp_processor_id() % sv_dev->queues];

	sv_dev->ops->lock(q);
	__acquire(queue);
	memset(&q->x->req, 0, sizeof(q->x->req));
	q->x->req.type = cpu_to_le16(type);
	q->x->req.count = cpu_to_le32(count);
	return q;
}

void sv_end(struct sv_queue *q) __releases(queue)
{
	__release(queue);
	sv_dev->ops->unlock(q);
}

long sv_send(struct sv_queue *q, size_t payload, size_t room)
{
	struct sv_exchange *x = q->x;
	u64 before;
	s32 status;
	long len;

	if (READ_ONCE(sv_dev->down))
		return -EIO;
	before = ktime_get_ns();
	len = sv_dev->ops->send(q, sizeof(x->req) + payload, sizeof(x->resp) + room);
	q->requests++;
	q->nanoseconds += ktime_get_ns() - before;
	if (len < (long)sizeof(x->resp)) {
		if (len != -EAGAIN)
			sv_device_dead(sv_dev, "the host does not answer");
		return -EIO;
	}
	status = (s32)le32_to_cpu(x->resp.status);
	if (status)
		return status < 0 ? status : -EIO;
	return min_t(long, len - (long)sizeof(x->resp), (long)room);
}

static long take_addresses(struct sv_exchange *x, long len, size_t n, u64 *addr)
{
	size_t got = le32_to_cpu(x->resp.count);

	if (len < 0)
		return len;
	if (!got || got > n || (size_t)len < got * sizeof(u64))
		return -EIO;
	for (size_t i = 0; i < got; i++)
		addr[i] = le64_to_cpu(x->reply.addr[i]) + sv_dev->base;
	return (long)got;
}

static __le64 on_wire(u64 addr)
{
	return cpu_to_le64((addr & ~VIRTIO_KMEM_ADDR_FLAGS) - sv_dev->base);
}

/* FREE, FREE_PAGES and UNPIN alike, which ends the exchange. */
static long send_addresses(struct sv_queue *q, size_t n, const u64 *addr,
			   struct virtio_kmem_bad *bad, size_t *nr_bad) __releases(queue)
{
	struct sv_exchange *x = q->x;
	size_t refused;
	long len;

	*nr_bad = 0;
	for (size_t i = 0; i < n; i++)
		x->payload.addr[i] = on_wire(addr[i]);
	len = sv_send(q, n * sizeof(u64), n * sizeof(struct virtio_kmem_bad));
	if (len < 0) {
		/* Nobody takes them, and nobody is to be told for each. */
		if (!sv_up()) {
			sv_count_more(SV_DROPPED, n);
			len = n;
		}
		goto out;
	}
	refused = le64_to_cpu(x->resp.value);
	if (refused > n || le32_to_cpu(x->resp.count) > n || (size_t)len < refused * sizeof(*bad)) {
		len = -EIO;
		goto out;
	}
	for (size_t i = 0; bad && i < refused; i++) {
		bad[i].index = x->reply.bad[i].index;
		bad[i].status = x->reply.bad[i].status;
	}
	*nr_bad = refused;
	len = le32_to_cpu(x->resp.count);
out:
	sv_end(q);
	return len;
}

static long op_free(unsigned int cpu, u32 cache, u64 caller, size_t n, const u64 *addr,
		    struct virtio_kmem_bad *bad, size_t *nr_bad)
{
	struct sv_queue *q = sv_begin(VIRTIO_KMEM_FREE, n);

	q->x->req.cache = cpu_to_le32(cache);
	q->x->req.caller = cpu_to_le64(caller);
	return send_addresses(q, n, addr, bad, nr_bad);
}

static long op_free_pages(unsigned int cpu, size_t n, const u64 *addr, struct virtio_kmem_bad *bad,
			  size_t *nr_bad)
{
	return send_addresses(sv_begin(VIRTIO_KMEM_FREE_PAGES, n), n, addr, bad, nr_bad);
}

/* Bytes that may lie in pieces of the window beyond an object's first byte. */
static size_t cache_size(u32 cache)
{
	static const u32 size[VIRTIO_KMEM_CLASSES] = VIRTIO_KMEM_CLASS_SIZES;

	if (cache <= VIRTIO_KMEM_CLASSES)
		return size[cache - 1];
	return sv_cache_size(cache) ?: SZ_4M;
}

/* Tells whether all of an object has struct pages; a caller that may sleep has them made. */
static bool usable(u64 addr, size_t size, bool sleep)
{
	u64 first = addr & ~VIRTIO_KMEM_ADDR_FLAGS;
	u64 last = first + size - 1;

	/* An object there would not survive get_page() and put_page(): see window.c. */
	if (sv_window_is_user(first))
		return false;
	for (u64 at = first;; at = min(at + SZ_2M, last)) {
		if (!sv_window_mapped(at)) {
			if (!sleep)
				sv_window_map_later(at);
			if (!sleep || sv_window_map(at))
				return false;
		}
		if (at == last)
			return true;
	}
}

static bool may_sleep(void)
{
	struct sv_cpu *sc = sv_held();

	return sc && sc->can_sleep;
}

/* Puts the addresses that can be used first. Returns how many. */
static size_t sort_usable(size_t n, u64 *addr, size_t size)
{
	bool sleep = may_sleep();
	size_t kept = 0;

	while (kept < n) {
		if (usable(addr[kept], size, sleep)) {
			kept++;
		} else {
			n--;
			swap(addr[kept], addr[n]);
		}
	}
	return kept;
}

static long op_alloc(unsigned int cpu, u32 cache, u32 node, u32 flags, size_t asked, u64 caller,
		     size_t n, u64 *addr)
{
	struct sv_queue *q;
	size_t nr_bad;
	size_t kept;
	long got;

	/* What cannot be used goes back. That of a constructor's cache would come again without
	 * the word that it is fresh, so that is only had where all can be used. */
	if (sv_cache_keeps(cache) && !may_sleep())
		return -ENOMEM;
	q = sv_begin(VIRTIO_KMEM_ALLOC, n);
	q->x->req.cache = cpu_to_le32(cache);
	q->x->req.node = cpu_to_le32(node);
	q->x->req.gfp = cpu_to_le32(flags);
	q->x->req.size = cpu_to_le64(asked);
	q->x->req.caller = cpu_to_le64(caller);
	got = take_addresses(q->x, sv_send(q, 0, n * sizeof(u64)), n, addr);
	sv_end(q);
	if (got <= 0)
		return got;
	kept = sort_usable(got, addr, cache_size(cache));
	if (kept < (size_t)got)
		op_free(cpu, cache, 0, got - kept, addr + kept, NULL, &nr_bad);
	return kept ? (long)kept : -ENOMEM;
}

static long pages_request(unsigned int order, u32 node, u32 flags, size_t n, u64 *addr)
{
	struct sv_queue *q = sv_begin(VIRTIO_KMEM_ALLOC_PAGES, n);
	long got;

	q->x->req.order = cpu_to_le16(order);
	q->x->req.node = cpu_to_le32(node);
	q->x->req.gfp = cpu_to_le32(flags);
	got = take_addresses(q->x, sv_send(q, 0, n * sizeof(u64)), n, addr);
	sv_end(q);
	return got;
}

static long op_alloc_pages(unsigned int cpu, unsigned int order, u32 node, u32 flags, size_t n,
			   u64 *addr)
{
	long got = pages_request(order, node, flags, n, addr);
	size_t nr_bad;
	size_t kept;

	if (got <= 0)
		return got;
	kept = sort_usable(got, addr, PAGE_SIZE << order);
	if (kept < (size_t)got)
		op_free_pages(cpu, got - kept, addr + kept, NULL, &nr_bad);
	return kept ? (long)kept : -ENOMEM;
}

long sv_frames_alloc(u32 node, u32 flags, size_t n, u64 *addr)
{
	long got = pages_request(0, node, flags, n, addr);

	for (long i = 0; i < got; i++)
		addr[i] &= ~VIRTIO_KMEM_ADDR_FLAGS;
	return got;
}

void sv_frames_free(size_t n, const u64 *addr)
{
	size_t nr_bad;
	long freed = op_free_pages(0, n, addr, NULL, &nr_bad);

	WARN_ONCE(nr_bad, "slabvisor: the host refused %zu pages of %zu\n", nr_bad, n);
	if (freed < 0)
		pr_warn_ratelimited("slabvisor: %zu pages are lost, error %ld\n", n, freed);
}

static long simple(enum virtio_kmem_type type, u32 cache)
{
	struct sv_queue *q = sv_begin(type, 0);
	long got;

	q->x->req.cache = cpu_to_le32(cache);
	got = sv_send(q, 0, 0);
	if (got >= 0)
		got = (long)le64_to_cpu(q->x->resp.value);
	sv_end(q);
	return got;
}

static int op_cache_create(unsigned int cpu, const char *name, size_t size, size_t align, u32 flags,
			   u32 *debug)
{
	struct sv_queue *q = sv_begin(VIRTIO_KMEM_CACHE_CREATE, 0);
	u64 number;
	long got;
	int err;

	q->x->req.size = cpu_to_le64(size);
	q->x->req.align = cpu_to_le64(align);
	q->x->req.flags = cpu_to_le32(flags);
	memset(q->x->payload.name, 0, VIRTIO_KMEM_NAME_MAX);
	strscpy(q->x->payload.name, name, VIRTIO_KMEM_NAME_MAX);
	got = sv_send(q, VIRTIO_KMEM_NAME_MAX, 0);
	number = le64_to_cpu(q->x->resp.value);
	*debug = le32_to_cpu(q->x->resp.count);
	sv_end(q);
	if (got < 0)
		return (int)got;
	if (!number || number > max_t(u32, sv_dev->max_cache, VIRTIO_KMEM_PM_CACHE_MAX))
		return -EIO;
	err = sv_cache_note(number, size, flags & VIRTIO_KMEM_CACHE_CTOR);
	if (err) {
		simple(VIRTIO_KMEM_CACHE_DESTROY, number);
		return err;
	}
	return (int)number;
}

static int op_cache_destroy(unsigned int cpu, u32 cache)
{
	int ret = (int)min_t(long, simple(VIRTIO_KMEM_CACHE_DESTROY, cache), 0);

	/* Without the host it is as good as gone. */
	if (ret && !sv_up())
		ret = 0;
	if (!ret)
		sv_cache_forget(cache);
	return ret;
}

static long op_cache_shrink(unsigned int cpu, u32 cache)
{
	return simple(VIRTIO_KMEM_CACHE_SHRINK, cache);
}

static long op_widen(unsigned int cpu, u64 addr)
{
	struct sv_queue *q = sv_begin(VIRTIO_KMEM_WIDEN, 1);
	long got;

	q->x->payload.addr[0] = on_wire(addr);
	got = sv_send(q, sizeof(u64), 0);
	if (got >= 0)
		got = (long)le64_to_cpu(q->x->resp.value);
	sv_end(q);
	return got;
}

static long op_pin(unsigned int cpu, size_t n, const u64 *addr)
{
	struct sv_queue *q = sv_begin(VIRTIO_KMEM_PIN, n);
	size_t count;
	long got;

	for (size_t i = 0; i < n; i++)
		q->x->payload.addr[i] = on_wire(addr[i]);
	got = sv_send(q, n * sizeof(u64), 0);
	count = le32_to_cpu(q->x->resp.count);
	sv_end(q);
	if (got < 0)
		return got;
	return count && count <= n ? (long)count : -EIO;
}

static long op_unpin(unsigned int cpu, size_t n, const u64 *addr, struct virtio_kmem_bad *bad,
		     size_t *nr_bad)
{
	return send_addresses(sv_begin(VIRTIO_KMEM_UNPIN, n), n, addr, bad, nr_bad);
}

long sv_pin_frames(size_t n, const u64 *addr)
{
	return READ_ONCE(sv_dev) ? op_pin(0, n, addr) : -ENODEV;
}

void sv_unpin_now(size_t n, const u64 *addr)
{
	size_t nr_bad;

	op_unpin(0, n, addr, NULL, &nr_bad);
	WARN_ONCE(nr_bad, "slabvisor: %zu pages of %zu were not pinned\n", nr_bad, n);
}

static int op_stats(unsigned int cpu, u32 cache, struct virtio_kmem_stats *stats)
{
	struct sv_queue *q = sv_begin(VIRTIO_KMEM_STATS, 0);
	long len;

	q->x->req.cache = cpu_to_le32(cache);
	len = sv_send(q, 0, sizeof(*stats));
	if (len >= (long)sizeof(*stats))
		*stats = q->x->reply.stats;
	sv_end(q);
	if (len < 0)
		return (int)len;
	return len < (long)sizeof(*stats) ? -EIO : 0;
}

/* Events come by interrupt, to the transport. */
static const struct kmem_channel_ops channel_ops = {
	.alloc = op_alloc,
	.free = op_free,
	.alloc_pages = op_alloc_pages,
	.free_pages = op_free_pages,
	.cache_create = op_cache_create,
	.cache_destroy = op_cache_destroy,
	.cache_shrink = op_cache_shrink,
	.widen = op_widen,
	.pin = op_pin,
	.unpin = op_unpin,
	.stats = op_stats,
};

int sv_channel_start(struct sv_device *dev)
{
	const struct virtio_kmem_config *c = &dev->config;
	struct kmem_channel channel = {
		.ops = &channel_ops,
		.heap_base = le64_to_cpu(c->heap_base),
		.heap_size = le64_to_cpu(c->heap_size),
		/* The kernel maps all memory with struct pages at one distance. */
		.heap_va = (unsigned long)__va(le64_to_cpu(c->heap_base)),
		.pin_quota = le64_to_cpu(c->pin_quota),
		.debug = le32_to_cpu(c->debug),
		.class_debug = le32_to_cpu(c->class_debug),
		.max_batch = min_t(u32, le32_to_cpu(c->max_batch), VIRTIO_KMEM_MAX_BATCH),
		.max_order = min_t(u32, le32_to_cpu(c->max_order), VIRTIO_KMEM_MAX_ORDER),
		.max_cache = dev->max_cache,
		.cpus = min_t(unsigned int, nr_cpu_ids, KMEM_MAX_CPUS),
		.nr_nodes = le16_to_cpu(c->num_nodes),
		.nr_ranges = le16_to_cpu(c->num_ranges),
	};
	int err;

	memcpy(channel.range, c->range, sizeof(channel.range));
	page_map = memremap(le64_to_cpu(c->page_map_base), channel.heap_size >> PAGE_SHIFT,
			    MEMREMAP_WB);
	if (!page_map)
		return -ENOMEM;
	channel.page_map = page_map;
	err = kmem_init(&channel);
	if (err)
		memunmap(page_map);
	return err;
}

void sv_channel_stop(void)
{
	struct sv_cpu *sc = sv_enter(GFP_KERNEL);

	if (sc) {
		kmem_exit();
		sv_leave(sc);
	}
	memunmap(page_map);
}
