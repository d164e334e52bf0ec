/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks by the compiler, as in Linux's <linux/build_bug.h>. */
#ifndef GUEST_LINUX_BUILD_BUG_H
#define GUEST_LINUX_BUILD_BUG_H

#define BUILD_BUG_ON_ZERO(e)        ((int)(sizeof(struct { int : (-!!(e)); })))
#define BUILD_BUG_ON_MSG(cond, msg) _Static_assert(!(cond), msg)
#define BUILD_BUG_ON(cond)          _Static_assert(!(cond), "BUILD_BUG_ON: " #cond)
#ifndef static_assert
#define static_assert(e, ...) _Static_assert(e, #e)
#endif

#endif
