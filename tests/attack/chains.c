/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that a device answers, be it by an error. */
#include <linux/virtio_blk.h>
#include <string.h>

#include "mm/util.h"
#include "tests/attack/arena.h"

#define OK      (1u << VIRTIO_BLK_S_OK)
#define IOERR   (1u << VIRTIO_BLK_S_IOERR)
#define UNSUPP  (1u << VIRTIO_BLK_S_UNSUPP)
#define ANY     (OK | IOERR | UNSUPP)
#define IN      VIRTIO_BLK_T_IN
#define OUT     VIRTIO_BLK_T_OUT
#define MOST    (256 * MIB) /* of one request, that the device takes */
#define SEGMENT (1u << 22)  /* sectors of one range, likewise */

static void add(struct chain *c, uint64_t addr, uint64_t len, bool write)
{
	c->d[c->n++] = (struct raw){
		.addr = addr, .len = (uint32_t)len, .flags = write ? VRING_F_WRITE : 0};
	if (write)
		c->writable += len;
	else
		c->readable += len;
}

static uint64_t head_gpa(const struct arena *a, const struct chain *c, unsigned int at)
{
	return arena_gpa(a, arena_head(a, c->head)) + at;
}

static void header(struct arena *a, struct chain *c, uint32_t type, uint64_t sector)
{
	arena_header(a, c->head, type, sector);
	add(c, head_gpa(a, c, AT_HEADER), 16, false);
}

static void status(struct arena *a, struct chain *c, uint32_t len, unsigned int allowed)
{
	add(c, head_gpa(a, c, AT_STATUS), len, true);
	c->allowed = allowed;
}

static uint64_t low(struct arena *a)
{
	return rng_below(&a->rng, LOW_SECTORS);
}

/* Bytes in pieces of any size. */
static void pieces(struct arena *a, struct chain *c, uint64_t addr, uint32_t len, unsigned int most,
		   bool write)
{
	while (len) {
		uint32_t n = most > 1 ? 1 + rng_below(&a->rng, len) : len;

		add(c, addr, n, write);
		addr += n;
		len -= n;
		most--;
	}
}

/* What any layout allows: (1) of section 5.2.6 says nothing of descriptors. */
static void any_layout(struct arena *a, struct chain *c)
{
	bool in = rng_one_in(&a->rng, 2);
	uint32_t len = 512 * (1 + rng_below(&a->rng, 40));

	arena_header(a, c->head, in ? IN : OUT, low(a));
	pieces(a, c, head_gpa(a, c, AT_HEADER), 16, 1 + rng_below(&a->rng, 5), false);
	pieces(a, c, arena_data(&a->rng), len + in, 1 + rng_below(&a->rng, 9), in);
	if (in)
		c->allowed = OK;
	else
		status(a, c, 1, OK);
}

static void header_and_data(struct arena *a, struct chain *c)
{
	uint32_t len = rng_one_in(&a->rng, 2) ? 512 : rng_below(&a->rng, 900);

	arena_header(a, c->head, OUT, low(a));
	add(c, head_gpa(a, c, AT_HEADER), 16 + len, false);
	status(a, c, 1, len && len % 512 == 0 ? OK : OK | IOERR);
}

static void wrong_direction(struct arena *a, struct chain *c)
{
	bool in = rng_one_in(&a->rng, 2);

	header(a, c, in ? IN : OUT, low(a));
	add(c, arena_data(&a->rng), 512 * (1 + rng_below(&a->rng, 8)), !in);
	status(a, c, 1, OK | IOERR);
}

static void no_status(struct arena *a, struct chain *c)
{
	header(a, c, rng_below(&a->rng, 16), low(a));
	if (rng_one_in(&a->rng, 2))
		add(c, arena_data(&a->rng), 512, false);
}

static void no_header(struct arena *a, struct chain *c)
{
	for (unsigned int i = rng_below(&a->rng, 4); i; i--)
		add(c, arena_data(&a->rng), 1 + rng_below(&a->rng, 5000), true);
	status(a, c, 1, IOERR);
}

