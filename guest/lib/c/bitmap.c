/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays of bits as sets. */
#include <linux/bitmap.h>
#include <linux/minmax.h>
#include <linux/string.h>

/* The part of the last word that counts; all of it, where the last word is whole. */
static unsigned long mask_of(unsigned int nbits, unsigned int word)
{
	return word == (nbits - 1) / BITS_PER_LONG ? BITMAP_LAST_WORD_MASK(nbits) : ~0ul;
}

void bitmap_from_arr32(unsigned long *bitmap, const u32 *buf, unsigned int nbits)
{
	const unsigned int words = BITS_TO_U32(nbits);

	for (unsigned int i = 0; i < words; i++) {
		if (i % 2)
			bitmap[i / 2] |= (unsigned long)buf[i] << 32;
		else
			bitmap[i / 2] = buf[i];
	}
	if (nbits % BITS_PER_LONG)
		bitmap[(nbits - 1) / BITS_PER_LONG] &= BITMAP_LAST_WORD_MASK(nbits);
}

void bitmap_to_arr32(u32 *buf, const unsigned long *bitmap, unsigned int nbits)
{
	const unsigned int words = BITS_TO_U32(nbits);

	for (unsigned int i = 0; i < words; i++)
		buf[i] = (u32)(bitmap[i / 2] >> i % 2 * 32);
	if (nbits % 32)
		buf[words - 1] &= ~0u >> (32 - nbits % 32);
}

void bitmap_from_arr64(unsigned long *bitmap, const u64 *buf, unsigned int nbits)
{
	bitmap_copy_clear_tail(bitmap, (const unsigned long *)buf, nbits);
}

void bitmap_to_arr64(u64 *buf, const unsigned long *bitmap, unsigned int nbits)
{
	bitmap_copy_clear_tail((unsigned long *)buf, bitmap, nbits);
}

bool bitmap_and(unsigned long *dst, const unsigned long *src1, const unsigned long *src2,
		unsigned int nbits)
{
	unsigned long any = 0;

	for (unsigned int i = 0; i < BITS_TO_LONGS(nbits); i++)
		any |= (dst[i] = src1[i] & src2[i]) & mask_of(nbits, i);
	return any != 0;
}

bool bitmap_andnot(unsigned long *dst, const unsigned long *src1, const unsigned long *src2,
		   unsigned int nbits)
{
	unsigned long any = 0;

	for (unsigned int i = 0; i < BITS_TO_LONGS(nbits); i++)
		any |= (dst[i] = src1[i] & ~src2[i]) & mask_of(nbits, i);
	return any != 0;
}

void bitmap_or(unsigned long *dst, const unsigned long *src1, const unsigned long *src2,
	       unsigned int nbits)
{
	for (unsigned int i = 0; i < BITS_TO_LONGS(nbits); i++)
		dst[i] = src1[i] | src2[i];
}

void bitmap_xor(unsigned long *dst, const unsigned long *src1, const unsigned long *src2,
		unsigned int nbits)
{
	for (unsigned int i = 0; i < BITS_TO_LONGS(nbits); i++)
		dst[i] = src1[i] ^ src2[i];
}

void bitmap_complement(unsigned long *dst, const unsigned long *src, unsigned int nbits)
{
	for (unsigned int i = 0; i < BITS_TO_LONGS(nbits); i++)
		dst[i] = ~src[i];
}

void bitmap_replace(unsigned long *dst, const unsigned long *old, const unsigned long *new,
		    const unsigned long *mask, unsigned int nbits)
{
	for (unsigned int i = 0; i < BITS_TO_LONGS(nbits); i++)
		dst[i] = (old[i] & ~mask[i]) | (new[i] & mask[i]);
}

bool __bitmap_equal(const unsigned long *src1, const unsigned long *src2, unsigned int nbits)
{
	for (unsigned int i = 0; i < BITS_TO_LONGS(nbits); i++) {
		if ((src1[i] ^ src2[i]) & mask_of(nbits, i))
			return false;
	}
	return true;
}

bool bitmap_or_equal(const unsigned long *src1, const unsigned long *src2,
		     const unsigned long *src3, unsigned int nbits)
{
	for (unsigned int i = 0; i < BITS_TO_LONGS(nbits); i++) {
		if (((src1[i] | src2[i]) ^ src3[i]) & mask_of(nbits, i))
			return false;
	}
	return true;
}

bool bitmap_intersects(const unsigned long *src1, const unsigned long *src2, unsigned int nbits)
{
	return find_next_and_bit(src1, src2, nbits, 0) < nbits;
}

bool bitmap_subset(const unsigned long *src1, const unsigned long *src2, unsigned int nbits)
{
	return find_next_andnot_bit(src1, src2, nbits, 0) >= nbits;
}

unsigned int __bitmap_weight(const unsigned long *src, unsigned int nbits)
{
	unsigned int weight = 0;

	for (unsigned int i = 0; i < BITS_TO_LONGS(nbits); i++)
		weight += (unsigned int)hweight_long(src[i] & mask_of(nbits, i));
	return weight;
}

