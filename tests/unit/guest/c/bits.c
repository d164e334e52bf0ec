/* SPDX-License-Identifier: BSD-2-Clause */
/* Bits of words and of arrays, byte orders, unaligned words, wide divisions. */
#include "tests/unit/guest/util.h"

#include <asm/unaligned.h>
#include <linux/bcd.h>
#include <linux/bitfield.h>
#include <linux/bitmap.h>
#include <linux/bitrev.h>
#include <linux/math64.h>
#include <linux/prandom.h>

#define BITS 200

/* Random words, in which about one bit in 2^thin is set. */
static void scatter(struct rnd_state *rnd, unsigned long *map, unsigned int bits, int thin)
{
	for (unsigned int i = 0; i < BITS_TO_LONGS(bits); i++) {
		map[i] = ~0ul;
		for (int k = 0; k < thin; k++)
			map[i] &= (unsigned long)prandom_u32_state(rnd) << 32 |
				  prandom_u32_state(rnd);
	}
}

static bool bit(const unsigned long *map, unsigned int i)
{
	return map[i / 64] >> i % 64 & 1;
}

/* What a search should find, by looking at each bit. */
static unsigned int seek(const unsigned long *a, const unsigned long *b, int how, unsigned int size,
			 unsigned int from)
{
	for (unsigned int i = from; i < size; i++) {
		bool want = how == 0   ? bit(a, i)
			    : how == 1 ? !bit(a, i)
			    : how == 2 ? bit(a, i) && bit(b, i)
			    : how == 3 ? bit(a, i) && !bit(b, i)
				       : bit(a, i) || bit(b, i);

		if (want)
			return i;
	}
	return size;
}

static void searches_find_what_a_look_at_each_bit_finds(void **state)
{
	DECLARE_BITMAP(a, BITS);
	DECLARE_BITMAP(b, BITS);
	struct rnd_state rnd;

	(void)state;
	prandom_seed_state(&rnd, 7);
	for (int round = 0; round < 200; round++) {
		const unsigned int size = 1 + prandom_u32_state(&rnd) % BITS;
		const unsigned int from = prandom_u32_state(&rnd) % (size + 1);
		unsigned int last = size;
		unsigned int n = 0;

		scatter(&rnd, a, BITS, 1 + round % 6);
		scatter(&rnd, b, BITS, 1 + round % 3);
		assert_int_equal(find_next_bit(a, size, from), seek(a, b, 0, size, from));
		assert_int_equal(find_next_zero_bit(a, size, from), seek(a, b, 1, size, from));
		assert_int_equal(find_next_and_bit(a, b, size, from), seek(a, b, 2, size, from));
		assert_int_equal(find_next_andnot_bit(a, b, size, from), seek(a, b, 3, size, from));
		assert_int_equal(find_next_or_bit(a, b, size, from), seek(a, b, 4, size, from));
		for (unsigned int i = 0; i < size; i++) {
			if (!bit(a, i))
				continue;
			last = i;
			assert_int_equal(find_nth_bit(a, size, n++), i);
		}
		assert_int_equal(find_last_bit(a, size), last);
		assert_int_equal(find_nth_bit(a, size, n), size);
		n = 0;
		for (unsigned int i = 0; i < size; i++) {
			if (bit(a, i) && bit(b, i))
				assert_int_equal(find_nth_and_bit(a, b, size, n++), i);
		}
		n = 0;
		for (unsigned int i = 0; i < size; i++) {
			if (bit(a, i) && !bit(b, i))
				assert_int_equal(find_nth_andnot_bit(a, b, size, n++), i);
		}
	}
}

