/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arrays of bits as sets: as in Linux's <linux/bitmap.h>. A bitmap has nbits bits in as many words
 * as these take. What a function writes beyond nbits in the last word is not defined, and what it
 * reads there does not count, unless it says otherwise.
 */
#ifndef GUEST_LINUX_BITMAP_H
#define GUEST_LINUX_BITMAP_H

#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/find.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/types.h>

/* Masks of the first word from bit start on, and of the last of nbits. */
#define BITMAP_FIRST_WORD_MASK(start) (~0UL << ((start) & (BITS_PER_LONG - 1)))
#define BITMAP_LAST_WORD_MASK(nbits)  (~0UL >> (-(nbits) & (BITS_PER_LONG - 1)))
#define bitmap_size(nbits)            (ALIGN(nbits, BITS_PER_LONG) / BITS_PER_BYTE)
#define small_const_nbits(nbits) \
	(__builtin_constant_p(nbits) && (nbits) <= BITS_PER_LONG && (nbits) > 0)

/* Memory for one, kmalloc's; NULL: there is none. The z variants zero it. bitmap_free(NULL) does
 * nothing. */
unsigned long *bitmap_alloc(unsigned int nbits, gfp_t gfp);
unsigned long *bitmap_zalloc(unsigned int nbits, gfp_t gfp);
unsigned long *bitmap_alloc_node(unsigned int nbits, gfp_t gfp, int node);
unsigned long *bitmap_zalloc_node(unsigned int nbits, gfp_t gfp, int node);
void bitmap_free(const unsigned long *bitmap);

static inline void bitmap_zero(unsigned long *dst, unsigned int nbits)
{
	memset(dst, 0, bitmap_size(nbits));
}

static inline void bitmap_fill(unsigned long *dst, unsigned int nbits)
{
	memset(dst, 0xff, bitmap_size(nbits));
}

static inline void bitmap_copy(unsigned long *dst, const unsigned long *src, unsigned int nbits)
{
	memcpy(dst, src, bitmap_size(nbits));
}

/* The same, and what is left of the last word is 0. */
static inline void bitmap_copy_clear_tail(unsigned long *dst, const unsigned long *src,
					  unsigned int nbits)
{
	bitmap_copy(dst, src, nbits);
	if (nbits % BITS_PER_LONG)
		dst[nbits / BITS_PER_LONG] &= BITMAP_LAST_WORD_MASK(nbits);
}

/* To and from arrays of smaller words, low ones first; what is left of the last is 0. */
void bitmap_from_arr32(unsigned long *bitmap, const u32 *buf, unsigned int nbits);
void bitmap_to_arr32(u32 *buf, const unsigned long *bitmap, unsigned int nbits);
void bitmap_from_arr64(unsigned long *bitmap, const u64 *buf, unsigned int nbits);
void bitmap_to_arr64(u64 *buf, const unsigned long *bitmap, unsigned int nbits);

static inline void bitmap_from_u64(unsigned long *dst, u64 mask)
{
	dst[0] = mask;
}

#define BITMAP_FROM_U64(n) (n)

/* The set operations that have a result tell whether a bit of dst is set. */
bool bitmap_and(unsigned long *dst, const unsigned long *src1, const unsigned long *src2,
		unsigned int nbits);
bool bitmap_andnot(unsigned long *dst, const unsigned long *src1, const unsigned long *src2,
		   unsigned int nbits);
void bitmap_or(unsigned long *dst, const unsigned long *src1, const unsigned long *src2,
	       unsigned int nbits);
void bitmap_xor(unsigned long *dst, const unsigned long *src1, const unsigned long *src2,
		unsigned int nbits);
void bitmap_complement(unsigned long *dst, const unsigned long *src, unsigned int nbits);
/* Those of new where mask is set, those of old elsewhere. */
void bitmap_replace(unsigned long *dst, const unsigned long *old, const unsigned long *new,
		    const unsigned long *mask, unsigned int nbits);

bool __bitmap_equal(const unsigned long *src1, const unsigned long *src2, unsigned int nbits);

static __always_inline bool bitmap_equal(const unsigned long *src1, const unsigned long *src2,
					 unsigned int nbits)
{
	if (small_const_nbits(nbits))
		return !((*src1 ^ *src2) & BITMAP_LAST_WORD_MASK(nbits));
	return __bitmap_equal(src1, src2, nbits);
}

/* Tells whether the first two together are the third. */
bool bitmap_or_equal(const unsigned long *src1, const unsigned long *src2,
		     const unsigned long *src3, unsigned int nbits);
bool bitmap_intersects(const unsigned long *src1, const unsigned long *src2, unsigned int nbits);
/* Tells whether src2 has all that src1 has. */
bool bitmap_subset(const unsigned long *src1, const unsigned long *src2, unsigned int nbits);

static inline bool bitmap_empty(const unsigned long *src, unsigned int nbits)
{
	return find_first_bit(src, nbits) == nbits;
}

static inline bool bitmap_full(const unsigned long *src, unsigned int nbits)
{
	return find_first_zero_bit(src, nbits) == nbits;
}

/* How many bits are set: in one, in both. */
unsigned int __bitmap_weight(const unsigned long *src, unsigned int nbits);

static __always_inline unsigned int bitmap_weight(const unsigned long *src, unsigned int nbits)
{
	if (small_const_nbits(nbits))
		return (unsigned int)hweight_long(*src & BITMAP_LAST_WORD_MASK(nbits));
	return __bitmap_weight(src, nbits);
}

unsigned int bitmap_weight_and(const unsigned long *src1, const unsigned long *src2,
			       unsigned int nbits);

/* Sets or clears [start, start + nbits). No other bit is written. */
void __bitmap_set(unsigned long *map, unsigned int start, int nbits);
void __bitmap_clear(unsigned long *map, unsigned int start, int nbits);

