/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/client/options.h"

#define GUESTS(of)                                                                            \
	{                                                                                     \
		.name = "GUEST", .type = OPT_STRING, .flags = OPT_REPEATS,                    \
		OPT_ARRAY(of, guests.guest, guests.nr), .min = 1, .many = "guests",           \
		.say = "give a name, as slabvisor list shows them, or the path of a control " \
		       "socket",                                                              \
		.help = "guests and services, each by its name or the path that --qmp gives " \
			"it; else all that have a name",                                      \
	}

const struct opt top_operands[] = {
	GUESTS(top_config),
	{0},
};

const struct opt metrics_operands[] = {
	GUESTS(metrics_config),
	{0},
};

static const struct opt_word sorts[] = {
	{"bytes", TOP_SORT_BYTES, false},
	{"active", TOP_SORT_ACTIVE, false},
	{"objects", TOP_SORT_OBJECTS, false},
	{"size", TOP_SORT_SIZE, false},
	{"slabs", TOP_SORT_SLABS, false},
	{"use", TOP_SORT_USE, false},
	{"name", TOP_SORT_NAME, false},
	{"rate", TOP_SORT_RATE, false},
	{0},
};

static const struct opt_word formats[] = {
	{"openmetrics", METRICS_OPENMETRICS, false},
	{"prometheus", METRICS_PROMETHEUS, false},
	{0},
};

const struct opt top_options[] = {
	{.name = "batch",
	 .letter = 'b',
	 .type = OPT_FLAG,
	 .flags = OPT_LINE_ONLY,
	 OPT_AT(top_config, batch),
	 .help = "prints one screen after the other, as tall as it takes, for scripts"},
	{.name = "iterations",
	 .letter = 'n',
	 .type = OPT_NUMBER,
	 .flags = OPT_LINE_ONLY,
	 OPT_AT(top_config, iterations),
	 .min = 1,
	 .max = 1000000,
	 .help = "ends after N screens"},
	{.name = "delay",
	 .letter = 'd',
	 .type = OPT_NUMBER,
	 .flags = OPT_LINE_ONLY,
	 OPT_AT(top_config, delay_ms),
	 .min = 100,
	 .max = 3600000,
	 .unit = "milliseconds",
	 .init = "1000",
	 .help = "time between two screens"},
	{.name = "sort",
	 .letter = 's',
	 .type = OPT_CHOICE,
	 .flags = OPT_LINE_ONLY,
	 OPT_AT(top_config, sort),
	 .words = sorts,
	 .init = "bytes",
	 .help = "what caches are ordered by"},
	{OPT_HELP(top_config)},
	{0},
};

const struct opt metrics_options[] = {
	{.name = "listen",
	 .type = OPT_STRING,
	 .flags = OPT_LINE_ONLY,
	 OPT_AT(metrics_config, listen),
	 .metavar = "[ADDRESS:]PORT",
	 .min = 1,
	 .say = "give a port, or an address and a port, as in 127.0.0.1:9717 or [::1]:9717",
	 .help = "answers there by HTTP, at /metrics, until it is ended; without an address to "
		 "this host alone, 127.0.0.1"},
	{.name = "format",
	 .type = OPT_CHOICE,
	 .flags = OPT_LINE_ONLY,
	 OPT_AT(metrics_config, format),
	 .words = formats,
	 .init = "openmetrics",
	 .help = "the format: OpenMetrics, or the text that Prometheus had before it. With "
		 "--listen who asks chooses"},
	{OPT_HELP(metrics_config)},
	{0},
};
