/* SPDX-License-Identifier: BSD-2-Clause */
/* printf's formatting, as far as <linux/sprintf.h> promises it. */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/sprintf.h>
#include <linux/types.h>

#define NUMBER_MAX 24 /* a 64-bit number in octal, with its sign or prefix */

struct spec {
	bool left, zero, plus, blank, alt, upper;
	int width;     /* -1: none given */
	int precision; /* -1: none given */
	int base;
};

struct out {
	char *buf;
	size_t size;
	size_t len; /* of the whole text, what did not fit included */
};

static void put(struct out *out, char c)
{
	if (out->len + 1 < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void pad(struct out *out, char c, int n)
{
	while (n-- > 0)
		put(out, c);
}

static void put_text(struct out *out, const struct spec *spec, const char *text, int len)
{
	if (!spec->left)
		pad(out, ' ', spec->width - len);
	for (int i = 0; i < len; i++)
		put(out, text[i]);
	if (spec->left)
		pad(out, ' ', spec->width - len);
}

static void put_string(struct out *out, const struct spec *spec, const char *s)
{
	int len = 0;

	if (!s)
		s = "(null)";
	while ((spec->precision < 0 || len < spec->precision) && s[len])
		len++;
	put_text(out, spec, s, len);
}

/* The names of <linux/errno.h>. */
static const char *error_name(long error)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
#define NAME(e) {e, "-" #e}
		NAME(EPERM),     NAME(ENOENT),       NAME(ESRCH),       NAME(EINTR),
		NAME(EIO),       NAME(ENXIO),        NAME(E2BIG),       NAME(ENOEXEC),
		NAME(EBADF),     NAME(ECHILD),       NAME(EAGAIN),      NAME(ENOMEM),
		NAME(EACCES),    NAME(EFAULT),       NAME(EBUSY),       NAME(EEXIST),
		NAME(EXDEV),     NAME(ENODEV),       NAME(ENOTDIR),     NAME(EISDIR),
		NAME(EINVAL),    NAME(ENFILE),       NAME(EMFILE),      NAME(ENOTTY),
		NAME(EFBIG),     NAME(ENOSPC),       NAME(ESPIPE),      NAME(EROFS),
		NAME(EMLINK),    NAME(EPIPE),        NAME(EDOM),        NAME(ERANGE),
		NAME(EDEADLK),   NAME(ENAMETOOLONG), NAME(ENOSYS),      NAME(ENOTEMPTY),
		NAME(ENODATA),   NAME(ETIME),        NAME(EPROTO),      NAME(EBADMSG),
		NAME(EOVERFLOW), NAME(EILSEQ),       NAME(EOPNOTSUPP),  NAME(ENOBUFS),
		NAME(ETIMEDOUT), NAME(EALREADY),     NAME(EINPROGRESS), NAME(EUCLEAN),
		NAME(ECANCELED),
#undef NAME
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].number == -error)
			return names[i].name;
	return NULL;
}

static void put_number(struct out *out, const struct spec *spec, u64 value, bool negative)
{
	const char *digit = spec->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned int base = (unsigned int)spec->base;
	char digits[NUMBER_MAX];
	char prefix[2];
	int zeros;
	int nr_digits = 0;
	int nr_prefix = 0;

	if (negative)
		prefix[nr_prefix++] = '-';
	else if (spec->plus)
		prefix[nr_prefix++] = '+';
	else if (spec->blank)
		prefix[nr_prefix++] = ' ';
	if (spec->alt && base == 16 && value) {
		prefix[nr_prefix++] = '0';
		prefix[nr_prefix++] = spec->upper ? 'X' : 'x';
	}
	for (u64 v = value; v; v /= base)
		digits[nr_digits++] = digit[v % base];
	if (spec->alt && base == 8)
		digits[nr_digits++] = '0';

	zeros = (spec->precision < 0 ? 1 : spec->precision) - nr_digits;
	if (spec->zero && !spec->left && spec->precision < 0)
		zeros = spec->width - nr_prefix - nr_digits > zeros
				? spec->width - nr_prefix - nr_digits
				: zeros;
	if (zeros < 0)
		zeros = 0;
	if (!spec->left)
		pad(out, ' ', spec->width - nr_prefix - zeros - nr_digits);
	for (int i = 0; i < nr_prefix; i++)
		put(out, prefix[i]);
	pad(out, '0', zeros);
	for (int i = nr_digits; i > 0; i--)
		put(out, digits[i - 1]);
	if (spec->left)
		pad(out, ' ', spec->width - nr_prefix - zeros - nr_digits);
}

