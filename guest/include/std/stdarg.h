/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The headers of this folder are what C asks of a compiler that has no library (C11, 4, clause 6),
 * as far as code for a kernel has use for them. A program is built without the headers of the
 * compiler, as a kernel is: so what it is built by need not be what the library was built by.
 */
#ifndef GUEST_STD_STDARG_H
#define GUEST_STD_STDARG_H

typedef __builtin_va_list va_list;
#define va_start(list, last) __builtin_va_start(list, last)
#define va_arg(list, type)   __builtin_va_arg(list, type)
#define va_copy(to, from)    __builtin_va_copy(to, from)
#define va_end(list)         __builtin_va_end(list)

#endif
