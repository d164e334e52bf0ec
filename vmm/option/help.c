/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/option/help.h"

#include <stdlib.h>
#include <string.h>

#include "vmm/option/priv.h"

#define WIDTH  80
#define COLUMN 26

/* How many bytes of text the next line has: to its newline, or what fits. Text is broken at its
 * blanks and, where there is none, in front of a `[`, as the keys of a comma list have it. */
static size_t line_length(const char *text)
{
	size_t len = strcspn(text, "\n");
	size_t fits = WIDTH - COLUMN;

	if (len <= fits)
		return len;
	for (len = fits; len && text[len] != ' '; len--)
		;
	if (!len)
		for (len = fits; len && text[len] != '['; len--)
			;
	/* A word that fits nowhere stays whole. */
	return len ? len : strcspn(text, " \n");
}

static void print_columns(FILE *to, const char *left, const char *text)
{
	size_t len;

	if (strlen(left) >= COLUMN) {
		fprintf(to, "%s\n", left);
		left = "";
	}
	for (;;) {
		len = line_length(text);
		fprintf(to, "%-*s%.*s\n", COLUMN, left, (int)len, text);
		if (!text[len])
			return;
		text += len + (text[len] != '[');
		left = "";
	}
}

/* What an option does, and its range and default behind it. */
static void put_text(FILE *to, const struct opt *o)
{
	char range[OPT_TEXT_MAX];

	fputs(o->help, to);
	if (*opt_range(o, range))
		fprintf(to, " (%s)", range);
}

static void put_list(FILE *to, const struct opt *o)
{
	char shape[1024];

	fprintf(to, ":\n%s", opt_shape(o->sub, shape, sizeof(shape)));
	for (const struct opt *key = o->sub; key->name; key++) {
		fprintf(to, "\n%s: ", key->name);
		put_text(to, key);
	}
}

static void print_row(FILE *to, const struct opt *o, const char *left)
{
	char *text = NULL;
	size_t size;
	FILE *memory;

	memory = open_memstream(&text, &size);
	if (!memory)
		return;
	put_text(memory, o);
	if (o->type == OPT_LIST)
		put_list(memory, o);
	if (!fclose(memory))
		print_columns(to, left, text);
	free(text);
}

static void print_option(FILE *to, const struct opt *o)
{
	char metavar[OPT_TEXT_MAX];
	char left[OPT_TEXT_MAX + 64];

	opt_metavar(o, metavar);
	if (o->bare)
		snprintf(left, sizeof(left), "  --%s[=%s]", o->name, metavar);
	else
		snprintf(left, sizeof(left), "  %.*s--%s%s%s%s%s", o->letter ? 4 : 0,
			 (char[]){'-', o->letter, ',', ' '}, o->name, o->also ? ", --" : "",
			 o->also ? o->also : "", *metavar ? " " : "", metavar);
	print_row(to, o, left);
}

void opt_help(FILE *to, const struct opt *rows, unsigned int tag)
{
	for (const struct opt *o = rows; o->name; o++)
		if (!(o->flags & OPT_FILE_ONLY) && (!tag || o->tags & tag))
			print_option(to, o);
}

void opt_help_operands(FILE *to, const struct opt *rows)
{
	char left[64];

	for (const struct opt *o = rows; o->name; o++) {
		snprintf(left, sizeof(left), "  %s", o->name);
		print_row(to, o, left);
	}
}
