/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile driver's memory and its ring. Of the client's memory the first MiB is the
 * witness's (its ring, its buffers, and a pattern that must stay); the rest is the
 * attacker's, and for the guest it lies far away: no address that an attack makes up is in the
 * witness's part.
 *
 * A sector that an attack names is low or makes no sense, and so is one that the device reads
 * out of what another request has left there: small numbers are low.
 */
#ifndef TESTS_ATTACK_ARENA_H
#define TESTS_ATTACK_ARENA_H

#include <stdatomic.h>

#include "tests/attack/witness.h"
#include "virtio/ring/vring.h"

#define TRUSTED_GPA   0x5a5a00000000ull
#define TRUSTED_BYTES (1 * MIB)
#define CANARY        (512 * KIB) /* of the trusted part: from here to its end */

#define ARENA_GPA   0x100000000ull
#define ARENA_BYTES (16 * MIB)
#define ARENA_HEADS (64 * KIB) /* behind the ring: what chains begin with */
#define ARENA_DATA  (1 * MIB)

/* A head: a request's own bytes, by their offset in it. */
#define HEADS      64u
#define HEAD_BYTES 8192u
#define AT_HEADER  0u
#define AT_STATUS  1024u
#define AT_TABLE   2048u
#define TABLE_MOST 384u

#define LOW_SECTORS  131072u /* 64 MiB, that attacks may write */
#define DISK_SECTORS (1ull << 31)

/* A descriptor of either format; link: the next one's number, or the buffer's id. */
struct raw {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, link;
};

struct arena {
	struct client *client;
	struct client_ring *ring;
	struct rng rng;
	uint8_t *mem;     /* ARENA_BYTES */
	unsigned int put; /* split: descriptors that are taken */
};

/* A request that makes sense as a chain, whatever it asks for: it is answered. */
struct chain {
	struct raw d[TABLE_MOST];
	unsigned int n;
	uint64_t readable, writable;
	unsigned int head;    /* which of HEADS */
	unsigned int allowed; /* bit s: status s may be the answer; 0: there is none */
};

/* chains.c. Returns the chain's kind; chain_kind(): its name, NULL beyond the last. */
unsigned int chain_make(struct arena *a, struct chain *c, unsigned int head);
const char *chain_kind(unsigned int kind);
/* Makes it available under a number; false: there is no room. */
bool chain_post(struct arena *a, const struct chain *c, uint16_t *id);
uint8_t *chain_status(struct arena *a, const struct chain *c);

/* wild.c. Posts something that the ring need not survive. Returns its kind. */
unsigned int wild_post(struct arena *a);
const char *wild_kind(unsigned int kind);
/* Stores somewhere that a device may be reading. */
void wild_store(struct arena *a, struct rng *rng);

/* arena.c: numbers, and descriptors in the ring. */
uint64_t arena_address(struct rng *rng); /* of the attacker's memory, or of none */
uint64_t arena_data(struct rng *rng);    /* of its data, with 1 MiB behind it */
uint64_t arena_sector(struct rng *rng);  /* low, or none */
uint32_t arena_length(struct rng *rng);
uint64_t arena_gpa(const struct arena *a, const void *at);
uint8_t *arena_head(const struct arena *a, unsigned int head);
void arena_header(const struct arena *a, unsigned int head, uint32_t type, uint64_t sector);
/* Entry i from here on, not yet available. */
void arena_put(struct arena *a, unsigned int i, const struct raw *raw);
/* Makes the n entries from here on available; head: of the split format. */
void arena_publish(struct arena *a, unsigned int n, uint16_t head);

static inline uint64_t word_of(uint32_t low, uint32_t high)
{
	return low | (uint64_t)high << 32;
}

/* A device may read it at the same time. */
static inline void store(void *at, uint64_t value)
{
	atomic_store_explicit((_Atomic uint64_t *)at, value, memory_order_relaxed);
}

#endif
