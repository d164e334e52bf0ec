/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What fio prints by --output-format=json and json+, of one job, by fio's names and in its units,
 * so that what reads fio's reads it: fio_jsonplus_clat2csv, for one. The host's load generator and
 * the guest's zcbench share it, and with it what a percentile is. The guest has neither floating
 * point nor a library for JSON, which is why this is a printer.
 *
 * What differs from fio: clat_ns and lat_ns are the same, from handing a request over to seeing its
 * answer; stddev is taken from the bins; what is not measured is left out, where fio prints zeroes;
 * "slabvisor" is an object of our own. Before it is included, FIO_PRINT(format, ...) has to be
 * defined.
 */
#ifndef TOOLS_FIO_JSON_H
#define TOOLS_FIO_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/fio/latency.h"

/* The percentiles that are printed, in millionths. */
#define FIO_PERCENTILES                                                                       \
	{                                                                                     \
		10000, 50000, 100000, 200000, 300000, 400000, 500000, 600000, 700000, 800000, \
			900000, 950000, 990000, 995000, 999000, 999500, 999900                \
	}

/* A name, and a text or, where that is NULL, a number. A text needs no escapes. */
struct fio_value {
	const char *name, *text;
	uint64_t number;
};

struct fio_side {
	uint64_t bytes;
	const struct latency *latency;
};

struct fio_job {
	const char *program, *name;
	const struct fio_value *option, *own; /* up to one that has no name; own are thousandths */
	struct fio_side read, write;
	uint64_t runtime_us;
	uint64_t errors;
	uint64_t seconds;            /* since 1970, when it ended; 0: not known */
	uint64_t user_us, system_us; /* CPU time of who made the load; both 0: not known */
	bool bins;                   /* as in json+ */
};

/* Millionths as a number with six places, as fio prints its own. */
static inline void fio_print_real(const char *name, uint64_t millionths, const char *end)
{
	FIO_PRINT("\"%s\" : %llu.%06llu%s", name, (unsigned long long)millionths / 1000000,
		  (unsigned long long)millionths % 1000000, end);
}

static inline void fio_print_number(const char *name, uint64_t value, const char *end)
{
	FIO_PRINT("\"%s\" : %llu%s", name, (unsigned long long)value, end);
}

static inline void fio_print_bins(const struct latency *l)
{
	bool first = true;

	FIO_PRINT(",\n          \"bins\" : {");
	for (unsigned int i = 0; i < LATENCY_BINS; i++) {
		if (!l->bin[i])
			continue;
		FIO_PRINT("%s\n            \"%llu\" : %llu", first ? "" : ",",
			  (unsigned long long)latency_ns(i), (unsigned long long)l->bin[i]);
		first = false;
	}
	FIO_PRINT("\n          }");
}

/* l may be NULL: nothing was measured. */
static inline void fio_print_latency(const char *name, const struct latency *l, bool shares,
				     bool bins)
{
	static const uint32_t share[] = FIO_PERCENTILES;
	const unsigned int n = sizeof(share) / sizeof(share[0]);
	uint64_t count = l ? l->count : 0;
	/* A product with a million has to fit. */
	uint64_t mean = count ? l->sum / count * 1000000 + l->sum % count * 1000000 / count : 0;

	FIO_PRINT("        \"%s\" : {", name);
	fio_print_number("min", count ? l->min : 0, ", ");
	fio_print_number("max", count ? l->max : 0, ", ");
	fio_print_real("mean", mean, ", ");
	fio_print_real("stddev", count ? latency_stddev(l) * 1000000 : 0, ", ");
	fio_print_number("N", count, "");
	if (count && shares) {
		FIO_PRINT(",\n          \"percentile\" : {");
		for (unsigned int i = 0; i < n; i++)
			FIO_PRINT("%s\n            \"%u.%06u\" : %llu", i ? "," : "",
				  share[i] / 10000, share[i] % 10000 * 100,
				  (unsigned long long)latency_percentile(l, share[i]));
		FIO_PRINT("\n          }");
		if (bins)
			fio_print_bins(l);
	}
	FIO_PRINT("}");
}

