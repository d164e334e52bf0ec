/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's name for a part of <linux/sched.h>. */
#include <linux/ktime.h>
#include <linux/sched.h>
