/* SPDX-License-Identifier: BSD-2-Clause */
/* What no driver does to a ring. It may be the end of the ring, never of another. */
#include <linux/virtio_blk.h>
#include <string.h>

#include "mm/util.h"
#include "tests/attack/arena.h"

#define NEXT     VRING_F_NEXT
#define WRITE    VRING_F_WRITE
#define INDIRECT VRING_F_INDIRECT
#define MOST     24u

/* Entries that are made available together, in the ring or in a table. */
struct wild {
	struct raw d[MOST];
	unsigned int n;
	uint16_t first; /* split: the head, from here on */
	uint64_t outer; /* bytes of the table that are claimed; 0: as many as there are */
	uint16_t flags; /* ... more flags of the entry that names it */
	bool in_table;
};

static uint64_t header(struct arena *a, uint32_t type)
{
	unsigned int head = rng_below(&a->rng, HEADS);

	arena_header(a, head, type, arena_sector(&a->rng));
	return arena_gpa(a, arena_head(a, head)) + AT_HEADER;
}

/* A read or write of a few segments, each entry linked to the next. */
static void usual(struct arena *a, struct wild *w, unsigned int n)
{
	bool in = rng_one_in(&a->rng, 2);

	w->n = n;
	for (unsigned int i = 0; i < n; i++)
		w->d[i] = (struct raw){.addr = arena_data(&a->rng),
				       .len = 512,
				       .flags = NEXT | (in ? WRITE : 0),
				       .link = (uint16_t)(i + 1)};
	w->d[0] = (struct raw){.addr = header(a, in ? VIRTIO_BLK_T_IN : VIRTIO_BLK_T_OUT),
			       .len = 16,
			       .flags = NEXT,
			       .link = 1};
	w->d[n - 1].flags = WRITE;
	w->d[n - 1].len = 1;
}

static unsigned int any_of(struct arena *a, const struct wild *w)
{
	return rng_below(&a->rng, w->n);
}

static void loop(struct arena *a, struct wild *w)
{
	unsigned int i;

	usual(a, w, 2 + rng_below(&a->rng, 8));
	i = any_of(a, w);
	w->d[i].flags |= NEXT;
	w->d[i].link = (uint16_t)rng_below(&a->rng, i + 1);
}

/* Of a packed ring: all of it, if it is small. */
static void no_end(struct arena *a, struct wild *w)
{
	usual(a, w, MOST);
	w->d[MOST - 1].flags |= NEXT;
	w->d[MOST - 1].link = (uint16_t)rng_edge(&a->rng);
}

static void link_out_of_range(struct arena *a, struct wild *w)
{
	usual(a, w, 4);
	w->d[rng_below(&a->rng, 3)].link = (uint16_t)(a->ring->size + rng_below(&a->rng, 60000));
}

static void head_out_of_range(struct arena *a, struct wild *w)
{
	usual(a, w, 3);
	w->first = (uint16_t)(a->ring->size + rng_below(&a->rng, 60000));
	for (unsigned int i = 0; a->ring->packed && i < 3; i++)
		w->d[i].link = w->first;
}

static void outside_memory(struct arena *a, struct wild *w)
{
	struct raw *d;

	usual(a, w, 3 + rng_below(&a->rng, 4));
	d = &w->d[any_of(a, w)];
	do
		d->addr = arena_address(&a->rng);
	while (d->addr >= ARENA_GPA && d->addr < ARENA_GPA + ARENA_BYTES - 8192);
	d->len = rng_one_in(&a->rng, 4) ? (uint32_t)rng_edge(&a->rng) : 16384;
}

static void lengths(struct arena *a, struct wild *w)
{
	usual(a, w, 3 + rng_below(&a->rng, 20));
	for (unsigned int i = 0; i < w->n; i++)
		if (rng_one_in(&a->rng, 2))
			w->d[i].len = (uint32_t)rng_edge(&a->rng);
}