static void short_header(struct arena *a, struct chain *c)
{
	arena_header(a, c->head, rng_below(&a->rng, 16), low(a));
	add(c, head_gpa(a, c, AT_HEADER), 1 + rng_below(&a->rng, 15), false);
	if (rng_one_in(&a->rng, 2))
		add(c, arena_data(&a->rng), 512, true);
	status(a, c, 1, IOERR);
}

static void beyond_bounds(struct arena *a, struct chain *c)
{
	bool in = rng_one_in(&a->rng, 2);
	uint32_t len = (uint32_t)(8 * MIB + 512 * rng_below(&a->rng, 8192));

	header(a, c, in ? IN : OUT, low(a));
	while (c->readable + c->writable <= MOST)
		add(c, ARENA_GPA + ARENA_DATA + 512 * rng_below(&a->rng, 4096), len, in);
	status(a, c, 1, IOERR);
}

static void odd_length(struct arena *a, struct chain *c)
{
	bool in = rng_one_in(&a->rng, 2);
	uint32_t len = rng_below(&a->rng, 20000);

	header(a, c, in ? IN : OUT, low(a));
	add(c, arena_data(&a->rng), len % 512 ? len : len + 1, in);
	status(a, c, 1, IOERR);
}

static void past_the_end(struct arena *a, struct chain *c)
{
	bool in = rng_one_in(&a->rng, 2);
	uint64_t sector;

	do
		sector = arena_sector(&a->rng);
	while (sector < DISK_SECTORS - 8);
	header(a, c, in ? IN : OUT, sector);
	add(c, arena_data(&a->rng), 512 * (8 + rng_below(&a->rng, 8)), in);
	status(a, c, 1, IOERR);
}

static void unknown_type(struct arena *a, struct chain *c)
{
	uint32_t type = (uint32_t)rng_edge(&a->rng);

	/* Those that are there, and what they were called before version 1. */
	if (type < 16)
		type += 16;
	header(a, c, type, arena_sector(&a->rng));
	if (rng_one_in(&a->rng, 2))
		add(c, arena_data(&a->rng), arena_length(&a->rng) % MIB + 1,
		    rng_one_in(&a->rng, 2));
	/* Behind what the device writes nothing may be read. */
	if (c->writable)
		status(a, c, 1, ANY);
	else
		status(a, c, 1, UNSUPP);
}

static void other_types(struct arena *a, struct chain *c)
{
	static const uint8_t type[] = {VIRTIO_BLK_T_FLUSH, VIRTIO_BLK_T_GET_ID, 10, 14, 2, 3, 15};

	header(a, c, type[rng_below(&a->rng, sizeof(type))], arena_sector(&a->rng));
	if (rng_one_in(&a->rng, 2))
		add(c, arena_data(&a->rng), 1 + rng_below(&a->rng, 100), true);
	status(a, c, 1, ANY);
}

static void ranges(struct arena *a, struct chain *c)
{
	bool discard = rng_one_in(&a->rng, 2);
	uint8_t *at = arena_head(a, c->head) + 16;
	uint32_t n = rng_below(&a->rng, 20);
	uint32_t bytes = n * 16;

	for (uint32_t i = 0; i < n; i++, at += 16) {
		uint32_t sectors = rng_below(&a->rng, 300);
		uint32_t flags = rng_below(&a->rng, 2);

		/* Zeroes that are many take room in the image. */
		if (rng_one_in(&a->rng, 8))
			sectors = SEGMENT + 1 + rng_below(&a->rng, 1u << 31);
		else if (discard && rng_one_in(&a->rng, 8))
			sectors = SEGMENT;
		if (rng_one_in(&a->rng, 16))
			flags = (uint32_t)rng_edge(&a->rng);
		store(at, rng_one_in(&a->rng, 4) ? arena_sector(&a->rng) : low(a));
		store(at + 8, word_of(sectors, flags));
	}
	if (rng_one_in(&a->rng, 4))
		bytes += rng_below(&a->rng, 16);
	arena_header(a, c->head, discard ? VIRTIO_BLK_T_DISCARD : VIRTIO_BLK_T_WRITE_ZEROES,
		     arena_sector(&a->rng));
	pieces(a, c, head_gpa(a, c, AT_HEADER), 16 + bytes, 1 + rng_below(&a->rng, 4), false);
	if (rng_one_in(&a->rng, 8))
		add(c, arena_data(&a->rng), 512, true);
	status(a, c, 1, ANY);
}

