/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that has its host commit as much as can be: all RAM touched; as many caches as there
 * can be, with every debug mode asked for; all of the heap as objects of 8 bytes, on pages that
 * are written, pinned and partly freed; page tables by which each page is mapped several times,
 * more of them than the host keeps; a flood of output; and, with a disk, queues full of requests
 * of as many pieces as can be. Nothing is given back.
 * Its status is GREEDY_DONE if it got all of that.
 *
 * Objects of 8 bytes take a request a page. Where that lasts too long, one part of so many of the
 * heap is taken by them, and the rest in runs of pages.
 */
#include "attack.h"
#include "guest/lib/machine/grt.h"
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <slabvisor/blk.h>
#include <slabvisor/platform.h>
#include <slabvisor/smp.h>

#define GREEDY_DONE 77
#define CHUNK       (64ul << 10)
#define ENTRIES     512ul
#define FLOOD       500u
/* Of the lower half, which the runtime does not use before it is asked to. */
#define MAP_SLOT 200ul
#define MAP_VA   (MAP_SLOT << 39)

#define READS  32u /* of a vCPU at once */
#define ROUNDS 8u

static struct {
	struct blk_disk *disk;
	u64 *pml4;
	u8 *ram; /* our own: [ram, ram + bytes) */
	size_t bytes;
	u32 cache[VIRTIO_KMEM_PM_CACHE_MAX];
	unsigned int nr_caches;
	unsigned long objects, pinned, freed, reads;
	unsigned long tables; /* page tables over frames of the heap */
} greedy;

static void nothing(void *arg)
{
	(void)arg;
}

static void take_ram(void)
{
	u8 *p;

	for (;;) {
		p = grt_ram_alloc_top(CHUNK);
		if (!p)
			break;
		greedy.ram = p;
		greedy.bytes += CHUNK;
	}
	memset(greedy.ram, 0xa5, greedy.bytes);
}

/* Reads to every other page of our RAM, each a piece by itself; all at once, and again. */
static void use_disk(void *arg)
{
	static struct page *page[PLATFORM_MAX_CPUS][READS][BLK_MAX_SEGMENTS];
	static struct blk_request req[PLATFORM_MAX_CPUS][READS];
	unsigned int cpu = smp_processor_id();
	unsigned int pages = greedy.bytes / PAGE_SIZE / 2;
	unsigned long next = cpu * READS * BLK_MAX_SEGMENTS;

	(void)arg;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < READS; i++) {
			for (unsigned int k = 0; k < BLK_MAX_SEGMENTS; k++, next++)
				page[cpu][i][k] = phys_to_page(
					virt_to_phys(greedy.ram + 2 * (next % pages) * PAGE_SIZE));
			req[cpu][i] = (struct blk_request){
				.op = BLK_READ,
				.page = page[cpu][i],
				.nr_pages = BLK_MAX_SEGMENTS,
				.len = BLK_MAX_SEGMENTS * PAGE_SIZE,
				.sector = i * 8,
			};
			while (blk_add(greedy.disk, &req[cpu][i]) == -EBUSY)
				blk_wait(greedy.disk);
		}
		for (unsigned int i = 0; i < READS; i++)
			while (req[cpu][i].result == -EINPROGRESS)
				if (blk_wait(greedy.disk) < 0)
					return;
		__atomic_fetch_add(&greedy.reads, READS, __ATOMIC_RELAXED);
	}
}

static void take_caches(void)
{
	for (;;) {
		raw_prepare(VIRTIO_KMEM_CACHE_CREATE, 0, 0);
		raw_req.size = 8;
		raw_req.align = 8;
		raw_req.flags = VIRTIO_KMEM_CACHE_NOMERGE | VIRTIO_KMEM_CACHE_REDZONE |
				VIRTIO_KMEM_CACHE_POISON | VIRTIO_KMEM_CACHE_OWNER;
		memcpy(raw_payload, "greedy", 7);
		if (raw_request(7, RAW_REPLY_MAX))
			return;
		greedy.cache[greedy.nr_caches++] = (u32)raw_reply.resp.value;
	}
}

