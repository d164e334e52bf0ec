/* SPDX-License-Identifier: BSD-2-Clause */
/* What the allocators ask of their host, in a process that is not theirs: no output but
 * a last word, no files, no memory before it is touched. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mm/host/limit.h"
#include "mm/host/region.h"
#include "mm/host/room.h"
#include "tests/shim/shim.h"

#define CHUNK (64ul << 10)

/* Huge frames that are backed with small pages: until a process is that large, what a
 * huge page rounds up would be a good part of it. */
#define SMALL_FRAMES 64u

/* Bytes of a cache that its depot learns to keep, at the most. */
#define DEPOT_MOST (1ul << 20)

static void say(const char *format, va_list args)
{
	static const char name[] = "slabvisor-malloc: ";
	char text[320];
	size_t used = sizeof(name) - 1;
	int len;

	memcpy(text, name, used);
	len = vsnprintf(text + used, sizeof(text) - used - 1, format, args);
	used += (size_t)clamp(len, 0, (int)(sizeof(text) - used - 2));
	text[used++] = '\n';
	while (write(STDERR_FILENO, text, used) < 0 && errno == EINTR)
		;
}

void grt_bug(u64 addr, const char *format, ...)
{
	va_list args;

	(void)addr;
	va_start(args, format);
	say(format, args);
	va_end(args);
	abort();
}

void grt_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
}

/* For what is never given back. Only the start asks for it. */
void *grt_ram_alloc(size_t size, size_t align)
{
	static u8 *next;
	static u8 *end;
	u8 *p = (u8 *)ALIGN((unsigned long)next, align);

	if (p + size > end) {
		next = region_meta_alloc(CHUNK);
		if (!next || size > CHUNK)
			return NULL;
		end = next + CHUNK;
		p = next;
	}
	next = p + size;
	return p;
}

/* There is no struct page to have references of. */
bool kmem_run_put(u64 addr)
{
	(void)addr;
	return false;
}

const char *limit_why(const char *format, ...)
{
	(void)format;
	return "no room for the heap's window";
}

/* The window is a reservation of addresses: it promises nothing. */
int room_check(enum mm_backing backing, uint64_t size, const char **why)
{
	(void)backing;
	(void)size;
	(void)why;
	return 0;
}

/* In place of mm's, which populates: that spares a guest's faults, and costs a process
 * what it does not touch. */
int __wrap_region_back(struct region *region, uint64_t offset, uint64_t size);
int __wrap_region_back(struct region *region, uint64_t offset, uint64_t size)
{
	static unsigned int backed;
	u8 *host = region->host + offset;
	bool small;

	/* Relaxed: a count. */
	small = __atomic_fetch_add(&backed, 1, __ATOMIC_RELAXED) < SMALL_FRAMES;
	if (mprotect(host, size, PROT_READ | PROT_WRITE))
		return -ENOMEM;
	(void)madvise(host, size, small ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
	shim_window_back(host, size);
	return 0;
}

/*
 * In place of the depots' own, which learns to keep what was given to the host and is asked back.
 * A guest's requests cost tens of microseconds. Here they cost nanoseconds, and what is kept is
 * missed elsewhere, so a process with one thread learns nothing. Where threads hand objects over
 * these pass through the depots, which overflow whenever one thread is ahead of the other: what
 * goes to the slabs then comes back as other memory, which is in nobody's cache.
 */
void __real_kmem_depot_refilled(struct kmem_cache *cache, u64 objects);
void __wrap_kmem_depot_refilled(struct kmem_cache *cache, u64 objects);
void __wrap_kmem_depot_refilled(struct kmem_cache *cache, u64 objects)
{
	const u64 most = DEPOT_MOST / cache->front.size;
	const u64 limit = READ_ONCE(cache->depot.limit);

	if (shim_threads() > 1 && limit < most)
		__real_kmem_depot_refilled(cache, min(objects, most - limit));
}
