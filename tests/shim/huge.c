/* SPDX-License-Identifier: BSD-2-Clause */
/* Mappings of their own. What is known of them is kept apart from them, as for all the
 * heap: an address is looked up before it is believed. */
#include <errno.h>
#include <sys/mman.h>
#include <time.h>

#include "mm/host/region.h"
#include "tests/shim/shim.h"

#define PAGE       4096ul
#define HUGE_PAGE  (2ul << 20)
#define HUGE_FLOOR (16ul << 20) /* huge pages from here on: what they round up is little */
#define BUCKETS    1024u

/* Mappings kept for whoever asks for as much again soon: a fault a page is what a mapping
 * costs, not the system calls. */
#define SPARES      8u
#define SPARE_BYTES (32ul << 20)
#define SPARE_MS    1000u

struct huge {
	struct huge *next;
	void *addr;
	size_t size;
	u32 spare_ms; /* since when it is one */
};

/* Records come from a place of their own: with the window full, mappings go on. */
#define RECORD_CHUNK (64ul << 10)

static struct huge *records; /* free ones */

static struct huge *bucket[BUCKETS];
static struct huge *spare[SPARES];
static size_t spare_bytes;
static spinlock_t lock;

static u32 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (u32)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static struct huge **huge_bucket(const void *p)
{
	return &bucket[(unsigned long)p / PAGE * 0x9e3779b97f4a7c15ul >> 54];
}

_Static_assert(BUCKETS == 1u << (64 - 54), "ten bits choose a bucket");

static void huge_insert(struct huge *h)
{
	struct huge **at = huge_bucket(h->addr);
	bool entered = shim_enter();

	spin_lock(&lock);
	h->next = *at;
	*at = h;
	spin_unlock(&lock);
	if (entered)
		shim_leave();
}

static struct huge *huge_remove(const void *p)
{
	struct huge **at = huge_bucket(p);
	bool entered = shim_enter();
	struct huge *h;

	spin_lock(&lock);
	while (*at && (*at)->addr != p)
		at = &(*at)->next;
	h = *at;
	if (h)
		*at = h->next;
	spin_unlock(&lock);
	if (entered)
		shim_leave();
	return h;
}

static struct huge *record_get(void)
{
	bool entered = shim_enter();
	struct huge *h;

	spin_lock(&lock);
	if (!records) {
		h = region_meta_alloc(RECORD_CHUNK);
		for (size_t i = 0; h && i < RECORD_CHUNK / sizeof(*h); i++) {
			h[i].next = records;
			records = &h[i];
		}
	}
	h = records;
	if (h)
		records = h->next;
	spin_unlock(&lock);
	if (entered)
		shim_leave();
	return h;
}

static void record_put(struct huge *h)
{
	bool entered = shim_enter();

	spin_lock(&lock);
	h->next = records;
	records = h;
	spin_unlock(&lock);
	if (entered)
		shim_leave();
}

size_t shim_huge_size(const void *p)
{
	bool entered = shim_enter();
	const struct huge *h;
	size_t size;

	spin_lock(&lock);
	for (h = *huge_bucket(p); h && h->addr != p; h = h->next)
		;
	size = h ? h->size : 0;
	spin_unlock(&lock);
	if (entered)
		shim_leave();
	return size;
}

