/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator's channel over virtio-kmem: the requests of virtio/abi/kmem.h. The
 * queues below them are virtio_mmio.c's.
 */
#include "guest/lib/machine/grt.h"
#include "guest/lib/machine/virtio_mmio.h"
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <slabvisor/smp.h>

#define MAX_BATCH VIRTIO_KMEM_MAX_BATCH

/* What a vCPU's one descriptor chain points to, always at the same place. */
struct exchange {
	struct virtio_kmem_req req;
	union {
		u64 addr[MAX_BATCH];
		char name[VIRTIO_KMEM_NAME_MAX];
	} payload;
	struct virtio_kmem_resp resp;
	union {
		u64 addr[MAX_BATCH];
		struct virtio_kmem_bad bad[MAX_BATCH];
		struct virtio_kmem_stats stats;
	} reply;
};

#define EVENTS 8
#define CACHES 0xffffu /* more numbers than any host gives to caches */

static struct {
	struct virtio_mmio_dev dev;
	struct virtqueue request[PLATFORM_MAX_CPUS];
	struct exchange *exchange; /* one a vCPU */
	unsigned int cpus;
	u32 max_cache; /* highest number of one that may come */

	struct virtqueue event;
	struct virtio_kmem_event *events; /* EVENTS buffers, number = descriptor */
	spinlock_t event_lock;
	u32 heeding;                   /* vCPUs that have taken an event and do what it says */
	bool heeds[PLATFORM_MAX_CPUS]; /* this one does; its own */
	bool has_events;
} kmem_dev;

/* A fresh request of this vCPU. */
static struct exchange *begin(unsigned int cpu, enum virtio_kmem_type type, size_t count)
{
	struct exchange *x = &kmem_dev.exchange[cpu];

	memset(&x->req, 0, sizeof(x->req));
	x->req.type = type;
	x->req.count = (u32)count;
	return x;
}

/*
 * Sends x with so many bytes of payload and room for so many of reply. Returns the
 * reply's payload in bytes; the device's negative errno; -EIO when the device does
 * not keep to the protocol or has broken down.
 */
static long exchange(unsigned int cpu, struct exchange *x, size_t payload, size_t room)
{
	struct virtqueue *vq = &kmem_dev.request[cpu];
	long len;

	vq->desc[0].len = (u32)(sizeof(x->req) + payload);
	vq->desc[1].len = (u32)(sizeof(x->resp) + room);
	virtqueue_add(vq, 0);
	virtqueue_notify(&kmem_dev.dev, vq);
	len = virtqueue_wait(&kmem_dev.dev, vq, 0);
	if (len < (long)sizeof(x->resp))
		return -EIO;
	if ((s32)x->resp.status)
		return (s32)x->resp.status < 0 ? (s32)x->resp.status : -EIO;
	return min_t(long, len - (long)sizeof(x->resp), (long)room);
}

static long take_addresses(struct exchange *x, long len, size_t n, u64 *addr)
{
	size_t got = x->resp.count;

	if (len < 0)
		return len;
	if (!got || got > n || (size_t)len < got * sizeof(u64))
		return -EIO;
	memcpy(addr, x->reply.addr, got * sizeof(u64));
	return (long)got;
}

/* FREE, FREE_PAGES and UNPIN alike. */
static long send_addresses(unsigned int cpu, struct exchange *x, size_t n, const u64 *addr,
			   struct virtio_kmem_bad *bad, size_t *nr_bad)
{
	size_t refused;
	long len;

	*nr_bad = 0;
	memcpy(x->payload.addr, addr, n * sizeof(u64));
	len = exchange(cpu, x, n * sizeof(u64), n * sizeof(struct virtio_kmem_bad));
	if (len < 0)
		return len;
	refused = x->resp.value;
	if (refused > n || x->resp.count > n || (size_t)len < refused * sizeof(*bad))
		return -EIO;
	memcpy(bad, x->reply.bad, refused * sizeof(*bad));
	*nr_bad = refused;
	return x->resp.count;
}

static bool batch_fits(unsigned int cpu, size_t n)
{
	return cpu < kmem_dev.cpus && n && n <= MAX_BATCH;
}

