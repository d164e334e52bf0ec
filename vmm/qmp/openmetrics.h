/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text in the OpenMetrics format (1.0, github.com/prometheus/OpenMetrics): a family of metrics
 * after the other, each with its type, unit and help, then its samples. All names begin with
 * slabvisor_ and end in their unit.
 */
#ifndef VMM_QMP_OPENMETRICS_H
#define VMM_QMP_OPENMETRICS_H

#include <stdint.h>
#include <stdio.h>

/* What all samples of a text are labelled with, and what it goes to. */
struct om {
	FILE *to;
	const char *guest;
	const char *family; /* the current one */
	const char *suffix; /* of its samples */
};

/* A label of a sample. */
struct om_label {
	const char *name; /* NULL: the end */
	const char *value;
};

enum om_type {
	OM_COUNTER,      /* samples end in _total */
	OM_MICROSECONDS, /* the same, counted in microseconds, written in seconds */
	OM_GAUGE,
	OM_HISTOGRAM,
	OM_INFO, /* a sample of labels, which ends in _info */
};

/* Begins a family. name: without slabvisor_; help: a phrase. Both outlive it. */
void om_family(struct om *om, const char *name, enum om_type type, const char *help);

/* A sample of a counter, a gauge or an info. labels: up to one without a name; NULL: none. */
void om_sample(const struct om *om, enum om_type type, const struct om_label *labels,
	       uint64_t value);

/* A sample of a value with a fraction, its name ended by what. */
void om_real(const struct om *om, const char *what, const struct om_label *labels, double value);

/* Ends the text. */
void om_end(const struct om *om);

#endif
