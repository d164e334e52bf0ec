/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects back in bulk: every address is taken for hostile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mm/slab/debug.h"

struct batch {
	struct slab_set *set;
	const gpa_t *addr;
	size_t n;
	size_t next;        /* first address not dealt with */
	unsigned int cache; /* that the caller says, 0: none */
	unsigned int of;    /* that the slab at hand is of, or cache */
	struct mm_bad *bad;
	size_t *nr_bad;
	struct debug_call call;
};

static void batch_refuse(struct batch *batch, size_t index, int status)
{
	map_refuse(batch->set->map, batch->call.cpu, batch->bad, batch->nr_bad, index, status);
	if (status != -EUCLEAN)
		debug_refused(batch->set, batch->of, batch->addr[index], status, &batch->call);
}

/* Why an address that is in no slab is refused. */
static int batch_status(struct slab_set *set, gpa_t addr, frame_t frame)
{
	uint8_t value;

	if (!map_in_range(set->map, addr))
		return -EFAULT;
	value = atomic_load_explicit(map_byte(set->map, frame), memory_order_relaxed);
	return value == MM_PM_NONE ? -ENOENT : -EINVAL;
}

/* The slot that starts at an offset from a slab's first slot, or -EINVAL. */
static inline int slab_slot(const struct slab *slab, uint64_t offset)
{
	uint64_t slot = offset * slab->recip >> SLAB_RECIP_SHIFT;

	return slot * slab->slot_size != offset || slot >= slab->cap ? -EINVAL : (int)slot;
}

static bool slab_slot_free(const struct slab *slab, unsigned int slot)
{
	return slab->free[slot / 64] >> slot % 64 & 1;
}

static bool slab_is_held(const struct slab *slab, unsigned int slot)
{
	return slab->held && slab->held->row[slot / 64] >> slot % 64 & 1;
}

/* The careful way, for slabs with debug modes or pins. Returns a negative errno if
 * the object was not freed; *status is what to report though it was. */
static int batch_free_slow(struct batch *batch, struct slab *slab, unsigned int slot, int *status)
{
	struct slab_set *set = batch->set;

	if (slab_slot_free(slab, slot) || slab_is_held(slab, slot) || debug_withholds(slab, slot))
		return -ENOENT;
	if (debug_on(slab) && !debug_free(set, slab, slot, &batch->call)) {
		*status = -EUCLEAN;
		atomic_fetch_add_explicit(&set->cache[slab->cache].errors, 1, memory_order_relaxed);
	}
	if (slab_pins(slab) && slab_slot_pinned(set, slab, slot)) {
		/* Waits for the last unpin: mm_pin made room to note it. */
		slab->held->row[slot / 64] |= 1ull << slot % 64;
		slab->held->nr++;
		return 0;
	}
	debug_put_slot(set, slab, slot);
	return 0;
}

/* Frees the addresses from batch->next on that lie in one slab, whose lock is held, or
 * fewer when their reports are too many. Returns how many objects were freed. */
static size_t batch_slab_slow(struct batch *batch, struct slab *slab, int status)
{
	const uint64_t start = slab_start(batch->set->frames, slab);
	const uint64_t bytes = slab_bytes(slab);
	size_t freed = 0;

	MM_ASSERT_HELD(&slab->lock);
	for (; batch->next < batch->n && !debug_log_full(batch->call.log); batch->next++) {
		uint64_t offset = batch->addr[batch->next] - start;
		int why = status;
		int slot;

		if (offset >= bytes)
			break;
		slot = slab_slot(slab, offset);
		if (slot >= 0) {
			int err = batch_free_slow(batch, slab, (unsigned int)slot, &why);

			slot = err ? err : slot;
		}
		if (slot >= 0)
			freed++;
		else
			why = slot;
		if (why)
			batch_refuse(batch, batch->next, why);
	}
	return freed;
}

