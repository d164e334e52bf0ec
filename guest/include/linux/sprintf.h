/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatting. Conversions: d i u o x X c s p %, with the flags - 0 + # and blank,
 * width and precision (also *), and the lengths hh h l ll z t j. Not there: floating point and %n.
 * A NULL string prints as (null).
 *
 * Of Linux's extensions of %p (Documentation/core-api/printk-formats.rst) there are
 *   %pe        an error in a pointer by its name, as -ENOMEM; any other pointer as %p has it
 *   %pa[dp]    the physical or bus address that is pointed to
 *   %*ph[CDN]  so many bytes that are pointed to, at most 64, in hexadecimal
 *   %*pb[l]    so many bits of a bitmap, as hexadecimal words, or as a list of ranges
 *   %pV        a struct va_format
 *   %pS %ps %pB  an address of code, as a number: a program has no table of its symbols
 * %p prints the address, and no hash of it: there is nobody to keep it from. So do %px, %pK and the
 * extensions that are not there; letters and digits that follow are left out.
 */
#ifndef GUEST_LINUX_SPRINTF_H
#define GUEST_LINUX_SPRINTF_H

#include <linux/types.h>
#include <stdarg.h>

/* Always ends buf with a NUL if size > 0. Returns the length that the whole text has. */
__attribute__((format(printf, 3, 0))) int vsnprintf(char *buf, size_t size, const char *fmt,
						    va_list args);
__attribute__((format(printf, 3, 4))) int snprintf(char *buf, size_t size, const char *fmt, ...);

/* Returns the length of what was written, the NUL not counted. */
__attribute__((format(printf, 3, 0))) int vscnprintf(char *buf, size_t size, const char *fmt,
						     va_list args);
__attribute__((format(printf, 3, 4))) int scnprintf(char *buf, size_t size, const char *fmt, ...);

__attribute__((format(printf, 2, 3))) int sprintf(char *buf, const char *fmt, ...);

/* Into memory of kmalloc's, as much as it takes; NULL: there is none. */
__attribute__((format(printf, 2, 0))) char *kvasprintf(gfp_t gfp, const char *fmt, va_list args);
__attribute__((format(printf, 2, 3))) char *kasprintf(gfp_t gfp, const char *fmt, ...);

/*
 * The reverse: values out of buf, by a format whose blanks stand for any white space. Conversions:
 * d i u o x X c s [...] n %, with a width, "*" for what is not stored, and the lengths above.
 * Returns how many values were stored; like Linux's it does not tell the end of buf from what does
 * not match, and cuts a number that is too large; of "0x" at the end of a width it makes 0.
 */
__attribute__((format(scanf, 2, 0))) int vsscanf(const char *buf, const char *fmt, va_list args);
__attribute__((format(scanf, 2, 3))) int sscanf(const char *buf, const char *fmt, ...);

#endif
