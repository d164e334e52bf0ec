/* SPDX-License-Identifier: BSD-2-Clause */
/* What the load did, as fio says it. */
#include "tools/vhost/load.h"

#include <stdio.h>
#include <time.h>

#define FIO_PRINT(...) printf(__VA_ARGS__)
#include "tools/fio/json.h"

static const char *word_of(enum load_pattern pattern)
{
	const struct opt_word *w = load_patterns;

	while (w->text && w->value != (int64_t)pattern)
		w++;
	return w->text;
}

static uint64_t thousandths(double value)
{
	return (uint64_t)(value * 1e3 + 0.5);
}

void load_print_json(const struct load_config *config, const struct load_result *r)
{
	const double ios = r->ios ? (double)r->ios : 1;
	const struct fio_value option[] = {
		{"rw", word_of(config->pattern), 0}, {"rwmixread", NULL, config->mix_read},
		{"fsync", NULL, config->fsync},      {"bs", NULL, config->block_size},
		{"iodepth", NULL, config->depth},    {"numjobs", NULL, config->queues},
		{"randseed", NULL, config->seed},    {0},
	};
	struct fio_value own[] = {
		{"kicks_per_kio", NULL, thousandths((double)r->kicks / ios * 1e3)},
		{"waits_per_kio", NULL, thousandths((double)r->waits / ios * 1e3)},
		{"backend_cpu_per_mio", NULL, thousandths(r->backend_cpu / ios * 1e6)},
		{0},
	};
	const struct fio_job job = {
		.program = "slabvisor-vhost-load " SLABVISOR_VERSION,
		.name = "slabvisor-vhost-load",
		.option = option,
		.own = own,
		.read = {r->read.count * config->block_size, &r->read},
		.write = {r->write.count * config->block_size, &r->write},
		.runtime_us = (uint64_t)(r->seconds * 1e6),
		.errors = r->errors + r->wrong,
		.seconds = (uint64_t)time(NULL),
		.user_us = (uint64_t)(r->user_cpu * 1e6),
		.system_us = (uint64_t)(r->system_cpu * 1e6),
		.bins = config->format & LOAD_BINS,
	};

	if (r->backend_cpu < 0)
		own[2] = (struct fio_value){0};
	fio_print(&job);
}
