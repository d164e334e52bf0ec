/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows as parts of a page in mdoc(7). */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tools/pages/pages.h"
#include "vmm/qmp/commands.h"

#define WIDTH 78 /* of the source's lines: mandoc -Tlint asks for less than 80 */

/* Writes a word as roff takes it for text. Returns its width. */
static size_t put_word(FILE *to, const char *word, size_t len)
{
	size_t width = 0;

	for (size_t i = 0; i < len; i++) {
		/* What a user types: a hyphen would be another character. */
		const char *text = word[i] == '\\' ? "\\e" : word[i] == '-' ? "\\-" : NULL;

		/* At a line's beginning both are requests. */
		if (!i && (word[i] == '.' || word[i] == '\''))
			width += (size_t)fprintf(to, "\\&");
		if (text)
			width += (size_t)fprintf(to, "%s", text);
		else
			width += (size_t)(fputc(word[i], to) != EOF);
	}
	return width;
}

/* Text in lines, a new one for each sentence, as mdoc has it. */
static void put_text(FILE *to, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " \n");

		if (column && column + 2 * len + 1 > WIDTH) {
			fputc('\n', to);
			column = 0;
		}
		if (column)
			column += (size_t)(fputc(' ', to) != EOF);
		column += put_word(to, text, len);
		if (len && strchr(".?!", text[len - 1]) && text[len]) {
			fputc('\n', to);
			column = 0;
		}
		text += len;
		text += strspn(text, " \n");
	}
	fputc('\n', to);
}

/* What an option does, with range and default behind it. */
static void put_help(FILE *to, const struct opt *o)
{
	char range[OPT_TEXT_MAX];
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return;
	/* On a command line it goes on from the option's name. */
	fputc(toupper((unsigned char)o->help[0]), memory);
	fputs(o->help + 1, memory);
	if (*opt_range(o, range))
		fprintf(memory, " (%s)", range);
	fputc('.', memory);
	if (!fclose(memory))
		put_text(to, text);
	free(text);
}

static void put_sub(FILE *to, const struct opt *sub)
{
	char metavar[OPT_TEXT_MAX];

	fputs(".Bl -tag -width Ds\n", to);
	for (const struct opt *o = sub; o->name; o++) {
		fputs(".It Cm ", to);
		put_word(to, o->name, strlen(o->name));
		fprintf(to, " Ns = Ns Ar %s\n", opt_metavar(o, metavar));
		put_help(to, o);
		if (o->need)
			fputs("It has to be given.\n", to);
	}
	fputs(".El\n", to);
}

static void put_name(FILE *to, const char *name)
{
	fputs(" Fl \\-", to);
	put_word(to, name, strlen(name));
}

static void put_option(FILE *to, const struct opt *o)
{
	char metavar[OPT_TEXT_MAX];

	opt_metavar(o, metavar);
	fputs(".It", to);
	if (o->letter)
		fprintf(to, " Fl %c ,", o->letter);
	put_name(to, o->name);
	if (o->also) {
		fputs(" ,", to);
		put_name(to, o->also);
	}
	if (o->bare)
		fprintf(to, " Ns Op = Ns Ar %s", metavar);
	else if (*metavar)
		fprintf(to, " Ar %s", o->type == OPT_LIST ? "KEY=VALUE,..." : metavar);
	fputc('\n', to);
	put_help(to, o);
	if (o->type == OPT_LIST)
		put_sub(to, o->sub);
}

void roff_options(FILE *to, const struct command *c)
{
	for (const struct command_options *t = c->options; t->rows; t++)
		for (const struct opt *o = t->rows; o->name; o++)
			if (pages_is_on_line(o, t))
				put_option(to, o);
}

void roff_operands(FILE *to, const struct command *c)
{
	fputs(".Bl -tag -width Ds\n", to);
	for (const struct opt *o = c->operands; o && o->name; o++) {
		fprintf(to, ".It Ar %s\n", o->name);
		put_help(to, o);
	}
	fputs(".El\n", to);
}

/* A key of a file: what has the name of an option, and a list of such as the file has it. */
static void put_key(FILE *to, const struct opt *o)
{
	char metavar[OPT_TEXT_MAX];

	opt_metavar(o, metavar);
	fputs(".It Cm ", to);
	put_word(to, o->name, strlen(o->name));
	fprintf(to, " : Ar %s\n",
		o->type == OPT_MAPS   ? "list"
		: o->type == OPT_LIST ? "KEY=VALUE,..."
		: *metavar            ? metavar
				      : "true|false");
	put_help(to, o);
	if (o->type == OPT_MAPS) {
		fputs(".Bl -tag -width Ds\n", to);
		for (const struct opt *sub = o->sub; sub->name; sub++)
			put_key(to, sub);
		fputs(".El\n", to);
	} else if (o->type == OPT_LIST) {
		put_text(to, "Its keys are those of the option on the command line.");
	}
}

void roff_keys(FILE *to, const struct command *c)
{
	fputs(".Bl -tag -width Ds\n", to);
	for (const struct command_options *t = c->options; t->rows; t++) {
		bool listed = false;

		/* What a list of mappings is made of stands below its key. */
		for (const struct command_options *u = c->options; u->rows; u++)
			for (const struct opt *o = u->rows; o->name; o++)
				listed |= o->type == OPT_MAPS && o->sub == t->rows;
		for (const struct opt *o = t->rows; !listed && o->name; o++)
			if (!(o->flags & OPT_LINE_ONLY))
				put_key(to, o);
	}
	fputs(".El\n", to);
}

void roff_commands(FILE *to)
{
	fputs(".Bl -tag -width Ds\n", to);
	for (const struct command *c = commands; c->name; c++) {
		fprintf(to, ".It Ic %s\n", c->name);
		put_text(to, c->help);
		fprintf(to, "(see\n.Xr slabvisor\\-%s 1 ) .\n", c->name);
	}
	fputs(".El\n", to);
}

static void put_qmp(FILE *to, const struct qmp_command *c)
{
	char line[512];

	fputs(".It Ic ", to);
	put_word(to, c->name, strlen(c->name));
	fputc('\n', to);
	snprintf(line, sizeof(line), "%c%s.", toupper((unsigned char)c->help[0]), c->help + 1);
	put_text(to, line);
	for (const struct qmp_param *p = c->param; p->name; p++) {
		fputs(".br\n.Cm ", to);
		put_word(to, p->name, strlen(p->name));
		fputs(" :\n", to);
		snprintf(line, sizeof(line), "%s%s.", p->help,
			 p->optional ? ", which may be left out" : "");
		put_text(to, line);
	}
}

void roff_qmp(FILE *to)
{
	const struct qmp_command *other;

	fputs(".Bl -tag -width Ds\n", to);
	for (const struct qmp_command *c = qmp_guest_commands; c->name; c++)
		put_qmp(to, c);
	fputs(".El\n.Pp\nA service takes these of them:\n", to);
	for (const struct qmp_command *c = qmp_service_commands; c->name; c++)
		fprintf(to, ".Ic %s%s\n", c->name, c[1].name ? " ," : " .");
	/* What a service alone has would be in no list. */
	for (const struct qmp_command *c = qmp_service_commands; c->name; c++) {
		for (other = qmp_guest_commands; other->name && strcmp(other->name, c->name) != 0;
		     other++)
			;
		if (!other->name)
			fprintf(to, "@part qmp: %s is a command of services alone\n", c->name);
	}
}
