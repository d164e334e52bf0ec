/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks by the compiler, as in Linux's <linux/build_bug.h>. */
#ifndef GUEST_LINUX_BUILD_BUG_H
#define GUEST_LINUX_BUILD_BUG_H

#include <linux/compiler.h>

/*
 * BUILD_BUG_ON() is a statement, and looks at its condition once functions are inlined: what is
 * constant by then need be no constant expression. The compiler refuses what is left of a call
 * whose condition it knows to be false, or does not know. Where it does not optimise nothing is
 * looked at, as in Linux.
 */
#define BUILD_BUG_ON_ZERO(e)             ((int)(sizeof(struct { int : (-!!(e)); })))
#define BUILD_BUG_ON_MSG(cond, msg)      compiletime_assert(!(cond), msg)
#define BUILD_BUG_ON(cond)               BUILD_BUG_ON_MSG(cond, "BUILD_BUG_ON failed: " #cond)
#define BUILD_BUG()                      BUILD_BUG_ON_MSG(1, "BUILD_BUG failed")
#define BUILD_BUG_ON_INVALID(e)          ((void)sizeof((__force long)(e)))
#define __BUILD_BUG_ON_NOT_POWER_OF_2(n) BUILD_BUG_ON(((n) & ((n)-1)) != 0)
#define BUILD_BUG_ON_NOT_POWER_OF_2(n)   BUILD_BUG_ON((n) == 0 || (((n) & ((n)-1)) != 0))
#ifndef static_assert
#define static_assert(e, ...) _Static_assert(e, #e)
#endif

#endif
