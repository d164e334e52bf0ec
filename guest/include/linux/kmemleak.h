/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's search for leaks, which is not here: what sources say of their memory means nothing.
 * See --slab-debug=U for who allocated what is left. */
#ifndef GUEST_LINUX_KMEMLEAK_H
#define GUEST_LINUX_KMEMLEAK_H

#include <linux/types.h>

#define kmemleak_alloc(ptr, size, min_count, gfp) ((void)(ptr))
#define kmemleak_free(ptr)                        ((void)(ptr))
#define kmemleak_not_leak(ptr)                    ((void)(ptr))
#define kmemleak_ignore(ptr)                      ((void)(ptr))
#define kmemleak_no_scan(ptr)                     ((void)(ptr))
#define kmemleak_scan_area(ptr, size, gfp)        ((void)(ptr))
#define kmemleak_erase(ptr)                       (*(ptr) = NULL)
#define kmemleak_update_trace(ptr)                ((void)(ptr))
#define kmemleak_transient_leak(ptr)              ((void)(ptr))

#endif
