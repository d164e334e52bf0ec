/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/option/print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mm/util.h"

/*
 * How many bytes a character has that would end the line, or that no YAML may hold as it is:
 * control characters, line and paragraph separators, U+FFFE and U+FFFF. Its number goes to
 * *code. 0: it is none of them.
 */
static size_t special(const char *text, unsigned int *code)
{
	static const struct {
		char bytes[4];
		unsigned int code;
	} wide[] = {
		{"\xe2\x80\xa8", 0x2028},
		{"\xe2\x80\xa9", 0x2029},
		{"\xef\xbf\xbe", 0xfffe},
		{"\xef\xbf\xbf", 0xffff},
	};
	const unsigned char *c = (const unsigned char *)text;

	*code = c[0];
	if (c[0] < 0x20 || c[0] == 0x7f)
		return 1;
	*code = c[1];
	if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
		return 2;
	for (size_t i = 0; i < ARRAY_SIZE(wide); i++)
		if (!strncmp(text, wide[i].bytes, 3)) {
			*code = wide[i].code;
			return 3;
		}
	return 0;
}

void opt_print_quoted(FILE *to, const char *text)
{
	unsigned int code;
	size_t len;

	putc('"', to);
	for (; *text; text += len ? len : 1) {
		len = special(text, &code);
		if (len)
			fprintf(to, code > 0xff ? "\\u%04x" : "\\x%02x", code);
		else if (*text == '"' || *text == '\\')
			fprintf(to, "\\%c", *text);
		else
			putc(*text, to);
	}
	putc('"', to);
}

/* Tells whether a value of the option may hold what would make a plain scalar of YAML something
 * else. */
static bool is_free_text(const struct opt *o)
{
	if (o->type == OPT_LIST) {
		for (const struct opt *key = o->sub; key->name; key++)
			if (is_free_text(key))
				return true;
		return false;
	}
	return o->type == OPT_STRING || o->type == OPT_OWN || o->type == OPT_CPUS;
}

/* Prints value i behind prefix, which its caller has ended with a blank. Returns 0 or -ENOMEM. */
static int print_value(FILE *to, const struct opt *o, const void *base, unsigned int i,
		       const char *prefix)
{
	char *text = NULL;
	bool is_set = false;
	size_t size;
	FILE *memory;

	memory = open_memstream(&text, &size);
	if (memory)
		is_set = opt_write(o, base, i, memory);
	if (!memory || fclose(memory)) {
		free(text);
		return -ENOMEM;
	}
	if (is_set) {
		fputs(prefix, to);
		if (is_free_text(o))
			opt_print_quoted(to, text);
		else
			fputs(text, to);
		putc('\n', to);
	}
	free(text);
	return 0;
}

int opt_print(FILE *to, const struct opt *rows, const void *base)
{
	char prefix[80];
	int ret = 0;

	for (const struct opt *o = rows; o->name && !ret; o++) {
		unsigned int count = opt_count(o, base);

		if (o->flags & (OPT_LINE_ONLY | OPT_FILE_ONLY))
			continue;
		if (!(o->flags & OPT_REPEATS)) {
			snprintf(prefix, sizeof(prefix), "%s: ", o->name);
			ret = print_value(to, o, base, 0, prefix);
			continue;
		}
		if (count)
			fprintf(to, "%s:\n", o->name);
		for (unsigned int i = 0; i < count && !ret; i++)
			ret = print_value(to, o, base, i, "  - ");
	}
	return ret;
}