/* Objects of each cache in turn, until they have most pages, or none is left for any; all of these
 * are written. */
static void take_objects(unsigned long most)
{
	unsigned int empty = 0;
	unsigned long pages = 0;
	u64 addr;
	u64 page = 0;

	for (unsigned int i = 0; empty < greedy.nr_caches && pages < most;
	     i = (i + 1) % greedy.nr_caches) {
		raw_prepare(VIRTIO_KMEM_ALLOC, VIRTIO_KMEM_MAX_BATCH, greedy.cache[i]);
		if (raw_request(0, RAW_REPLY_MAX)) {
			empty++;
			continue;
		}
		empty = 0;
		greedy.objects += raw_reply.resp.count;
		for (unsigned int k = 0; k < raw_reply.resp.count; k++) {
			addr = raw_reply.payload[k] & ~VIRTIO_KMEM_ADDR_FLAGS;
			if ((addr & PAGE_MASK) == page)
				continue;
			page = addr & PAGE_MASK;
			*(u64 *)phys_to_virt(addr) = addr;
			pages++;
		}
	}
}

/* What is left of a node, in runs as large as there are. */
static void take_runs(u32 node)
{
	u64 addr;

	for (int order = VIRTIO_KMEM_MAX_ORDER; order >= 0;) {
		raw_prepare(VIRTIO_KMEM_ALLOC_PAGES, order > 5 ? 1 : 64, 0);
		raw_req.order = (u16)order;
		raw_req.node = node;
		if (raw_request(0, RAW_REPLY_MAX)) {
			order--;
			continue;
		}
		for (unsigned int k = 0; k < raw_reply.resp.count; k++) {
			addr = raw_reply.payload[k] & ~VIRTIO_KMEM_ADDR_FLAGS;
			for (u64 at = addr; at < addr + (PAGE_SIZE << order); at += PAGE_SIZE)
				*(u64 *)phys_to_virt(at) = at;
		}
	}
}

static void take_pins(void)
{
	u64 at = heap_base;
	u64 end = heap_base + heap_size;
	unsigned int k;
	unsigned int n;

	while (at < end) {
		n = (end - at) / PAGE_SIZE < VIRTIO_KMEM_MAX_BATCH ? (end - at) / PAGE_SIZE
								   : VIRTIO_KMEM_MAX_BATCH;
		raw_prepare(VIRTIO_KMEM_PIN, n, 0);
		for (k = 0; k < n; k++)
			raw_payload[k] = at + k * PAGE_SIZE;
		k = raw_request(n * 8, RAW_REPLY_MAX) ? 0 : raw_reply.resp.count;
		greedy.pinned += k;
		/* One that cannot be pinned, of a hole or of no object, is passed. */
		at += (k < n ? k + 1 : k) * PAGE_SIZE;
		if (!k && n == VIRTIO_KMEM_MAX_BATCH)
			at += (n - 1) * PAGE_SIZE;
	}
}

/* An object of each pinned page, which waits for the pin to go. */
static void free_some(void)
{
	u64 end = heap_base + heap_size;

	for (u64 at = heap_base; at < end; at += VIRTIO_KMEM_MAX_BATCH * PAGE_SIZE) {
		raw_prepare(VIRTIO_KMEM_FREE, VIRTIO_KMEM_MAX_BATCH, 0);
		for (unsigned int k = 0; k < VIRTIO_KMEM_MAX_BATCH; k++)
			raw_payload[k] = at + k * PAGE_SIZE;
		if (!raw_request(VIRTIO_KMEM_MAX_BATCH * 8, RAW_REPLY_MAX))
			greedy.freed += raw_reply.resp.count;
	}
}

static u64 *own_table(unsigned long i)
{
	return (u64 *)(void *)(greedy.ram + i * PAGE_SIZE);
}

/*
 * Lays out page tables in our RAM, first those over the tables: entry e of table t maps frame
 * t * 512 + e of the heap, from its start again where that is over.
 */