/* The same for slabs without debug modes and pins, where no refusal is reported. The row
 * of bits at hand is kept in a register: through memory, each object would wait for the
 * last one's store. */
static size_t batch_slab(struct batch *batch, struct slab *slab)
{
	const uint64_t start = slab_start(batch->set->frames, slab);
	const uint64_t bytes = slab_bytes(slab);
	const int status = batch->cache && batch->cache != slab->cache ? -EXDEV : 0;
	unsigned int at = 0;
	uint64_t row = slab->free[0];
	unsigned int put = 0;
	size_t i;

	MM_ASSERT_HELD(&slab->lock);
	MM_ASSERT(slab_get_state(slab) != SLAB_DEAD);
	/* In the slab, yet before its first slot. */
	if (batch->addr[batch->next] - start >= bytes) {
		batch_refuse(batch, batch->next++, -EINVAL);
		return 0;
	}
	if (slab->debug || slab->held || debug_reports(batch->set, slab->cache))
		return batch_slab_slow(batch, slab, status);
	for (i = batch->next; i < batch->n; i++) {
		uint64_t offset = batch->addr[i] - start;
		int slot;
		uint64_t bit;

		if (offset >= bytes)
			break;
		slot = slab_slot(slab, offset);
		if (slot < 0) {
			batch_refuse(batch, i, slot);
			continue;
		}
		if ((unsigned int)slot / 64 != at) {
			slab->free[at] = row;
			at = (unsigned int)slot / 64;
			row = slab->free[at];
		}
		bit = 1ull << slot % 64;
		if (row & bit) {
			batch_refuse(batch, i, -ENOENT);
			continue;
		}
		row |= bit;
		put++;
		if (status)
			batch_refuse(batch, i, status);
	}
	slab->free[at] = row;
	MM_ASSERT(put <= slab->used);
	slab->used = (uint16_t)(slab->used - put);
	batch->next = i;
	return put;
}

static void batch_count(struct batch *batch, unsigned int cache, size_t freed)
{
	/* Relaxed: counters are summed, nothing is ordered by them. */
	if (freed)
		atomic_fetch_add_explicit(&batch->set->cpu[batch->call.cpu].count[cache].freed,
					  freed, memory_order_relaxed);
}

long slab_free_bulk(struct slab_set *set, unsigned int cpu, int cache, uint64_t caller, size_t n,
		    const gpa_t *addr, struct mm_bad *bad, size_t *nr_bad)
{
	struct debug_log log;
	struct batch batch = {
		.set = set,
		.addr = addr,
		.n = n,
		.cache = (unsigned int)cache,
		.bad = bad,
		.nr_bad = nr_bad,
		.call = {.log = &log, .cpu = map_cpu(set->map, cpu), .caller = caller},
	};
	unsigned int counted = 0; /* the cache that `pending` is of */
	size_t pending = 0;
	size_t freed = 0;

	*nr_bad = 0;
	debug_log_begin(&log);
	if (cache && !slab_cache_get(set, cache))
		return -ENOENT;
	while (batch.next < n) {
		struct slab *slab = NULL;
		size_t some;
		frame_t frame;
		bool dead;

		if (map_frame(set->map, addr[batch.next], &frame))
			slab = slab_lock_frame(set, frame);
		if (!slab) {
			batch.of = batch.cache;
			batch_refuse(&batch, batch.next,
				     batch_status(set, addr[batch.next], frame));
			debug_say(set, &log);
			batch.next++;
			continue;
		}
		if (slab->cache != counted) {
			batch_count(&batch, counted, pending);
			pending = 0;
			counted = slab->cache;
		}
		batch.of = slab->cache;
		some = batch_slab(&batch, slab);
		dead = slab_settle(set, slab);
		mm_unlock(&slab->lock);
		debug_say(set, &log);
		if (dead)
			slab_unmake(set, cpu, slab);
		pending += some;
		freed += some;
	}
	batch_count(&batch, counted, pending);
	return (long)freed;
}
