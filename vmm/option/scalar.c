/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of options that are no structures: reading, writing, freeing. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/option/affinity.h"
#include "vmm/option/line.h"
#include "vmm/option/priv.h"

/* Integers of 4 bytes are taken as signed, since -1 is a common word for `unset`; none that is
 * configured comes near the sign. */
static int64_t load(const struct opt *o, const void *place)
{
	int64_t wide;
	int32_t narrow;

	switch (o->width) {
	case sizeof(bool):
		return *(const bool *)place;
	case sizeof(narrow):
		memcpy(&narrow, place, sizeof(narrow));
		return narrow;
	default:
		memcpy(&wide, place, sizeof(wide));
		return wide;
	}
}

static void store(const struct opt *o, void *place, int64_t value)
{
	int32_t narrow = (int32_t)value;

	if (o->width == sizeof(bool))
		*(bool *)place = value != 0;
	else if (o->width == sizeof(narrow))
		memcpy(place, &narrow, sizeof(narrow));
	else
		memcpy(place, &value, sizeof(value));
}

static bool in_range(const struct opt *o, uint64_t n)
{
	return n >= o->min && (n <= o->max || (!o->max && o->min)) && !(o->step && n % o->step);
}

static const struct opt_word *find_word(const struct opt *o, const char *text)
{
	uint64_t size;

	if (o->flags & OPT_SIZES && !cli_parse_size(text, &size))
		for (const struct opt_word *word = o->words; word->text; word++)
			if (word->value == (int64_t)size)
				return word;
	for (const struct opt_word *word = o->words; word && word->text; word++)
		if (!strcmp(word->text, text))
			return word;
	return NULL;
}

static const struct opt_word *find_value(const struct opt *o, int64_t value)
{
	const struct opt_word *word = o->words;

	while (word && word->text && word->value != value)
		word++;
	return word && word->text ? word : NULL;
}

static int parse_flag(const char *value, bool *flag)
{
	if (!strcmp(value, "true") || !strcmp(value, "on"))
		*flag = true;
	else if (!strcmp(value, "false") || !strcmp(value, "off"))
		*flag = false;
	else
		return -EINVAL;
	return 0;
}

bool opt_may_mean(const struct opt *o, const char *arg)
{
	bool flag;

	return o->bare || (o->type == OPT_FLAG && !parse_flag(arg, &flag));
}

/* A value that is stored as an integer. */
static int parse_integer(const struct opt *o, const char *value, int64_t *n)
{
	const struct opt_word *word = find_word(o, value);
	uint64_t number = 0;
	bool flag = false;
	int ret;

	if (word) {
		*n = word->value;
		return 0;
	}
	if (o->type == OPT_CHOICE)
		return -EINVAL;
	if (o->type == OPT_FLAG) {
		ret = parse_flag(value, &flag);
		number = flag;
	} else if (o->type == OPT_SIZE) {
		ret = cli_parse_size(value, &number);
	} else {
		ret = cli_parse_number(value, 0, UINT64_MAX, &number);
	}
	if (ret || (o->type != OPT_FLAG && !in_range(o, number)))
		return -EINVAL;
	*n = (int64_t)number;
	return 0;
}

/*
 * A size as others write it: 64MB, 64MiB, 1.5G. Returns whether it is one that the option takes;
 * then it is in bytes. It is told and not taken, since MB is a million bytes to some.
 */
static bool meant_size(const struct opt *o, const char *value, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	const char *unit;
	double number;
	char *end;

	if (!isdigit((unsigned char)*value))
		return false;
	number = strtod(value, &end);
	/* Decimal, as no other number is. */
	if (!*end || end != value + strspn(value, "0123456789."))
		return false;
	unit = strchr(units, toupper((unsigned char)*end));
	if (!unit)
		return false;
	number *= (double)(1ull << (10 * (unit - units + 1)));
	end++;
	end += *end == 'i';
	end += *end == 'B' || *end == 'b';
	if (*end || number >= (double)(1ull << 62))
		return false;
	*bytes = (uint64_t)number;
	return (double)*bytes == number && in_range(o, *bytes);
}

