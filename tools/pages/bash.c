/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What completion in bash asks for, as functions that print it: the names of commands and options,
 * and for a value what it is completed to. That is `files`, `unix`, `guests`, `users`, `groups`,
 * `any`, or `words` or `keys` and what these are; with `optional` in front, a value follows a `=`
 * only.
 */
#include "tools/pages/pages.h"

static void put_kind(FILE *to, const struct opt *o)
{
	static const char *const names[] = {
		[PAGES_ANY] = "any",       [PAGES_FILES] = "files", [PAGES_UNIX] = "unix",
		[PAGES_GUESTS] = "guests", [PAGES_USERS] = "users", [PAGES_GROUPS] = "groups",
		[PAGES_WORDS] = "words ",  [PAGES_KEYS] = "keys",
	};
	const enum pages_kind kind = pages_kind_of(o);

	fprintf(to, "echo '%s%s", o->bare ? "optional " : "", names[kind]);
	if (kind == PAGES_WORDS)
		pages_put_words(to, o);
	else if (kind == PAGES_KEYS)
		for (const struct opt *key = o->sub; key->name; key++)
			fprintf(to, " %s=", key->name);
	fputs("' ;;\n", to);
}

static bool takes_value(const struct opt *o)
{
	return o->type != OPT_FLAG || o->metavar;
}

static void put_kinds(FILE *to, const struct command *c)
{
	for (const struct command_options *t = c->options; t->rows; t++)
		for (const struct opt *o = t->rows; o->name; o++) {
			if (!pages_is_on_line(o, t) || !takes_value(o))
				continue;
			fprintf(to, "\t'%s --%s'", c->name, o->name);
			if (o->also)
				fprintf(to, " | '%s --%s'", c->name, o->also);
			fputs(") ", to);
			put_kind(to, o);
			for (const struct opt *key = o->sub; key && key->name; key++) {
				fprintf(to, "\t'%s --%s %s') ", c->name, o->name, key->name);
				put_kind(to, key);
			}
		}
}

static void put_operands(FILE *to, const struct command *c)
{
	unsigned int n = 0;

	/* What follows its options is a program's command line. */
	if (c->run == cmd_run)
		fprintf(to, "\t'%s '*) echo files ;;\n", c->name);
	for (const struct opt *o = c->operands; o && o->name; o++) {
		fprintf(to, "\t'%s %u') ", c->name, ++n);
		put_kind(to, o);
	}
}

static void put_options(FILE *to, const struct command *c)
{
	fprintf(to, "\t%s) echo '", c->name);
	for (const struct command_options *t = c->options; t->rows; t++)
		for (const struct opt *o = t->rows; o->name; o++) {
			if (!pages_is_on_line(o, t))
				continue;
			fprintf(to, "%s--%s", t == c->options && o == t->rows ? "" : " ", o->name);
			if (o->also)
				fprintf(to, " --%s", o->also);
		}
	fputs("' ;;\n", to);
}

/* A function that prints by its arguments. what writes the cases of one command. */
static void put_function(FILE *to, const char *head,
			 void (*what)(FILE *to, const struct command *c))
{
	fputs(head, to);
	for (const struct command *c = commands; c->name; c++)
		what(to, c);
	for (const struct command *c = pages_tools; c->name; c++)
		what(to, c);
	fputs("\t*) return 1 ;;\n\tesac\n}\n", to);
}

void bash_functions(FILE *to)
{
	fputs("_slabvisor_commands() {\n\techo '", to);
	for (const struct command *c = commands; c->name; c++)
		fprintf(to, "%s ", c->name);
	fputs("help version'\n}\n", to);
	put_function(to, "_slabvisor_options() { # COMMAND\n\tcase $1 in\n", put_options);
	put_function(to, "_slabvisor_kind() { # COMMAND --OPTION [KEY]\n\tcase $* in\n", put_kinds);
	put_function(to, "_slabvisor_operand() { # COMMAND NUMBER\n\tcase $* in\n", put_operands);
}
