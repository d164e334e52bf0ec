/* SPDX-License-Identifier: BSD-2-Clause */
/* What completion in zsh asks for: a function a command, with the options as _arguments has them. */
#include <stdlib.h>
#include <string.h>

#include "tools/pages/pages.h"

#define SHOWN 72 /* bytes of an option's help: a line is all that a shell has for it */

/* Text between ' ', where the characters of special are quoted. */
static void put_quoted(FILE *to, const char *text, size_t len, const char *special)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\'')
			fputs("'\\''", to);
		else if (strchr(special, text[i]))
			fprintf(to, "\\%c", text[i]);
		else
			fputc(text[i] == '\n' ? ' ' : text[i], to);
	}
}

/* How much of a help text says what an option does: to where it goes into details. */
static size_t short_length(const char *text)
{
	size_t comma = 0;
	size_t len;

	for (len = 0; len < SHOWN && text[len]; len++) {
		if (text[len] == ',')
			comma = len;
		else if (strchr(".:;", text[len]) && text[len + 1] == ' ')
			return len;
	}
	if (text[len] && comma)
		return comma;
	while (text[len] && len && text[len] != ' ')
		len--;
	return len;
}

static void put_help(FILE *to, const struct opt *o)
{
	fputc('[', to);
	put_quoted(to, o->help, short_length(o->help), "[]\\");
	fputc(']', to);
}

/* An action of _arguments, by which a value is completed. */
static void put_action(FILE *to, const char *command, const struct opt *o)
{
	switch (pages_kind_of(o)) {
	case PAGES_FILES:
		fputs("_files", to);
		break;
	case PAGES_UNIX:
		fputs("_slabvisor_unix", to);
		break;
	case PAGES_GUESTS:
		fputs("_slabvisor_guests", to);
		break;
	case PAGES_USERS:
		fputs("_users", to);
		break;
	case PAGES_GROUPS:
		fputs("_groups", to);
		break;
	case PAGES_WORDS:
		fputc('(', to);
		pages_put_words(to, o);
		fputc(')', to);
		break;
	case PAGES_KEYS:
		fprintf(to, "_slabvisor_%s_%s", command, o->name);
		break;
	case PAGES_ANY:
		/* One blank: there is a value, and nothing to offer. */
		fputc(' ', to);
		break;
	}
}

static void put_value(FILE *to, const char *command, const struct opt *o)
{
	char metavar[OPT_TEXT_MAX];

	opt_metavar(o, metavar);
	if (!*metavar)
		return;
	fputs(o->bare ? "::" : ":", to);
	put_quoted(to, metavar, strlen(metavar), ":\\");
	fputc(':', to);
	put_action(to, command, o);
}

static void put_name(FILE *to, const char *command, const struct opt *o, const char *dashes,
		     const char *name)
{
	char metavar[OPT_TEXT_MAX];

	fprintf(to, " \\\n\t\t'%s%s%s", o->flags & OPT_REPEATS ? "*" : "", dashes, name);
	/* Behind `=-` a value follows in the same word only. */
	fputs(o->bare ? "=-" : *opt_metavar(o, metavar) ? "=" : "", to);
	put_help(to, o);
	put_value(to, command, o);
	fputc('\'', to);
}

static void put_list(FILE *to, const char *command, const struct opt *o)
{
	fprintf(to, "_slabvisor_%s_%s() {\n\t_values -s , %s", command, o->name, o->name);
	for (const struct opt *key = o->sub; key->name; key++) {
		fprintf(to, " \\\n\t\t'%s", key->name);
		put_help(to, key);
		put_value(to, command, key);
		fputc('\'', to);
	}
	fputs("\n}\n", to);
}

static void put_command(FILE *to, const struct command *c)
{
	unsigned int n = 0;

	for (const struct command_options *t = c->options; t->rows; t++)
		for (const struct opt *o = t->rows; o->name; o++)
			if (pages_is_on_line(o, t) && o->type == OPT_LIST)
				put_list(to, c->name, o);
	fprintf(to, "_slabvisor_command_%s() {\n\t_arguments", c->name);
	for (const struct command_options *t = c->options; t->rows; t++)
		for (const struct opt *o = t->rows; o->name; o++) {
			if (!pages_is_on_line(o, t))
				continue;
			if (o->letter)
				put_name(to, c->name, o, "-", (char[]){o->letter, '\0'});
			put_name(to, c->name, o, "--", o->name);
			if (o->also)
				put_name(to, c->name, o, "--", o->also);
		}
	if (c->run == cmd_run)
		fputs(" \\\n\t\t'1:PROGRAM:_files' \\\n\t\t'*::ARGUMENT:_files'", to);
	for (const struct opt *o = c->operands; o && o->name; o++) {
		fprintf(to, " \\\n\t\t'%u:%s:", ++n, o->name);
		put_action(to, c->name, o);
		fputc('\'', to);
	}
	fputs("\n}\n", to);
}

void zsh_functions(FILE *to)
{
	fputs("_slabvisor_commands() {\n\tlocal -a commands=(", to);
	for (const struct command *c = commands; c->name; c++) {
		fprintf(to, "\n\t\t'%s:", c->name);
		put_quoted(to, c->help, strlen(c->help), ":\\");
		fputc('\'', to);
	}
	fputs("\n\t)\n\t_describe command commands\n}\n", to);
	for (const struct command *c = commands; c->name; c++)
		put_command(to, c);
	for (const struct command *c = pages_tools; c->name; c++)
		put_command(to, c);
}
