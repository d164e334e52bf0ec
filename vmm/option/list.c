/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/option/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/base/nearest.h"
#include "vmm/option/priv.h"

char *opt_cut(char **rest)
{
	char *field = *rest;
	char *in = field;
	char *out = field;

	if (!field)
		return NULL;
	for (; *in; *out++ = *in++) {
		if (*in != ',')
			continue;
		if (in[1] != ',')
			break;
		in++;
	}
	*rest = *in ? in + 1 : NULL;
	*out = '\0';
	return field;
}

void opt_put_commas(const char *text, FILE *to)
{
	for (; *text; text++) {
		if (*text == ',')
			putc(',', to);
		putc(*text, to);
	}
}

/* A key that there is not, or something that is none. */
static int no_key(const struct opt *rows, const char *field, bool has_value, char *why)
{
	const struct opt *known = opt_find(rows, field);
	struct nearest near;
	char shape[OPT_WHY_MAX];

	opt_shape(rows, shape, sizeof(shape));
	if (known)
		return opt_why(why, "`%.40s` is without a value: write %s", field, shape);
	if (!has_value)
		return opt_why(why,
			       "`%.40s` is no KEY=VALUE (a comma of a value is written twice): "
			       "write %s",
			       field, shape);
	nearest_begin(&near, field);
	for (const struct opt *o = rows; o->name; o++)
		nearest_offer(&near, o->name);
	if (near.best)
		return opt_why(why, "`%.40s` is no key that there is: did you mean `%s`?", field,
			       near.best);
	return opt_why(why, "`%.40s` is no key that there is: write %s", field, shape);
}

/* Reads one KEY=VALUE, of which it makes two. */
static int set_field(const struct opt *rows, void *base, char *field, uint64_t *seen, char *why)
{
	char *eq = strchr(field, '=');
	const struct opt *o;
	uint64_t bit;

	if (eq)
		*eq = '\0';
	o = opt_find(rows, field);
	if (!o || !eq)
		return no_key(rows, field, eq != NULL, why);
	bit = 1ull << (o - rows);
	if (*seen & bit)
		return opt_why(why, "%s is given twice", field);
	*seen |= bit;
	return opt_scalar_set(o, base, (char *)base + o->at, eq + 1, true, why);
}

int opt_list_set(const struct opt *rows, void *base, const char *value, char *why)
{
	char *text = strdup(value);
	char *rest = text;
	char *field;
	const struct opt *missing;
	uint64_t seen = 0;
	int ret;

	ret = text ? opt_scalars_init(rows, base) : -ENOMEM;
	if (ret) {
		opt_no_memory(why);
		goto out;
	}
	while (!ret && (field = opt_cut(&rest)))
		ret = set_field(rows, base, field, &seen, why);
	missing = opt_scalars_missing(rows, base);
	if (!ret && missing)
		ret = opt_why(why, "%s", missing->need);
out:
	free(text);
	if (ret)
		opt_scalars_free(rows, base);
	return ret;
}

void opt_list_write(const struct opt *rows, const void *base, FILE *to)
{
	const char *comma = "";

	for (const struct opt *o = rows; o->name; o++) {
		const void *place = (const char *)base + o->at;

		if (!opt_scalar_is_set(o, place))
			continue;
		fprintf(to, "%s%s=", comma, o->name);
		if (o->type == OPT_STRING)
			opt_put_commas(*(char *const *)place, to);
		else
			opt_scalar_write(o, base, place, to);
		comma = ",";
	}
}