static void no_length(struct arena *a, struct wild *w)
{
	usual(a, w, 3 + rng_below(&a->rng, 4));
	w->d[any_of(a, w)].len = 0;
}

static void read_after_write(struct arena *a, struct wild *w)
{
	usual(a, w, 5);
	for (unsigned int i = 1; i < 5; i++)
		w->d[i].flags ^= rng_one_in(&a->rng, 2) ? WRITE : 0;
}

static void nested_table(struct arena *a, struct wild *w)
{
	usual(a, w, 3);
	w->in_table = true;
	w->d[any_of(a, w)].flags |= INDIRECT;
}

static void odd_table(struct arena *a, struct wild *w)
{
	usual(a, w, 4);
	w->in_table = true;
	w->outer = 1 +
		   (rng_one_in(&a->rng, 2) ? rng_below(&a->rng, 100) : (uint32_t)rng_edge(&a->rng));
}

static void flags_of_table(struct arena *a, struct wild *w)
{
	usual(a, w, 3);
	w->in_table = true;
	w->flags = (uint16_t)(1u << rng_below(&a->rng, 16));
	if (a->ring->packed)
		w->flags &= (uint16_t) ~(VRING_F_AVAIL | VRING_F_USED);
}

/* The device's own answer is laid over the ring, the table or the header. */
static void answer_over_ring(struct arena *a, struct wild *w)
{
	usual(a, w, 4);
	w->in_table = rng_one_in(&a->rng, 2);
	w->d[0].addr = header(a, VIRTIO_BLK_T_IN);
	for (unsigned int i = 1; i < 3; i++) {
		w->d[i].flags |= WRITE;
		w->d[i].addr = rng_one_in(&a->rng, 2)
				       ? ARENA_GPA + rng_below(&a->rng, 48 * KIB)
				       : ARENA_GPA + ARENA_HEADS +
						 rng_below(&a->rng, HEADS * HEAD_BYTES - 8192);
		w->d[i].len = 512 * (1 + rng_below(&a->rng, 8));
	}
}

static void all_random(struct arena *a, struct wild *w)
{
	w->n = 1 + rng_below(&a->rng, MOST);
	w->in_table = rng_one_in(&a->rng, 3);
	for (unsigned int i = 0; i < w->n; i++)
		w->d[i] = (struct raw){
			.addr = arena_address(&a->rng),
			.len = arena_length(&a->rng),
			.flags = (uint16_t)(rng_below(&a->rng, 8)),
			.link = (uint16_t)(rng_one_in(&a->rng, 4) ? rng_edge(&a->rng) : i + 1)};
}

static void same_head_twice(struct arena *a, struct wild *w)
{
	usual(a, w, 3);
	for (unsigned int i = 0; i < 3; i++)
		w->d[i].link = a->ring->packed ? 0 : w->d[i].link;
}

static void index_jumps(struct arena *a, struct wild *w)
{
	usual(a, w, 3);
}

/* The words by which a driver says when it wants to hear of the next answer. */
static void events(struct arena *a, struct wild *w)
{
	struct client_ring *r = a->ring;

	usual(a, w, 3);
	store(r->avail, r->packed
				? rng_next(&a->rng)
				: word_of(r->next_avail << 16 | (uint32_t)rng_edge(&a->rng) % 65536,
					  (uint32_t)rng_next(&a->rng)));
	if (!r->packed)
		((struct vring_avail *)r->avail)->ring[r->size] = (uint16_t)rng_next(&a->rng);
	store(r->used, r->packed ? rng_next(&a->rng) : word_of(0, (uint32_t)rng_next(&a->rng)));
}

static const struct {
	const char *name;
	void (*make)(struct arena *a, struct wild *w);
} kinds[] = {
	{"loops", loop},
	{"chains without end", no_end},
	{"links out of range", link_out_of_range},
	{"heads and ids out of range", head_out_of_range},
	{"outside of memory", outside_memory},
	{"lengths that wrap", lengths},
	{"no length", no_length},
	{"reads after writes", read_after_write},
	{"nested tables", nested_table},
	{"odd tables", odd_table},
	{"flags of tables", flags_of_table},
	{"answers over the ring", answer_over_ring},
	{"random", all_random},
	{"same head twice", same_head_twice},
	{"index jumps", index_jumps},
	{"event words", events},
};
#define KINDS ARRAY_SIZE(kinds)