static void loops_over_bits_meet_each_once(void **state)
{
	DECLARE_BITMAP(map, BITS);
	unsigned long i;
	unsigned long e;
	unsigned long clump = 0;
	unsigned int n = 0;

	(void)state;
	bitmap_zero(map, BITS);
	bitmap_set(map, 3, 5);
	bitmap_set(map, 60, 10);
	__set_bit(199, map);
	for_each_set_bit(i, map, BITS) n++;
	assert_int_equal(n, 16);
	n = 0;
	for_each_set_bitrange(i, e, map, BITS) n += e - i == 5 || e - i == 10 || e - i == 1;
	assert_int_equal(n, 3);
	n = 0;
	/* Round from 62: 8 bits there, 199, then 5 and 2 from the beginning. */
	for_each_set_bit_wrap(i, map, BITS, 62) assert_true(n++ < 16);
	assert_int_equal(n, 16);
	n = 0;
	for_each_set_clump8(i, clump, map, BITS)
	{
		assert_int_equal(i % 8, 0);
		n += hweight8((unsigned int)clump);
	}
	assert_int_equal(n, 16);
	assert_int_equal(find_next_clump8(&clump, map, BITS, 70), 192);
	assert_int_equal(clump, 0x80);
}

static void sets_are_combined_bit_by_bit(void **state)
{
	DECLARE_BITMAP(a, BITS);
	DECLARE_BITMAP(b, BITS);
	DECLARE_BITMAP(c, BITS);
	DECLARE_BITMAP(d, BITS);
	struct rnd_state rnd;

	(void)state;
	prandom_seed_state(&rnd, 8);
	for (int round = 0; round < 100; round++) {
		const unsigned int size = 1 + prandom_u32_state(&rnd) % BITS;
		const unsigned int start = prandom_u32_state(&rnd) % size;
		const unsigned int n = prandom_u32_state(&rnd) % (size - start + 1);
		unsigned int weight = 0;
		unsigned int both = 0;
		bool any = false;

		scatter(&rnd, a, BITS, 1);
		scatter(&rnd, b, BITS, 1 + round % 8);
		scatter(&rnd, d, BITS, 1);
		assert_int_equal(bitmap_and(c, a, b, size),
				 find_next_and_bit(a, b, size, 0) < size);
		for (unsigned int i = 0; i < size; i++) {
			assert_int_equal(bit(c, i), bit(a, i) & bit(b, i));
			weight += bit(a, i);
			both += bit(a, i) & bit(b, i);
		}
		assert_int_equal(bitmap_weight(a, size), weight);
		assert_int_equal(bitmap_weight_and(a, b, size), both);
		assert_int_equal(bitmap_intersects(a, b, size), both != 0);
		assert_true(bitmap_subset(c, a, size));
		assert_true(bitmap_andnot(d, a, b, size) == !bitmap_subset(a, b, size));
		for (unsigned int i = 0; i < size; i++)
			assert_int_equal(bit(d, i), bit(a, i) & !bit(b, i));
		assert_true(bitmap_or_equal(c, d, a, size));
		bitmap_or(c, a, b, size);
		bitmap_xor(d, a, b, size);
		for (unsigned int i = 0; i < size; i++) {
			assert_int_equal(bit(c, i), bit(a, i) | bit(b, i));
			assert_int_equal(bit(d, i), bit(a, i) ^ bit(b, i));
			any |= bit(d, i);
		}
		assert_int_equal(bitmap_equal(a, b, size), !any);
		bitmap_complement(d, a, size);
		bitmap_replace(c, a, d, b, size);
		for (unsigned int i = 0; i < size; i++)
			assert_int_equal(bit(c, i), bit(a, i) ^ bit(b, i));
		bitmap_copy(c, a, BITS);
		__bitmap_set(c, start, n);
		__bitmap_clear(a, start, n);
		for (unsigned int i = 0; i < size; i++) {
			const bool within = i >= start && i < start + n;

			assert_true(!within || (bit(c, i) && !bit(a, i)));
			assert_true(within || bit(c, i) == bit(a, i));
		}
		__bitmap_shift_right(d, b, start, size);
		for (unsigned int i = 0; i < size; i++)
			assert_int_equal(bit(d, i), i + start < size && bit(b, i + start));
		__bitmap_shift_left(d, b, start, size);
		for (unsigned int i = 0; i < size; i++)
			assert_int_equal(bit(d, i), i >= start && bit(b, i - start));
		bitmap_cut(d, b, start, n, size);
		for (unsigned int i = 0; i < size - n; i++)
			assert_int_equal(bit(d, i), bit(b, i < start ? i : i + n));
	}
}

