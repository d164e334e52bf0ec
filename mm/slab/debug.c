/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/slab/debug.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static __attribute__((format(printf, 2, 3))) void log_add(struct debug_log *log, const char *format,
							  ...)
{
	va_list args;
	int len;

	log->found++;
	if (debug_log_full(log)) {
		log->lost++;
		return;
	}
	va_start(args, format);
	len = vsnprintf(log->text + log->len, DEBUG_LOG_LINE, format, args);
	va_end(args);
	if (len > 0)
		log->len += (size_t)len < DEBUG_LOG_LINE ? (size_t)len : DEBUG_LOG_LINE - 1;
}

void debug_say(struct slab_set *set, struct debug_log *log)
{
	char text[64];

	MM_ASSERT_NONE_HELD();
	if (!log->len)
		return;
	/* Relaxed: a count, for which nothing waits. */
	atomic_fetch_add_explicit(&set->findings, log->found, memory_order_relaxed);
	if (set->config->report)
		set->config->report(set->config->report_opaque, log->text);
	if (log->lost && set->config->report) {
		snprintf(text, sizeof(text), "  %u more reports of this call are left out\n",
			 log->lost);
		set->config->report(set->config->report_opaque, text);
	}
	debug_log_begin(log);
}

/* The first byte in [from, to) of an object that is not what it should be, or to. */
static size_t debug_scan(const uint8_t *object, size_t from, size_t to, uint8_t byte)
{
	const uint64_t right = byte * 0x0101010101010101ull;
	uint64_t eight;

	for (; to - from >= sizeof(eight); from += sizeof(eight)) {
		memcpy(&eight, object + from, sizeof(eight));
		if (eight != right)
			break;
	}
	while (from < to && object[from] == byte)
		from++;
	return from;
}

static void debug_overwritten(struct slab_set *set, struct debug_log *log, const struct slab *slab,
			      unsigned int slot, const char *what, size_t offset, uint8_t expected)
{
	const struct slab_cache *cache = &set->cache[slab->cache];
	const struct slab_track *track = &slab->debug->slot[slot];
	uint64_t addr = slab_slot_addr(set->frames, slab, slot);
	const uint8_t *object = map_host(set->map, addr);
	char who[256] = "";

	if (cache->flags & MM_DEBUG_OWNER)
		snprintf(who, sizeof(who),
			 "  allocated at 0x%" PRIx64 " on cpu %u, %u bytes asked\n"
			 "  freed at 0x%" PRIx64 " on cpu %u\n",
			 track->alloc_caller, track->alloc_cpu, track->asked, track->free_caller,
			 track->free_cpu);
	log_add(log,
		"%s: %s overwritten: object 0x%" PRIx64 " of %u bytes, first bad byte at offset "
		"%zu is 0x%02x, not 0x%02x\n%s",
		cache->name, what, addr, cache->object_size, offset, object[offset], expected, who);
}

/* Contents that a constructor made are left alone. */
static bool debug_poisons(const struct slab_cache *cache)
{
	return cache->flags & MM_DEBUG_POISON && !(cache->flags & MM_CACHE_CTOR);
}

/* Where the red zone begins: an object with a constructor is in use as a whole. */
static size_t debug_end(const struct slab_cache *cache, const struct slab_track *track)
{
	if (cache->flags & MM_CACHE_CTOR || !track->asked)
		return cache->object_size;
	return track->asked;
}

bool debug_alloc(struct slab_set *set, struct slab *slab, unsigned int slot, bool fresh,
		 const struct debug_call *call)
{
	const struct slab_cache *cache = &set->cache[slab->cache];
	const uint8_t *object = map_host(set->map, slab_slot_addr(set->frames, slab, slot));
	struct slab_track *track = &slab->debug->slot[slot];
	size_t last = cache->object_size - 1;

	MM_ASSERT_HELD(&slab->lock);
	if (!fresh && debug_poisons(cache)) {
		size_t bad = debug_scan(object, 0, last, DEBUG_POISON_BYTE);

		if (bad < last || object[last] != DEBUG_POISON_END) {
			debug_overwritten(set, call->log, slab, slot, "free object", bad,
					  bad < last ? DEBUG_POISON_BYTE : DEBUG_POISON_END);
			track->asked = DEBUG_SET_ASIDE;
			return false;
		}
	}
	track->asked = call->asked && call->asked < cache->object_size ? (uint32_t)call->asked
								       : cache->object_size;
	track->used = true;
	track->alloc_caller = call->caller;
	track->alloc_cpu = (uint16_t)call->cpu;
	return true;
}

void debug_redzone(struct slab_set *set, struct slab *slab, unsigned int slot)
{
	const struct slab_cache *cache = &set->cache[slab->cache];
	uint8_t *object = map_host(set->map, slab_slot_addr(set->frames, slab, slot));
	size_t end = debug_end(cache, &slab->debug->slot[slot]);

	MM_ASSERT_HELD(&slab->lock);
	if (cache->flags & MM_DEBUG_REDZONE)
		memset(object + end, DEBUG_REDZONE_BYTE, slab->slot_size - end);
}