/* Whether a pointer is to be followed; if not, a word in its place. As check_pointer_msg() of
 * Linux's lib/vsprintf.c. */
static bool may_follow(struct out *out, struct spec *spec, const void *pointer)
{
	spec->precision = -1;
	if ((unsigned long)pointer >= 4096 && !IS_ERR(pointer))
		return true;
	put_string(out, spec, IS_ERR(pointer) ? "(efault)" : "(null)");
	return false;
}

/* All digits of 64 bits, behind 0x. */
static void put_special(struct out *out, struct spec *spec, u64 value)
{
	spec->precision = 16;
	spec->base = 16;
	if (!value) {
		/* The prefix is there for 0 as well. */
		put_text(out, spec, "0x0000000000000000", 18);
		return;
	}
	spec->alt = true;
	put_number(out, spec, value, false);
}

/* %*ph: bytes, of which the width says how many. */
static void put_bytes(struct out *out, struct spec *spec, const u8 *bytes, char kind)
{
	const char *digit = "0123456789abcdef";
	const char separator = kind == 'C' ? ':' : kind == 'D' ? '-' : kind == 'N' ? '\0' : ' ';
	int len = spec->width < 0 ? 1 : spec->width < 64 ? spec->width : 64;

	spec->width = -1;
	if (!len || !may_follow(out, spec, bytes))
		return;
	for (int i = 0; i < len; i++) {
		if (i && separator)
			put(out, separator);
		put(out, digit[bytes[i] >> 4]);
		put(out, digit[bytes[i] & 15]);
	}
}

/* Bits as a list of ranges, or as hexadecimal words of 32 bits with the high ones first. */
static void put_bits(struct out *out, const struct spec *spec, const unsigned long *map, bool list)
{
	const struct spec number = {.width = -1, .precision = -1, .base = 10};
	const unsigned int nbits = spec->width < 0 ? 0 : (unsigned int)spec->width;
	unsigned long start;
	unsigned long end;
	bool first = true;

	if (list) {
		for_each_set_bitrange(start, end, map, nbits)
		{
			if (!first)
				put(out, ',');
			first = false;
			put_number(out, &number, start, false);
			if (end - start == 1)
				continue;
			put(out, '-');
			put_number(out, &number, end - 1, false);
		}
		return;
	}
	for (unsigned int word = BITS_TO_U32(nbits); word-- > 0;) {
		const unsigned int bits = min(nbits - word * 32, 32u);
		const struct spec digits = {
			.width = -1,
			.precision = (int)DIV_ROUND_UP(bits, 4),
			.base = 16,
		};

		put_number(out, &digits, map[word / 2] >> word % 2 * 32 & (~0u >> (32 - bits)),
			   false);
		if (word)
			put(out, ',');
	}
}

static void put_error(struct out *out, struct spec *spec, long error)
{
	const char *name = error_name(error);

	if (name) {
		put_string(out, spec, name);
		return;
	}
	spec->base = 10;
	put_number(out, spec, (u64)-error, true);
}

