/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers, as in Linux's <linux/random.h>. get_random_*() are of the clock, well mixed: fit
 * to spread and to vary, and not for keys, since a program has no source of entropy (the emulator
 * that runs some of them knows no RDRAND). prandom_*() with a state give a sequence that the seed
 * determines: L'Ecuyer's taus113, with the values that Linux has.
 */
#ifndef GUEST_LINUX_RANDOM_H
#define GUEST_LINUX_RANDOM_H

#include <linux/list.h>
#include <linux/once.h>
#include <linux/types.h>

void get_random_bytes(void *buf, size_t len);
u8 get_random_u8(void);
u16 get_random_u16(void);
u32 get_random_u32(void);
u64 get_random_u64(void);

static inline unsigned int get_random_int(void)
{
	return get_random_u32();
}

static inline unsigned long get_random_long(void)
{
	return get_random_u64();
}

/* Below ceil, each as likely as any other; 0 for ceil 0. */
u32 get_random_u32_below(u32 ceil);

/* From floor to ceil, both included. */
static inline u32 get_random_u32_inclusive(u32 floor, u32 ceil)
{
	return floor + (ceil - floor == 0xffffffffu ? get_random_u32()
						    : get_random_u32_below(ceil - floor + 1));
}

static inline u32 get_random_u32_above(u32 floor)
{
	return get_random_u32_inclusive(floor + 1, 0xffffffffu);
}

/* Always there. 0, as it would be after a wait. */
static inline int wait_for_random_bytes(void)
{
	return 0;
}

static inline bool rng_is_initialized(void)
{
	return true;
}

static inline int get_random_bytes_wait(void *buf, size_t len)
{
	get_random_bytes(buf, len);
	return 0;
}

#include <linux/prandom.h>

#endif