size_t debug_widen(struct slab_set *set, struct slab *slab, unsigned int slot)
{
	const struct slab_cache *cache = &set->cache[slab->cache];
	struct slab_track *track = &slab->debug->slot[slot];
	size_t was = debug_end(cache, track);

	MM_ASSERT_HELD(&slab->lock);
	track->asked = cache->object_size;
	return was;
}

bool debug_free(struct slab_set *set, struct slab *slab, unsigned int slot,
		const struct debug_call *call)
{
	const struct slab_cache *cache = &set->cache[slab->cache];
	const uint8_t *object = map_host(set->map, slab_slot_addr(set->frames, slab, slot));
	struct slab_track *track = &slab->debug->slot[slot];
	bool intact = true;
	size_t bad;

	MM_ASSERT_HELD(&slab->lock);
	track->free_caller = call->caller;
	track->free_cpu = (uint16_t)call->cpu;
	if (cache->flags & MM_DEBUG_REDZONE) {
		bad = debug_scan(object, debug_end(cache, track), slab->slot_size,
				 DEBUG_REDZONE_BYTE);
		intact = bad == slab->slot_size;
		if (!intact)
			debug_overwritten(set, call->log, slab, slot, "red zone", bad,
					  DEBUG_REDZONE_BYTE);
	}
	return intact;
}

static void quarantine_release(struct slab *slab)
{
	struct slab_debug *debug = slab->debug;
	unsigned int slot = debug->oldest;

	debug->oldest = debug->slot[slot].next;
	debug->slot[slot].resting = false;
	debug->resting--;
	slab_put_slot(slab, slot);
}

/* The oldest leave when more than a quarter of the slab rests; all do when nothing else
 * is in use, so that an empty slab can go. */
static void quarantine_put(struct slab *slab, unsigned int slot)
{
	struct slab_debug *debug = slab->debug;

	if (debug->resting)
		debug->slot[debug->newest].next = (uint16_t)slot;
	else
		debug->oldest = (uint16_t)slot;
	debug->newest = (uint16_t)slot;
	debug->slot[slot].resting = true;
	debug->resting++;
	if (debug->resting > slab->cap / 4)
		quarantine_release(slab);
	while (debug->resting && debug->resting == slab->used)
		quarantine_release(slab);
}

void debug_put_slot(struct slab_set *set, struct slab *slab, unsigned int slot)
{
	const struct slab_cache *cache = &set->cache[slab->cache];
	uint8_t *object = map_host(set->map, slab_slot_addr(set->frames, slab, slot));

	MM_ASSERT_HELD(&slab->lock);
	if (debug_poisons(cache)) {
		memset(object, DEBUG_POISON_BYTE, cache->object_size - 1);
		object[cache->object_size - 1] = DEBUG_POISON_END;
	} else if (cache->flags & MM_HARDEN_WIPE && !(cache->flags & MM_CACHE_CTOR)) {
		memset(object, 0, cache->object_size);
	}
	if (cache->flags & MM_HARDEN_QUARANTINE)
		quarantine_put(slab, slot);
	else
		slab_put_slot(slab, slot);
}

/* xorshift64*, from its upper half. */
static unsigned int random_below(uint64_t *seed, unsigned int limit)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return (unsigned int)((*seed * 0x2545f4914f6cdd1dull >> 32) * limit >> 32);
}

/* The free slot that is next from a slot on, round the slab, which has one. */
static unsigned int slab_next_free(const struct slab *slab, unsigned int from)
{
	unsigned int word = from / 64;
	uint64_t free = slab->free[word] & ~0ull << from % 64;

	while (!free) {
		word = (word + 1) % SLAB_WORDS;
		free = slab->free[word];
	}
	return word * 64 + (unsigned int)__builtin_ctzll(free);
}

size_t debug_take_random(struct slab_set *set, struct slab *slab, uint64_t *seed, size_t n,
			 uint64_t *addr)
{
	size_t got = 0;

	MM_ASSERT_HELD(&slab->lock);
	while (got < n && slab->used < slab->cap) {
		unsigned int slot = slab_next_free(slab, random_below(seed, slab->cap));
		uint64_t flags = MM_ADDR_FRESH | (slab->zero ? MM_ADDR_ZERO : 0);

		slab->free[slot / 64] &= ~(1ull << slot % 64);
		slab->used++;
		addr[got++] = slab_slot_addr(set->frames, slab, slot) |
			      (slab->debug->slot[slot].used ? 0 : flags);
	}
	return got;
}

bool debug_reports(const struct slab_set *set, unsigned int cache)
{
	unsigned int modes = set->config->debug | set->cache[cache].flags;

	return modes & (MM_DEBUG_SANITY | MM_DEBUG_OWNER);
}

void debug_refused(struct slab_set *set, unsigned int cache, uint64_t addr, int status,
		   const struct debug_call *call)
{
	const char *what = status == -EFAULT   ? "not in the heap"
			   : status == -EINVAL ? "not the start of an object"
			   : status == -ENOENT ? "not allocated (a double free?)"
					       : "an object of another cache";

	if (debug_reports(set, cache))
		log_add(call->log,
			"free of 0x%" PRIx64 ": %s\n  called at 0x%" PRIx64 " on cpu %u\n", addr,
			what, call->caller, call->cpu);
}
