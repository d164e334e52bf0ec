/* SPDX-License-Identifier: BSD-2-Clause */
/* What top knows of a guest or a service: its answers of one moment and of the one before, from
 * whose difference rates come. Answers are not trusted: what is not there counts as 0. */
#ifndef VMM_VIEW_SAMPLE_H
#define VMM_VIEW_SAMPLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "virtio/blk/latency.h"
#include "vmm/client/peer.h"

/* Huge frames that are asked for, 128 GiB of heap: what lies beyond is not shown. */
#define SAMPLE_MAX_FRAMES 65536u

struct sample {
	int64_t ms; /* when, CLOCK_MONOTONIC; 0: there is none */
	json_t *monitor, *status, *memory, *pins, *caches, *vcpus, *disks;
	char *map; /* a letter a huge frame, as query-frames has them; NULL: it has no heap */
};

struct watched {
	struct peer peer;
	const char *guest; /* as the user calls it */
	bool answers;
	struct sample now, before;
};

/* Asks for all of it anew; one that has gone is connected to again. */
void sample_take(struct watched *w);

/* Frees all that is known, and hangs up. */
void sample_free(struct watched *w);

/* A number of an answer. */
int64_t sample_number(const json_t *object, const char *key);

/* How much it grew a second, where it is in both. 0 where there is no answer of before. */
double sample_rate(const struct watched *w, const json_t *now, const json_t *before,
		   const char *key);

/* The entry of an array of before that has the same value at key as one of now, or NULL. */
const json_t *sample_before(const json_t *array, const json_t *entry, const char *key);

/*
 * The time within which `percent` of the requests ended that did between two samples: the end of
 * its bucket, ns; 0: there were none. now, before: "stats" of query-blockstats, before may be NULL.
 * op: "rd", "wr".
 */
uint64_t sample_percentile(const json_t *now, const json_t *before, const char *op,
			   unsigned int percent);

#endif
