/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers: of the clock, and of a seed. */
#include <asm/unaligned.h>
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/string.h>

/* Mixes all bits of x with one another: the end of Steele, Lea and Flood's SplitMix64. */
static u64 mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

u64 get_random_u64(void)
{
	static u64 pool;
	u64 before;
	u32 lo;
	u32 hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
	/* Relaxed: all that counts is that no two callers find the same number there. */
	before = __atomic_fetch_add(&pool, 0x9e3779b97f4a7c15ull, __ATOMIC_RELAXED);
	return mix(mix(before) ^ ((u64)hi << 32 | lo));
}

u32 get_random_u32(void)
{
	return (u32)(get_random_u64() >> 32);
}

u16 get_random_u16(void)
{
	return (u16)(get_random_u64() >> 48);
}

u8 get_random_u8(void)
{
	return (u8)(get_random_u64() >> 56);
}

void get_random_bytes(void *buf, size_t len)
{
	for (u8 *p = buf; len;) {
		const u64 value = get_random_u64();
		const size_t n = min(len, sizeof(value));

		memcpy(p, &value, n);
		p += n;
		len -= n;
	}
}

/* Lemire, "Fast Random Integer Generation in an Interval", 2019: the high half of a product, and
 * again where the low one lies in the part that would make some numbers likelier. */
u32 get_random_u32_below(u32 ceil)
{
	u64 product = (u64)get_random_u32() * ceil;

	if ((u32)product < ceil) {
		const u32 least = -ceil % ceil;

		while ((u32)product < least)
			product = (u64)get_random_u32() * ceil;
	}
	return (u32)(product >> 32);
}

u32 prandom_u32(void)
{
	return get_random_u32();
}

void prandom_bytes(void *buf, size_t nbytes)
{
	get_random_bytes(buf, nbytes);
}

/* A step of one part of Tausworthe's generator: q, s and k - s as L'Ecuyer's paper has them. */
static u32 step(u32 z, u32 keep, int a, int b, int d)
{
	return ((z & keep) << d) ^ (((z << a) ^ z) >> b);
}

u32 prandom_u32_state(struct rnd_state *state)
{
	state->s1 = step(state->s1, ~1u, 6, 13, 18);
	state->s2 = step(state->s2, ~7u, 2, 27, 2);
	state->s3 = step(state->s3, ~15u, 13, 21, 7);
	state->s4 = step(state->s4, ~127u, 3, 12, 13);
	return state->s1 ^ state->s2 ^ state->s3 ^ state->s4;
}

void prandom_bytes_state(struct rnd_state *state, void *buf, size_t nbytes)
{
	u8 *p = buf;

	for (; nbytes >= 4; p += 4, nbytes -= 4)
		put_unaligned(prandom_u32_state(state), (u32 *)p);
	if (nbytes) {
		u32 last = prandom_u32_state(state);

		for (; nbytes; nbytes--, last >>= 8)
			*p++ = (u8)last;
	}
}
