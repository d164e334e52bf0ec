/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of pincheck share: the model of user memory, and references to its pages. */
#ifndef PINCHECK_H
#define PINCHECK_H

#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#define AREAS      6u
#define AREA_PAGES 160u /* beyond the 64 that leases are taken among */
#define HOLDS      192u /* references of a vCPU at once */
#define PARCELS    64u  /* references on their way from one vCPU to another */
#define RUNS       24u  /* allocations of a vCPU at once */

/* What may be done to a page of user memory. */
enum right {
	UNMAPPED,
	NONE,
	READ,
	WRITE
};

struct area {
	spinlock_t lock; /* the real pages change under it as the model does */
	unsigned long base;
	u8 right[AREA_PAGES];
	u64 stamp[AREA_PAGES]; /* the first word of a page that is there; else 0 */
};

/* A reference to a page, and the word that stays in the page while there is one. */
struct hold {
	struct page *page;
	u64 stamp;
	bool pin;
};

struct vcpu {
	u64 rng;
	struct hold hold[HOLDS];
	unsigned int holds;
	struct page *run[RUNS];
	unsigned int order[RUNS];
	unsigned int runs;
	struct page *got[AREA_PAGES]; /* by the call under way */
} __attribute__((aligned(64)));

extern struct area areas[AREAS];
extern struct vcpu vcpus[];
extern struct hold parcel[PARCELS];
extern unsigned int parcels;

/* wrong.c: counts something that is not as it should be, and prints the first few. */
extern unsigned int findings;
__attribute__((format(printf, 1, 2))) void wrong(const char *format, ...);

/* A random number below n. */
u64 below(struct vcpu *v, u64 n);

/* steps.c: one random step of a vCPU. */
void step(struct vcpu *v);
/* Drops a vCPU's references and allocations; the user memory of all. */
void end_vcpu(struct vcpu *v);
void end_areas(void);

#endif
