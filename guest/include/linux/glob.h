/* SPDX-License-Identifier: BSD-2-Clause */
/* Patterns of names, as in Linux's <linux/glob.h>. */
#ifndef GUEST_LINUX_GLOB_H
#define GUEST_LINUX_GLOB_H

#include <linux/types.h>

/*
 * Tells whether all of str is as pat says: "?" is any character, "*" any number of them, "[a-z]" one
 * of these and "[!a-z]" none of them; a "\" takes the meaning from what follows. Of a "[" without a
 * "]" the bracket is itself. Neither slashes nor leading dots are special. No recursion.
 */
bool glob_match(const char *pat, const char *str);

#endif
