/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends of variables, as in Linux's <linux/cleanup.h>: what a variable holds is freed where it goes
 * out of scope, however that is left. kfree and kvfree are ready in <linux/slab.h>:
 *
 *	char *text __free(kfree) = kstrdup(s, GFP_KERNEL);
 */
#ifndef GUEST_LINUX_CLEANUP_H
#define GUEST_LINUX_CLEANUP_H

#include <linux/compiler.h>

/* free is a statement on _T, a variable of the type. */
#define DEFINE_FREE(name, type, free)             \
	static inline void __free_##name(void *p) \
	{                                         \
		type _T = *(type *)p;             \
		free;                             \
	}
#define __free(name) __attribute__((__cleanup__(__free_##name)))

/* The value, which is the caller's from here on: nothing is freed. */
#define no_free_ptr(p)                     \
	({                                 \
		__typeof__(p) __nfp = (p); \
		(p) = NULL;                \
		__nfp;                     \
	})
#define return_ptr(p) return no_free_ptr(p)

#endif
