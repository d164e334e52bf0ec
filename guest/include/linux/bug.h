/* SPDX-License-Identifier: BSD-2-Clause */
/* What ends a program that has found a bug of its own, as in Linux's <linux/bug.h>. */
#ifndef GUEST_LINUX_BUG_H
#define GUEST_LINUX_BUG_H

#include "slabvisor/report.h"
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/export.h>

/* Ends the guest with a report (status 121). */
#define BUG() grt_bug(0, "BUG at %s:%d (%s)", __FILE__, __LINE__, __func__)
#define BUG_ON(c)                                                                              \
	do {                                                                                   \
		if (unlikely(c))                                                               \
			grt_bug(0, "BUG at %s:%d (%s): %s", __FILE__, __LINE__, __func__, #c); \
	} while (0)

/* Reports and goes on; their value is the condition's. */
#define WARN(c, ...)                           \
	({                                     \
		bool __wc = !!(c);             \
		if (unlikely(__wc))            \
			grt_warn(__VA_ARGS__); \
		unlikely(__wc);                \
	})
#define WARN_ON(c) WARN(c, "WARNING at %s:%d (%s): %s", __FILE__, __LINE__, __func__, #c)
#define WARN_ONCE(c, ...)                                                                       \
	({                                                                                      \
		static bool __warned;                                                           \
		bool __woc = !!(c);                                                             \
		if (unlikely(__woc) && !__atomic_exchange_n(&__warned, true, __ATOMIC_RELAXED)) \
			grt_warn(__VA_ARGS__);                                                  \
		unlikely(__woc);                                                                \
	})
#define WARN_ON_ONCE(c) WARN_ONCE(c, "WARNING at %s:%d (%s): %s", __FILE__, __LINE__, __func__, #c)

/* What must not be in a structure: reports it, and tells whether it is so. */
#define CHECK_DATA_CORRUPTION(condition, ...) WARN(condition, __VA_ARGS__)

#endif
