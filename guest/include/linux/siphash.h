/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SipHash-2-4 and its short form with 32 bits, SipHash-1-3 cut to a word, as in Linux's
 * <linux/siphash.h>: hashes with a key, of which who does not know it cannot choose collisions.
 * (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012.)
 */
#ifndef GUEST_LINUX_SIPHASH_H
#define GUEST_LINUX_SIPHASH_H

#include <linux/kernel.h>
#include <linux/types.h>

typedef struct {
	u64 key[2];
} siphash_key_t;

typedef struct {
	unsigned long key[2];
} hsiphash_key_t;

#define SIPHASH_ALIGNMENT     __alignof__(u64)
#define HSIPHASH_ALIGNMENT    __alignof__(unsigned long)
#define siphash_aligned_key_t siphash_key_t __aligned(16)

static inline bool siphash_key_is_zero(const siphash_key_t *key)
{
	return !(key->key[0] | key->key[1]);
}

/* Of len bytes at any address; of so many numbers, as of their bytes in little-endian order. */
u64 siphash(const void *data, size_t len, const siphash_key_t *key);
u64 siphash_1u64(u64 a, const siphash_key_t *key);
u64 siphash_2u64(u64 a, u64 b, const siphash_key_t *key);
u64 siphash_3u64(u64 a, u64 b, u64 c, const siphash_key_t *key);
u64 siphash_4u64(u64 a, u64 b, u64 c, u64 d, const siphash_key_t *key);
u64 siphash_1u32(u32 a, const siphash_key_t *key);
u64 siphash_2u32(u32 a, u32 b, const siphash_key_t *key);
u64 siphash_3u32(u32 a, u32 b, u32 c, const siphash_key_t *key);
u64 siphash_4u32(u32 a, u32 b, u32 c, u32 d, const siphash_key_t *key);

u32 hsiphash(const void *data, size_t len, const hsiphash_key_t *key);
u32 hsiphash_1u32(u32 a, const hsiphash_key_t *key);
u32 hsiphash_2u32(u32 a, u32 b, const hsiphash_key_t *key);
u32 hsiphash_3u32(u32 a, u32 b, u32 c, const hsiphash_key_t *key);
u32 hsiphash_4u32(u32 a, u32 b, u32 c, u32 d, const hsiphash_key_t *key);

#endif
