/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays of bits as text: lists of numbers and ranges, and hexadecimal words. */
#include <asm/page.h>
#include <linux/bitmap.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

/* Blanks and commas lie between the parts of either kind of text. */
static bool between(char c)
{
	return c == ',' || isspace(c);
}

/* What ends a number, when all is well. */
static bool ends_part(char c)
{
	return !c || between(c);
}

/* A decimal number, or N for the last bit: 0, -EINVAL, -EOVERFLOW. *s moves on. */
static int number(const char **s, unsigned int last, unsigned int *value)
{
	u64 n = 0;

	if (**s == 'N') {
		(*s)++;
		*value = last;
		return 0;
	}
	if (!isdigit(**s))
		return -EINVAL;
	for (; isdigit(**s); (*s)++) {
		n = n * 10 + (unsigned int)(**s - '0');
		if (n > UINT_MAX)
			return -EOVERFLOW;
	}
	*value = (unsigned int)n;
	return 0;
}

struct region {
	unsigned int start, end; /* both included */
	unsigned int used, group;
};

/* start[-end[:used/group]], or all[:used/group]. */
static int read_region(const char **s, unsigned int nbits, struct region *r)
{
	int err;

	if (!strncasecmp(*s, "all", 3)) {
		*s += 3;
		r->start = 0;
		r->end = nbits - 1;
	} else {
		err = number(s, nbits - 1, &r->start);
		if (err)
			return err;
		r->end = r->start;
		r->used = r->group = 1;
		if (ends_part(**s))
			return 0;
		if (**s != '-')
			return -EINVAL;
		(*s)++;
		err = number(s, nbits - 1, &r->end);
		if (err)
			return err;
	}
	r->used = r->group = r->end - r->start + 1;
	if (ends_part(**s))
		return 0;
	if (**s != ':')
		return -EINVAL;
	(*s)++;
	err = number(s, nbits - 1, &r->used);
	if (err)
		return err;
	if (**s != '/')
		return -EINVAL;
	(*s)++;
	err = number(s, nbits - 1, &r->group);
	return err ? err : ends_part(**s) ? 0 : -EINVAL;
}

int bitmap_parselist(const char *buf, unsigned long *maskp, int nmaskbits)
{
	const unsigned int nbits = (unsigned int)nmaskbits;

	bitmap_zero(maskp, nbits);
	for (;;) {
		struct region r;
		int err;

		while (between(*buf))
			buf++;
		if (!*buf)
			return 0;
		err = read_region(&buf, nbits, &r);
		if (err)
			return err;
		if (r.start > r.end || !r.group || r.used > r.group)
			return -EINVAL;
		if (r.end >= nbits)
			return -ERANGE;
		for (u64 at = r.start; at <= r.end; at += r.group)
			bitmap_set(maskp, (unsigned int)at,
				   min(r.end - (unsigned int)at + 1, r.used));
	}
}

int bitmap_parse(const char *buf, unsigned int buflen, unsigned long *maskp, int nmaskbits)
{
	const unsigned int nbits = (unsigned int)nmaskbits;
	const unsigned int room = BITS_TO_U32(nbits);
	/* A line, of which what follows is not part. */
	size_t len = (size_t)(strnchrnul(buf, buflen, '\n') - buf);
	unsigned int word = 0;

	bitmap_zero(maskp, nbits);
	/* From the end, where the low words are. */
	for (;;) {
		unsigned int digits = 0;
		u32 value = 0;

		while (len && between(buf[len - 1]))
			len--;
		if (!len)
			return 0;
		for (; len && !between(buf[len - 1]); len--, digits++) {
			const int digit = hex_to_bin((unsigned char)buf[len - 1]);

			if (digit < 0)
				return -EINVAL;
			if (digits == 8)
				return -EOVERFLOW;
			value |= (u32)digit << 4 * digits;
		}
		if (word == room || (word == room - 1 && nbits % 32 && value >> nbits % 32))
			return -EOVERFLOW;
		maskp[word / 2] |= (unsigned long)value << word % 2 * 32;
		word++;
	}
}

