/* SPDX-License-Identifier: BSD-2-Clause */
/* Values out of text, by a format: see <linux/sprintf.h>. */
#include <linux/bitmap.h>
#include <linux/ctype.h>
#include <linux/hex.h>
#include <linux/limits.h>
#include <linux/sprintf.h>
#include <linux/string.h>

struct conversion {
	bool skip;   /* "*": nothing is stored */
	int width;   /* characters at most; -1: no limit */
	size_t size; /* bytes that the target has */
	char letter;
	const char *set, *set_end; /* of "[" */
};

/* Reads what follows a "%". Returns where it ends, NULL for no conversion. */
static const char *read_conversion(const char *fmt, struct conversion *conv)
{
	*conv = (struct conversion){.width = -1, .size = sizeof(int)};
	if (*fmt == '*') {
		conv->skip = true;
		fmt++;
	}
	if (isdigit(*fmt)) {
		conv->width = 0;
		while (isdigit(*fmt) && conv->width < INT_MAX / 10 - 10)
			conv->width = conv->width * 10 + (*fmt++ - '0');
		if (!conv->width)
			return NULL;
	}
	switch (*fmt) {
	case 'h':
		conv->size = fmt[1] == 'h' ? sizeof(char) : sizeof(short);
		fmt += fmt[1] == 'h' ? 2 : 1;
		break;
	case 'l':
		conv->size = sizeof(long);
		fmt += fmt[1] == 'l' ? 2 : 1;
		break;
	case 'L':
	case 'z':
	case 'j':
	case 't':
		conv->size = sizeof(long);
		fmt++;
		break;
	}
	conv->letter = *fmt;
	if (!*fmt++)
		return NULL;
	if (conv->letter != '[')
		return fmt;
	conv->set = fmt;
	fmt += *fmt == '^';
	/* A "]" at the beginning is one of the set. */
	fmt += *fmt == ']';
	while (*fmt && *fmt != ']')
		fmt++;
	conv->set_end = fmt;
	return *fmt ? fmt + 1 : NULL;
}

/* What is no digit is more than any base. */
static unsigned int digit(char c)
{
	return (unsigned int)hex_to_bin((unsigned char)c);
}

/* A number of base 0, 8, 10 or 16. Returns where it ends, NULL if there is none. */
static const char *read_number(const char *s, int width, unsigned int base, bool minus_allowed,
			       u64 *value)
{
	const char *end = width < 0 ? NULL : s + width;
	const char *first;
	bool prefix_alone = false; /* all that the width allows, which is 0 */
	bool minus = false;
	u64 v = 0;

	/* A sign of base 16 or 8 is no number's. */
	if (*s == '-' && minus_allowed) {
		minus = true;
		s++;
	}
	if (s != end && *s == '0' && base != 10) {
		const bool x = (!end || end - s >= 2) && (s[1] | 0x20) == 'x' && isxdigit(s[2]);

		if (base == 0)
			base = x ? 16 : 8;
		if (base == 16 && x) {
			s += 2;
			prefix_alone = s == end;
		}
	}
	if (base == 0)
		base = 10;
	for (first = s; s != end && digit(*s) < base; s++)
		v = v * base + digit(*s);
	*value = minus ? 0 - v : v;
	return s == first && !prefix_alone ? NULL : s;
}

static void store(void *target, size_t size, u64 value)
{
	/* The CPU is little-endian. */
	memcpy(target, &value, size);
}

static bool in_set(const struct conversion *conv, char c)
{
	const char *at = conv->set;
	const bool inverted = *at == '^';
	const char *first = at + inverted;

	for (at = first; at < conv->set_end; at++) {
		/* A range, unless the "-" is at an end of the set. */
		if (at > first && *at == '-' && at + 1 < conv->set_end) {
			if ((unsigned char)c >= (unsigned char)at[-1] &&
			    (unsigned char)c <= (unsigned char)at[1])
				return !inverted;
			continue;
		}
		if (*at == c)
			return !inverted;
	}
	return inverted;
}

/* Text of "s" or "[". Returns where it ends, NULL if there is none. */
static const char *read_text(const char *s, const struct conversion *conv, char *target)
{
	const char *first = s;
	int left = conv->width < 0 ? INT_MAX : conv->width;

	for (; *s && left; s++, left--) {
		if (conv->letter == 's' ? isspace(*s) : !in_set(conv, *s))
			break;
		if (target)
			*target++ = *s;
	}
	if (s == first)
		return NULL;
	if (target)
		*target = '\0';
	return s;
}

int vsscanf(const char *buf, const char *fmt, va_list args)
{
	const char *s = buf;
	int count = 0;

	while (*fmt) {
		struct conversion conv;
		unsigned int base = 10;
		void *target = NULL;
		u64 value;

		if (isspace(*fmt)) {
			fmt = skip_spaces(fmt);
			s = skip_spaces(s);
			continue;
		}
		if (*fmt != '%' || fmt[1] == '%') {
			fmt += *fmt == '%';
			if (*s++ != *fmt++)
				break;
			continue;
		}
		fmt = read_conversion(fmt + 1, &conv);
		if (!fmt)
			break;
		if (!conv.skip)
			target = va_arg(args, void *);
		if (conv.letter == 'n') {
			if (target)
				store(target, conv.size, (u64)(s - buf));
			continue;
		}
		if (!*s)
			break;
		if (conv.letter == 'c') {
			int n = conv.width < 0 ? 1 : conv.width;
			char *out = target;

			for (; n && *s; n--, s++)
				if (out)
					*out++ = *s;
			count += !conv.skip;
			continue;
		}
		if (conv.letter == 's')
			s = skip_spaces(s);
		if (conv.letter == 's' || conv.letter == '[') {
			s = read_text(s, &conv, target);
			if (!s)
				break;
			count += !conv.skip;
			continue;
		}
		switch (conv.letter) {
		case 'o':
			base = 8;
			break;
		case 'x':
		case 'X':
			base = 16;
			break;
		case 'i':
			base = 0;
			break;
		case 'd':
		case 'u':
			break;
		default:
			return count;
		}
		s = read_number(skip_spaces(s), conv.width, base,
				conv.letter == 'd' || conv.letter == 'i', &value);
		if (!s)
			break;
		if (target)
			store(target, conv.size, value);
		count += !conv.skip;
	}
	return count;
}

int sscanf(const char *buf, const char *fmt, ...)
{
	va_list args;
	int count;

	va_start(args, fmt);
	count = vsscanf(buf, fmt, args);
	va_end(args);
	return count;
}
