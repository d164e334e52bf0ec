/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes, by the values that their authors published, and random numbers. */
#include "tests/unit/guest/util.h"

#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/stringhash.h>

static void hashes_have_their_published_values(void **state)
{
	static const char text[] = "Four score and seven years ago";
	const u32 words[] = {1, 2, 3, 4};
	siphash_key_t key;
	hsiphash_key_t short_key = {{1, 2}};
	u8 bytes[16];

	(void)state;
	/* lookup3.c, driver5(). */
	assert_int_equal(jhash(text, 30, 0), 0x17770551);
	assert_int_equal(jhash(text, 30, 1), 0xcd628161);
	assert_int_equal(jhash("", 0, 0), 0xdeadbeef);
	for (u32 n = 0; n <= 4; n++)
		assert_int_equal(jhash2(words, n, 5), jhash(words, n * 4, 5));
	assert_int_equal(jhash_3words(1, 2, 3, 5), jhash2(words, 3, 5));
	assert_int_equal(jhash_2words(1, 2, 5), jhash2(words, 2, 5));
	assert_int_equal(jhash_1word(1, 5), jhash2(words, 1, 5));

	/* The paper's appendix: the bytes 0 to 14 under the key 0 to 15. */
	for (u8 i = 0; i < 16; i++)
		bytes[i] = i;
	memcpy(&key, bytes, 16);
	assert_int_equal(siphash(bytes, 15, &key), 0xa129ca6149be45e5ull);
	assert_int_equal(siphash_1u64(0x0706050403020100ull, &key), siphash(bytes, 8, &key));
	assert_int_equal(siphash_2u64(0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull, &key),
			 siphash(bytes, 16, &key));
	assert_int_equal(siphash_1u32(0x03020100u, &key), siphash(bytes, 4, &key));
	assert_int_equal(siphash_2u32(0x03020100u, 0x07060504u, &key), siphash(bytes, 8, &key));
	assert_int_equal(siphash_3u32(0x03020100u, 0x07060504u, 0x0b0a0908u, &key),
			 siphash(bytes, 12, &key));
	assert_int_equal(siphash_4u32(0x03020100u, 0x07060504u, 0x0b0a0908u, 0x0f0e0d0cu, &key),
			 siphash(bytes, 16, &key));
	{
		const u64 wide[] = {1, 2, 3, 4};

		assert_int_equal(siphash_3u64(1, 2, 3, &key), siphash(wide, 24, &key));
		assert_int_equal(siphash_4u64(1, 2, 3, 4, &key), siphash(wide, 32, &key));
	}
	assert_int_equal(hsiphash_1u32(1, &short_key), hsiphash(words, 4, &short_key));
	assert_int_equal(hsiphash_2u32(1, 2, &short_key), hsiphash(words, 8, &short_key));
	assert_int_equal(hsiphash_3u32(1, 2, 3, &short_key), hsiphash(words, 12, &short_key));
	assert_int_equal(hsiphash_4u32(1, 2, 3, 4, &short_key), hsiphash(words, 16, &short_key));

	assert_int_equal(hashlen_len(hashlen_string(NULL, text)), 30);
	assert_int_equal(hashlen_hash(hashlen_string(&key, text)), full_name_hash(&key, text, 30));
	assert_int_not_equal(full_name_hash(&key, text, 29), full_name_hash(&key, text, 30));
}

/* A part of taus113 by the paper's own words. */
static u32 part(u32 z, int q, int s, int k)
{
	const u32 b = ((z << q) ^ z) >> (k - s);

	return ((z & (~0u << (32 - k))) << s) ^ b;
}

static void a_seed_determines_a_sequence(void **state)
{
	struct rnd_state a;
	struct rnd_state b;
	u8 bytes[11];

	(void)state;
	prandom_seed_state(&a, 12345);
	b = a;
	for (int i = 0; i < 100; i++) {
		b.s1 = part(b.s1, 6, 18, 31);
		b.s2 = part(b.s2, 2, 2, 29);
		b.s3 = part(b.s3, 13, 7, 28);
		b.s4 = part(b.s4, 3, 13, 25);
		assert_int_equal(prandom_u32_state(&a), b.s1 ^ b.s2 ^ b.s3 ^ b.s4);
	}
	prandom_seed_state(&a, 0);
	b = a;
	assert_true(a.s1 >= 2 && a.s2 >= 8 && a.s3 >= 16 && a.s4 >= 128);
	prandom_bytes_state(&a, bytes, sizeof(bytes));
	prandom_u32_state(&b);
	assert_int_equal(bytes[4] | bytes[5] << 8 | bytes[6] << 16 | (u32)bytes[7] << 24,
			 prandom_u32_state(&b));
}

static void random_numbers_differ_and_stay_in_range(void **state)
{
	unsigned int seen[10] = {0};
	unsigned int ones = 0;
	u8 a[32];
	u8 b[32];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		const u32 v = get_random_u32_below(10);

		assert_true(v < 10);
		seen[v]++;
		ones += (unsigned int)hweight64(get_random_u64());
		assert_true(get_random_u32_inclusive(5, 7) - 5 <= 2);
	}
	for (int i = 0; i < 10; i++)
		assert_true(seen[i] > 800 && seen[i] < 1200);
	assert_true(ones > 315000 && ones < 325000);
	get_random_bytes(a, sizeof(a));
	get_random_bytes(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	prandom_bytes(b, 5);
	assert_int_not_equal(prandom_u32(), prandom_u32());
	assert_int_not_equal(
		(u64)get_random_u8() | (u64)get_random_u16() << 8 | (u64)get_random_u32() << 24,
		(u64)get_random_u8() | (u64)get_random_u16() << 8 | (u64)get_random_u32() << 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_have_their_published_values),
		cmocka_unit_test(a_seed_determines_a_sequence),
		cmocka_unit_test(random_numbers_differ_and_stay_in_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
