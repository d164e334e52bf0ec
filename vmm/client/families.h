/* SPDX-License-Identifier: BSD-2-Clause */
/* The metrics of several guests as one text: OpenMetrics wants all samples of a family together,
 * and each guest tells its own families. */
#ifndef VMM_CLIENT_FAMILIES_H
#define VMM_CLIENT_FAMILIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct family {
	char *name, *type, *unit, *help; /* unit, help: NULL: not told */
	char *samples;                   /* whole lines */
	size_t len, room;
};

struct families {
	struct family *family;
	size_t nr, room;
};

/*
 * Takes the families of a text, which is what a guest's metrics command answers and is not trusted:
 * a line that is none of the format's is left out, as is what is beyond its # EOF. Returns 0 or
 * -ENOMEM, when part of it may have been taken.
 */
int families_add(struct families *families, const char *text);

/* Writes all: as OpenMetrics, or (old) in Prometheus's text format 0.0.4, where a counter's family
 * is called as its samples are, and what is only a label is a gauge. */
void families_write(const struct families *families, bool old, FILE *to);

void families_free(struct families *families);

#endif
