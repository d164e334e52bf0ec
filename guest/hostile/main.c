/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest may try against its memory service: nonsensical rings, requests that
 * no allocator would make, stores all over the registers. Each must be answered with
 * an error or with NEEDS_RESET, and after each a good request must be served.
 * Prints TAP; exit status 0 if all went so.
 *
 * It takes the device away from the runtime, so it allocates nothing and ends the
 * guest by the doorbell, past the runtime's own end.
 */
#include "raw.h"
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <slabvisor/platform.h>

#define CACHE_64 4 /* the size class of 64 bytes: class 3 */

static unsigned int checks, failures;
static u64 heap_base, heap_size;

static void ok(bool holds, const char *what)
{
	checks++;
	if (!holds)
		failures++;
	printk("%sok %u - %s\n", holds ? "" : "not ", checks, what);
}

static u64 config64(size_t offset)
{
	return raw_read(REG_CONFIG + offset) | (u64)raw_read(REG_CONFIG + offset + 4) << 32;
}

/* An object allocated, written, read and freed. */
static bool good_request(void)
{
	volatile u64 *object;

	raw_prepare(VIRTIO_KMEM_ALLOC, 1, CACHE_64);
	if (raw_request(0, RAW_REPLY_MAX) || raw_reply.resp.count != 1)
		return false;
	raw_payload[0] = raw_reply.payload[0] & ~VIRTIO_KMEM_ADDR_FLAGS;
	if (raw_payload[0] < heap_base || raw_payload[0] >= heap_base + heap_size)
		return false;
	object = phys_to_virt(raw_payload[0]);
	object[0] = 0x600d;
	object[7] = object[0] + 1;
	if (object[7] != 0x600e)
		return false;
	raw_prepare(VIRTIO_KMEM_FREE, 1, CACHE_64);
	return !raw_request(8, RAW_REPLY_MAX) && raw_reply.resp.count == 1 &&
	       raw_reply.resp.value == 0;
}

/* Rings. */

static struct raw_desc request_desc(u16 flags, u16 next)
{
	return (struct raw_desc){virt_to_phys(&raw_req), sizeof(raw_req), flags, next};
}

static struct raw_desc reply_desc(u16 flags, u16 next)
{
	return (struct raw_desc){virt_to_phys(&raw_reply), RAW_REPLY_MAX, flags, next};
}

static void chain_loop(void)
{
	raw.desc[0] = request_desc(DESC_NEXT, 1);
	raw.desc[1] = request_desc(DESC_NEXT, 0);
	raw_kick(0);
}

static void chain_self(void)
{
	raw.desc[0] = request_desc(DESC_NEXT, 0);
	raw_kick(0);
}

static void next_out_of_range(void)
{
	raw.desc[0] = request_desc(DESC_NEXT, RAW_QUEUE);
	raw_kick(0);
}

static void head_out_of_range(void)
{
	raw_kick(0xffff);
}

static void avail_ran_ahead(void)
{
	raw.avail_idx = (u16)(raw.avail_idx + RAW_QUEUE + 1);
	raw_write(REG_QUEUE_NOTIFY, 0);
}

static void buffer_at(u64 address, u32 length)
{
	raw.desc[0] = (struct raw_desc){address, length, DESC_NEXT, 1};
	raw.desc[1] = reply_desc(DESC_WRITE, 0);
	raw_kick(0);
}

static void buffer_nowhere(void)
{
	buffer_at(heap_base + heap_size + (1ull << 40), 64);
}

static void buffer_past_ram(void)
{
	buffer_at(platform()->ram_size - 32, 64);
}

static void buffer_wraps(void)
{
	buffer_at(~0ull - 31, 64);
}

static void buffer_huge(void)
{
	buffer_at(virt_to_phys(&raw_req), 0xffffffff);
}

static void buffer_in_heap(void)
{
	buffer_at(heap_base, 64);
}

static void buffer_in_registers(void)
{
	buffer_at(PLATFORM_BASE, 64);
}

static void reply_in_platform_page(void)
{
	raw_prepare(VIRTIO_KMEM_ALLOC, 1, CACHE_64);
	raw.desc[0] = request_desc(DESC_NEXT, 1);
	raw.desc[1] = (struct raw_desc){PLATFORM_BASE, 64, DESC_WRITE, 0};
	raw_kick(0);
}

static void reply_before_request(void)
{
	raw.desc[0] = reply_desc(DESC_NEXT | DESC_WRITE, 1);
	raw.desc[1] = request_desc(0, 0);
	raw_kick(0);
}