static void bitmaps_are_words_of_other_sizes(void **state)
{
	DECLARE_BITMAP(a, BITS);
	DECLARE_BITMAP(b, BITS);
	u32 w32[BITS_TO_U32(BITS)];
	u64 w64[BITS_TO_U64(BITS)];
	struct rnd_state rnd;

	(void)state;
	prandom_seed_state(&rnd, 9);
	for (unsigned int size = 1; size <= BITS; size++) {
		scatter(&rnd, a, BITS, 1);
		bitmap_to_arr32(w32, a, size);
		bitmap_from_arr32(b, w32, size);
		assert_true(bitmap_equal(a, b, size));
		assert_true(size % 32 == 0 || !(w32[size / 32] >> size % 32));
		bitmap_to_arr64(w64, a, size);
		bitmap_from_arr64(b, w64, size);
		assert_true(bitmap_equal(a, b, size));
		assert_int_equal(w32[0], (u32)w64[0]);
	}
}

static void areas_of_bits_are_found_and_taken(void **state)
{
	DECLARE_BITMAP(map, 64) = {0};
	unsigned long *many;

	(void)state;
	assert_int_equal(bitmap_find_next_zero_area(map, 64, 0, 10, 0), 0);
	bitmap_set(map, 0, 5);
	assert_int_equal(bitmap_find_next_zero_area(map, 64, 0, 10, 0), 5);
	assert_int_equal(bitmap_find_next_zero_area(map, 64, 0, 10, 7), 8);
	assert_int_equal(bitmap_find_next_zero_area_off(map, 64, 0, 10, 7, 2), 6);
	assert_true(bitmap_find_next_zero_area(map, 64, 0, 60, 0) > 64);
	assert_int_equal(bitmap_find_free_region(map, 64, 3), 8);
	assert_int_equal(bitmap_allocate_region(map, 8, 1), -EBUSY);
	bitmap_release_region(map, 8, 3);
	assert_int_equal(bitmap_allocate_region(map, 8, 1), 0);
	assert_int_equal(bitmap_find_free_region(map, 64, 6), -ENOMEM);

	util_start(16 * MIB, 0);
	many = bitmap_zalloc(1000, GFP_KERNEL);
	assert_non_null(many);
	assert_true(bitmap_empty(many, 1000));
	bitmap_free(many);
	many = bitmap_zalloc_node(1000, GFP_KERNEL, NUMA_NO_NODE);
	assert_true(bitmap_empty(many, 1000));
	bitmap_free(many);
	many = bitmap_alloc(70, GFP_KERNEL);
	bitmap_free(many);
	many = bitmap_alloc_node(70, GFP_KERNEL, 0);
	bitmap_free(many);
	util_stop();
}

static void bits_of_shared_words_change_one_at_a_time(void **state)
{
	unsigned long word = 0;

	(void)state;
	assert_false(test_and_set_bit(5, &word));
	assert_true(test_and_set_bit(5, &word));
	assert_true(test_and_change_bit(5, &word));
	assert_false(test_and_clear_bit(5, &word));
	assert_false(test_and_set_bit_lock(63, &word));
	clear_bit_unlock(63, &word);
	assign_bit(9, &word, true);
	assert_int_equal(word, 512);
	assert_int_equal(set_mask_bits(&word, 0xf00ul, 0x5ul), 512);
	assert_int_equal(word, 5);
	assert_false(bit_clear_unless(&word, 1ul, 4ul));
	assert_true(bit_clear_unless(&word, 1ul, 2ul));
	assert_int_equal(word, 4);
	assert_int_equal(fns(0xf0, 2), 6);
	assert_int_equal(fns(0xf0, 4), 64);
	assert_int_equal(rol32(0x80000001u, 1), 3);
	assert_int_equal(ror8(1, 1), 0x80);
	assert_int_equal(rol64(1, 64), 1);
	assert_int_equal(sign_extend32(0x80, 7), -128);
	assert_int_equal(get_count_order(17), 5);
	assert_int_equal(bitrev8(0x13), 0xc8);
	assert_int_equal(bitrev32(1), 0x80000000u);
}

