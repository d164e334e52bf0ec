/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest that does no harm: it has a part of the disk for itself, knows what it wrote
 * there, and reads it back. What an attack writes elsewhere must not be found in it.
 *
 * The part lies where no attack has a sector for: in the middle of a sparse disk of 1 TiB, at a
 * number that neither small numbers nor edges of numbers are.
 */
#ifndef TESTS_ATTACK_WITNESS_H
#define TESTS_ATTACK_WITNESS_H

#include "tests/attack/attack.h"
#include "tools/vhost/client.h"

#define WITNESS_SECTOR  0x5a5a5800ull
#define WITNESS_BYTES   (4 * MIB)
#define WITNESS_BLOCK   4096u
#define WITNESS_BUFFERS (256 * KIB) /* bytes of the client's memory that it uses */

struct witness {
	struct client *client;
	unsigned int ring;
	uint64_t buffers; /* offset in the client's memory */
	struct rng rng;
	uint8_t *disk; /* what it must have */
	uint64_t reads, writes;
};

/* Makes the copy of the disk's part; fresh: writes all of it first, on a ring that runs. */
void witness_init(struct witness *w, struct client *client, unsigned int ring, uint64_t buffers,
		  uint64_t seed);
void witness_fini(struct witness *w);
void witness_fill(struct witness *w);

/* One request, answered and compared: a read as a rule, of any alignment that a disk allows. */
void witness_step(struct witness *w);
/* Reads all of it, and compares. */
void witness_compare(struct witness *w);
/* The same in the image itself, past the service. */
void witness_compare_image(const struct witness *w, const char *path);

/* Returns when a ring has another answer than those that next_used knows: within a minute, and
 * as long as the service is there. */
void witness_poll(const struct client *client, struct client_ring *ring);

#endif
