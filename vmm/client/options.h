/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of those commands that slabvisor-view carries out (vmm/view): their tables are here,
 * since manual pages and completion are made of the monitor's. */
#ifndef VMM_CLIENT_OPTIONS_H
#define VMM_CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/option/option.h"

#define CLIENT_MAX_GUESTS 64

struct guests {
	char *guest[CLIENT_MAX_GUESTS]; /* none: all that have a name */
	unsigned int nr;
};

enum top_sort {
	TOP_SORT_BYTES,  /* of a cache's slabs; slabtop's c */
	TOP_SORT_ACTIVE, /* objects that the guest has; a */
	TOP_SORT_OBJECTS,
	TOP_SORT_SIZE,
	TOP_SORT_SLABS,
	TOP_SORT_USE,
	TOP_SORT_NAME,
	TOP_SORT_RATE,
	TOP_SORTS
};

struct top_config {
	struct guests guests;
	unsigned int delay_ms;
	unsigned int iterations; /* 0: till it is ended */
	bool batch;
	int sort; /* enum top_sort */
	bool help;
};

enum metrics_format {
	METRICS_OPENMETRICS,
	METRICS_PROMETHEUS
};

struct metrics_config {
	struct guests guests;
	char *listen; /* [ADDRESS:]PORT, or NULL */
	int format;   /* enum metrics_format */
	bool help;
};

extern const struct opt top_options[], metrics_options[];
extern const struct opt top_operands[], metrics_operands[];

#endif
