/* SPDX-License-Identifier: BSD-2-Clause */
/* Searches in arrays of bits. */
#include <linux/bitops.h>
#include <linux/minmax.h>

/* Word i of what is searched, by the names of the searches. */
enum combine {
	PLAIN,
	AND,
	ANDNOT,
	OR,
};

static __always_inline unsigned long word_of(const unsigned long *a, const unsigned long *b,
					     enum combine how, bool invert, unsigned long i)
{
	unsigned long word = a[i];

	if (how == AND)
		word &= b[i];
	else if (how == ANDNOT)
		word &= ~b[i];
	else if (how == OR)
		word |= b[i];
	return invert ? ~word : word;
}

static __always_inline unsigned long next(const unsigned long *a, const unsigned long *b,
					  enum combine how, bool invert, unsigned long size,
					  unsigned long offset)
{
	unsigned long i = BIT_WORD(offset);
	unsigned long word;

	if (offset >= size)
		return size;
	word = word_of(a, b, how, invert, i) & (~0ul << offset % BITS_PER_LONG);
	while (!word) {
		if (++i * BITS_PER_LONG >= size)
			return size;
		word = word_of(a, b, how, invert, i);
	}
	return min(i * BITS_PER_LONG + __ffs(word), size);
}

unsigned long find_next_bit(const unsigned long *addr, unsigned long size, unsigned long offset)
{
	return next(addr, NULL, PLAIN, false, size, offset);
}

unsigned long find_next_zero_bit(const unsigned long *addr, unsigned long size,
				 unsigned long offset)
{
	return next(addr, NULL, PLAIN, true, size, offset);
}

unsigned long find_next_and_bit(const unsigned long *addr1, const unsigned long *addr2,
				unsigned long size, unsigned long offset)
{
	return next(addr1, addr2, AND, false, size, offset);
}

unsigned long find_next_andnot_bit(const unsigned long *addr1, const unsigned long *addr2,
				   unsigned long size, unsigned long offset)
{
	return next(addr1, addr2, ANDNOT, false, size, offset);
}

unsigned long find_next_or_bit(const unsigned long *addr1, const unsigned long *addr2,
			       unsigned long size, unsigned long offset)
{
	return next(addr1, addr2, OR, false, size, offset);
}

unsigned long find_last_bit(const unsigned long *addr, unsigned long size)
{
	for (unsigned long i = BITS_TO_LONGS(size); i-- > 0;) {
		unsigned long word = addr[i];

		if ((i + 1) * BITS_PER_LONG > size)
			word &= (1ul << size % BITS_PER_LONG) - 1;
		if (word)
			return i * BITS_PER_LONG + __fls(word);
	}
	return size;
}

static __always_inline unsigned long nth(const unsigned long *a, const unsigned long *b,
					 enum combine how, unsigned long size, unsigned long n)
{
	for (unsigned long i = 0; i * BITS_PER_LONG < size; i++) {
		unsigned long word = word_of(a, b, how, false, i);
		unsigned long count;

		if ((i + 1) * BITS_PER_LONG > size)
			word &= (1ul << size % BITS_PER_LONG) - 1;
		count = hweight_long(word);
		if (n < count)
			return i * BITS_PER_LONG + fns(word, (unsigned int)n);
		n -= count;
	}
	return size;
}

unsigned long find_nth_bit(const unsigned long *addr, unsigned long size, unsigned long n)
{
	return nth(addr, NULL, PLAIN, size, n);
}

unsigned long find_nth_and_bit(const unsigned long *addr1, const unsigned long *addr2,
			       unsigned long size, unsigned long n)
{
	return nth(addr1, addr2, AND, size, n);
}

unsigned long find_nth_andnot_bit(const unsigned long *addr1, const unsigned long *addr2,
				  unsigned long size, unsigned long n)
{
	return nth(addr1, addr2, ANDNOT, size, n);
}

unsigned long find_next_clump8(unsigned long *clump, const unsigned long *addr, unsigned long size,
			       unsigned long offset)
{
	offset = find_next_bit(addr, size, offset);
	if (offset == size)
		return size;
	offset &= ~7ul;
	*clump = addr[BIT_WORD(offset)] >> offset % BITS_PER_LONG & 0xff;
	return offset;
}

unsigned long __for_each_wrap(const unsigned long *addr, unsigned long size, unsigned long start,
			      unsigned long n)
{
	unsigned long bit;

	/* Past the end of the array it goes on at its beginning, and up to start. */
	if (n > start) {
		bit = find_next_bit(addr, size, n);
		if (bit < size)
			return bit;
		n = 0;
	}
	bit = find_next_bit(addr, start, n);
	return bit < start ? bit : size;
}
