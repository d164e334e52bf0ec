/* SPDX-License-Identifier: BSD-2-Clause */
/* What a row says of itself: its name, what stands for its value, what would be right, range and
 * default. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "mm/util.h"
#include "vmm/base/cli.h"
#include "vmm/option/priv.h"

/* Text that grows in a buffer; what does not fit is cut. */
struct text {
	char *at;
	size_t room;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(t->at, t->room, fmt, args);
	va_end(args);
	if (n < 0 || !t->room)
		return;
	if ((size_t)n >= t->room)
		n = (int)t->room - 1;
	t->at += n;
	t->room -= (size_t)n;
}

int opt_why(char *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, OPT_WHY_MAX, fmt, args);
	va_end(args);
	return -EINVAL;
}

int opt_no_memory(char *why)
{
	opt_why(why, "out of memory");
	return -ENOMEM;
}

/* "a, b or c", or with other words between. */
static void add_words(struct text *t, const struct opt_word *word, const char *comma,
		      const char *last)
{
	const char *between = "";

	for (; word->text; word++) {
		const struct opt_word *next = word + 1;

		if (word->hidden)
			continue;
		add(t, "%s%s", between, word->text);
		while (next->text && next->hidden)
			next++;
		between = next->text && next[1].text && !next[1].hidden ? comma : last;
	}
}

static void add_number(struct text *t, const struct opt *o, uint64_t n)
{
	char size[32];

	if (o->type == OPT_SIZE)
		add(t, "%s", cli_format_size(size, sizeof(size), n));
	else
		add(t, "%" PRIu64, n);
}

/* " from MIN to MAX", or with another word in front. */
static void add_bounds(struct text *t, const struct opt *o, const char *from)
{
	if (o->max) {
		add(t, "%s", from);
		add_number(t, o, o->min);
		add(t, " to ");
		add_number(t, o, o->max);
	} else if (o->min) {
		add(t, "%s", *from ? " of at least " : "at least ");
		add_number(t, o, o->min);
	}
	if (o->step > 1) {
		add(t, "%sa multiple of ", o->max || *from ? ", " : "");
		add_number(t, o, o->step);
	}
}

/* What values there are, as a noun. */
static void add_what(struct text *t, const struct opt *o)
{
	switch (o->type) {
	case OPT_NUMBER:
		add(t, "%s", o->unit ? o->unit : "a number");
		add_bounds(t, o, " from ");
		if (o->words) {
			add(t, ", or ");
			add_words(t, o->words, ", ", " or ");
		}
		break;
	case OPT_SIZE:
		add(t, "a size");
		add_bounds(t, o, " from ");
		break;
	case OPT_FLAG:
		add(t, "%s", opt_wants_value(o) ? "on or off" : "true or false");
		break;
	case OPT_CHOICE:
		add_words(t, o->words, ", ", " or ");
		break;
	case OPT_STRING:
		if (o->max && o->min)
			add(t, "%" PRIu64 " to %" PRIu64 " bytes", o->min, o->max);
		else if (o->max)
			add(t, "at most %" PRIu64 " bytes", o->max);
		else
			add(t, "a value");
		break;
	default:
		add(t, "a value");
	}
}

int opt_wrong(const struct opt *o, bool is_key, char *why)
{
	struct text t = {why, OPT_WHY_MAX};

	if (o->say)
		return opt_why(why, "%s", o->say);
	if (is_key)
		add(&t, "%s %s ", o->name, o->type == OPT_STRING ? "has" : "is");
	else
		add(&t, "give ");
	add_what(&t, o);
	return -EINVAL;
}

const struct opt *opt_find(const struct opt *rows, const char *name)
{
	for (const struct opt *o = rows; o->name; o++)
		if (!strcmp(o->name, name))
			return o;
	return NULL;
}

bool opt_wants_value(const struct opt *o)
{
	return !o->bare && (o->type != OPT_FLAG || o->metavar);
}

const char *opt_metavar(const struct opt *o, char text[OPT_TEXT_MAX])
{
	static const char *const by_type[] = {
		[OPT_NUMBER] = "N",  [OPT_SIZE] = "SIZE", [OPT_STRING] = "TEXT",
		[OPT_CPUS] = "LIST", [OPT_LIST] = "SPEC", [OPT_OWN] = "VALUE",
	};
	struct text t = {text, OPT_TEXT_MAX};

	*text = '\0';
	if (o->metavar)
		add(&t, "%s", o->metavar);
	else if (o->type == OPT_CHOICE)
		add_words(&t, o->words, "|", "|");
	else if (o->type < ARRAY_SIZE(by_type) && by_type[o->type])
		add(&t, "%s", by_type[o->type]);
	return text;
}

const char *opt_range(const struct opt *o, char text[OPT_TEXT_MAX])
{
	struct text t = {text, OPT_TEXT_MAX};
	const char *comma = "";

	*text = '\0';
	if (o->type == OPT_NUMBER || o->type == OPT_SIZE)
		add_bounds(&t, o, "");
	if (o->unit)
		add(&t, " %s", o->unit);
	if (o->type == OPT_NUMBER && o->words) {
		add(&t, " or ");
		add_words(&t, o->words, ", ", " or ");
	}
	/* A metavar of its own does not show the words. */
	if (o->type == OPT_CHOICE && o->metavar && !strchr(o->metavar, '|'))
		add_words(&t, o->words, ", ", " or ");
	if (o->type == OPT_STRING && o->max)
		add_what(&t, o);
	if (*text)
		comma = ", ";
	if (o->flags & OPT_REPEATS) {
		add(&t, "%sup to %u times", comma, o->room);
		comma = ", ";
	}
	if (o->init)
		add(&t, "%sdefault %s", comma, o->init);
	return text;
}

const char *opt_shape(const struct opt *sub, char *text, size_t room)
{
	struct text t = {text, room};
	char metavar[OPT_TEXT_MAX];
	bool needs = false;

	*text = '\0';
	for (const struct opt *o = sub; o->name; o++)
		needs |= o->need != NULL;
	for (const struct opt *o = sub; o->name; o++)
		add(&t, "%s%s%s=%s%s", needs && !o->need ? "[" : "", o == sub ? "" : ",", o->name,
		    opt_metavar(o, metavar), needs && !o->need ? "]" : "");
	if (!needs)
		add(&t, ", or some of them");
	return text;
}