const char *wild_kind(unsigned int kind)
{
	return kind < KINDS ? kinds[kind].name : NULL;
}

/* The entries as a table of a head, and the one that names it. */
static void make_table(struct arena *a, struct wild *w)
{
	unsigned int head = rng_below(&a->rng, HEADS);
	uint8_t *at = arena_head(a, head) + AT_TABLE;
	bool packed = a->ring->packed;

	for (unsigned int i = 0; i < w->n; i++) {
		const struct raw *d = &w->d[i];

		store(at + i * 16, d->addr);
		store(at + i * 16 + 8,
		      packed ? word_of(d->len, d->link | (uint32_t)d->flags << 16)
			     : word_of(d->len, d->flags | (uint32_t)d->link << 16));
	}
	w->d[0] = (struct raw){
		.addr = arena_gpa(a, at),
		.len = w->outer ? (uint32_t)w->outer : w->n * 16,
		.flags = INDIRECT | w->flags,
		.link = (uint16_t)rng_below(&a->rng, 4),
	};
	w->n = 1;
}

unsigned int wild_post(struct arena *a)
{
	unsigned int kind = rng_below(&a->rng, KINDS);
	unsigned int base = a->put;
	unsigned int again = 1;
	struct client_ring *r = a->ring;
	struct wild w = {0};

	kinds[kind].make(a, &w);
	/* Unnegotiated tables are wrong by themselves. */
	if (w.in_table || rng_one_in(&a->rng, r->indirect ? 3 : 30))
		make_table(a, &w);
	if (w.n > r->size)
		w.n = r->size;
	if (kinds[kind].make == same_head_twice)
		again = 2 + rng_below(&a->rng, 3);
	while (again--) {
		for (unsigned int i = 0; i < w.n; i++) {
			struct raw d = w.d[i];

			if (!r->packed && d.link < r->size)
				d.link = (uint16_t)((d.link + base) % r->size);
			arena_put(a, i, &d);
		}
		arena_publish(a, w.n, (uint16_t)(w.first ? w.first : base % r->size));
	}
	if (kinds[kind].make == index_jumps) {
		r->next_avail = (uint16_t)(r->next_avail + rng_edge(&a->rng));
		if (!r->packed)
			atomic_store_explicit(&((struct vring_avail *)r->avail)->idx, r->next_avail,
					      memory_order_release);
	}
	return kind;
}

void wild_store(struct arena *a, struct rng *rng)
{
	const struct client_ring *r = a->ring;
	unsigned int head = rng_below(rng, HEADS);
	uint16_t flags = (uint16_t)(r->packed && rng_one_in(rng, 2) ? VRING_F_AVAIL : 0);
	uint16_t link = (uint16_t)(rng_one_in(rng, 16) ? rng_edge(rng) : rng_below(rng, r->size));
	uint8_t *at;

	flags |= (uint16_t)rng_below(rng, 8);
	switch (rng_below(rng, 4)) {
	case 0:
		at = arena_head(a, head) + AT_HEADER;
		store(at, rng_below(rng, 16));
		store(at + 8, arena_sector(rng));
		return;
	case 1:
		at = arena_head(a, head) + AT_TABLE + (size_t)rng_below(rng, 8) * 16;
		break;
	default:
		at = (uint8_t *)r->desc + (size_t)rng_below(rng, r->size) * 16;
	}
	if (rng_one_in(rng, 2))
		store(at, arena_address(rng));
	else
		store(at + 8, word_of(arena_length(rng), r->packed ? link | (uint32_t)flags << 16
								   : flags | (uint32_t)link << 16));
}
