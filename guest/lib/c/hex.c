/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes as hexadecimal text. */
#include <asm/unaligned.h>
#include <linux/ctype.h>
#include <linux/kernel.h>

const char hex_asc[] = "0123456789abcdef";
const char hex_asc_upper[] = "0123456789ABCDEF";

/* All ones if lo <= c <= hi, else 0. Without branches, since the digits may be a key's. */
static int in_range(int c, int lo, int hi)
{
	return ((lo - 1 - c) & (c - 1 - hi)) >> 31;
}

int hex_to_bin(unsigned char c)
{
	const int lower = c | 0x20;

	return -1 + ((c - '0' + 1) & in_range(c, '0', '9')) +
	       ((lower - 'a' + 11) & in_range(lower, 'a', 'f'));
}

int hex2bin(u8 *dst, const char *src, size_t count)
{
	for (; count; count--) {
		int hi = hex_to_bin((unsigned char)*src++);
		int lo;

		if (hi < 0)
			return -EINVAL;
		lo = hex_to_bin((unsigned char)*src++);
		if (lo < 0)
			return -EINVAL;
		*dst++ = (u8)(hi << 4 | lo);
	}
	return 0;
}

char *bin2hex(char *dst, const void *src, size_t count)
{
	for (const u8 *p = src; count; count--)
		dst = hex_byte_pack(dst, *p++);
	return dst;
}

/* A line under construction, whose length goes on where its buffer ends. */
struct line {
	char *buf;
	size_t size, len;
};

static void put(struct line *line, char c)
{
	if (line->len + 1 < line->size)
		line->buf[line->len] = c;
	line->len++;
}

static void put_group(struct line *line, const u8 *p, int size)
{
	/* Of a number the high byte comes first, which is the last in memory. */
	for (int i = 0; i < size; i++) {
		const u8 byte = p[size - 1 - i];

		put(line, hex_asc_hi(byte));
		put(line, hex_asc_lo(byte));
	}
}

int hex_dump_to_buffer(const void *buf, size_t len, int rowsize, int groupsize, char *linebuf,
		       size_t linebuflen, bool ascii)
{
	struct line line = {linebuf, linebuflen, 0};
	const u8 *p = buf;
	size_t column;

	if (rowsize != 16 && rowsize != 32)
		rowsize = 16;
	len = min_t(size_t, len, rowsize);
	if (!is_power_of_2(groupsize) || groupsize > 8 || len % groupsize)
		groupsize = 1;
	for (size_t i = 0; i < len; i += groupsize) {
		if (i)
			put(&line, ' ');
		put_group(&line, p + i, groupsize);
	}
	if (ascii && len) {
		/* Where the characters of a whole line begin. */
		column = rowsize * 2 + rowsize / groupsize + 1;
		while (line.len < column)
			put(&line, ' ');
		for (size_t i = 0; i < len; i++)
			put(&line, isascii(p[i]) && isprint(p[i]) ? (char)p[i] : '.');
	}
	if (linebuflen)
		linebuf[min(line.len, linebuflen - 1)] = '\0';
	return (int)line.len;
}

bool mac_pton(const char *s, u8 *mac)
{
	u8 bytes[6];

	for (int i = 0; i < 6; i++, s += 3) {
		if (!isxdigit(s[0]) || !isxdigit(s[1]) || (i < 5 && s[2] != ':'))
			return false;
		bytes[i] = (u8)(hex_to_bin((unsigned char)s[0]) << 4 |
				hex_to_bin((unsigned char)s[1]));
	}
	__builtin_memcpy(mac, bytes, sizeof(bytes));
	return true;
}