static inline void fio_print_side(const char *name, const struct fio_side *side,
				  uint64_t runtime_us, bool bins)
{
	uint64_t ios = side->latency ? side->latency->count : 0;
	uint64_t us = ios && runtime_us ? runtime_us : 1;
	/* In steps, so that the products fit for petabytes and for years. */
	uint64_t bandwidth = side->bytes / us * 1000000 + side->bytes % us * 1000000 / us;
	uint64_t iops = ios / us * 1000000000000 + ios % us * 1000000 / us * 1000000;

	iops += ios % us * 1000000 % us * 1000000 / us;
	FIO_PRINT("      \"%s\" : {\n        ", name);
	fio_print_number("io_bytes", side->bytes, ", ");
	fio_print_number("io_kbytes", side->bytes / 1024, ", ");
	fio_print_number("bw_bytes", bandwidth, ", ");
	fio_print_number("bw", bandwidth / 1024, ",\n        ");
	fio_print_real("iops", iops, ", ");
	fio_print_number("runtime", ios ? runtime_us / 1000 : 0, ", ");
	fio_print_number("total_ios", ios, ", ");
	fio_print_number("short_ios", 0, ", ");
	fio_print_number("drop_ios", 0, ",\n");
	fio_print_latency("slat_ns", NULL, false, false);
	FIO_PRINT(",\n");
	fio_print_latency("clat_ns", side->latency, true, bins);
	FIO_PRINT(",\n");
	fio_print_latency("lat_ns", side->latency, false, false);
	FIO_PRINT("\n      },\n");
}

static inline void fio_print(const struct fio_job *job)
{
	const struct fio_side none = {0, NULL};
	uint64_t us = job->runtime_us ? job->runtime_us : 1;

	FIO_PRINT("{\n  \"fio version\" : \"%s\",\n", job->program);
	if (job->seconds)
		FIO_PRINT("  \"timestamp\" : %llu,\n", (unsigned long long)job->seconds);
	FIO_PRINT("  \"jobs\" : [\n    {\n      \"jobname\" : \"%s\",\n      \"groupid\" : 0,\n",
		  job->name);
	FIO_PRINT("      \"error\" : %u,\n", job->errors ? 5u : 0u); /* EIO, the one of a disk */
	FIO_PRINT("      ");
	fio_print_number("elapsed", (job->runtime_us + 999999) / 1000000, ",\n");
	FIO_PRINT("      \"job options\" : {");
	for (const struct fio_value *v = job->option; v->name; v++) {
		if (v->text)
			FIO_PRINT("\"%s\" : \"%s\"%s", v->name, v->text, v[1].name ? ", " : "");
		else
			FIO_PRINT("\"%s\" : \"%llu\"%s", v->name, (unsigned long long)v->number,
				  v[1].name ? ", " : "");
	}
	FIO_PRINT("},\n");
	fio_print_side("read", &job->read, job->runtime_us, job->bins);
	fio_print_side("write", &job->write, job->runtime_us, job->bins);
	fio_print_side("trim", &none, job->runtime_us, false);
	FIO_PRINT("      ");
	fio_print_number("job_runtime", job->runtime_us / 1000, ",\n");
	if (job->user_us || job->system_us) {
		FIO_PRINT("      ");
		fio_print_real("usr_cpu", job->user_us * 100000000 / us, ", ");
		fio_print_real("sys_cpu", job->system_us * 100000000 / us, ",\n");
	}
	FIO_PRINT("      \"slabvisor\" : {");
	for (const struct fio_value *v = job->own; v->name; v++)
		FIO_PRINT("\"%s\" : %llu.%03llu%s", v->name, (unsigned long long)v->number / 1000,
			  (unsigned long long)v->number % 1000, v[1].name ? ", " : "");
	FIO_PRINT("}\n    }\n  ]\n}\n");
}

#endif
