/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/option/line.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "vmm/base/nearest.h"
#include "vmm/option/priv.h"

/* Bytes of a value that an error shows: what would be right has to have its place behind. */
#define SHOWN (OPT_ERROR_MAX - OPT_WHY_MAX - 128)

/* An option as it stands there. */
struct given {
	const char *arg; /* the argument */
	size_t len;      /* of it, before a `=` */
	const struct opt *opt;
	const char *name; /* of the two that it may have, the one that was meant */
	struct opt_scope *scope;
	const char *value; /* NULL: none */
};

__attribute__((format(printf, 2, 3))) static int fail(struct opt_line *line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(line->error, sizeof(line->error), fmt, args);
	va_end(args);
	return -EINVAL;
}

static bool is_here(const struct opt_scope *scope, const struct opt *o)
{
	return !(o->flags & OPT_FILE_ONLY) && (!scope->tag || o->tags & scope->tag);
}

/* Which of an option's names an argument is: by its letter, or, with a letter of 0, by name, in full
 * (*full) or by what it begins with. NULL: none. */
static const char *meant_name(const struct opt *o, char letter, const char *name, size_t len,
			      bool *full)
{
	*full = true;
	if (letter)
		return o->letter == letter ? o->name : NULL;
	if (o->also && strlen(o->also) == len && !strncmp(o->also, name, len))
		return o->also;
	if (strncmp(o->name, name, len) != 0)
		return NULL;
	*full = !o->name[len];
	return o->name;
}

/* The option of that letter or, with a letter of 0, that name: in full, or what begins so and is
 * the only one. Returns how many options it may be; the one is in g. */
static unsigned int look_up(const struct opt_line *line, struct given *g, char letter,
			    const char *name, size_t len)
{
	unsigned int begin = 0;

	for (unsigned int i = 0; i < line->nr_scopes; i++) {
		struct opt_scope *scope = &line->scope[i];

		for (const struct opt *o = scope->rows; o->name; o++) {
			const char *meant;
			bool full;

			meant = meant_name(o, letter, name, len, &full);
			if (!meant || !is_here(scope, o))
				continue;
			g->name = meant;
			begin++;
			g->opt = o;
			g->scope = scope;
			if (full)
				return 1;
		}
	}
	return begin;
}

/* The options whose names begin so, one after the other. */
static void list_names(const struct opt_line *line, const char *prefix, size_t len,
		       char names[OPT_WHY_MAX])
{
	size_t used = 0;

	names[0] = '\0';
	for (unsigned int i = 0; i < line->nr_scopes; i++)
		for (const struct opt *o = line->scope[i].rows; o->name; o++)
			if (is_here(&line->scope[i], o) && !strncmp(o->name, prefix, len) &&
			    used < OPT_WHY_MAX)
				used += (size_t)snprintf(names + used, OPT_WHY_MAX - used, "%s--%s",
							 used ? ", " : "", o->name);
}

/* An argument that is the beginning of several options. */
static void fail_ambiguous(struct opt_line *line, const struct given *g)
{
	char names[OPT_WHY_MAX];

	list_names(line, g->arg + 2, g->len - 2, names);
	fail(line, "'%.*s' may be any of %s: write one of them", (int)g->len, g->arg, names);
}

/* A letter, by which other tools have an option that is a word here. Returns whether there is one. */
static bool fail_letter(struct opt_line *line, const char *arg)
{
	char names[OPT_WHY_MAX];

	list_names(line, arg + 1, 1, names);
	if (!*names)
		return false;
	fail(line, "unknown option '%s': options are words, as in %s: see %s --help", arg, names,
	     line->command);
	return true;
}

/* Finds the option that an argument is. Returns whether there is one. */
static bool identify(struct opt_line *line, const char *arg, struct given *g)
{
	bool is_long = arg[1] == '-';
	unsigned int found = 0;
	struct nearest near;
	char name[64];

	*g = (struct given){.arg = arg, .len = strcspn(arg, "=")};
	if (is_long) {
		g->value = arg[g->len] ? arg + g->len + 1 : NULL;
		if (g->len > 2)
			found = look_up(line, g, 0, arg + 2, g->len - 2);
	} else if (!arg[2]) {
		found = look_up(line, g, arg[1], NULL, 0);
	}
	if (found > 1)
		fail_ambiguous(line, g);
	if (found)
		return found == 1;
	if (!is_long && !arg[2] && fail_letter(line, arg))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)g->len - 1 - is_long, arg + 1 + is_long);
	nearest_begin(&near, name);
	for (unsigned int i = 0; i < line->nr_scopes; i++)
		for (const struct opt *o = line->scope[i].rows; o->name; o++)
			if (is_here(&line->scope[i], o)) {
				nearest_offer(&near, o->name);
				if (o->also)
					nearest_offer(&near, o->also);
			}
	if (near.best)
		fail(line, "unknown option '%.*s': did you mean '--%s'?", (int)g->len, arg,
		     near.best);
	else
		fail(line, "unknown option '%.*s': see %s --help", (int)g->len, arg, line->command);
	return false;
}

