/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings out of macros, as in Linux's <linux/stringify.h>. */
#ifndef GUEST_LINUX_STRINGIFY_H
#define GUEST_LINUX_STRINGIFY_H

/* Their text, macros expanded. */
#define __stringify_1(...) #__VA_ARGS__
#define __stringify(...)   __stringify_1(__VA_ARGS__)

#endif
