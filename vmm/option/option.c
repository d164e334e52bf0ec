/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/option/option.h"

#include <errno.h>
#include <string.h>

#include "vmm/option/priv.h"

int opt_init(const struct opt *rows, void *base)
{
	for (const struct opt *o = rows; o->name; o++)
		if (o->flags & OPT_REPEATS)
			*opt_counter(o, base) = 0;
	return opt_scalars_init(rows, base);
}

void opt_clear(const struct opt *o, void *base)
{
	unsigned int *count = opt_counter(o, base);

	while (*count) {
		void *element = opt_element(o, base, --*count);

		if (o->sub)
			opt_scalars_free(o->sub, element);
		else
			opt_scalar_free(o, element);
	}
}

void opt_free(const struct opt *rows, void *base)
{
	for (const struct opt *o = rows; o->name; o++)
		if (o->flags & OPT_REPEATS)
			opt_clear(o, base);
	opt_scalars_free(rows, base);
}

static int set_element(const struct opt *o, void *base, const char *value, char *why)
{
	unsigned int *count = opt_counter(o, base);
	void *element = opt_element(o, base, *count);
	int ret;

	if (*count == o->room)
		return opt_why(why, "at most %u %s", o->room, o->many);
	memset(element, 0, o->width);
	ret = o->sub ? opt_list_set(o->sub, element, value, why)
		     : opt_scalar_set(o, base, element, value, false, why);
	*count += !ret;
	return ret;
}

int opt_set(const struct opt *o, void *base, const char *value, char *why)
{
	int ret;

	ret = o->flags & OPT_REPEATS
		      ? set_element(o, base, value, why)
		      : opt_scalar_set(o, base, (char *)base + o->at, value, false, why);
	if (!ret && o->given_at)
		*(bool *)((char *)base + o->given_at) = true;
	return ret;
}

unsigned int opt_count(const struct opt *o, const void *base)
{
	return o->flags & OPT_REPEATS ? *opt_counter(o, (void *)base) : 1;
}

bool opt_write(const struct opt *o, const void *base, unsigned int i, FILE *to)
{
	const void *place = (const char *)base + o->at + i * o->width;

	if (!o->sub)
		return opt_scalar_write(o, base, place, to);
	opt_list_write(o->sub, place, to);
	return true;
}