static void no_room_for_a_status(void)
{
	raw.desc[0] = request_desc(DESC_NEXT, 1);
	raw.desc[1] = (struct raw_desc){virt_to_phys(&raw_reply), 15, DESC_WRITE, 0};
	raw_kick(0);
}

static void no_reply_at_all(void)
{
	raw.desc[0] = request_desc(0, 0);
	raw_kick(0);
}

static void indirect_not_negotiated(void)
{
	raw.desc[0] = (struct raw_desc){virt_to_phys(&raw.desc[2]), 32, DESC_INDIRECT, 0};
	raw.desc[2] = request_desc(DESC_NEXT, 1);
	raw.desc[3] = reply_desc(DESC_WRITE, 0);
	raw_kick(0);
}

static void rings(void)
{
	static const struct {
		void (*attack)(void);
		const char *what;
	} attacks[] = {
		{chain_loop, "ring: a chain that goes in a circle"},
		{chain_self, "ring: a descriptor that is its own next"},
		{next_out_of_range, "ring: a next beyond the table"},
		{head_out_of_range, "ring: a head beyond the table"},
		{avail_ran_ahead, "ring: an index that ran ahead"},
		{buffer_nowhere, "ring: a buffer where there is no memory"},
		{buffer_past_ram, "ring: a buffer that runs out of RAM"},
		{buffer_wraps, "ring: a buffer that wraps around"},
		{buffer_huge, "ring: a buffer of 4 GiB"},
		{buffer_in_heap, "ring: a buffer in the heap"},
		{buffer_in_registers, "ring: a request in the platform page"},
		{reply_in_platform_page, "ring: a reply in the platform page"},
		{reply_before_request, "ring: the reply before the request"},
		{no_room_for_a_status, "ring: a reply too short for a status"},
		{no_reply_at_all, "ring: no reply"},
		{indirect_not_negotiated, "ring: an indirect table that was not negotiated"},
	};
	u64 magic = platform()->magic;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attacks); i++) {
		bool started = raw_start(), refused;

		raw_prepare(VIRTIO_KMEM_ALLOC, 1, CACHE_64);
		attacks[i].attack();
		refused = raw_needs_reset();
		/* Broken is broken: nothing is served until the reset. */
		raw_kick(0);
		ok(started && refused && raw_needs_reset() && raw_start() && good_request(),
		   attacks[i].what);
	}
	ok(platform()->magic == magic, "ring: the platform page is as it was");
}

/* Requests. */

struct request {
	const char *what;
	unsigned int type;
	u32 count, cache;
	int status;
	u32 node, gfp, flags;
	u16 order;
	u64 size, align;
	size_t payload; /* bytes; 0: none */
	size_t reply;   /* bytes; 0: room for any */
	bool reserved;
};

