/* SPDX-License-Identifier: BSD-2-Clause */
/* The number of elements of an array, as in Linux's <linux/array_size.h>; no pointer has one. */
#ifndef GUEST_LINUX_ARRAY_SIZE_H
#define GUEST_LINUX_ARRAY_SIZE_H

#include <linux/build_bug.h>
#include <linux/compiler.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]) + BUILD_BUG_ON_ZERO(__same_type((a), &(a)[0])))

#endif
