/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The account of a packed ring. The device writes over the descriptors of the ring, so it
 * has copies of those in flight: entries, of which the free ones are a list, and a
 * chain's are linked to each other. An update is made on free_head, used_idx and the wrap
 * counter, and committed by copying them to their old_ twins; in between, it is the ring
 * that says whether it counts.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "virtio/vhost_user/inflight.h"

#define NOTE        VHOST_USER_NOTE
#define LOAD(place) __atomic_load_n(&(place), __ATOMIC_RELAXED)

#define WRAP  0x8000u
#define INDEX 0x7fffu

/* Moves a place in the ring, its wrap counter in the top bit, on by n entries. */
static uint16_t advance(uint16_t at, uint32_t n, uint16_t size)
{
	uint32_t index = (at & INDEX) + n;
	uint32_t wrap = at & WRAP;

	if (index >= size) {
		index -= size;
		wrap ^= WRAP;
	}
	return (uint16_t)(index | wrap);
}

/*
 * Stores where the used side is, and where it was when last committed, in one: a
 * process killed between an index and its wrap counter would leave a place that never was.
 */
static void note_used(struct vhost_user_packed_inflight *area, uint16_t used, uint16_t old)
{
	const struct {
		uint16_t used_idx, old_used_idx;
		uint8_t wrap;
		uint8_t old_wrap;
		uint8_t padding[2];
	} words = {used & INDEX, old & INDEX, (used & WRAP) != 0, (old & WRAP) != 0, {0, 0}};
	uint64_t word;

	_Static_assert(sizeof(words) == sizeof(word), "one store");
	_Static_assert(offsetof(struct vhost_user_packed_inflight, used_idx) % 8 == 0, "aligned");
	memcpy(&word, &words, sizeof(word));
	__atomic_store_n((uint64_t *)(void *)&area->used_idx, word, __ATOMIC_RELEASE);
}

static void init(struct vhost_user_inflight *f, uint16_t used)
{
	struct vhost_user_packed_inflight *area = f->packed;

	memset(area, 0, sizeof(*area) + f->desc_num * sizeof(area->desc[0]));
	for (uint16_t i = 0; i < f->desc_num; i++) {
		f->next[i] = i + 1; /* the last one's is no entry: the end */
		area->desc[i].next = f->next[i];
	}
	area->desc_num = f->desc_num;
	note_used(area, used, used);
	NOTE(area->version, VHOST_USER_INFLIGHT_VERSION);
}

uint16_t vhost_user_inflight_peek(const void *area, uint16_t desc_num)
{
	const struct vhost_user_packed_inflight *packed = area;
	uint16_t at = LOAD(packed->old_used_idx);

	return at < desc_num ? at : 0;
}

/* Commits the last update, or takes it back. Returns where the used side is. */
static int settle(struct vhost_user_inflight *f, uint16_t used_flags, uint16_t size,
		  struct vhost_user_recovery *recovery)
{
	struct vhost_user_packed_inflight *area = f->packed;
	uint16_t used = LOAD(area->used_idx);
	uint16_t old = LOAD(area->old_used_idx);
	bool wrap = LOAD(area->used_wrap_counter);
	bool old_wrap = LOAD(area->old_used_wrap_counter);

	if (used >= size || old >= size)
		return -EBADMSG;
	if (used != old || wrap != old_wrap) {
		bool avail = used_flags & VRING_F_AVAIL;
		bool in_use = used_flags & VRING_F_USED;

		/* Is the descriptor still as the driver made it available? */
		if (avail != old_wrap || in_use == old_wrap) {
			NOTE(area->old_free_head, LOAD(area->free_head));
			old = used;
			old_wrap = wrap;
			recovery->recovered = 1;
		}
	}
	f->free_head = LOAD(area->old_free_head);
	NOTE(area->free_head, f->free_head);
	old |= old_wrap ? WRAP : 0;
	note_used(area, old, old);
	return old;
}

/* Walks a list of n entries at most from at on, each of which nobody has yet. Returns how
 * many there were, with the last one in *last, or -EBADMSG. */
static int claim(struct vhost_user_inflight *f, uint16_t at, unsigned int n, bool *taken,
		 uint16_t *last)
{
	unsigned int i;

	for (i = 0; i < n && at < f->desc_num; i++) {
		if (taken[at])
			return -EBADMSG;
		taken[at] = true;
		*last = at;
		f->next[at] = LOAD(f->packed->desc[at].next);
		at = f->next[at];
	}
	return (int)i;
}

int vhost_user_packed_attach(struct vhost_user_inflight *f, struct vring_setup *setup,
			     uint16_t used_flags, uint64_t *counters,
			     struct vhost_user_recovery *recovery)
{
	struct vhost_user_packed_inflight *area = f->packed;
	bool taken[VRING_MAX_SIZE] = {false};
	uint16_t version = LOAD(area->version);
	uint16_t last = 0;
	uint32_t slots = 0;
	uint32_t nr_free;
	int used;
	int ret;

