/* SPDX-License-Identifier: BSD-2-Clause */
/* What every host file may use, whatever its room: two idioms of C that the language has no words
 * for. The guest's runtime has its own, in the headers that it names as Linux does. */
#ifndef MM_UTIL_H
#define MM_UTIL_H

#include <stddef.h>

/* The elements that an array has, a constant. A pointer is refused by the compiler. */
#define ARRAY_SIZE(array)                                                               \
	(sizeof(array) / sizeof((array)[0]) +                                           \
	 0 * sizeof(struct {                                                            \
		 _Static_assert(!__builtin_types_compatible_p(__typeof__(array),        \
							      __typeof__(&(array)[0])), \
				"ARRAY_SIZE: a pointer knows of no size");              \
		 int none;                                                              \
	 }))

/* The structure of a type whose member ptr points at. Of a pointer to const it is a const type. */
#define container_of(ptr, type, member)                                      \
	({                                                                   \
		__typeof__((type){0}.member) *container_of_ptr = (ptr);      \
		(type *)((char *)container_of_ptr - offsetof(type, member)); \
	})

#endif
