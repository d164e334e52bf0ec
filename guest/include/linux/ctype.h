/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kinds of characters, as in Linux's <linux/ctype.h>: of ISO 8859-1, where the C library's are
 * of ASCII. 0xa0 is a space and 0xdf to 0xff are lower case there. Any int may be asked: what is
 * beyond its low 8 bits does not count.
 */
#ifndef GUEST_LINUX_CTYPE_H
#define GUEST_LINUX_CTYPE_H

#ifdef SLABVISOR_HOSTED
#include <ctype.h> /* first, so that it meets no macros */
#endif
#include <linux/types.h>

/* Bits of _ctype[]: upper case, lower case, digit, control, punctuation, white space,
 * hexadecimal letter, the blank itself. */
#define _U  0x01
#define _L  0x02
#define _D  0x04
#define _C  0x08
#define _P  0x10
#define _S  0x20
#define _X  0x40
#define _SP 0x80

extern const unsigned char _ctype[256];

#define __ismask(c) (_ctype[(int)(unsigned char)(c)])

#undef isalnum
#undef isalpha
#undef iscntrl
#undef isgraph
#undef islower
#undef isprint
#undef ispunct
#undef isspace
#undef isupper
#undef isxdigit
#undef isascii
#undef toascii
#undef isdigit
#undef tolower
#undef toupper
#define isalnum(c)  ((__ismask(c) & (_U | _L | _D)) != 0)
#define isalpha(c)  ((__ismask(c) & (_U | _L)) != 0)
#define iscntrl(c)  ((__ismask(c) & _C) != 0)
#define isgraph(c)  ((__ismask(c) & (_P | _U | _L | _D)) != 0)
#define islower(c)  ((__ismask(c) & _L) != 0)
#define isprint(c)  ((__ismask(c) & (_P | _U | _L | _D | _SP)) != 0)
#define ispunct(c)  ((__ismask(c) & _P) != 0)
#define isspace(c)  ((__ismask(c) & _S) != 0)
#define isupper(c)  ((__ismask(c) & _U) != 0)
#define isxdigit(c) ((__ismask(c) & (_D | _X)) != 0)
#define isascii(c)  (((unsigned char)(c)) <= 0x7f)
#define toascii(c)  (((unsigned char)(c)) & 0x7f)

static inline int __isdigit(int c)
{
	return c >= '0' && c <= '9';
}

#define isdigit(c) __isdigit(c)

static inline int isodigit(const char c)
{
	return c >= '0' && c <= '7';
}

static inline unsigned char __tolower(unsigned char c)
{
	return isupper(c) ? (unsigned char)(c + ('a' - 'A')) : c;
}

static inline unsigned char __toupper(unsigned char c)
{
	return islower(c) ? (unsigned char)(c - ('a' - 'A')) : c;
}

#define tolower(c) __tolower(c)
#define toupper(c) __toupper(c)

#ifndef SLABVISOR_HOSTED
/* ASCII alone, without a look at the table. */
static inline char _tolower(const char c)
{
	return (char)(c | 0x20);
}
#endif

#endif