static void build_tables(void)
{
	const u64 flags = PTE_PRESENT | PTE_WRITE | PTE_USER;
	unsigned long frames = heap_size / PAGE_SIZE;
	unsigned long room = greedy.bytes / PAGE_SIZE;
	unsigned long upper;

	greedy.tables = (frames + platform()->ram_size / PAGE_SIZE) / 100 + 640;
	if (greedy.tables + greedy.tables / ENTRIES + 2 > room)
		greedy.tables = room - room / ENTRIES - 2;
	upper = 1 + (greedy.tables + ENTRIES - 1) / ENTRIES;
	memset(greedy.ram, 0, upper * PAGE_SIZE);
	for (unsigned long t = 1; t < upper; t++)
		own_table(0)[t - 1] = virt_to_phys(own_table(t)) | flags;
	for (unsigned long t = 0; t < greedy.tables; t++) {
		u64 *table = own_table(upper + t);

		for (unsigned long e = 0; e < ENTRIES; e++)
			table[e] = (heap_base + (t * ENTRIES + e) % frames * PAGE_SIZE) | flags |
				   PTE_NX;
		own_table(1 + t / ENTRIES)[t % ENTRIES] = virt_to_phys(table) | flags;
	}
	__atomic_store_n(&greedy.pml4[MAP_SLOT], virt_to_phys(own_table(0)) | flags,
			 __ATOMIC_SEQ_CST);
}

/* Tells whether the host gave the frame to us: others end the guest. */
static bool is_ours(u64 frame)
{
	const u8 *map = phys_to_virt(
		raw_read(REG_CONFIG + offsetof(struct virtio_kmem_config, page_map_base)) |
		(u64)raw_read(REG_CONFIG + offsetof(struct virtio_kmem_config, page_map_base) + 4)
			<< 32);

	return map[frame] != VIRTIO_KMEM_PM_NONE;
}

static void touch_maps(void *arg)
{
	unsigned long frames = heap_size / PAGE_SIZE;
	unsigned long step = num_online_cpus();

	(void)arg;
	for (unsigned long t = smp_processor_id(); t < greedy.tables; t += step)
		for (unsigned long e = 0; e < ENTRIES; e++)
			if (is_ours((t * ENTRIES + e) % frames))
				(void)*(volatile u8 *)(MAP_VA + (t * ENTRIES + e) * PAGE_SIZE);
}

static void flood(void *arg)
{
	static char line[4096];

	(void)arg;
	memset(line, '.', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (unsigned int i = 0; i < FLOOD; i++)
		console_write(line, sizeof(line));
	console_flush();
}

int be_greedy(unsigned int parts)
{
	bool done;

	greedy.pml4 = phys_to_virt(platform()->page_table);
	smp_call_all(nothing, NULL);
	if (blk_count())
		greedy.disk = blk_open(0, NULL);
	take_ram();
	if (greedy.disk)
		smp_call_all(use_disk, NULL);
	if (!raw_start())
		return 1;
	take_caches();
	take_objects(heap_size / PAGE_SIZE / parts);
	take_runs(VIRTIO_KMEM_NODE_ANY);
	/* What is for user space goes to who names its node. */
	for (u32 node = 0; node < VIRTIO_KMEM_MAX_RANGES; node++)
		take_runs(node);
	take_pins();
	free_some();
	build_tables();
	smp_call_all(touch_maps, NULL);
	smp_call_all(flood, NULL);
	printk("greedy: %lu KiB of RAM, %u caches, %lu objects, %lu pins, %lu freed, %lu tables, "
	       "%lu reads\n",
	       (unsigned long)greedy.bytes >> 10, greedy.nr_caches, greedy.objects, greedy.pinned,
	       greedy.freed, greedy.tables, greedy.reads);
	console_flush();
	done = (!greedy.reads == !blk_count()) && greedy.nr_caches > 200 && greedy.pinned &&
	       greedy.freed && greedy.tables;
	platform_ring(PLATFORM_EXIT, done ? GREEDY_DONE : 1);
	return 0;
}
