/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of mounts. */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/parser.h>
#include <linux/slab.h>
#include <linux/string.h>

/* What a conversion takes at s, by its letter; where it ends, NULL if nothing is right. */
static char *take(char *s, char letter, long limit)
{
	const size_t len = strlen(s);
	char *end = s;

	switch (letter) {
	case 's':
		if (!len)
			return NULL;
		return s + (limit < 0 ? len : min_t(size_t, len, (size_t)limit));
	case 'd':
		simple_strtol(s, &end, 0);
		break;
	case 'u':
		simple_strtoul(s, &end, 0);
		break;
	case 'o':
		simple_strtoul(s, &end, 8);
		break;
	case 'x':
		simple_strtoul(s, &end, 16);
		break;
	default:
		return NULL;
	}
	/* A sign alone is no number. */
	return end == s || (end == s + 1 && !isalnum(*s)) ? NULL : end;
}

static bool match_one(char *s, const char *pattern, substring_t args[])
{
	int argc = 0;

	if (!pattern)
		return true;
	while (*pattern) {
		long limit = -1;
		char *end;

		if (*pattern != '%' || pattern[1] == '%') {
			pattern += *pattern == '%';
			if (*s++ != *pattern++)
				return false;
			continue;
		}
		pattern++;
		if (isdigit(*pattern))
			limit = (long)simple_strtoul(pattern, (char **)&pattern, 10);
		if (argc >= MAX_OPT_ARGS)
			return false;
		end = take(s, *pattern++, limit);
		if (!end)
			return false;
		args[argc].from = s;
		args[argc++].to = end;
		s = end;
	}
	return !*s;
}

int match_token(char *s, const match_table_t table, substring_t args[])
{
	while (!match_one(s, table->pattern, args))
		table++;
	return table->token;
}

/* Runs code with a copy of the argument that ends in a NUL, as text. */
#define NUMBER(code)                          \
	do {                                  \
		char *text = match_strdup(s); \
		int err;                      \
                                              \
		if (!text)                    \
			return -ENOMEM;       \
		err = code;                   \
		kfree(text);                  \
		return err;                   \
	} while (0)

int match_int(substring_t *s, int *result)
{
	NUMBER(kstrtoint(text, 0, result));
}

int match_uint(substring_t *s, unsigned int *result)
{
	NUMBER(kstrtouint(text, 0, result));
}

int match_u64(substring_t *s, u64 *result)
{
	NUMBER(kstrtou64(text, 0, result));
}

int match_octal(substring_t *s, int *result)
{
	NUMBER(kstrtoint(text, 8, result));
}

int match_hex(substring_t *s, int *result)
{
	NUMBER(kstrtoint(text, 16, result));
}

bool match_wildcard(const char *pattern, const char *str)
{
	const char *retry_pattern = NULL;
	const char *retry_str = NULL;

	while (*str) {
		if (*pattern == '*') {
			retry_pattern = ++pattern;
			retry_str = str;
		} else if (*pattern == '?' || *pattern == *str) {
			pattern++;
			str++;
		} else if (retry_pattern) {
			pattern = retry_pattern;
			str = ++retry_str;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

size_t match_strlcpy(char *dst, const substring_t *s, size_t size)
{
	const size_t len = (size_t)(s->to - s->from);

	if (size) {
		memcpy(dst, s->from, min(len, size - 1));
		dst[min(len, size - 1)] = '\0';
	}
	return len;
}

char *match_strdup(const substring_t *s)
{
	return kmemdup_nul(s->from, (size_t)(s->to - s->from), GFP_KERNEL);
}
