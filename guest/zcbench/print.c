/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines that a bench reads, and fio's JSON. */
#include "zcbench.h"
#include <linux/ktime.h>
#include <linux/printk.h>

#define FIO_PRINT(...) printk(__VA_ARGS__)
#include "tools/fio/json.h"

void print(const char *name, u64 thousandths, const char *unit)
{
	printk("%s %llu.%03llu %s\n", name, thousandths / 1000, thousandths % 1000, unit);
}

static void print_lines(const struct result *r, u64 ios, u64 bytes)
{
	static struct latency all;

	latency_merge(&all, &r->read);
	latency_merge(&all, &r->write);
	print("iops", ios * 1000000000 / r->us, "/s");
	print("bandwidth", ((bytes >> 10) * 1000000000 / r->us) >> 10, "MiB/s");
	print("latency_avg_us", all.sum / ios, "us");
	print("latency_min_us", all.min, "us");
	print("latency_p50_us", latency_percentile(&all, 500000), "us");
	print("latency_p90_us", latency_percentile(&all, 900000), "us");
	print("latency_p99_us", latency_percentile(&all, 990000), "us");
	print("latency_p99.9_us", latency_percentile(&all, 999000), "us");
	print("latency_p99.99_us", latency_percentile(&all, 999900), "us");
	print("latency_max_us", all.max, "us");
	print("ios", ios * 1000, "requests");
	print("doorbells_per_kio", r->doorbells * 1000000 / ios, "exits");
	print("waits_per_kio", r->waits * 1000000 / ios, "exits");
	print("exits_per_kio", r->exits * 1000000 / ios, "exits");
}

static void print_json(const struct result *r, const struct options *o, u64 ios)
{
	const struct fio_value option[] = {
		{"rw", options_mode(o), 0},
		{"rwmixread", NULL, o->mix_read},
		{"fsync", NULL, o->fsync},
		{"bs", NULL, o->bs},
		{"iodepth", NULL, o->depth},
		{"numjobs", NULL, o->cpus},
		{"size", NULL, o->size},
		{"randseed", NULL, o->seed},
		{0},
	};
	const struct fio_value own[] = {
		{"doorbells_per_kio", NULL, r->doorbells * 1000000 / ios},
		{"waits_per_kio", NULL, r->waits * 1000000 / ios},
		{"exits_per_kio", NULL, r->exits * 1000000 / ios},
		{0},
	};
	const struct fio_job job = {
		.program = "slabvisor-zcbench",
		.name = "zcbench",
		.option = option,
		.own = own,
		.read = {r->read.count * o->bs, &r->read},
		.write = {r->write.count * o->bs, &r->write},
		.runtime_us = r->us,
		.seconds = ktime_get_real_ns() / 1000000000,
		.bins = o->bins,
	};

	fio_print(&job);
}

void result_print(const struct result *r, const struct options *o)
{
	u64 ios = r->read.count + r->write.count;

	if (o->lines)
		print_lines(r, ios, ios * o->bs);
	if (o->json)
		print_json(r, o, ios);
}
