/* SPDX-License-Identifier: BSD-2-Clause */
/* SipHash. */
#include <asm/byteorder.h>
#include <asm/unaligned.h>
#include <linux/bitops.h>
#include <linux/siphash.h>
#include <linux/string.h>

struct state {
	u64 v0, v1, v2, v3;
};

static void rounds(struct state *s, int n)
{
	while (n--) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rol64(s->v1, 13) ^ s->v0;
		s->v3 = rol64(s->v3, 16) ^ s->v2;
		s->v0 = rol64(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = rol64(s->v1, 17) ^ s->v2;
		s->v3 = rol64(s->v3, 21) ^ s->v0;
		s->v2 = rol64(s->v2, 32);
	}
}

/* SipHash-compress-finish, by the paper's numbers. */
static u64 hash(const void *data, size_t len, const u64 key[2], int compress, int finish)
{
	/* "somepseudorandomlygeneratedbytes", in big-endian order. */
	struct state s = {
		key[0] ^ 0x736f6d6570736575ull,
		key[1] ^ 0x646f72616e646f6dull,
		key[0] ^ 0x6c7967656e657261ull,
		key[1] ^ 0x7465646279746573ull,
	};
	u64 last = (u64)len << 56;
	__le64 tail = 0;
	const u8 *p = data;

	for (size_t left = len; left >= 8; left -= 8, p += 8) {
		const u64 word = get_unaligned_le64(p);

		s.v3 ^= word;
		rounds(&s, compress);
		s.v0 ^= word;
	}
	memcpy(&tail, p, len % 8);
	last |= le64_to_cpu(tail);
	s.v3 ^= last;
	rounds(&s, compress);
	s.v0 ^= last;
	s.v2 ^= 0xff;
	rounds(&s, finish);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

u64 siphash(const void *data, size_t len, const siphash_key_t *key)
{
	return hash(data, len, key->key, 2, 4);
}

u32 hsiphash(const void *data, size_t len, const hsiphash_key_t *key)
{
	const u64 words[2] = {key->key[0], key->key[1]};

	return (u32)hash(data, len, words, 1, 3);
}

/* Each of some numbers: the CPU has them in the order of bytes that is hashed. */
#define OF(type, ...)                       \
	const type words[] = {__VA_ARGS__}; \
                                            \
	return siphash(words, sizeof(words), key)

u64 siphash_1u64(u64 a, const siphash_key_t *key)
{
	OF(u64, a);
}

u64 siphash_2u64(u64 a, u64 b, const siphash_key_t *key)
{
	OF(u64, a, b);
}

u64 siphash_3u64(u64 a, u64 b, u64 c, const siphash_key_t *key)
{
	OF(u64, a, b, c);
}

u64 siphash_4u64(u64 a, u64 b, u64 c, u64 d, const siphash_key_t *key)
{
	OF(u64, a, b, c, d);
}

u64 siphash_1u32(u32 a, const siphash_key_t *key)
{
	OF(u32, a);
}

u64 siphash_2u32(u32 a, u32 b, const siphash_key_t *key)
{
	OF(u32, a, b);
}

u64 siphash_3u32(u32 a, u32 b, u32 c, const siphash_key_t *key)
{
	OF(u32, a, b, c);
}

u64 siphash_4u32(u32 a, u32 b, u32 c, u32 d, const siphash_key_t *key)
{
	OF(u32, a, b, c, d);
}
#undef OF

#define OF(...)                            \
	const u32 words[] = {__VA_ARGS__}; \
                                           \
	return hsiphash(words, sizeof(words), key)

u32 hsiphash_1u32(u32 a, const hsiphash_key_t *key)
{
	OF(a);
}

u32 hsiphash_2u32(u32 a, u32 b, const hsiphash_key_t *key)
{
	OF(a, b);
}

u32 hsiphash_3u32(u32 a, u32 b, u32 c, const hsiphash_key_t *key)
{
	OF(a, b, c);
}

u32 hsiphash_4u32(u32 a, u32 b, u32 c, u32 d, const hsiphash_key_t *key)
{
	OF(a, b, c, d);
}