static const struct request requests[] = {
	{"request: type 0", 0, 1, CACHE_64, -EOPNOTSUPP, .node = VIRTIO_KMEM_NODE_ANY},
	{"request: type 11", 11, 1, CACHE_64, -EOPNOTSUPP, .node = VIRTIO_KMEM_NODE_ANY},
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

static void bad_requests(void)
{
	size_t i;

	ok(raw_start() && good_request(), "request: a good one is served");
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
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

static void bad_addresses(void)
{
	const struct virtio_kmem_bad *bad = (const struct virtio_kmem_bad *)raw_reply.payload;
	u64 object, page, stranger = heap_base + heap_size - PAGE_SIZE;

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

static void exhaustion(void)
{
	unsigned int caches = 0, i;
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
	for (i = 0; i < 10000; i++) {
		raw_prepare(VIRTIO_KMEM_ALLOC_PAGES, 1, 0);
		raw_req.order = VIRTIO_KMEM_MAX_ORDER;
		status = raw_request(0, RAW_REPLY_MAX);
		if (status)
			break;
	}
	ok(status == -ENOMEM, "exhaustion: memory runs out");
	ok(raw_start() && good_request(), "exhaustion: a reset takes all of it back");
}

/* Registers. */

static void bad_queues(void)
{
	u64 desc = virt_to_phys(raw.desc), avail = virt_to_phys((const void *)&raw.avail_flags),
	    used = virt_to_phys((const void *)&raw.used_head);

	ok(!raw_start_with(0, desc, avail, used), "queue: no entries");
	ok(!raw_start_with(3, desc, avail, used), "queue: three entries");
	ok(!raw_start_with(1u << 15, desc, avail, used), "queue: more entries than offered");
	ok(!raw_start_with(1u << 20, desc, avail, used), "queue: a size beyond 16 bits");
	ok(!raw_start_with(RAW_QUEUE, desc + 1, avail, used), "queue: an address askew");
	ok(!raw_start_with(RAW_QUEUE, ~0ull - 15, avail, used), "queue: a table that wraps around");
	ok(!raw_start_with(RAW_QUEUE, desc, heap_base, used), "queue: a ring in the heap");
	ok(!raw_start_with(RAW_QUEUE, desc, avail, PLATFORM_BASE),
	   "queue: a ring in the platform page");
	ok(!raw_start_with(RAW_QUEUE, desc, avail, platform()->ram_size - 4),
	   "queue: a ring that runs out of RAM");
	ok(raw_start() && good_request(), "queue: a good one after these");
	/* The device writes the used ring where the descriptors are. */
	if (raw_start_with(RAW_QUEUE, desc, avail, desc)) {
		raw_prepare(VIRTIO_KMEM_ALLOC, 1, CACHE_64);
		raw_request(0, RAW_REPLY_MAX);
		raw_kick(0);
	}
	ok(raw_start() && good_request(), "queue: rings that overlap");
}

static void bad_stores(void)
{
	static const u64 values[] = {1, 0x80, 0xffff, 0x7fffffff, ~0ull};
	unsigned int offset, width, i;

	raw_start();
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		raw_write(REG_QUEUE_NOTIFY, (u32)(values[i] + 100));
		raw_write(REG_QUEUE_SEL, (u32)values[i]);
		raw_write(REG_QUEUE_READY, (u32)values[i]);
	}
	ok(!raw_needs_reset(), "registers: bells and selectors of queues that are not there");
	raw_write(REG_STATUS, 0);
	raw_write(REG_STATUS, STATUS_DRIVER_OK);
	ok(!(raw_read(REG_STATUS) & STATUS_DRIVER_OK), "registers: DRIVER_OK before FEATURES_OK");
	raw_write(REG_QUEUE_NOTIFY, 0);
	raw_write(REG_STATUS, 0);
	raw_write(REG_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	raw_write(REG_DRIVER_SEL, 1);
	raw_write(REG_DRIVER_FEATURES, ~0u);
	raw_write(REG_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
	ok(!(raw_read(REG_STATUS) & STATUS_FEATURES_OK), "registers: features never offered");
	for (width = 1; width <= 8; width *= 2)
		for (offset = 0; offset + width <= PAGE_SIZE;
		     offset += offset < 0x200 ? width : 509)
			raw_store(offset, values[offset % ARRAY_SIZE(values)] ^ offset, width);
	ok(raw_read(REG_DEVICE_ID) == VIRTIO_ID_KMEM, "registers: stores of all widths all over");
	ok(raw_start() && good_request(), "registers: all is well after that");
}

static void bad_bells(void)
{
	volatile u8 *page = (volatile u8 *)PLATFORM_VA;
	u64 magic = platform()->magic;
	unsigned int offset;

	for (offset = 0; offset < PLATFORM_EXIT; offset += 328)
		*(volatile u64 *)(page + offset) = ~0ull;
	for (offset = PLATFORM_EXIT; offset < PLATFORM_TLB_FLUSH + 16; offset += 8) {
		page[offset] = 0xff;
		*(volatile u32 *)(page + offset) = ~0u;
		*(volatile u16 *)(page + offset + 1) = 0xffff;
	}
	*(volatile u64 *)(page + 0xff8) = ~0ull;
	*(volatile u64 *)(page + PLATFORM_TLB_FLUSH) = ~0ull;
	*(volatile u64 *)(page + PLATFORM_START_CPUS) = ~0ull;
	*(volatile u64 *)(page + PLATFORM_CONSOLE) = 0x1234; /* length 0 */
	ok(platform()->magic == magic && platform()->version == PLATFORM_VERSION,
	   "platform page: stores that mean nothing change nothing");
	ok(good_request(), "platform page: and the device goes on");
}

int main(void)
{
	if (!raw_find()) {
		printk("hostile: no kmem device\n");
		return 2;
	}
	heap_base = config64(offsetof(struct virtio_kmem_config, heap_base));
	heap_size = config64(offsetof(struct virtio_kmem_config, heap_size));
	rings();
	bad_requests();
	bad_addresses();
	exhaustion();
	bad_queues();
	bad_stores();
	bad_bells();
	raw_write(REG_STATUS, 0);
	printk("1..%u\n", checks);
	console_flush();
	platform_ring(PLATFORM_EXIT, failures != 0);
	return 0;
}
