/* SPDX-License-Identifier: BSD-2-Clause */
/* Bob Jenkins' hash "lookup3". */
#include <asm/unaligned.h>
#include <linux/jhash.h>

struct state {
	u32 a, b, c;
};

/* x and z change by y, reversibly: the step that both functions below are made of. */
#define MIX(x, y, z, turn)           \
	do {                         \
		x -= z;              \
		x ^= rol32(z, turn); \
		z += y;              \
	} while (0)

static void mix(struct state *s)
{
	MIX(s->a, s->b, s->c, 4);
	MIX(s->b, s->c, s->a, 6);
	MIX(s->c, s->a, s->b, 8);
	MIX(s->a, s->b, s->c, 16);
	MIX(s->b, s->c, s->a, 19);
	MIX(s->c, s->a, s->b, 4);
}

#define FINAL(x, y, turn)            \
	do {                         \
		x ^= y;              \
		x -= rol32(y, turn); \
	} while (0)

static u32 final(struct state *s)
{
	FINAL(s->c, s->b, 14);
	FINAL(s->a, s->c, 11);
	FINAL(s->b, s->a, 25);
	FINAL(s->c, s->b, 16);
	FINAL(s->a, s->c, 4);
	FINAL(s->b, s->a, 14);
	FINAL(s->c, s->b, 24);
	return s->c;
}

static struct state start(u32 bytes, u32 initval)
{
	const u32 seed = JHASH_INITVAL + bytes + initval;

	return (struct state){seed, seed, seed};
}

u32 jhash(const void *key, u32 length, u32 initval)
{
	struct state s = start(length, initval);
	u8 last[12] = {0};
	const u8 *k = key;

	for (; length > 12; length -= 12, k += 12) {
		s.a += get_unaligned_le32(k);
		s.b += get_unaligned_le32(k + 4);
		s.c += get_unaligned_le32(k + 8);
		mix(&s);
	}
	if (!length)
		return s.c;
	__builtin_memcpy(last, k, length);
	s.a += get_unaligned_le32(last);
	s.b += get_unaligned_le32(last + 4);
	s.c += get_unaligned_le32(last + 8);
	return final(&s);
}

u32 jhash2(const u32 *words, u32 length, u32 initval)
{
	struct state s = start(length * 4, initval);

	for (; length > 3; length -= 3, words += 3) {
		s.a += words[0];
		s.b += words[1];
		s.c += words[2];
		mix(&s);
	}
	if (!length)
		return s.c;
	s.a += words[0];
	s.b += length > 1 ? words[1] : 0;
	s.c += length > 2 ? words[2] : 0;
	return final(&s);
}

u32 jhash_3words(u32 a, u32 b, u32 c, u32 initval)
{
	struct state s = start(12, initval);

	s.a += a;
	s.b += b;
	s.c += c;
	return final(&s);
}