/* What would be right in place of a value. Returns -EINVAL. */
static int wrong_value(const struct opt *o, bool is_key, const char *value, char *why)
{
	char text[32];
	uint64_t bytes;
	size_t len;

	opt_wrong(o, is_key, why);
	len = strlen(why);
	if (o->type == OPT_SIZE && !o->say && meant_size(o, value, &bytes))
		snprintf(why + len, OPT_WHY_MAX - len, ": write %s",
			 cli_format_size(text, sizeof(text), bytes));
	return -EINVAL;
}

static bool fits(const struct opt *o, const char *value)
{
	size_t len = strlen(value);

	return len >= o->min && (!o->max || len <= o->max);
}

int opt_scalar_set(const struct opt *o, void *base, void *place, const char *value, bool is_key,
		   char *why)
{
	bool is_string = o->type == OPT_STRING;
	int64_t n = 0;
	int ret = 0;

	if (!value)
		value = o->bare ? o->bare : "true";
	if (o->parse) {
		ret = o->parse(base, value, why);
		return ret == -ENOMEM ? opt_no_memory(why) : ret;
	}
	if (o->type == OPT_CPUS)
		return affinity_parse(value, place, why);
	if (is_string ? !fits(o, value) : parse_integer(o, value, &n) != 0)
		return wrong_value(o, is_key, value, why);
	if (o->check)
		ret = o->check(value, why);
	if (ret)
		return ret;
	if (is_string)
		return cli_set_string(place, value) ? opt_no_memory(why) : 0;
	store(o, place, n);
	return 0;
}

void opt_scalar_free(const struct opt *o, void *place)
{
	switch (o->type) {
	case OPT_STRING:
		free(*(char **)place);
		*(char **)place = NULL;
		break;
	case OPT_CPUS:
		CPU_ZERO((cpu_set_t *)place);
		break;
	case OPT_OWN:
		break;
	default:
		store(o, place, o->unset);
	}
}

bool opt_scalar_is_set(const struct opt *o, const void *place)
{
	int64_t n;

	if (o->type == OPT_STRING)
		return *(char *const *)place != NULL;
	if (o->type == OPT_CPUS)
		return CPU_COUNT((const cpu_set_t *)place) > 0;
	if (o->type == OPT_FLAG)
		return true;
	n = load(o, place);
	return find_value(o, n) || (o->type != OPT_CHOICE && in_range(o, (uint64_t)n));
}

static const char *flag_word(const struct opt *o, bool flag)
{
	if (opt_wants_value(o))
		return flag ? "on" : "off";
	return flag ? "true" : "false";
}

bool opt_scalar_write(const struct opt *o, const void *base, const void *place, FILE *to)
{
	char text[AFFINITY_TEXT_MAX];
	int64_t n;

	if (o->write)
		return o->write(base, to);
	if (!opt_scalar_is_set(o, place))
		return false;
	if (o->type == OPT_STRING) {
		fputs(*(char *const *)place, to);
		return true;
	}
	if (o->type == OPT_CPUS) {
		fputs(affinity_format(place, text), to);
		return true;
	}
	n = load(o, place);
	if (o->type == OPT_FLAG)
		fputs(flag_word(o, n), to);
	else if (find_value(o, n))
		fputs(find_value(o, n)->text, to);
	else if (o->type == OPT_SIZE)
		fputs(cli_format_size(text, sizeof(text), (uint64_t)n), to);
	else
		fprintf(to, "%" PRIu64, (uint64_t)n);
	return true;
}

int opt_scalars_init(const struct opt *rows, void *base)
{
	char why[OPT_WHY_MAX];
	int ret = 0;

	for (const struct opt *o = rows; o->name; o++) {
		void *place = (char *)base + o->at;

		if (o->flags & OPT_REPEATS || o->sub)
			continue;
		opt_scalar_free(o, place);
		if (o->init && !ret)
			ret = opt_scalar_set(o, base, place, o->init, false, why);
	}
	return ret;
}

void opt_scalars_free(const struct opt *rows, void *base)
{
	for (const struct opt *o = rows; o->name; o++)
		if (!(o->flags & OPT_REPEATS) && !o->sub)
			opt_scalar_free(o, (char *)base + o->at);
}

const struct opt *opt_scalars_missing(const struct opt *rows, const void *base)
{
	for (const struct opt *o = rows; o->name; o++)
		if (o->need && !opt_scalar_is_set(o, (const char *)base + o->at))
			return o;
	return NULL;
}
