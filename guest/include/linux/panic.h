/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a program that cannot go on, as in Linux's <linux/panic.h>. */
#ifndef GUEST_LINUX_PANIC_H
#define GUEST_LINUX_PANIC_H

#include "slabvisor/report.h"

/* Ends the guest with a report (status 121). */
#define panic(fmt, ...) grt_bug(0, "panic: " fmt, ##__VA_ARGS__)

/* What has happened to a kernel that its reports are to tell: nothing is kept here. */
#define TAINT_WARN                  9
#define TAINT_TEST                  18
#define LOCKDEP_STILL_OK            1
#define add_taint(flag, lockdep_ok) ((void)(flag), (void)(lockdep_ok))

#endif