/* A mapping, aligned; what alignment takes more is unmapped again. */
static void *huge_map(size_t size, size_t align)
{
	size_t slack = align > PAGE ? align : 0;
	unsigned long start;
	unsigned long first;
	void *map;

	if (size + slack < size)
		return NULL;
	map = mmap(NULL, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return NULL;
	start = (unsigned long)map;
	first = slack ? ALIGN(start, align) : start;
	if (first > start)
		munmap(map, first - start);
	if (start + slack > first)
		munmap((void *)(first + size), start + slack - first);
	return (void *)first;
}

static void huge_unmap(struct huge *list)
{
	while (list) {
		struct huge *h = list;

		list = h->next;
		munmap(h->addr, h->size);
		record_put(h);
	}
}

/* Takes a spare out that is larger or smaller than asked for by at most a quarter, or
 * NULL. Those that are to be aligned are not smaller: to grow they may have to move. */
static struct huge *spare_take(size_t size, size_t align)
{
	bool entered = shim_enter();
	struct huge *h = NULL;

	spin_lock(&lock);
	for (unsigned int i = 0; !h && i < SPARES; i++) {
		if (!spare[i] || spare[i]->size > size + size / 4 ||
		    spare[i]->size < (align > PAGE ? size : size - size / 4) ||
		    (unsigned long)spare[i]->addr % align)
			continue;
		h = spare[i];
		spare[i] = NULL;
		spare_bytes -= h->size;
	}
	spin_unlock(&lock);
	if (entered)
		shim_leave();
	return h;
}

/* Takes those out that are too old, or too much together with more bytes; or all. */
static struct huge *spare_expire(size_t more, bool all)
{
	struct huge *list = NULL;
	u32 now = now_ms();

	for (;;) {
		struct huge **oldest = NULL;

		for (unsigned int i = 0; i < SPARES; i++) {
			if (spare[i] &&
			    (!oldest || (s32)(spare[i]->spare_ms - (*oldest)->spare_ms) < 0))
				oldest = &spare[i];
		}
		if (!oldest || (!all && spare_bytes + more <= SPARE_BYTES &&
				now - (*oldest)->spare_ms < SPARE_MS))
			return list;
		spare_bytes -= (*oldest)->size;
		(*oldest)->next = list;
		list = *oldest;
		*oldest = NULL;
	}
}

/* Keeps a mapping, if there is room for it, and lets older ones go. */
static void spare_put(struct huge *h)
{
	bool entered = shim_enter();
	struct huge *gone;

	spin_lock(&lock);
	gone = spare_expire(min(h->size, SPARE_BYTES), false);
	for (unsigned int i = 0; h && h->size <= SPARE_BYTES && i < SPARES; i++) {
		if (spare[i])
			continue;
		h->spare_ms = now_ms();
		spare_bytes += h->size;
		spare[i] = h;
		h = NULL;
	}
	if (h) {
		h->next = gone;
		gone = h;
	}
	spin_unlock(&lock);
	if (entered)
		shim_leave();
	huge_unmap(gone);
}

void shim_huge_trim(void)
{
	bool entered = shim_enter();
	struct huge *gone;

	spin_lock(&lock);
	gone = spare_expire(0, true);
	spin_unlock(&lock);
	if (entered)
		shim_leave();
	huge_unmap(gone);
}

/* False: it cannot grow, and is unmapped. */
static bool huge_reuse(struct huge *h, size_t size, bool zero)
{
	size_t old = h->size;

	if (old < size) {
		void *moved = mremap(h->addr, old, size, MREMAP_MAYMOVE);

		if (moved == MAP_FAILED) {
			h->next = NULL;
			huge_unmap(h);
			return false;
		}
		h->addr = moved;
		h->size = size;
	}
	if (zero)
		memset(h->addr, 0, old);
	huge_insert(h);
	return true;
}

void *shim_huge_alloc(size_t size, size_t align, bool zero)
{
	struct huge *h;

	if (size > LONG_MAX - PAGE)
		return NULL;
	size = ALIGN(max(size, 1ul), PAGE);
	h = spare_take(size, align);
	if (h && huge_reuse(h, size, zero))
		return h->addr;
	h = record_get();
	if (!h)
		return NULL;
	h->size = size;
	h->addr = huge_map(size, size >= HUGE_FLOOR ? max(align, HUGE_PAGE) : align);
	/* What was asked for may still fit. */
	if (!h->addr)
		h->addr = huge_map(size, align);
	if (!h->addr) {
		record_put(h);
		return NULL;
	}
	/* Advice: without it there is more to fault in, that is all. */
	if (size >= HUGE_FLOOR)
		(void)madvise(h->addr, size, MADV_HUGEPAGE);
	huge_insert(h);
	return h->addr;
}

void shim_huge_free(void *p)
{
	struct huge *h = huge_remove(p);

	if (!h)
		grt_bug((u64)p, "free: 0x%lx is not allocated", (unsigned long)p);
	spare_put(h);
}

void *shim_huge_resize(void *p, size_t size)
{
	struct huge *h;
	void *moved;

	if (size > LONG_MAX - PAGE)
		return NULL;
	size = ALIGN(size, PAGE);
	h = huge_remove(p);
	if (!h)
		grt_bug((u64)p, "realloc: 0x%lx is not allocated", (unsigned long)p);
	moved = mremap(p, h->size, size, MREMAP_MAYMOVE);
	if (moved != MAP_FAILED) {
		h->addr = moved;
		h->size = size;
	}
	huge_insert(h);
	return moved == MAP_FAILED ? NULL : moved;
}