static long op_alloc(unsigned int cpu, u32 cache, u32 node, u32 flags, size_t asked, u64 caller,
		     size_t n, u64 *addr)
{
	struct exchange *x;

	if (!batch_fits(cpu, n))
		return -EINVAL;
	x = begin(cpu, VIRTIO_KMEM_ALLOC, n);
	x->req.cache = cache;
	x->req.node = node;
	x->req.gfp = flags;
	x->req.size = asked;
	x->req.caller = caller;
	return take_addresses(x, exchange(cpu, x, 0, n * sizeof(u64)), n, addr);
}

static long op_free(unsigned int cpu, u32 cache, u64 caller, size_t n, const u64 *addr,
		    struct virtio_kmem_bad *bad, size_t *nr_bad)
{
	struct exchange *x;

	if (!batch_fits(cpu, n))
		return -EINVAL;
	x = begin(cpu, VIRTIO_KMEM_FREE, n);
	x->req.cache = cache;
	x->req.caller = caller;
	return send_addresses(cpu, x, n, addr, bad, nr_bad);
}

static long op_alloc_pages(unsigned int cpu, unsigned int order, u32 node, u32 flags, size_t n,
			   u64 *addr)
{
	struct exchange *x;

	if (!batch_fits(cpu, n) || order > VIRTIO_KMEM_MAX_ORDER)
		return -EINVAL;
	x = begin(cpu, VIRTIO_KMEM_ALLOC_PAGES, n);
	x->req.order = (u16)order;
	x->req.node = node;
	x->req.gfp = flags;
	return take_addresses(x, exchange(cpu, x, 0, n * sizeof(u64)), n, addr);
}

static long op_free_pages(unsigned int cpu, size_t n, const u64 *addr, struct virtio_kmem_bad *bad,
			  size_t *nr_bad)
{
	if (!batch_fits(cpu, n))
		return -EINVAL;
	/* A run that is still pinned would wait at the host for its pins to be dropped. */
	grt_unpin_flush();
	return send_addresses(cpu, begin(cpu, VIRTIO_KMEM_FREE_PAGES, n), n, addr, bad, nr_bad);
}

static int op_cache_create(unsigned int cpu, const char *name, size_t size, size_t align, u32 flags,
			   u32 *debug)
{
	struct exchange *x;
	size_t len;
	long got;

	if (!batch_fits(cpu, 1))
		return -EINVAL;
	x = begin(cpu, VIRTIO_KMEM_CACHE_CREATE, 0);
	x->req.size = size;
	x->req.align = align;
	x->req.flags = flags;
	len = strnlen(name, VIRTIO_KMEM_NAME_MAX - 1);
	memset(x->payload.name, 0, VIRTIO_KMEM_NAME_MAX);
	memcpy(x->payload.name, name, len);
	got = exchange(cpu, x, VIRTIO_KMEM_NAME_MAX, 0);
	if (got < 0)
		return (int)got;
	if (!x->resp.value || x->resp.value > kmem_dev.max_cache)
		return -EIO;
	*debug = x->resp.count;
	return (int)x->resp.value;
}

static int op_cache_destroy(unsigned int cpu, u32 cache)
{
	struct exchange *x;

	if (!batch_fits(cpu, 1))
		return -EINVAL;
	x = begin(cpu, VIRTIO_KMEM_CACHE_DESTROY, 0);
	x->req.cache = cache;
	return (int)min_t(long, exchange(cpu, x, 0, 0), 0);
}

static long op_cache_shrink(unsigned int cpu, u32 cache)
{
	struct exchange *x;
	long got;

	if (!batch_fits(cpu, 1))
		return -EINVAL;
	x = begin(cpu, VIRTIO_KMEM_CACHE_SHRINK, 0);
	x->req.cache = cache;
	got = exchange(cpu, x, 0, 0);
	return got < 0 ? got : (long)x->resp.value;
}

static long op_widen(unsigned int cpu, u64 addr)
{
	struct exchange *x;
	long got;

	if (!batch_fits(cpu, 1))
		return -EINVAL;
	x = begin(cpu, VIRTIO_KMEM_WIDEN, 1);
	x->payload.addr[0] = addr;
	got = exchange(cpu, x, sizeof(u64), 0);
	return got < 0 ? got : (long)x->resp.value;
}