/* Tells whether that is part of the first word, and the compiler knows which. */
#define __small_const_range(start, nbits)                                         \
	(__builtin_constant_p(start) && __builtin_constant_p(nbits) && (nbits) && \
	 (start) + (nbits) <= BITS_PER_LONG)

static __always_inline void bitmap_set(unsigned long *map, unsigned int start, unsigned int nbits)
{
	if (__small_const_range(start, nbits))
		*map |= GENMASK(start + nbits - 1, start);
	else
		__bitmap_set(map, start, (int)nbits);
}

static __always_inline void bitmap_clear(unsigned long *map, unsigned int start, unsigned int nbits)
{
	if (__small_const_range(start, nbits))
		*map &= ~GENMASK(start + nbits - 1, start);
	else
		__bitmap_clear(map, start, (int)nbits);
}

/* Bit n goes to n - shift, or to n + shift; what comes in is 0. dst may be src. */
void __bitmap_shift_right(unsigned long *dst, const unsigned long *src, unsigned int shift,
			  unsigned int nbits);
void __bitmap_shift_left(unsigned long *dst, const unsigned long *src, unsigned int shift,
			 unsigned int nbits);

static __always_inline void bitmap_shift_right(unsigned long *dst, const unsigned long *src,
					       unsigned int shift, unsigned int nbits)
{
	if (small_const_nbits(nbits) && shift < BITS_PER_LONG)
		*dst = (*src & BITMAP_LAST_WORD_MASK(nbits)) >> shift;
	else
		__bitmap_shift_right(dst, src, shift, nbits);
}

static __always_inline void bitmap_shift_left(unsigned long *dst, const unsigned long *src,
					      unsigned int shift, unsigned int nbits)
{
	if (small_const_nbits(nbits) && shift < BITS_PER_LONG)
		*dst = *src << shift;
	else
		__bitmap_shift_left(dst, src, shift, nbits);
}

/* Takes out [first, first + cut); what is above moves down, and what comes in is what src has
 * beyond nbits. dst may be src, or part of it. */
void bitmap_cut(unsigned long *dst, const unsigned long *src, unsigned int first, unsigned int cut,
		unsigned int nbits);

/*
 * The first nr bits in a row that are clear, from start on, below size. Their beginning plus
 * align_offset is a multiple of align_mask + 1, a power of two. More than size: there are none.
 */
unsigned long bitmap_find_next_zero_area_off(unsigned long *map, unsigned long size,
					     unsigned long start, unsigned int nr,
					     unsigned long align_mask, unsigned long align_offset);
#define bitmap_find_next_zero_area(map, size, start, nr, align_mask) \
	bitmap_find_next_zero_area_off(map, size, start, nr, align_mask, 0)

/* 2^order bits in a row, at a multiple of that: finds them clear and sets them, returning the
 * first, or -ENOMEM; clears them; sets those at pos, unless one is set: -EBUSY. */
int bitmap_find_free_region(unsigned long *bitmap, unsigned int bits, int order);
void bitmap_release_region(unsigned long *bitmap, unsigned int pos, int order);
int bitmap_allocate_region(unsigned long *bitmap, unsigned int pos, int order);

/* 8 bits at start, a multiple of 8. */
static inline unsigned long bitmap_get_value8(const unsigned long *map, unsigned long start)
{
	return map[BIT_WORD(start)] >> start % BITS_PER_LONG & 0xff;
}

static inline void bitmap_set_value8(unsigned long *map, unsigned long value, unsigned long start)
{
	const unsigned long shift = start % BITS_PER_LONG;

	map[BIT_WORD(start)] = (map[BIT_WORD(start)] & ~(0xfful << shift)) | value << shift;
}

/*
 * Text. bitmap_parselist() reads decimal numbers and ranges with commas between, where 0-9:2/4
 * means two of each four, N the last bit and "all" all. -EINVAL: what this is not; -ERANGE: a
 * bit that the map has not; -EOVERFLOW: a number that no unsigned int is. bitmap_parse() reads
 * hexadecimal words of 32 bits, the high ones first, with commas between, of at most buflen bytes:
 * -EINVAL; -EOVERFLOW: a bit that the map has not, or more than 8 digits.
 * What they wrote until an error is undefined. The user variants read from user memory: -EFAULT.
 */
int bitmap_parselist(const char *buf, unsigned long *maskp, int nmaskbits);
int bitmap_parselist_user(const char __user *ubuf, unsigned int ulen, unsigned long *maskp,
			  int nmaskbits);
int bitmap_parse(const char *buf, unsigned int buflen, unsigned long *maskp, int nmaskbits);
int bitmap_parse_user(const char __user *ubuf, unsigned int ulen, unsigned long *maskp,
		      int nmaskbits);

/* Writes what either reads, as far as it fits, with a NUL. Returns the length. */
int bitmap_scnlistprintf(char *buf, unsigned int size, const unsigned long *maskp, int nmaskbits);
int bitmap_scnprintf(char *buf, unsigned int size, const unsigned long *maskp, int nmaskbits);
/* Either with a newline, into what is left of the page that buf lies in. */
int bitmap_print_to_pagebuf(bool list, char *buf, const unsigned long *maskp, int nmaskbits);

/* The same text from off on, at most count bytes of it, as a read() would: the bytes copied;
 * -ENOMEM; -EINVAL: off is negative. The text ends in a newline and a NUL. */
int bitmap_print_bitmask_to_buf(char *buf, const unsigned long *maskp, int nmaskbits, loff_t off,
				size_t count);
int bitmap_print_list_to_buf(char *buf, const unsigned long *maskp, int nmaskbits, loff_t off,
			     size_t count);

#endif
