/* SPDX-License-Identifier: BSD-2-Clause */
/* C11, 7.19. */
#ifndef GUEST_STD_STDDEF_H
#define GUEST_STD_STDDEF_H

typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __WCHAR_TYPE__ wchar_t;

#undef NULL
#define NULL ((void *)0)
#undef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)

typedef struct {
	_Alignas(long long) long long integer;
	_Alignas(long double) long double real;
} max_align_t;

#endif
