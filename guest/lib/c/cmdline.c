/* SPDX-License-Identifier: BSD-2-Clause */
/* Options in text, as command lines have them. */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/string.h>

int get_option(char **str, int *pint)
{
	char *at = *str;
	long value;

	if (!at || !*at)
		return 0;
	if (*at == '-')
		value = -(long)simple_strtoull(++at, str, 0);
	else
		value = (long)simple_strtoull(at, str, 0);
	if (pint)
		*pint = (int)value;
	if (at == *str)
		return 0;
	if (**str == ',') {
		(*str)++;
		return 2;
	}
	return **str == '-' ? 3 : 1;
}

char *get_options(const char *str, int nints, int *ints)
{
	const bool count_only = nints == 0;
	char *at = (char *)str;
	int n = 1;

	while (count_only || n < nints) {
		int first;
		int last;
		int got = get_option(&at, &first);

		if (!got)
			break;
		if (!count_only)
			ints[n] = first;
		n++;
		if (got == 3) {
			/* The end of a range, and what lies between. */
			at++;
			got = get_option(&at, &last);
			if (!got || last < first) {
				n--; /* no part of it counts */
				break;
			}
			for (int v = first + 1; v <= last && (count_only || n < nints); v++, n++) {
				if (!count_only)
					ints[n] = v;
			}
		}
		if (got == 1)
			break;
	}
	ints[0] = n - 1;
	return at;
}

unsigned long long memparse(const char *ptr, char **retptr)
{
	static const char units[] = "KMGTPE";
	char *end;
	unsigned long long value = simple_strtoull(ptr, &end, 0);
	const char *unit = *end ? strchr(units, toupper(*end)) : NULL;

	if (unit) {
		value <<= 10 * (unit - units + 1);
		end++;
	}
	if (retptr)
		*retptr = end;
	return value;
}

bool parse_option_str(const char *str, const char *option)
{
	const size_t len = strlen(option);

	while (*str) {
		const char *end = strchrnul(str, ',');

		if ((size_t)(end - str) == len && !memcmp(str, option, len))
			return true;
		str = *end ? end + 1 : end;
	}
	return false;
}

char *next_arg(char *args, char **param, char **val)
{
	bool quoted = *args == '"';
	bool inside = quoted;
	char *equals = NULL;
	char *at;

	args += quoted;
	*param = args;
	for (at = args; *at && (inside || !isspace(*at)); at++) {
		if (*at == '=' && !equals)
			equals = at;
		inside ^= *at == '"';
	}
	*val = NULL;
	if (equals) {
		*equals = '\0';
		*val = equals + 1;
		if (**val == '"') {
			(*val)++;
			if (at[-1] == '"')
				at[-1] = '\0';
		}
	}
	if (quoted && at > args && at[-1] == '"')
		at[-1] = '\0';
	if (*at)
		*at++ = '\0';
	return skip_spaces(at);
}
