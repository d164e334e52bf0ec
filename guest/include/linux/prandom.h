/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers that a seed determines: see <linux/random.h>. */
#ifndef GUEST_LINUX_PRANDOM_H
#define GUEST_LINUX_PRANDOM_H

#include <linux/types.h>

struct rnd_state {
	u32 s1, s2, s3, s4;
};

u32 prandom_u32_state(struct rnd_state *state);
void prandom_bytes_state(struct rnd_state *state, void *buf, size_t nbytes);

/* A part of the state below its least value would stand still. */
static inline u32 __seed(u32 x, u32 least)
{
	return x < least ? x + least : x;
}

static inline void prandom_seed_state(struct rnd_state *state, u64 seed)
{
	const u32 i = (u32)(seed >> 32 ^ seed << 10 ^ seed);

	state->s1 = __seed(i, 2);
	state->s2 = __seed(i, 8);
	state->s3 = __seed(i, 16);
	state->s4 = __seed(i, 128);
}

/* Without a state: random numbers like get_random_u32(). */
u32 prandom_u32(void);
void prandom_bytes(void *buf, size_t nbytes);

static inline u32 prandom_u32_max(u32 ceil)
{
	return (u32)((u64)prandom_u32() * ceil >> 32);
}

/* The next of a linear congruence: a cheap sequence. */
static inline u32 next_pseudo_random32(u32 seed)
{
	return seed * 1664525 + 1013904223;
}

#endif
