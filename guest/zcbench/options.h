/* SPDX-License-Identifier: BSD-2-Clause */
/* What zcbench is asked to do. */
#ifndef ZCBENCH_OPTIONS_H
#define ZCBENCH_OPTIONS_H

#include <linux/types.h>

struct options {
	unsigned int disk;
	bool write, random;
	bool mixed;         /* writes and reads */
	u32 mix_read;       /* percent of these that are reads */
	u32 fsync;          /* a flush after so many writes; 0: none */
	u32 bs;             /* bytes of a request */
	unsigned int depth; /* requests of a vCPU under way */
	unsigned int cpus;  /* that take part */
	u64 runtime_ms;
	u64 size;    /* bytes of the disk in use; 0: all */
	u64 buffers; /* bytes of memory that requests go round, of each vCPU */
	bool user;   /* of user memory, pinned once; else runs of pages */
	bool pins;   /* measure get_user_pages_fast() instead */
	u32 poll_us; /* that blk_wait() polls */
	u32 seed;
	bool lines, json, bins; /* what is printed: lines, fio's JSON, with its bins */
};

/* The word of rw=. */
const char *options_mode(const struct options *o);

/* Reads key=value arguments over the defaults. Returns false, having said what is wrong,
 * if one is not understood. */
bool options_read(struct options *o, int argc, char **argv);

#endif
