/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/attack/arena.h"

#include <string.h>

uint64_t arena_gpa(const struct arena *a, const void *at)
{
	return ARENA_GPA + (uint64_t)((const uint8_t *)at - a->mem);
}

uint8_t *arena_head(const struct arena *a, unsigned int head)
{
	return a->mem + ARENA_HEADS + (size_t)head * HEAD_BYTES;
}

uint64_t arena_data(struct rng *rng)
{
	return ARENA_GPA + ARENA_DATA + rng_below(rng, ARENA_BYTES - ARENA_DATA - MIB);
}

uint64_t arena_address(struct rng *rng)
{
	switch (rng_below(rng, 10)) {
	case 0:
		return ARENA_GPA + rng_below(rng, 64 * KIB);
	case 1:
		return ARENA_GPA + ARENA_HEADS + rng_below(rng, HEADS * HEAD_BYTES);
	case 2:
		return ARENA_GPA + ARENA_BYTES - rng_below(rng, 8192);
	case 3:
		return ARENA_GPA - rng_below(rng, 8192);
	case 4:
		return rng_edge(rng);
	case 5:
		return 0ull - rng_below(rng, 8192);
	default:
		return arena_data(rng);
	}
}

uint64_t arena_sector(struct rng *rng)
{
	switch (rng_below(rng, 8)) {
	case 0:
		return DISK_SECTORS - rng_below(rng, 3);
	case 1:
		return DISK_SECTORS + rng_below(rng, 3);
	case 2: /* as bytes it wraps to where the witness is */
		return WITNESS_SECTOR + ((uint64_t)(1 + rng_below(rng, 511)) << 55);
	case 3:
		return rng_edge(rng);
	default:
		return rng_below(rng, LOW_SECTORS);
	}
}

uint32_t arena_length(struct rng *rng)
{
	switch (rng_below(rng, 6)) {
	case 0:
		return (uint32_t)rng_edge(rng);
	case 1:
		return rng_below(rng, 600);
	case 2:
		return 16;
	case 3:
		return 1;
	default:
		return 512 * (1 + rng_below(rng, 64));
	}
}

void arena_header(const struct arena *a, unsigned int head, uint32_t type, uint64_t sector)
{
	uint8_t *at = arena_head(a, head) + AT_HEADER;

	store(at, type);
	store(at + 8, sector);
}

/* The place in a packed ring i entries on, and the driver's bits there. */
static unsigned int place(const struct client_ring *r, unsigned int i, uint16_t *bits)
{
	unsigned int at = r->next_avail + i;
	bool wrap = r->avail_wrap;

	while (at >= r->size) {
		at -= r->size;
		wrap = !wrap;
	}
	*bits = wrap ? VRING_F_AVAIL : VRING_F_USED;
	return at;
}

void arena_put(struct arena *a, unsigned int i, const struct raw *raw)
{
	const struct client_ring *r = a->ring;
	uint16_t bits;
	uint8_t *at;

	if (!r->packed) {
		at = (uint8_t *)r->desc + (size_t)((a->put + i) % r->size) * 16;
		store(at, raw->addr);
		store(at + 8, word_of(raw->len, raw->flags | (uint32_t)raw->link << 16));
		return;
	}
	at = (uint8_t *)r->desc + (size_t)place(r, i, &bits) * 16;
	/* The first is not available before the others are there. */
	if (!i)
		bits ^= VRING_F_AVAIL | VRING_F_USED;
	store(at, raw->addr);
	store(at + 8, word_of(raw->len, raw->link | (uint32_t)(raw->flags | bits) << 16));
}

void arena_publish(struct arena *a, unsigned int n, uint16_t head)
{
	struct client_ring *r = a->ring;
	struct vring_avail *avail = r->avail;
	_Atomic uint16_t *flags;
	unsigned int to;
	uint16_t bits;

	/* Release, in both: what was put is there when it is found. */
	if (!r->packed) {
		atomic_store_explicit(&avail->ring[r->next_avail & (r->size - 1)], head,
				      memory_order_relaxed);
		r->next_avail++;
		a->put += n;
		atomic_store_explicit(&avail->idx, r->next_avail, memory_order_release);
		return;
	}
	to = place(r, 0, &bits);
	flags = (_Atomic uint16_t *)((uint8_t *)r->desc + (size_t)to * 16 + 14);
	atomic_fetch_xor_explicit(flags, VRING_F_AVAIL | VRING_F_USED, memory_order_release);
	for (to = r->next_avail + n; to >= r->size; to -= r->size)
		r->avail_wrap = !r->avail_wrap;
	r->next_avail = (uint16_t)to;
}
