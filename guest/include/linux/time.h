/* SPDX-License-Identifier: BSD-2-Clause */
/* What Linux's <linux/time.h> brings: see <linux/time64.h>. */
#ifndef GUEST_LINUX_TIME_H
#define GUEST_LINUX_TIME_H

#include <linux/cache.h>
#include <linux/math64.h>
#include <linux/time64.h>

#endif