static void nothing_asked(struct arena *a, struct chain *c)
{
	header(a, c, rng_below(&a->rng, 2), arena_sector(&a->rng));
	status(a, c, 1, OK | IOERR);
}

static void many_segments(struct arena *a, struct chain *c)
{
	bool in = rng_one_in(&a->rng, 2);
	unsigned int n = 100 + rng_below(&a->rng, 260);
	bool odd = rng_one_in(&a->rng, 4);

	header(a, c, in ? IN : OUT, low(a));
	for (unsigned int i = 0; i < n; i++)
		add(c, arena_data(&a->rng), odd && !i ? 511 : 512, in);
	status(a, c, 1, odd ? IOERR : OK | IOERR);
}

static void large_status(struct arena *a, struct chain *c)
{
	header(a, c, rng_one_in(&a->rng, 2) ? OUT : VIRTIO_BLK_T_FLUSH, low(a));
	add(c, arena_data(&a->rng), 512, false);
	status(a, c, 2 + rng_below(&a->rng, 60), ANY);
}

static const struct {
	const char *name;
	void (*make)(struct arena *a, struct chain *c);
} kinds[] = {
	{"any layout", any_layout},
	{"header and data in one", header_and_data},
	{"wrong direction", wrong_direction},
	{"no status", no_status},
	{"no header", no_header},
	{"short header", short_header},
	{"beyond 256 MiB", beyond_bounds},
	{"odd length", odd_length},
	{"past the end", past_the_end},
	{"unknown type", unknown_type},
	{"other types", other_types},
	{"ranges", ranges},
	{"no data", nothing_asked},
	{"many segments", many_segments},
	{"large status", large_status},
};
#define KINDS ARRAY_SIZE(kinds)

const char *chain_kind(unsigned int kind)
{
	return kind < KINDS ? kinds[kind].name : NULL;
}

uint8_t *chain_status(struct arena *a, const struct chain *c)
{
	const struct raw *last = &c->d[c->n - 1];

	return a->mem + (last->addr - ARENA_GPA) + last->len - 1;
}

unsigned int chain_make(struct arena *a, struct chain *c, unsigned int head)
{
	unsigned int kind = rng_below(&a->rng, KINDS);

	*c = (struct chain){.head = head};
	kinds[kind].make(a, c);
	for (unsigned int i = 0; i + 1 < c->n; i++)
		c->d[i].flags |= VRING_F_NEXT;
	if (c->allowed)
		*chain_status(a, c) = 0xee;
	return kind;
}

bool chain_post(struct arena *a, const struct chain *c, uint16_t *id)
{
	const struct client_ring *r = a->ring;
	bool table = r->indirect && (c->n > 8 || rng_one_in(&a->rng, 2));
	unsigned int n = table ? 1 : c->n;
	struct raw raw;

	if (n > r->size - a->put)
		return false;
	*id = (uint16_t)a->put;
	for (unsigned int i = 0; i < c->n; i++) {
		uint8_t *at = arena_head(a, c->head) + AT_TABLE + (size_t)i * 16;

		raw = c->d[i];
		raw.link = r->packed ? *id : (uint16_t)(i + 1 + (table ? 0 : a->put));
		if (!table) {
			arena_put(a, i, &raw);
			continue;
		}
		store(at, raw.addr);
		/* Entries of a packed table follow each other. */
		if (r->packed)
			raw.flags &= VRING_F_WRITE;
		store(at + 8, r->packed ? word_of(raw.len, (uint32_t)raw.flags << 16)
					: word_of(raw.len, raw.flags | (uint32_t)raw.link << 16));
	}
	if (table) {
		raw = (struct raw){.addr = head_gpa(a, c, AT_TABLE),
				   .len = c->n * 16,
				   .flags = VRING_F_INDIRECT,
				   .link = *id};
		arena_put(a, 0, &raw);
	}
	arena_publish(a, n, *id);
	if (r->packed)
		a->put += n;
	return true;
}
