/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes as hexadecimal text, as in Linux's <linux/hex.h> and <linux/kernel.h>. */
#ifndef GUEST_LINUX_HEX_H
#define GUEST_LINUX_HEX_H

#include <linux/types.h>

extern const char hex_asc[];
extern const char hex_asc_upper[];

#define hex_asc_lo(x)       hex_asc[(x)&0x0f]
#define hex_asc_hi(x)       hex_asc[((x)&0xf0) >> 4]
#define hex_asc_upper_lo(x) hex_asc_upper[(x)&0x0f]
#define hex_asc_upper_hi(x) hex_asc_upper[((x)&0xf0) >> 4]

/* Two digits at buf, without a NUL. Returns what follows them. */
static inline char *hex_byte_pack(char *buf, u8 byte)
{
	*buf++ = hex_asc_hi(byte);
	*buf++ = hex_asc_lo(byte);
	return buf;
}

static inline char *hex_byte_pack_upper(char *buf, u8 byte)
{
	*buf++ = hex_asc_upper_hi(byte);
	*buf++ = hex_asc_upper_lo(byte);
	return buf;
}

/* The value of a digit; -1: it is none. Takes the same time for each. */
int hex_to_bin(unsigned char c);
/* count bytes out of 2 * count digits: 0, or -EINVAL with part of dst written. */
int hex2bin(u8 *dst, const char *src, size_t count);
/* 2 * count digits, without a NUL. Returns what follows them. */
char *bin2hex(char *dst, const void *src, size_t count);

/*
 * One line of a dump: at most rowsize bytes (16 or 32, else 16), in groups of groupsize (1, 2, 4 or
 * 8, else 1), those of more than a byte as numbers of the CPU's byte order; with ascii the
 * characters behind. Returns the length that the whole line has; linebuf ends in a NUL within
 * linebuflen.
 */
int hex_dump_to_buffer(const void *buf, size_t len, int rowsize, int groupsize, char *linebuf,
		       size_t linebuflen, bool ascii);

enum {
	DUMP_PREFIX_NONE,
	DUMP_PREFIX_ADDRESS,
	DUMP_PREFIX_OFFSET,
};

/* Prints a dump, a line each rowsize bytes; a line begins with prefix_str and, as prefix_type
 * says, an address. level does not count. */
void print_hex_dump(const char *level, const char *prefix_str, int prefix_type, int rowsize,
		    int groupsize, const void *buf, size_t len, bool ascii);
#define print_hex_dump_bytes(prefix_str, prefix_type, buf, len) \
	print_hex_dump("", prefix_str, prefix_type, 16, 1, buf, len, true)
#define print_hex_dump_debug(prefix_str, prefix_type, rowsize, groupsize, buf, len, ascii) \
	do {                                                                               \
	} while (0)

/* Bytes with colons between, six of them, as network cards have: tells whether s is that. */
bool mac_pton(const char *s, u8 *mac);

#endif
