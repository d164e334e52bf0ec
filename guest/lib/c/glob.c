/* SPDX-License-Identifier: BSD-2-Clause */
/* Patterns of names. */
#include <linux/glob.h>

/* Tells whether c is in the class that begins after "["; *end is what follows it. A class that has
 * no end is none: *end is NULL. */
static bool in_class(const char *class, unsigned char c, const char **end)
{
	const bool inverted = *class == '!';
	bool found = false;

	class += inverted;
	/* A "]" at the beginning is one of the class. */
	do {
		unsigned char lo = (unsigned char)*class ++;
		unsigned char hi = lo;

		if (!lo) {
			*end = NULL;
			return false;
		}
		if (class[0] == '-' && class[1] && class[1] != ']') {
			hi = (unsigned char)class[1];
			class += 2;
		}
		found |= lo <= c && c <= hi;
	} while (*class != ']');
	*end = class + 1;
	return found != inverted;
}

/* One character of str; *pat moves on. */
static bool match_one(const char **pat, unsigned char c)
{
	const char *at = *pat + 1;
	const char *end;
	bool match;

	if (!c)
		return false;
	switch (**pat) {
	case '?':
		*pat = at;
		return true;
	case '[':
		match = in_class(at, c, &end);
		if (end) {
			*pat = end;
			return match;
		}
		break;
	case '\\':
		*pat = *at ? at + 1 : at;
		return c == (unsigned char)*at;
	}
	*pat = at;
	return c == (unsigned char)at[-1];
}

bool glob_match(const char *pat, const char *str)
{
	/* Where the last "*" goes on from, if what follows it does not match here. */
	const char *retry_pat = NULL;
	const char *retry_str = NULL;

	for (;;) {
		if (*pat == '*') {
			if (!*++pat)
				return true;
			retry_pat = pat;
			retry_str = str;
			continue;
		}
		if (!*str && !*pat)
			return true;
		if (*pat && match_one(&pat, (unsigned char)*str)) {
			str++;
			continue;
		}
		if (!retry_pat || !*str)
			return false;
		pat = retry_pat;
		str = ++retry_str;
	}
}
