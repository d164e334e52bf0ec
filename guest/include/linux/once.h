/* SPDX-License-Identifier: BSD-2-Clause */
/* What is done once, as in Linux's <linux/once_lite.h>. */
#ifndef GUEST_LINUX_ONCE_H
#define GUEST_LINUX_ONCE_H

#include <linux/compiler.h>
#include <linux/types.h>

#define DO_ONCE_LITE_IF(condition, func, ...)                                      \
	({                                                                         \
		static bool __already_done;                                        \
		bool __do_once = !!(condition);                                    \
		if (unlikely(__do_once) &&                                         \
		    !__atomic_exchange_n(&__already_done, true, __ATOMIC_RELAXED)) \
			func(__VA_ARGS__);                                         \
		unlikely(__do_once);                                               \
	})
#define DO_ONCE_LITE(func, ...) DO_ONCE_LITE_IF(true, func, ##__VA_ARGS__)

#endif