static int from_user(const char __user *ubuf, unsigned int ulen, unsigned long *maskp,
		     int nmaskbits, bool list)
{
	char *text = memdup_user_nul(ubuf, ulen);
	int err;

	if (IS_ERR(text))
		return (int)PTR_ERR(text);
	err = list ? bitmap_parselist(text, maskp, nmaskbits)
		   : bitmap_parse(text, ulen, maskp, nmaskbits);
	kfree(text);
	return err;
}

int bitmap_parselist_user(const char __user *ubuf, unsigned int ulen, unsigned long *maskp,
			  int nmaskbits)
{
	return from_user(ubuf, ulen, maskp, nmaskbits, true);
}

int bitmap_parse_user(const char __user *ubuf, unsigned int ulen, unsigned long *maskp,
		      int nmaskbits)
{
	return from_user(ubuf, ulen, maskp, nmaskbits, false);
}

int bitmap_scnlistprintf(char *buf, unsigned int size, const unsigned long *maskp, int nmaskbits)
{
	const unsigned long nbits = (unsigned long)nmaskbits;
	unsigned long start;
	unsigned long end;
	int len = 0;

	if (size)
		*buf = '\0';
	for_each_set_bitrange(start, end, maskp, nbits)
	{
		len += scnprintf(buf + len, size - len, "%s%lu", len ? "," : "", start);
		if (end - start > 1)
			len += scnprintf(buf + len, size - len, "-%lu", end - 1);
	}
	return len;
}

int bitmap_scnprintf(char *buf, unsigned int size, const unsigned long *maskp, int nmaskbits)
{
	const unsigned int nbits = (unsigned int)nmaskbits;
	int len = 0;

	if (size)
		*buf = '\0';
	for (unsigned int word = BITS_TO_U32(nbits); word-- > 0;) {
		const unsigned int bits = min(nbits - word * 32, 32u);
		u32 value = (u32)(maskp[word / 2] >> word % 2 * 32);

		if (bits < 32)
			value &= (1u << bits) - 1;
		len += scnprintf(buf + len, size - len, "%s%0*x", len ? "," : "",
				 (int)DIV_ROUND_UP(bits, 4), value);
	}
	return len;
}

int bitmap_print_to_pagebuf(bool list, char *buf, const unsigned long *maskp, int nmaskbits)
{
	const unsigned int size = (unsigned int)(PAGE_SIZE - ((unsigned long)buf & ~PAGE_MASK));
	int len = list ? bitmap_scnlistprintf(buf, size, maskp, nmaskbits)
		       : bitmap_scnprintf(buf, size, maskp, nmaskbits);

	return len + scnprintf(buf + len, size - len, "\n");
}

static int print_part(bool list, char *buf, const unsigned long *maskp, int nmaskbits, loff_t off,
		      size_t count)
{
	/* A number and a comma for each bit are more than any list takes, and more than digits. */
	const size_t size = (size_t)nmaskbits * 11 + 16;
	char *text = kmalloc(size, GFP_KERNEL);
	ssize_t copied;
	int len;

	if (!text)
		return -ENOMEM;
	len = list ? bitmap_scnlistprintf(text, (unsigned int)size, maskp, nmaskbits)
		   : bitmap_scnprintf(text, (unsigned int)size, maskp, nmaskbits);
	text[len] = '\n';
	text[len + 1] = '\0';
	copied = memory_read_from_buffer(buf, count, &off, text, (size_t)len + 2);
	kfree(text);
	return (int)copied;
}

int bitmap_print_bitmask_to_buf(char *buf, const unsigned long *maskp, int nmaskbits, loff_t off,
				size_t count)
{
	return print_part(false, buf, maskp, nmaskbits, off, count);
}

int bitmap_print_list_to_buf(char *buf, const unsigned long *maskp, int nmaskbits, loff_t off,
			     size_t count)
{
	return print_part(true, buf, maskp, nmaskbits, off, count);
}