static long op_pin(unsigned int cpu, size_t n, const u64 *addr)
{
	struct exchange *x;
	long got;

	if (!batch_fits(cpu, n))
		return -EINVAL;
	x = begin(cpu, VIRTIO_KMEM_PIN, n);
	memcpy(x->payload.addr, addr, n * sizeof(u64));
	got = exchange(cpu, x, n * sizeof(u64), 0);
	if (got < 0)
		return got;
	return x->resp.count && x->resp.count <= n ? (long)x->resp.count : -EIO;
}

static long op_unpin(unsigned int cpu, size_t n, const u64 *addr, struct virtio_kmem_bad *bad,
		     size_t *nr_bad)
{
	if (!batch_fits(cpu, n))
		return -EINVAL;
	return send_addresses(cpu, begin(cpu, VIRTIO_KMEM_UNPIN, n), n, addr, bad, nr_bad);
}

static int op_stats(unsigned int cpu, u32 cache, struct virtio_kmem_stats *stats)
{
	struct exchange *x;
	long len;

	if (!batch_fits(cpu, 1))
		return -EINVAL;
	x = begin(cpu, VIRTIO_KMEM_STATS, 0);
	x->req.cache = cache;
	len = exchange(cpu, x, 0, sizeof(*stats));
	if (len < 0)
		return (int)len;
	if (len < (long)sizeof(*stats))
		return -EIO;
	*stats = x->reply.stats;
	return 0;
}

/* Takes an event off the queue. The lock is held. */
static bool take_event(struct virtio_kmem_event *event)
{
	bool got = false;
	u32 id;
	u32 len;

	if (virtqueue_get(&kmem_dev.event, &id, &len) && id < EVENTS) {
		got = len >= sizeof(*event);
		*event = kmem_dev.events[id];
		virtio_mmio_ack(&kmem_dev.dev);
		virtqueue_add(&kmem_dev.event, (u16)id);
		virtqueue_notify(&kmem_dev.dev, &kmem_dev.event);
	}
	return got;
}

static bool op_poll(unsigned int cpu, struct virtio_kmem_event *event)
{
	if (!kmem_dev.has_events || cpu >= kmem_dev.cpus)
		return false;
	if (kmem_dev.heeds[cpu]) {
		kmem_dev.heeds[cpu] = false;
		/* Release: who sees it sees what the event brought about. */
		__atomic_sub_fetch(&kmem_dev.heeding, 1, __ATOMIC_RELEASE);
	}
	while (virtqueue_pending(&kmem_dev.event) && !kmem_dev.heeds[cpu]) {
		/* Sequentially consistent: who finds the event gone sees this. */
		__atomic_add_fetch(&kmem_dev.heeding, 1, __ATOMIC_SEQ_CST);
		spin_lock(&kmem_dev.event_lock);
		kmem_dev.heeds[cpu] = take_event(event);
		spin_unlock(&kmem_dev.event_lock);
		if (!kmem_dev.heeds[cpu])
			__atomic_sub_fetch(&kmem_dev.heeding, 1, __ATOMIC_RELEASE);
	}
	if (kmem_dev.heeds[cpu])
		return true;
	while (__atomic_load_n(&kmem_dev.heeding, __ATOMIC_ACQUIRE))
		grt_pause();
	return false;
}

static const struct kmem_channel_ops ops = {
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
	.poll = op_poll,
};