/* Takes the next argument as the value, where one is needed. Returns 0 or -EINVAL. */
static int take_value(struct opt_line *line, struct given *g, int *i)
{
	char metavar[OPT_TEXT_MAX];

	if (g->value || !opt_wants_value(g->opt))
		return 0;
	if (*i + 1 >= line->argc)
		return fail(line, "--%s: a value is missing: --%s %s: see %s --help", g->name,
			    g->name, opt_metavar(g->opt, metavar), line->command);
	g->value = line->argv[++*i];
	return 0;
}

/* Returns 0 or -EINVAL. */
static int apply(struct opt_line *line, const struct given *g, enum opt_pass pass)
{
	const struct opt *o = g->opt;
	const uint64_t bit = 1ull << (o - g->scope->rows);
	const bool again = g->scope->seen & bit;
	char why[OPT_WHY_MAX];

	if (again && !(o->flags & OPT_REPEATS) && (g->value || o->bare || o->flags & OPT_ONCE) &&
	    pass != OPT_PASS_WINS)
		return fail(line, "--%s is given twice, and takes one value", g->name);
	if (!again && o->flags & OPT_REPEATS)
		opt_clear(o, g->scope->base);
	g->scope->seen |= bit;
	if (!opt_set(o, g->scope->base, g->value, why))
		return 0;
	return fail(line, "--%s%s%.*s: %s", g->name, g->value && *g->value ? " " : "", SHOWN,
		    g->value ? g->value : "", why);
}

static bool is_heeded(const struct opt *o, enum opt_pass pass)
{
	if (pass == OPT_PASS_ALL)
		return true;
	return o->flags & (pass == OPT_PASS_WINS ? OPT_WINS : OPT_EARLY);
}

/* Returns 0 or -EINVAL. */
static int read_option(struct opt_line *line, int *i, enum opt_pass pass)
{
	struct given g;
	int ret = -EINVAL;

	line->before = NULL;
	if (identify(line, line->argv[*i], &g))
		ret = take_value(line, &g, i);
	if (!ret && !g.value)
		line->before = g.opt;
	if (!ret && is_heeded(g.opt, pass))
		return apply(line, &g, pass);
	/* An option that wins is heeded whatever else is wrong. */
	return pass == OPT_PASS_WINS ? 0 : ret;
}

/* An argument that there is no place for. Returns -EINVAL. */
static int fail_operand(struct opt_line *line, const char *arg)
{
	const struct opt *before = line->before;

	if (before && opt_may_mean(before, arg))
		return fail(line,
			    "%.*s: no such argument: if it is the value of --%s, write --%s=%.*s",
			    SHOWN / 2, arg, before->name, before->name, SHOWN / 2, arg);
	return fail(line, "%.*s: no such argument: see %s --help", SHOWN, arg, line->command);
}

/* An argument that is no option. Returns 0 or -EINVAL. */
static int read_operand(struct opt_line *line, const char *arg, const struct opt **operand,
			enum opt_pass pass)
{
	const struct opt *o = *operand;
	char why[OPT_WHY_MAX];

	if (!o || !o->name)
		return pass == OPT_PASS_WINS ? 0 : fail_operand(line, arg);
	line->before = NULL;
	/* The last one may stand there several times. */
	if (!(o->flags & OPT_REPEATS))
		++*operand;
	if (pass != OPT_PASS_ALL || !opt_set(o, line->scope[0].base, arg, why))
		return 0;
	return fail(line, "%s%s%.*s: %s", o->name, *arg ? " " : "", SHOWN, arg, why);
}

int opt_line_read(struct opt_line *line, enum opt_pass pass)
{
	const struct opt *operand = line->operands;
	bool options = true;
	int ret = 0;
	int i;

	line->before = NULL;
	for (unsigned int s = 0; s < line->nr_scopes; s++)
		line->scope[s].seen = 0;
	for (i = 1; i < line->argc && !ret; i++) {
		const char *arg = line->argv[i];

		if (options && !strcmp(arg, "--")) {
			options = false;
			line->before = NULL;
		} else if (options && arg[0] == '-' && arg[1]) {
			ret = read_option(line, &i, pass);
		} else if (line->stops) {
			break;
		} else {
			ret = read_operand(line, arg, &operand, pass);
		}
	}
	line->next = i;
	return ret;
}
