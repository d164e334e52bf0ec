/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/qmp/openmetrics.h"

#include <inttypes.h>
#include <string.h>

#define PREFIX "slabvisor_"

static const char *const type_names[] = {
	[OM_COUNTER] = "counter", [OM_MICROSECONDS] = "counter",
	[OM_GAUGE] = "gauge",     [OM_HISTOGRAM] = "histogram",
	[OM_INFO] = "info",
};

static const char *const suffixes[] = {
	[OM_COUNTER] = "_total", [OM_MICROSECONDS] = "_total", [OM_GAUGE] = "",
	[OM_HISTOGRAM] = "",     [OM_INFO] = "_info",
};

void om_family(struct om *om, const char *name, enum om_type type, const char *help)
{
	const char *unit = strrchr(name, '_');

	om->family = name;
	om->suffix = suffixes[type];
	fprintf(om->to, "# TYPE " PREFIX "%s %s\n", name, type_names[type]);
	if (unit && type != OM_INFO)
		fprintf(om->to, "# UNIT " PREFIX "%s %s\n", name, unit + 1);
	fprintf(om->to, "# HELP " PREFIX "%s %s\n", name, help);
}

/* Labels are text of a user's or a guest's: a quote would end them. What is not printable ASCII
 * might be no UTF-8, and is replaced. */
static void put_text(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', to);
		fputc(*text < 0x20 || *text > 0x7e ? '?' : *text, to);
	}
}

static void put_name(const struct om *om, const char *suffix, const struct om_label *labels)
{
	fprintf(om->to, PREFIX "%s%s{guest=\"", om->family, suffix);
	put_text(om->to, om->guest);
	for (; labels && labels->name; labels++) {
		fprintf(om->to, "\",%s=\"", labels->name);
		put_text(om->to, labels->value);
	}
	fputs("\"} ", om->to);
}

void om_sample(const struct om *om, enum om_type type, const struct om_label *labels,
	       uint64_t value)
{
	put_name(om, om->suffix, labels);
	if (type == OM_MICROSECONDS)
		fprintf(om->to, "%" PRIu64 ".%06" PRIu64 "\n", value / 1000000, value % 1000000);
	else
		fprintf(om->to, "%" PRIu64 "\n", value);
}

void om_real(const struct om *om, const char *what, const struct om_label *labels, double value)
{
	put_name(om, what, labels);
	fprintf(om->to, "%.9g\n", value);
}

void om_end(const struct om *om)
{
	fputs("# EOF\n", om->to);
}