static int start_queues(void)
{
	int err = 0;

	kmem_dev.exchange = grt_ram_alloc(kmem_dev.cpus * sizeof(*kmem_dev.exchange), PAGE_SIZE);
	kmem_dev.events = grt_ram_alloc(EVENTS * sizeof(*kmem_dev.events), PAGE_SIZE);
	if (!kmem_dev.exchange || !kmem_dev.events)
		return -ENOMEM;

	for (unsigned int cpu = 0; cpu < kmem_dev.cpus && !err; cpu++) {
		struct virtqueue *vq = &kmem_dev.request[cpu];
		struct exchange *x = &kmem_dev.exchange[cpu];

		/* The answer is there when the notification returns: no interrupt. */
		err = virtqueue_init(&kmem_dev.dev, vq, (u16)cpu, 2, false);
		if (err)
			break;
		vq->desc[0].addr = virt_to_phys(&x->req);
		vq->desc[0].flags = VRING_DESC_F_NEXT;
		vq->desc[0].next = 1;
		vq->desc[1].addr = virt_to_phys(&x->resp);
		vq->desc[1].flags = VRING_DESC_F_WRITE;
	}
	if (err || !kmem_dev.has_events)
		return err;
	err = virtqueue_init(&kmem_dev.dev, &kmem_dev.event, (u16)kmem_dev.cpus, EVENTS, true);
	for (u16 i = 0; i < EVENTS && !err; i++) {
		kmem_dev.event.desc[i].addr = virt_to_phys(&kmem_dev.events[i]);
		kmem_dev.event.desc[i].len = sizeof(kmem_dev.events[i]);
		kmem_dev.event.desc[i].flags = VRING_DESC_F_WRITE;
		virtqueue_add(&kmem_dev.event, i);
	}
	return err;
}

static void read_config(struct virtio_kmem_config *config)
{
	virtio_mmio_read_config(&kmem_dev.dev, config, sizeof(*config));
}

int grt_channel_init(struct kmem_channel *channel)
{
	const u64 wanted = 1ull << VIRTIO_KMEM_F_EVENTS | 1ull << VIRTIO_KMEM_F_PIN |
			   1ull << VIRTIO_KMEM_F_DEBUG | 1ull << VIRTIO_KMEM_F_CACHES |
			   1ull << VIRTIO_F_VERSION_1;
	struct virtio_kmem_config config;
	int err;

	err = virtio_mmio_find(&kmem_dev.dev, VIRTIO_ID_KMEM, 0);
	if (err)
		return err;
	err = virtio_mmio_start(&kmem_dev.dev, wanted);
	if (err)
		goto failed;
	read_config(&config);
	err = -EINVAL;
	if (config.version != VIRTIO_KMEM_VERSION || config.frame_shift != PAGE_SHIFT ||
	    config.num_ranges > VIRTIO_KMEM_MAX_RANGES || !config.heap_size)
		goto failed;
	kmem_dev.cpus = num_online_cpus();
	if (config.num_request_queues < kmem_dev.cpus)
		goto failed;
	/* The event queue comes after all request queues, ours or not. */
	kmem_dev.has_events = (kmem_dev.dev.features & 1ull << VIRTIO_KMEM_F_EVENTS) &&
			      config.num_request_queues == kmem_dev.cpus;
	/* Without the feature a number is what the page map can say. */
	kmem_dev.max_cache = kmem_dev.dev.features & 1ull << VIRTIO_KMEM_F_CACHES
				     ? CACHES
				     : VIRTIO_KMEM_PM_CACHE_MAX;
	err = start_queues();
	if (err)
		goto failed;
	virtio_mmio_ready(&kmem_dev.dev);
	if (kmem_dev.has_events)
		virtqueue_notify(&kmem_dev.dev, &kmem_dev.event);

	*channel = (struct kmem_channel){
		.ops = &ops,
		.heap_base = config.heap_base,
		.heap_size = config.heap_size,
		.heap_va = (unsigned long)phys_to_virt(config.heap_base),
		.page_map = phys_to_virt(config.page_map_base),
		.pin_quota = config.pin_quota,
		.debug = config.debug,
		.class_debug = config.class_debug,
		.max_batch = min_t(u32, config.max_batch, MAX_BATCH),
		.max_order = min_t(u32, config.max_order, VIRTIO_KMEM_MAX_ORDER),
		.max_cache = kmem_dev.max_cache,
		.cpus = kmem_dev.cpus,
		.nr_nodes = config.num_nodes,
		.nr_ranges = config.num_ranges,
	};
	memcpy(channel->range, config.range, sizeof(channel->range));
	return 0;

failed:
	virtio_mmio_fail(&kmem_dev.dev);
	return err;
}