unsigned int bitmap_weight_and(const unsigned long *src1, const unsigned long *src2,
			       unsigned int nbits)
{
	unsigned int weight = 0;

	for (unsigned int i = 0; i < BITS_TO_LONGS(nbits); i++)
		weight += (unsigned int)hweight_long(src1[i] & src2[i] & mask_of(nbits, i));
	return weight;
}

/* Calls for each word that [start, start + nbits) has a part of, with the mask of that part. */
#define FOR_EACH_PART(i, mask, start, nbits)                                                 \
	for (unsigned int i = (start) / BITS_PER_LONG, __end = (start) + (nbits),            \
			  __more = (nbits) != 0;                                             \
	     __more; __more = ++i * BITS_PER_LONG < __end)                                   \
		for (unsigned long mask =                                                    \
			     (i == (start) / BITS_PER_LONG ? BITMAP_FIRST_WORD_MASK(start)   \
							   : ~0ul) &                         \
			     ((i + 1) * BITS_PER_LONG > __end ? BITMAP_LAST_WORD_MASK(__end) \
							      : ~0ul);                       \
		     mask; mask = 0)

void __bitmap_set(unsigned long *map, unsigned int start, int nbits)
{
	FOR_EACH_PART(i, mask, start, nbits)
	map[i] |= mask;
}

void __bitmap_clear(unsigned long *map, unsigned int start, int nbits)
{
	FOR_EACH_PART(i, mask, start, nbits)
	map[i] &= ~mask;
}

void __bitmap_shift_right(unsigned long *dst, const unsigned long *src, unsigned int shift,
			  unsigned int nbits)
{
	const unsigned int words = BITS_TO_LONGS(nbits);
	const unsigned int off = shift / BITS_PER_LONG;
	const unsigned int rem = shift % BITS_PER_LONG;

	for (unsigned int i = 0; i < words; i++) {
		unsigned long low = 0;
		unsigned long high = 0;

		if (i + off < words)
			low = src[i + off] & mask_of(nbits, i + off);
		if (i + off + 1 < words)
			high = src[i + off + 1] & mask_of(nbits, i + off + 1);
		dst[i] = rem ? low >> rem | high << (BITS_PER_LONG - rem) : low;
	}
}

void __bitmap_shift_left(unsigned long *dst, const unsigned long *src, unsigned int shift,
			 unsigned int nbits)
{
	const unsigned int off = shift / BITS_PER_LONG;
	const unsigned int rem = shift % BITS_PER_LONG;

	/* From the top, so that dst may be src. */
	for (unsigned int i = BITS_TO_LONGS(nbits); i-- > 0;) {
		unsigned long high = i >= off ? src[i - off] : 0;
		unsigned long low = i > off ? src[i - off - 1] : 0;

		dst[i] = rem ? high << rem | low >> (BITS_PER_LONG - rem) : high;
	}
}

void bitmap_cut(unsigned long *dst, const unsigned long *src, unsigned int first, unsigned int cut,
		unsigned int nbits)
{
	const unsigned int words = BITS_TO_LONGS(nbits);
	unsigned long keep = first % BITS_PER_LONG ? ~BITMAP_FIRST_WORD_MASK(first) : 0;
	unsigned long below = keep ? src[first / BITS_PER_LONG] & keep : 0;

	memmove(dst, src, words * sizeof(*dst));
	/* A word at a time is shifted down, from the first on; of that what lies below stays. */
	for (unsigned int i = first / BITS_PER_LONG; i < words; i++) {
		const unsigned int from = i + cut / BITS_PER_LONG;
		const unsigned int rem = cut % BITS_PER_LONG;
		unsigned long low = from < words ? dst[from] : 0;
		unsigned long high = from + 1 < words ? dst[from + 1] : 0;

		dst[i] = rem ? low >> rem | high << (BITS_PER_LONG - rem) : low;
	}
	if (keep)
		dst[first / BITS_PER_LONG] = (dst[first / BITS_PER_LONG] & ~keep) | below;
}

unsigned long bitmap_find_next_zero_area_off(unsigned long *map, unsigned long size,
					     unsigned long start, unsigned int nr,
					     unsigned long align_mask, unsigned long align_offset)
{
	for (;;) {
		unsigned long taken;

		start = find_next_zero_bit(map, size, start);
		start = ((start + align_offset + align_mask) & ~align_mask) - align_offset;
		if (start + nr > size)
			return start + nr;
		taken = find_next_bit(map, start + nr, start);
		if (taken >= start + nr)
			return start;
		start = taken + 1;
	}
}

int bitmap_find_free_region(unsigned long *bitmap, unsigned int bits, int order)
{
	for (unsigned int pos = 0; pos + (1u << order) <= bits; pos += 1u << order) {
		if (!bitmap_allocate_region(bitmap, pos, order))
			return (int)pos;
	}
	return -ENOMEM;
}

void bitmap_release_region(unsigned long *bitmap, unsigned int pos, int order)
{
	bitmap_clear(bitmap, pos, 1u << order);
}

int bitmap_allocate_region(unsigned long *bitmap, unsigned int pos, int order)
{
	const unsigned int end = pos + (1u << order);

	if (find_next_bit(bitmap, end, pos) < end)
		return -EBUSY;
	bitmap_set(bitmap, pos, 1u << order);
	return 0;
}