static void numbers_keep_their_byte_order(void **state)
{
	const u8 bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	u8 out[9];

	(void)state;
	assert_int_equal(get_unaligned_be16(bytes + 1), 0x0203);
	assert_int_equal(get_unaligned_le32(bytes + 1), 0x05040302);
	assert_int_equal(get_unaligned_be24(bytes + 1), 0x020304);
	assert_int_equal(get_unaligned_be48(bytes + 1), 0x020304050607ull);
	assert_int_equal(get_unaligned_be64(bytes + 1), 0x0203040506070809ull);
	assert_int_equal(get_unaligned((const u32 *)(bytes + 1)), 0x05040302);
	put_unaligned_le64(0x0807060504030201ull, out + 1);
	assert_memory_equal(out + 1, bytes, 8);
	put_unaligned_be32(0x01020304, out + 1);
	assert_memory_equal(out + 1, bytes, 4);
	put_unaligned_le24(0x030201, out + 1);
	assert_memory_equal(out + 1, bytes, 3);
	assert_int_equal(cpu_to_be32(0x01020304u), 0x04030201);
	assert_int_equal(swab64(0x0102030405060708ull), 0x0807060504030201ull);
	assert_int_equal(swahw32(0x12345678u), 0x56781234);
	assert_int_equal(FIELD_GET(0xff00u, 0x1234u), 0x12);
	assert_int_equal(FIELD_PREP(0xff00u, 0x12u), 0x1200);
	assert_int_equal(u32_replace_bits(0xffffffffu, 0, 0xf0u), 0xffffff0f);
	assert_int_equal(be16_get_bits(cpu_to_be16(0x1234), 0x0ff0), 0x23);
	assert_int_equal(bcd2bin(0x59), 59);
	assert_int_equal(bin2bcd(59), 0x59);
}

static void wide_products_are_divided_whole(void **state)
{
	u64 n = 1000000000007ull;
	u32 rem;

	(void)state;
	assert_int_equal(div_u64_rem(n, 10, &rem), 100000000000ull);
	assert_int_equal(rem, 7);
	assert_int_equal(do_div(n, 1000), 7);
	assert_int_equal(n, 1000000000);
	assert_int_equal(mul_u64_u64_div_u64(~0ull, 12345, ~0ull), 12345);
	assert_int_equal(mul_u64_u32_shr(1ull << 63, 8, 32), 1ull << 34);
	assert_int_equal(mul_s64_u64_shr(-6, 1ull << 32, 33), -3);
	assert_int_equal(DIV64_U64_ROUND_UP(10ull, 3), 4);
	assert_int_equal(DIV_S64_ROUND_CLOSEST(-7, 2), -4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(searches_find_what_a_look_at_each_bit_finds),
		cmocka_unit_test(loops_over_bits_meet_each_once),
		cmocka_unit_test(sets_are_combined_bit_by_bit),
		cmocka_unit_test(bitmaps_are_words_of_other_sizes),
		cmocka_unit_test(areas_of_bits_are_found_and_taken),
		cmocka_unit_test(bits_of_shared_words_change_one_at_a_time),
		cmocka_unit_test(numbers_keep_their_byte_order),
		cmocka_unit_test(wide_products_are_divided_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
