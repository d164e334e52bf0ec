/* SPDX-License-Identifier: BSD-2-Clause */
/* The account of a split ring, and what both formats have alike. */
#include "virtio/vhost_user/inflight.h"

#include <errno.h>
#include <string.h>

#define NOTE VHOST_USER_NOTE

uint64_t vhost_user_inflight_size(bool packed, uint16_t queue_size)
{
	uint64_t size = packed ? sizeof(struct vhost_user_packed_inflight) +
					 queue_size * sizeof(struct vhost_user_packed_entry)
			       : sizeof(struct vhost_user_split_inflight) +
					 queue_size * sizeof(struct vhost_user_split_entry);

	if (!queue_size || queue_size > VRING_MAX_SIZE)
		return 0;
	return (size + VHOST_USER_INFLIGHT_ALIGN - 1) & ~(VHOST_USER_INFLIGHT_ALIGN - 1ull);
}

/* Puts the chains to take again in the order of their counters, and goes on counting behind these.
 * By insertion: they come nearly in order, and are few. */
static void order(struct vhost_user_inflight *f, uint64_t *counters)
{
	unsigned int at;

	for (unsigned int i = 0; i < f->nr_again; i++) {
		uint64_t counter = counters[i];
		uint16_t which = f->again[i];

		for (at = i; at && counters[at - 1] > counter; at--) {
			counters[at] = counters[at - 1];
			f->again[at] = f->again[at - 1];
		}
		counters[at] = counter;
		f->again[at] = which;
		if (counter >= f->counter)
			f->counter = counter + 1;
	}
}

/*
 * A new account. Its used_idx is the ring's, not 0: with 0 on a ring that is further on,
 * the first one killed before it used a buffer would leave the next one to think that
 * descriptor 0, the default of last_batch_head, was used.
 */
static void split_init(struct vhost_user_inflight *f, uint16_t used_idx)
{
	struct vhost_user_split_inflight *area = f->split;

	memset(area, 0, sizeof(*area) + f->desc_num * sizeof(area->desc[0]));
	NOTE(area->desc_num, f->desc_num);
	NOTE(area->used_idx, used_idx);
	NOTE(area->version, VHOST_USER_INFLIGHT_VERSION);
}

/* Finishes what was handed back and not noted. */
static int split_recover(struct vhost_user_inflight *f, uint16_t used_idx,
			 struct vhost_user_recovery *recovery)
{
	struct vhost_user_split_inflight *area = f->split;
	uint16_t batch;
	uint16_t head;
	uint16_t noted;

	/* Relaxed, here and below: each is read once; nobody honest writes meanwhile. */
	noted = __atomic_load_n(&area->used_idx, __ATOMIC_RELAXED);
	head = __atomic_load_n(&area->last_batch_head, __ATOMIC_RELAXED);
	if (head >= f->desc_num)
		return -EBADMSG;
	f->last_batch_head = head;
	batch = (uint16_t)(used_idx - noted);
	if (batch > f->desc_num) {
		/* Of another ring: harmless if it has nothing in flight, as when a
		 * driver began anew. */
		for (head = 0; head < f->desc_num; head++)
			if (__atomic_load_n(&area->desc[head].inflight, __ATOMIC_RELAXED))
				return -EBADMSG;
		batch = 0;
	}
	recovery->recovered = batch;
	for (; batch; batch--) {
		if (head >= f->desc_num)
			return -EBADMSG;
		NOTE(area->desc[head].inflight, 0);
		head = __atomic_load_n(&area->desc[head].next, __ATOMIC_RELAXED);
	}
	NOTE(area->used_idx, used_idx);
	return 0;
}

static int split_attach(struct vhost_user_inflight *f, struct vring_setup *setup, uint16_t used_idx,
			uint64_t *counters, struct vhost_user_recovery *recovery)
{
	struct vhost_user_split_inflight *area = f->split;
	uint16_t version = __atomic_load_n(&area->version, __ATOMIC_RELAXED);
	int ret;

	if (!version) {
		split_init(f, used_idx);
		return 0;
	}
	if (version != VHOST_USER_INFLIGHT_VERSION ||
	    __atomic_load_n(&area->desc_num, __ATOMIC_RELAXED) != f->desc_num)
		return -EBADMSG;
	ret = split_recover(f, used_idx, recovery);
	if (ret)
		return ret;
	for (uint16_t i = 0; i < f->desc_num; i++) {
		if (!__atomic_load_n(&area->desc[i].inflight, __ATOMIC_RELAXED))
			continue;
		if (i >= setup->size)
			return -EBADMSG;
		counters[f->nr_again] = __atomic_load_n(&area->desc[i].counter, __ATOMIC_RELAXED);
		f->again[f->nr_again++] = i;
	}
	/* Entries are taken in the ring's order: those used or in flight are all. */
	setup->base = (uint16_t)(used_idx + f->nr_again) | (uint32_t)used_idx << 16;
	return 0;
}

int vhost_user_inflight_attach(struct vhost_user_inflight *f, void *area, uint16_t desc_num,
			       struct vring_setup *setup, uint16_t used_idx, uint16_t used_flags,
			       struct vhost_user_recovery *recovery)
{
	uint64_t counters[VRING_MAX_SIZE] = {0}; /* of the chains to take again */
	int ret;

	memset(f, 0, sizeof(*f));
	*recovery = (struct vhost_user_recovery){0};
	if (setup->size > desc_num || desc_num > VRING_MAX_SIZE)
		return -EBADMSG;
	f->area = area;
	f->desc_num = desc_num;
	ret = setup->packed ? vhost_user_packed_attach(f, setup, used_flags, counters, recovery)
			    : split_attach(f, setup, used_idx, counters, recovery);
	if (ret) {
		f->area = NULL;
		f->nr_again = 0;
		return ret;
	}
	order(f, counters);
	recovery->resubmitted = f->nr_again;
	return 0;
}

bool vhost_user_inflight_again_pending(const struct vhost_user_inflight *f)
{
	return f->next_again < f->nr_again;
}

int vhost_user_inflight_again(struct vhost_user_inflight *f, const struct vring *ring,
			      struct vring_chain *chain)
{
	uint16_t which = f->again[f->next_again++];

	if (ring->setup.packed)
		return vhost_user_packed_again(f, which, ring, chain);
	return vring_gather_split(ring, which, chain);
}

void vhost_user_inflight_taken(struct vhost_user_inflight *f, const struct vring *ring,
			       uint16_t first, const struct vring_chain *chain)
{
	if (!f->area)
		return;
	if (ring->setup.packed) {
		vhost_user_packed_taken(f, ring, first, chain);
		return;
	}
	NOTE(f->split->desc[chain->head].counter, f->counter);
	f->counter++;
	NOTE(f->split->desc[chain->head].inflight, 1);
}

void vhost_user_inflight_returning(struct vhost_user_inflight *f, const struct vring *ring,
				   const struct vring_chain *chain)
{
	if (!f->area)
		return;
	if (ring->setup.packed) {
		vhost_user_packed_returning(f, ring, chain);
		return;
	}
	NOTE(f->split->desc[chain->head].next, f->last_batch_head);
	f->last_batch_head = chain->head;
	NOTE(f->split->last_batch_head, f->last_batch_head);
}

void vhost_user_inflight_returned(struct vhost_user_inflight *f, const struct vring *ring,
				  const struct vring_chain *chain)
{
	if (!f->area)
		return;
	if (ring->setup.packed) {
		vhost_user_packed_returned(f, ring, chain);
		return;
	}
	NOTE(f->split->desc[chain->head].inflight, 0);
	NOTE(f->split->used_idx, ring->next_used);
}
