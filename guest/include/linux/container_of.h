/* SPDX-License-Identifier: BSD-2-Clause */
/* From a member to its structure, as in Linux's <linux/container_of.h>. */
#ifndef GUEST_LINUX_CONTAINER_OF_H
#define GUEST_LINUX_CONTAINER_OF_H

#include <linux/compiler.h>
#include <linux/stddef.h>

/* The structure of the given type whose member ptr points at. */
#define container_of(ptr, type, member)                                            \
	({                                                                         \
		void *__co = (void *)(ptr);                                        \
		_Static_assert(__same_type(*(ptr), ((type *)0)->member) ||         \
				       __same_type(*(ptr), void),                  \
			       "container_of: the pointer is not to that member"); \
		(type *)((char *)__co - offsetof(type, member));                   \
	})

#endif
