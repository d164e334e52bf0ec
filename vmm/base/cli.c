/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/base/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *cli_sanitise(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	return text;
}

/* What stands in front of a line: nothing, or syslog's priority, as sd-daemon(3) has it. */
static const char *error_prefix = "";
static const char *note_prefix = "";
static const char *info_prefix = "";

void cli_find_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	char own[64];

	if (!stream || fstat(STDERR_FILENO, &st))
		return;
	snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	/* Who redirected standard error elsewhere has the variable all the same. */
	if (strcmp(stream, own) != 0)
		return;
	error_prefix = "<3>";
	note_prefix = "<4>";
	info_prefix = "<6>";
}

static void print_line(const char *prefix, const char *fmt, va_list args)
{
	char line[1024];

	vsnprintf(line, sizeof(line), fmt, args);
	/* One call, so that lines of several threads do not mix. */
	fprintf(stderr, "%sslabvisor: %s\n", prefix, cli_sanitise(line));
}

void cli_text(const char *text)
{
	if (!*error_prefix) {
		fputs(text, stderr);
		return;
	}
	flockfile(stderr);
	while (*text) {
		size_t len = strcspn(text, "\n");

		len += text[len] == '\n';
		fprintf(stderr, "%s%.*s", error_prefix, (int)len, text);
		text += len;
	}
	funlockfile(stderr);
}

enum exit_status cli_fail(enum exit_status status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_line(error_prefix, fmt, args);
	va_end(args);
	return status;
}

void cli_note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_line(note_prefix, fmt, args);
	va_end(args);
}

void cli_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_line(info_prefix, fmt, args);
	va_end(args);
}

/* Digits only: strtoull would take signs and blanks. */
static int parse_digits(const char **text, uint64_t *value)
{
	const char *c = *text;
	uint64_t v = 0;

	if (*c < '0' || *c > '9')
		return -EINVAL;
	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*c - '0'), &v))
			return -ERANGE;
	*text = c;
	*value = v;
	return 0;
}

int cli_parse_size(const char *text, uint64_t *size)
{
	static const char suffix[] = "KMGT";
	const char *s;
	uint64_t v;
	int ret;

	ret = parse_digits(&text, &v);
	if (ret)
		return ret;
	if (*text) {
		s = strchr(suffix, *text >= 'a' && *text <= 'z' ? *text - 'a' + 'A' : *text);
		if (!s || text[1])
			return -EINVAL;
		if (__builtin_mul_overflow(v, 1ull << (10 * (s - suffix + 1)), &v))
			return -ERANGE;
	}
	*size = v;
	return 0;
}

int cli_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t v;
	int ret;

	ret = parse_digits(&text, &v);
	if (ret)
		return ret;
	if (*text)
		return -EINVAL;
	if (v < min || v > max)
		return -ERANGE;
	*value = v;
	return 0;
}

int cli_set_string(char **to, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

char *cli_format_size(char *buf, size_t room, uint64_t size)
{
	static const char suffix[] = "\0KMGT";
	unsigned int i = 0;

	while (size && !(size & 1023) && i < 4) {
		size >>= 10;
		i++;
	}
	snprintf(buf, room, "%" PRIu64 "%.1s", size, &suffix[i]);
	return buf;
}
