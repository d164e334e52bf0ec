/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C library's blocks of memory, for a guest that has no C library. Small ones by
 * general registers, from both ends where they may overlap in the middle; large ones by
 * the string instructions, which move a cache line at a time on today's CPUs.
 */
#include <linux/string.h>

#ifndef SLABVISOR_HOSTED /* where a test has them under other names */
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#endif

#define REP_MIN 256

static inline u64 load(const void *p)
{
	u64 v;

	__builtin_memcpy(&v, p, 8);
	return v;
}

static inline void store(void *p, u64 v)
{
	__builtin_memcpy(p, &v, 8);
}

static inline u32 load4(const void *p)
{
	u32 v;

	__builtin_memcpy(&v, p, 4);
	return v;
}

static inline void store4(void *p, u32 v)
{
	__builtin_memcpy(p, &v, 4);
}

/* n <= 16; all loads come before the stores, so that any overlap is right. */
static inline void copy_small(u8 *d, const u8 *s, size_t n)
{
	if (n >= 8) {
		u64 a = load(s);
		u64 b = load(s + n - 8);

		store(d, a);
		store(d + n - 8, b);
	} else if (n >= 4) {
		u32 a = load4(s);
		u32 b = load4(s + n - 4);

		store4(d, a);
		store4(d + n - 4, b);
	} else if (n) {
		u8 a = s[0];
		u8 b = s[n / 2];
		u8 c = s[n - 1];

		d[0] = a;
		d[n / 2] = b;
		d[n - 1] = c;
	}
}

/* By words: as fast as by bytes, and an eighth of the steps where instructions are emulated. */
static inline void rep_movsq(u8 *d, const u8 *s, size_t n)
{
	/* The end is read before the stores reach it. */
	u64 end = load(s + n - 8);
	u8 *last = d + n - 8;
	size_t words = n / 8;

	__asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words) : : "memory");
	store(last, end);
}

static void copy_up(u8 *d, const u8 *s, size_t n)
{
	/* The end is read before the stores reach it. */
	u64 end0 = load(s + n - 16);
	u64 end1 = load(s + n - 8);
	size_t i = 0;

	for (; i + 16 < n; i += 16) {
		u64 a = load(s + i);
		u64 b = load(s + i + 8);

		store(d + i, a);
		store(d + i + 8, b);
	}
	store(d + n - 16, end0);
	store(d + n - 8, end1);
}

static void copy_down(u8 *d, const u8 *s, size_t n)
{
	u64 start0 = load(s);
	u64 start1 = load(s + 8);
	size_t i = n;

	for (; i > 16; i -= 16) {
		u64 a = load(s + i - 8);
		u64 b = load(s + i - 16);

		store(d + i - 8, a);
		store(d + i - 16, b);
	}
	store(d + 8, start1);
	store(d, start0);
}

void *memcpy(void *dst, const void *src, size_t n)
{
	if (n <= 16)
		copy_small(dst, src, n);
	else if (n < REP_MIN)
		copy_up(dst, src, n);
	else
		rep_movsq(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	if (n <= 16)
		copy_small(dst, src, n);
	else if ((unsigned long)dst - (unsigned long)src >= n && n >= REP_MIN)
		rep_movsq(dst, src, n);
	else if ((unsigned long)dst - (unsigned long)src >= n)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	u64 v = (u8)c * 0x0101010101010101ull;
	u8 *d = dst;
	size_t i = 0;

	if (n >= REP_MIN) {
		size_t words = n / 8;

		store(d + n - 8, v);
		__asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(v) : "memory");
	} else if (n >= 8) {
		for (; i + 8 < n; i += 8)
			store(d + i, v);
		store(d + n - 8, v);
	} else if (n >= 4) {
		store4(d, (u32)v);
		store4(d + n - 4, (u32)v);
	} else if (n) {
		d[0] = (u8)c;
		d[n / 2] = (u8)c;
		d[n - 1] = (u8)c;
	}
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a;
	const u8 *y = b;

	while (n >= 8 && load(x) == load(y)) {
		x += 8;
		y += 8;
		n -= 8;
	}
	for (; n; n--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	for (const u8 *p = s; n; n--, p++) {
		if (*p == (u8)c)
			return (void *)p;
	}
	return NULL;
}
