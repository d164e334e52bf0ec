/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the load generator share. */
#ifndef TOOLS_VHOST_LOAD_H
#define TOOLS_VHOST_LOAD_H

#include "tools/fio/latency.h"
#include "tools/vhost/client.h"
#include "vmm/option/option.h"

enum load_pattern {
	LOAD_READ,
	LOAD_WRITE,
	LOAD_RANDREAD,
	LOAD_RANDWRITE,
	LOAD_RANDRW
};

/* What is printed: bits. */
enum load_format {
	LOAD_NORMAL = 1, /* lines of name, value and unit */
	LOAD_JSON = 2,   /* fio's */
	LOAD_BINS = 4    /* ... with all bins of latencies */
};

struct load_config {
	char *socket;
	enum load_format format;
	enum load_pattern pattern;
	unsigned int mix_read; /* percent of LOAD_RANDRW */
	unsigned int fsync;    /* a flush after so many writes; 0: none */
	unsigned int queues, depth, seconds;
	uint32_t block_size; /* bytes */
	uint64_t range;      /* bytes of the disk to use; 0: all */
	uint64_t ios;        /* to do; 0: as many as the seconds allow */
	uint64_t seed;
	unsigned int reconnect_ms; /* to wait for a back end that went; 0: it may not */
	int pid;                   /* of the back end, 0: as the socket says */
	bool verify, packed, plain, no_event_idx, spin, help, version;
	bool seconds_given;
};

/* Stored in a struct load_config. */
extern const struct opt load_options[];
/* The words of enum load_pattern. */
extern const struct opt_word load_patterns[];

struct load_result {
	uint64_t ios, bytes, errors, wrong, reconnects, kicks, waits;
	double seconds, backend_cpu; /* backend_cpu < 0: not known */
	double user_cpu, system_cpu; /* the load's own */
	struct latency read, write;  /* what was verified at the end is in neither */
};

/* Connects, runs the load, disconnects. Returns 0 or a negative errno, with a message. */
int load_run(const struct load_config *config, struct load_result *result);

/* Prints the result as fio does. */
void load_print_json(const struct load_config *config, const struct load_result *result);

/* The pattern of a block: fills, or checks. version 0 has none. */
void load_fill(uint8_t *data, uint32_t len, uint64_t block, uint32_t version, uint64_t seed);
bool load_check(const uint8_t *data, uint32_t len, uint64_t block, uint32_t version, uint64_t seed);

#endif
