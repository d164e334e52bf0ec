/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of mounts, as in Linux's <linux/parser.h>: which of a table's patterns a text is. */
#ifndef GUEST_LINUX_PARSER_H
#define GUEST_LINUX_PARSER_H

#include <linux/types.h>

/* A pattern with up to MAX_OPT_ARGS of "%s", "%d", "%u", "%o", "%x" and, for a string of at most
 * that length, "%3s"; "%%" is a percent sign. NULL ends a table, and matches all. */
struct match_token {
	int token;
	const char *pattern;
};

typedef struct match_token match_table_t[];

enum {
	MAX_OPT_ARGS = 3
};

/* Part of the text that was matched: [from, to). */
typedef struct {
	char *from;
	char *to;
} substring_t;

/* The token of the first pattern that s is; args are what stands for its conversions. */
int match_token(char *s, const match_table_t table, substring_t args[]);
/* The number that an argument is: 0; -EINVAL: none; -ERANGE; -ENOMEM. */
int match_int(substring_t *s, int *result);
int match_uint(substring_t *s, unsigned int *result);
int match_u64(substring_t *s, u64 *result);
int match_octal(substring_t *s, int *result);
int match_hex(substring_t *s, int *result);
/* Tells whether str is as pattern says, in which "*" is any text and "?" any character. */
bool match_wildcard(const char *pattern, const char *str);
/* Copies at most size - 1 bytes and a NUL; returns the length of the argument. */
size_t match_strlcpy(char *dst, const substring_t *s, size_t size);
/* A copy in kmalloc's memory, or NULL. */
char *match_strdup(const substring_t *s);

#endif
