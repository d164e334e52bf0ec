// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What allocating and freeing costs, beside the kernel's own allocator: in turns, and of each the
 * median turn, so that what else the machine does falls on neither. Time is that of the CPU's time
 * stamp counter, by which an emulated machine may count instructions (run.sh --instructions).
 */
#include "selftest.h"

#include <asm/tsc.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <slabvisor/svm.h>

#define TURNS 255 /* and one: a million calls */
#define BATCH 4096
#define SIZE  64

/* One turn. Returns the ticks it took. */
typedef u64 (*turn_fn)(void **p, unsigned int stride);

/* Each of the four is what a caller's own code would be, the size a constant of it. */
#define PAIRS(name, get, put)                               \
	static u64 name(void **unused, unsigned int stride) \
	{                                                   \
		u64 before = get_cycles();                  \
                                                            \
		for (unsigned int i = 0; i < BATCH; i++) {  \
			void *p = get(SIZE, GFP_KERNEL);    \
                                                            \
			WRITE_ONCE(*(u64 *)p, i);           \
			put(p);                             \
		}                                           \
		return get_cycles() - before;               \
	}

/* stride is odd, so that each has its turn to be freed. */
#define BATCHES(name, get, put)                          \
	static u64 name(void **p, unsigned int stride)   \
	{                                                \
		u64 before = get_cycles();               \
                                                         \
		for (unsigned int i = 0; i < BATCH; i++) \
			p[i] = get(SIZE, GFP_KERNEL);    \
		for (unsigned int i = 0; i < BATCH; i++) \
			put(p[i * stride % BATCH]);      \
		return get_cycles() - before;            \
	}

PAIRS(own_pairs, kmalloc, kfree)
PAIRS(svm_pairs, svm_kmalloc, svm_kfree)
BATCHES(own_batches, kmalloc, kfree)
BATCHES(svm_batches, svm_kmalloc, svm_kfree)

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a;
	u64 y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static u64 median(u64 *turn)
{
	sort(turn, TURNS, sizeof(*turn), by_value, NULL);
	return turn[TURNS / 2];
}

/* For each pair of calls, in hundredths. */
static void line(const char *name, const char *whose, u64 ticks, bool instructions)
{
	u64 hundredths = instructions ? div_u64(ticks * 100, BATCH)
				      : div64_u64(ticks * 100000000, (u64)tsc_khz * BATCH);

	pr_info("bench: %s_%s %llu.%02llu %s\n", name, whose, hundredths / 100, hundredths % 100,
		instructions ? "instructions" : "ns");
}

struct both {
	const char *name;
	turn_fn ours, theirs;
	unsigned int stride;
};

static const struct both all[] = {
	{"pair", svm_pairs, own_pairs, 1},
	{"batch", svm_batches, own_batches, 1},
	{"scatter", svm_batches, own_batches, 1237},
};

static void compare(const struct both *b, void **p, u64 *turn, bool instructions)
{
	/* Once for what is had for the first time. */
	b->ours(p, b->stride);
	b->theirs(p, b->stride);
	for (unsigned int i = 0; i < TURNS; i++) {
		turn[i] = b->ours(p, b->stride);
		turn[TURNS + i] = b->theirs(p, b->stride);
		cond_resched();
	}
	line(b->name, "slabvisor", median(turn), instructions);
	line(b->name, "slub", median(turn + TURNS), instructions);
	pr_info("bench: %s_calls %u\n", b->name, (TURNS + 1) * BATCH);
}

void st_turns(const char *what, bool instructions)
{
	void **p = kvcalloc(BATCH, sizeof(*p), GFP_KERNEL);
	u64 *turn = kvcalloc(2 * TURNS, sizeof(*turn), GFP_KERNEL);

	for (unsigned int i = 0; p && turn && i < ARRAY_SIZE(all); i++) {
		if (!strcmp(what, all[i].name))
			compare(&all[i], p, turn, instructions);
	}
	kvfree(turn);
	kvfree(p);
}
