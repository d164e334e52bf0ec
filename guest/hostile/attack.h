/* SPDX-License-Identifier: BSD-2-Clause */
/* The attacks, and what each is measured by. */
#ifndef HOSTILE_ATTACK_H
#define HOSTILE_ATTACK_H

#include "raw.h"

#define CACHE_64 4 /* the size class of 64 bytes: class 3 */

extern u64 heap_base, heap_size;

/* One line of TAP. */
void ok(bool holds, const char *what);
/* The plan. True if all held. */
bool ok_end(void);

/* An object allocated, written, read and freed. */
bool good_request(void);

void try_rings(void);
void try_requests(void);
void try_addresses(void);
void try_exhaustion(void);
void try_leases(void);
void try_queues(void);
void try_stores(void);
void try_bells(void);
void try_disk(void);

/* count requests whose every field follows from the seed, by all vCPUs, each on its queue and then
 * two on one; ends the guest, or returns a status. */
int fuzz(u64 seed, u64 count);

/* What does not end by itself. Each returns an exit status if it does not go on. */
int feed(void);  /* a queue that is filled as fast as it is served */
int shout(void); /* output */

/* Has the host commit as much as it can be made to, and ends the guest; parts: one part of so
 * many of the heap as objects. Returns a status if it cannot begin. */
int be_greedy(unsigned int parts);

#endif
