/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Searches in arrays of bits, as in Linux's <linux/find.h>. Each returns the number of a bit that
 * is less than size, or size (or more, of those that say so): there is none. Bits from size on are
 * not looked at.
 */
#ifndef GUEST_LINUX_FIND_H
#define GUEST_LINUX_FIND_H

#include <linux/bits.h>
#include <linux/types.h>

/* From bit offset on: a bit that is set; that is set in both; in the first and not in the second;
 * in either; that is clear. */
unsigned long find_next_bit(const unsigned long *addr, unsigned long size, unsigned long offset);
unsigned long find_next_and_bit(const unsigned long *addr1, const unsigned long *addr2,
				unsigned long size, unsigned long offset);
unsigned long find_next_andnot_bit(const unsigned long *addr1, const unsigned long *addr2,
				   unsigned long size, unsigned long offset);
unsigned long find_next_or_bit(const unsigned long *addr1, const unsigned long *addr2,
			       unsigned long size, unsigned long offset);
unsigned long find_next_zero_bit(const unsigned long *addr, unsigned long size,
				 unsigned long offset);

/* The last bit that is set. */
unsigned long find_last_bit(const unsigned long *addr, unsigned long size);

/* The n-th bit, counted from 0, of those that are set: in one, in both, in the first alone. */
unsigned long find_nth_bit(const unsigned long *addr, unsigned long size, unsigned long n);
unsigned long find_nth_and_bit(const unsigned long *addr1, const unsigned long *addr2,
			       unsigned long size, unsigned long n);
unsigned long find_nth_andnot_bit(const unsigned long *addr1, const unsigned long *addr2,
				  unsigned long size, unsigned long n);

/* The first 8 bits, at a multiple of 8 from offset on, of which one is set; *clump is what they
 * are. It stays as it is if there are none. */
unsigned long find_next_clump8(unsigned long *clump, const unsigned long *addr, unsigned long size,
			       unsigned long offset);

static inline unsigned long find_first_bit(const unsigned long *addr, unsigned long size)
{
	return find_next_bit(addr, size, 0);
}

static inline unsigned long find_first_zero_bit(const unsigned long *addr, unsigned long size)
{
	return find_next_zero_bit(addr, size, 0);
}

static inline unsigned long find_first_and_bit(const unsigned long *addr1,
					       const unsigned long *addr2, unsigned long size)
{
	return find_next_and_bit(addr1, addr2, size, 0);
}

/* From offset on to the end, then from the beginning. */
static inline unsigned long find_next_bit_wrap(const unsigned long *addr, unsigned long size,
					       unsigned long offset)
{
	unsigned long bit = find_next_bit(addr, size, offset);

	if (bit < size)
		return bit;
	bit = find_first_bit(addr, offset);
	return bit < offset ? bit : size;
}

static inline unsigned long find_next_and_bit_wrap(const unsigned long *addr1,
						   const unsigned long *addr2, unsigned long size,
						   unsigned long offset)
{
	unsigned long bit = find_next_and_bit(addr1, addr2, size, offset);

	if (bit < size)
		return bit;
	bit = find_first_and_bit(addr1, addr2, offset);
	return bit < offset ? bit : size;
}

#define find_first_clump8(clump, bits, size) find_next_clump8(clump, bits, size, 0)

/* The CPU is little-endian. */
#define find_next_bit_le(addr, size, offset) find_next_bit((const void *)(addr), size, offset)
#define find_next_zero_bit_le(addr, size, offset) \
	find_next_zero_bit((const void *)(addr), size, offset)
#define find_first_zero_bit_le(addr, size) find_first_zero_bit((const void *)(addr), size)

/* For each bit that is set, or clear; the second forms go on from the value that bit has. */
#define for_each_set_bit(bit, addr, size)                        \
	for ((bit) = find_first_bit(addr, size); (bit) < (size); \
	     (bit) = find_next_bit(addr, size, (bit) + 1))
#define for_each_set_bit_from(bit, addr, size)                       \
	for ((bit) = find_next_bit(addr, size, bit); (bit) < (size); \
	     (bit) = find_next_bit(addr, size, (bit) + 1))
#define for_each_clear_bit(bit, addr, size)                           \
	for ((bit) = find_first_zero_bit(addr, size); (bit) < (size); \
	     (bit) = find_next_zero_bit(addr, size, (bit) + 1))
#define for_each_clear_bit_from(bit, addr, size)                          \
	for ((bit) = find_next_zero_bit(addr, size, bit); (bit) < (size); \
	     (bit) = find_next_zero_bit(addr, size, (bit) + 1))
#define for_each_and_bit(bit, addr1, addr2, size)                              \
	for ((bit) = find_next_and_bit(addr1, addr2, size, 0); (bit) < (size); \
	     (bit) = find_next_and_bit(addr1, addr2, size, (bit) + 1))
#define for_each_andnot_bit(bit, addr1, addr2, size)                              \
	for ((bit) = find_next_andnot_bit(addr1, addr2, size, 0); (bit) < (size); \
	     (bit) = find_next_andnot_bit(addr1, addr2, size, (bit) + 1))
#define for_each_or_bit(bit, addr1, addr2, size)                              \
	for ((bit) = find_next_or_bit(addr1, addr2, size, 0); (bit) < (size); \
	     (bit) = find_next_or_bit(addr1, addr2, size, (bit) + 1))

/* For each run [b, e) of bits that are set, or clear. */
#define for_each_set_bitrange(b, e, addr, size)                                                 \
	for ((b) = find_next_bit(addr, size, 0), (e) = find_next_zero_bit(addr, size, (b) + 1); \
	     (b) < (size); (b) = find_next_bit(addr, size, (e) + 1),                            \
	    (e) = find_next_zero_bit(addr, size, (b) + 1))
#define for_each_set_bitrange_from(b, e, addr, size)                                            \
	for ((b) = find_next_bit(addr, size, b), (e) = find_next_zero_bit(addr, size, (b) + 1); \
	     (b) < (size); (b) = find_next_bit(addr, size, (e) + 1),                            \
	    (e) = find_next_zero_bit(addr, size, (b) + 1))
#define for_each_clear_bitrange(b, e, addr, size)                                               \
	for ((b) = find_next_zero_bit(addr, size, 0), (e) = find_next_bit(addr, size, (b) + 1); \
	     (b) < (size); (b) = find_next_zero_bit(addr, size, (e) + 1),                       \
	    (e) = find_next_bit(addr, size, (b) + 1))
#define for_each_clear_bitrange_from(b, e, addr, size)                                          \
	for ((b) = find_next_zero_bit(addr, size, b), (e) = find_next_bit(addr, size, (b) + 1); \
	     (b) < (size); (b) = find_next_zero_bit(addr, size, (e) + 1),                       \
	    (e) = find_next_bit(addr, size, (b) + 1))

/* For each bit that is set, from start on and round to it; and for each clump of 8. */
unsigned long __for_each_wrap(const unsigned long *addr, unsigned long size, unsigned long start,
			      unsigned long n);
#define for_each_set_bit_wrap(bit, addr, size, start)                       \
	for ((bit) = find_next_bit_wrap(addr, size, start); (bit) < (size); \
	     (bit) = __for_each_wrap(addr, size, start, (bit) + 1))
#define for_each_set_clump8(start, clump, bits, size)                             \
	for ((start) = find_first_clump8(&(clump), bits, size); (start) < (size); \
	     (start) = find_next_clump8(&(clump), bits, size, (start) + 8))

#endif