	if (!version) {
		init(f, (uint16_t)(setup->base >> 16));
		return 0;
	}
	if (version != VHOST_USER_INFLIGHT_VERSION || LOAD(area->desc_num) != f->desc_num)
		return -EBADMSG;
	used = settle(f, used_flags, setup->size, recovery);
	if (used < 0)
		return used;
	ret = claim(f, f->free_head, f->desc_num, taken, &last);
	if (ret < 0)
		return ret;
	nr_free = (uint32_t)ret;
	for (uint16_t i = 0; i < f->desc_num; i++)
		if (taken[i])
			NOTE(area->desc[i].inflight, 0);
	for (uint16_t i = 0; i < f->desc_num; i++) {
		uint16_t num = LOAD(area->desc[i].num);

		if (!LOAD(area->desc[i].inflight))
			continue;
		if (!num || claim(f, i, num, taken, &last) != num)
			return -EBADMSG;
		f->last[i] = last;
		slots += num;
		counters[f->nr_again] = LOAD(area->desc[i].counter);
		f->again[f->nr_again++] = i;
	}
	/* An entry that is neither free nor in use would be missing once the ring is full. */
	if (slots > setup->size || nr_free + slots != f->desc_num)
		return -EBADMSG;
	setup->base = advance((uint16_t)used, slots, setup->size) | (uint32_t)used << 16;
	return 0;
}

int vhost_user_packed_again(struct vhost_user_inflight *f, uint16_t entry, const struct vring *ring,
			    struct vring_chain *chain)
{
	struct vring_packed_desc desc[VRING_MAX_SIZE];
	uint16_t at = entry;
	uint16_t n = 0;
	int ret;

	for (;; at = f->next[at]) {
		const struct vhost_user_packed_entry *shared = &f->packed->desc[at];

		desc[n].addr = LOAD(shared->addr);
		desc[n].len = LOAD(shared->len);
		desc[n].id = LOAD(shared->id);
		atomic_init(&desc[n].flags, LOAD(shared->flags));
		n++;
		if (at == f->last[entry])
			break;
	}
	ret = vring_gather_packed(ring, desc, n, chain);
	if (ret == 1)
		f->entry[chain->head] = entry;
	return ret;
}

void vhost_user_packed_taken(struct vhost_user_inflight *f, const struct vring *ring,
			     uint16_t first, const struct vring_chain *chain)
{
	struct vhost_user_packed_inflight *area = f->packed;
	struct vhost_user_packed_entry *head = &area->desc[f->free_head];
	uint16_t entry = f->free_head;
	uint16_t at = entry;

	NOTE(head->num, 0);
	NOTE(head->counter, f->counter);
	f->counter++;
	NOTE(head->inflight, 1);
	for (uint16_t i = 0; i < chain->slots; i++) {
		const struct vring_packed_desc *d =
			&ring->packed.desc[(first + i) % ring->setup.size];

		at = f->free_head;
		area->desc[at].addr = d->addr;
		area->desc[at].len = d->len;
		area->desc[at].id = d->id;
		/* Relaxed: it was announced before the chain was popped. */
		area->desc[at].flags = atomic_load_explicit(&d->flags, memory_order_relaxed);
		f->free_head = f->next[at];
	}
	/* The driver may change a ring that it gave away. The id that counts is the chain's. */
	area->desc[at].id = chain->head;
	NOTE(head->last, at);
	NOTE(head->num, chain->slots);
	NOTE(area->free_head, f->free_head);
	NOTE(area->old_free_head, f->free_head);
	f->last[entry] = at;
	f->entry[chain->head] = entry;
}

void vhost_user_packed_returning(struct vhost_user_inflight *f, const struct vring *ring,
				 const struct vring_chain *chain)
{
	struct vhost_user_packed_inflight *area = f->packed;
	uint16_t entry = f->entry[chain->head];
	uint16_t last = f->last[entry];
	uint16_t used = ring->next_used | (ring->used_wrap ? WRAP : 0);

	f->next[last] = f->free_head;
	NOTE(area->desc[last].next, f->free_head);
	f->free_head = entry;
	NOTE(area->free_head, entry);
	note_used(area, advance(used, chain->slots, ring->setup.size), used);
}

void vhost_user_packed_returned(struct vhost_user_inflight *f, const struct vring *ring,
				const struct vring_chain *chain)
{
	struct vhost_user_packed_inflight *area = f->packed;
	uint16_t used = ring->next_used | (ring->used_wrap ? WRAP : 0);

	NOTE(area->desc[f->entry[chain->head]].inflight, 0);
	NOTE(area->old_free_head, f->free_head);
	note_used(area, used, used);
}