/* %p and what may follow it. */
static void put_pointer(struct out *out, struct spec *spec, const void *pointer, const char *kind)
{
	const struct va_format *format;
	va_list args;

	switch (*kind) {
	case 'S':
	case 's':
	case 'B':
		/* As where there is no table of symbols. */
		put_special(out, spec, (u64)(unsigned long)pointer);
		return;
	case 'a':
		if (may_follow(out, spec, pointer))
			put_special(out, spec, *(const u64 *)pointer);
		return;
	case 'h':
		put_bytes(out, spec, pointer, kind[1]);
		return;
	case 'b':
		if (may_follow(out, spec, pointer))
			put_bits(out, spec, pointer, kind[1] == 'l');
		return;
	case 'V':
		format = pointer;
		if (!may_follow(out, spec, pointer))
			return;
		/* The caller's. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
		va_copy(args, *format->va);
		out->len += (size_t)vsnprintf(out->len < out->size ? out->buf + out->len : NULL,
					      out->len < out->size ? out->size - out->len : 0,
					      format->fmt, args);
		va_end(args);
		return;
	case 'e':
		if (IS_ERR(pointer)) {
			put_error(out, spec, PTR_ERR(pointer));
			return;
		}
		break;
	default:
		break;
	}
	spec->base = 16;
	spec->precision = 16;
	put_number(out, spec, (u64)(unsigned long)pointer, false);
}

static const char *parse_flags(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		switch (*fmt) {
		case '-':
			spec->left = true;
			break;
		case '0':
			spec->zero = true;
			break;
		case '+':
			spec->plus = true;
			break;
		case ' ':
			spec->blank = true;
			break;
		case '#':
			spec->alt = true;
			break;
		default:
			return fmt;
		}
	}
}

static const char *parse_int(const char *fmt, int *value)
{
	*value = 0;
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		if (*value < 100000)
			*value = *value * 10 + (*fmt - '0');
	return fmt;
}

/* How many bytes of an argument count: hh 1, h 2, int 4, all others 8. */
static const char *parse_length(const char *fmt, int *bytes)
{
	*bytes = 4;
	switch (*fmt) {
	case 'h':
		*bytes = fmt[1] == 'h' ? 1 : 2;
		return fmt + (fmt[1] == 'h' ? 2 : 1);
	case 'l':
		*bytes = 8;
		return fmt + (fmt[1] == 'l' ? 2 : 1);
	case 'z':
	case 't':
	case 'j':
		*bytes = 8;
		return fmt + 1;
	default:
		return fmt;
	}
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static u64 narrow(u64 value, int bytes)
{
	return bytes == 8 ? value : value & ((1ull << (bytes * 8)) - 1);
}

static s64 narrow_signed(u64 value, int bytes)
{
	int shift = 64 - bytes * 8;

	return (s64)(value << shift) >> shift;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out out = {.buf = buf, .size = size};

	for (; *fmt; fmt++) {
		struct spec spec = {.width = -1, .precision = -1, .base = 10};
		int bytes;
		u64 value;
		char c;

		if (*fmt != '%') {
			put(&out, *fmt);
			continue;
		}
		fmt = parse_flags(fmt + 1, &spec);
		if (*fmt == '*') {
			spec.width = va_arg(args, int);
			if (spec.width < 0) {
				spec.left = true;
				spec.width = -spec.width;
			}
			fmt++;
		} else if (*fmt >= '0' && *fmt <= '9') {
			fmt = parse_int(fmt, &spec.width);
		}
		if (*fmt == '.') {
			if (*++fmt == '*') {
				spec.precision = va_arg(args, int);
				fmt++;
			} else {
				fmt = parse_int(fmt, &spec.precision);
			}
		}
		fmt = parse_length(fmt, &bytes);
		switch (*fmt) {
		case '%':
			put(&out, '%');
			break;
		case 'c':
			c = (char)va_arg(args, int);
			put_text(&out, &spec, &c, 1);
			break;
		case 's':
			put_string(&out, &spec, va_arg(args, const char *));
			break;
		case 'd':
		case 'i':
			value = bytes == 8 ? va_arg(args, u64) : va_arg(args, unsigned int);
			value = (u64)narrow_signed(value, bytes);
			put_number(&out, &spec, (s64)value < 0 ? -value : value, (s64)value < 0);
			break;
		case 'X':
			spec.upper = true;
			/* fallthrough */
		case 'x':
		case 'o':
		case 'u':
			spec.base = *fmt == 'u' ? 10 : *fmt == 'o' ? 8 : 16;
			spec.plus = spec.blank = false;
			value = bytes == 8 ? va_arg(args, u64) : va_arg(args, unsigned int);
			put_number(&out, &spec, narrow(value, bytes), false);
			break;
		case 'p':
			put_pointer(&out, &spec, va_arg(args, void *), fmt + 1);
			/* Whatever is said of it, known or not, is no text. */
			while (is_alnum(fmt[1]))
				fmt++;
			break;
		case '\0':
			fmt--; /* a lone % at the end: nothing to print */
			break;
		default:
			put(&out, '%');
			put(&out, *fmt);
			break;
		}
	}
	if (size)
		buf[out.len < size ? out.len : size - 1] = '\0';
	return (int)out.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}

int sprintf(char *buf, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(buf, 0x7fffffff, fmt, args);
	va_end(args);
	return len;
}
