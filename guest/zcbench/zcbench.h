/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of zcbench share. */
#ifndef ZCBENCH_H
#define ZCBENCH_H

#include "options.h"
#include "tools/fio/latency.h"
#include <slabvisor/blk.h>

/* value in thousandths of unit. */
void print(const char *name, u64 thousandths, const char *unit);

/* What all vCPUs did. */
struct result {
	struct latency read, write;
	u64 us; /* from the first one's start to the last one's end */
	u64 exits, doorbells, waits;
};

/* In the formats that the options name. Something was read or written. */
void result_print(const struct result *r, const struct options *o);

/* A vCPU's buffers: slices of bs bytes, each in pages of its own. */
struct buffers {
	struct page **page; /* of all slices, one after the other */
	unsigned int per;   /* pages of a slice */
	unsigned int count; /* slices */
	bool user;
	unsigned long area; /* user address */
	unsigned int order; /* of the runs that the pages are of */
};

/* 0 or -errno; then buffers_free(). */
int buffers_alloc(struct buffers *b, const struct options *o);
void buffers_free(struct buffers *b);

/* Measures get_user_pages_fast() and its end. Returns 0 or -errno. */
int pins_run(void);

#endif
