/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers out of strings. */
#include <linux/errno.h>
#include <linux/kernel.h>

static unsigned int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 255;
}

/* Past a prefix that says the base, or goes with it. */
static const char *prefix(const char *s, unsigned int *base)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit(s[2]) < 16;

	if (*base == 0)
		*base = hex ? 16 : s[0] == '0' ? 8 : 10;
	return *base == 16 && hex ? s + 2 : s;
}

/* Digits into *res; returns where they end. */
static const char *digits(const char *s, unsigned int base, unsigned long long *res, bool *overflow)
{
	unsigned long long v = 0;

	*overflow = false;
	for (; digit(*s) < base; s++) {
		if (__builtin_mul_overflow(v, (unsigned long long)base, &v) ||
		    __builtin_add_overflow(v, (unsigned long long)digit(*s), &v))
			*overflow = true;
	}
	*res = v;
	return s;
}

static int parse(const char *s, unsigned int base, unsigned long long *res)
{
	unsigned long long v;
	const char *end;
	bool overflow;

	s = prefix(s, &base);
	end = digits(s, base, &v, &overflow);
	if (end == s)
		return -EINVAL;
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	if (overflow)
		return -ERANGE;
	*res = v;
	return 0;
}

int kstrtoull(const char *s, unsigned int base, unsigned long long *res)
{
	return parse(*s == '+' ? s + 1 : s, base, res);
}

int kstrtoll(const char *s, unsigned int base, long long *res)
{
	unsigned long long v;
	int err;

	if (*s == '-') {
		err = parse(s + 1, base, &v);
		if (err)
			return err;
		if (v > (unsigned long long)LLONG_MAX + 1)
			return -ERANGE;
		*res = (long long)(0 - v);
		return 0;
	}
	err = kstrtoull(s, base, &v);
	if (err)
		return err;
	if (v > LLONG_MAX)
		return -ERANGE;
	*res = (long long)v;
	return 0;
}

#define KSTRTO(name, type, wide, parse_wide)                  \
	int name(const char *s, unsigned int base, type *res) \
	{                                                     \
		wide v;                                       \
		int err = parse_wide(s, base, &v);            \
                                                              \
		if (err)                                      \
			return err;                           \
		if (v != (wide)(type)v)                       \
			return -ERANGE;                       \
		*res = (type)v;                               \
		return 0;                                     \
	}

KSTRTO(kstrtoul, unsigned long, unsigned long long, kstrtoull)
KSTRTO(kstrtol, long, long long, kstrtoll)
KSTRTO(kstrtouint, unsigned int, unsigned long long, kstrtoull)
KSTRTO(kstrtoint, int, long long, kstrtoll)
KSTRTO(kstrtou16, u16, unsigned long long, kstrtoull)
KSTRTO(kstrtos16, s16, long long, kstrtoll)
KSTRTO(kstrtos8, s8, long long, kstrtoll)
KSTRTO(kstrtou8, u8, unsigned long long, kstrtoull)

int kstrtobool(const char *s, bool *res)
{
	switch (s ? *s : 0) {
	case 'y':
	case 'Y':
	case '1':
		*res = true;
		return 0;
	case 'n':
	case 'N':
	case '0':
		*res = false;
		return 0;
	case 'o':
	case 'O':
		if (s[1] == 'n' || s[1] == 'N') {
			*res = true;
			return 0;
		}
		if (s[1] == 'f' || s[1] == 'F') {
			*res = false;
			return 0;
		}
		return -EINVAL;
	default:
		return -EINVAL;
	}
}

unsigned long long simple_strtoull(const char *s, char **endp, unsigned int base)
{
	unsigned long long v;
	bool overflow;

	s = prefix(s, &base);
	s = digits(s, base, &v, &overflow);
	if (endp)
		*endp = (char *)s;
	return v;
}

unsigned long simple_strtoul(const char *s, char **endp, unsigned int base)
{
	return simple_strtoull(s, endp, base);
}

long simple_strtol(const char *s, char **endp, unsigned int base)
{
	if (*s == '-')
		return -(long)simple_strtoull(s + 1, endp, base);
	return (long)simple_strtoull(s, endp, base);
}

long long simple_strtoll(const char *s, char **endp, unsigned int base)
{
	return simple_strtol(s, endp, base);
}
