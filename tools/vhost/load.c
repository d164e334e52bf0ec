/* SPDX-License-Identifier: BSD-2-Clause */
/* slabvisor-vhost-load: a load generator for vhost-user-blk back ends. */
#include "tools/vhost/load.h"

#include <stdio.h>

#include "vmm/base/cli.h"
#include "vmm/option/help.h"
#include "vmm/option/line.h"

#define LONGEST_S 86400 /* where a number of requests is asked for */

static int print_help(void)
{
	printf("usage: slabvisor-vhost-load --socket PATH [options]\n"
	       "\n"
	       "Puts load on a vhost-user-blk back end, as a machine's driver would, and prints\n"
	       "lines of the form `name value unit`, or what fio prints as JSON. The status is 1\n"
	       "if any request failed or read wrong bytes, and 2 for wrong usage.\n"
	       "\n");
	opt_help(stdout, load_options, 0);
	printf("\nSIZE is a number of bytes, or of K, M, G or T (1024, 1024^2, ...).\n");
	return 0;
}

static int print_version(void)
{
	puts("slabvisor-vhost-load " SLABVISOR_VERSION);
	return 0;
}

static int usage(char *error)
{
	fprintf(stderr, "slabvisor-vhost-load: %s\n", cli_sanitise(error));
	return 2;
}

static void print_us(const char *name, uint64_t ns)
{
	printf("latency_%s %.3f us\n", name, (double)ns / 1e3);
}

static void print(const struct load_config *c, const struct load_result *r)
{
	const double ios = r->ios ? (double)r->ios : 1;
	struct latency all = r->read;

	latency_merge(&all, &r->write);
	printf("ios %llu count\n", (unsigned long long)r->ios);
	printf("seconds %.3f s\n", r->seconds);
	printf("iops %.0f 1/s\n", (double)r->ios / r->seconds);
	printf("bandwidth %.1f MiB/s\n", (double)r->bytes / r->seconds / (1 << 20));
	printf("latency_mean %.3f us\n", (double)all.sum / ios / 1e3);
	print_us("min", all.min);
	print_us("p50", latency_percentile(&all, 500000));
	print_us("p90", latency_percentile(&all, 900000));
	print_us("p99", latency_percentile(&all, 990000));
	print_us("p99.9", latency_percentile(&all, 999000));
	print_us("p99.99", latency_percentile(&all, 999900));
	print_us("max", all.max);
	printf("client_cpu_per_mio %.3f s\n", (r->user_cpu + r->system_cpu) / ios * 1e6);
	if (r->backend_cpu >= 0) {
		printf("backend_cpu_per_mio %.3f s\n", r->backend_cpu / ios * 1e6);
		if (r->backend_cpu > 0)
			printf("backend_iops_per_core %.0f 1/s\n", (double)r->ios / r->backend_cpu);
	}
	printf("kicks %llu count\n", (unsigned long long)r->kicks);
	printf("kicks_per_kio %.3f count\n", (double)r->kicks / ios * 1e3);
	printf("waits %llu count\n", (unsigned long long)r->waits);
	if (c->reconnect_ms)
		printf("reconnects %llu count\n", (unsigned long long)r->reconnects);
	printf("errors %llu count\n", (unsigned long long)r->errors);
	printf("wrong %llu count\n", (unsigned long long)r->wrong);
}

static int run(struct load_config *config)
{
	struct load_result result;

	if (load_run(config, &result))
		return 1;
	if (config->format & LOAD_NORMAL)
		print(config, &result);
	if (config->format & LOAD_JSON)
		load_print_json(config, &result);
	return result.errors || result.wrong;
}

int main(int argc, char **argv)
{
	struct load_config config = {0};
	struct opt_scope scope = {.rows = load_options, .base = &config};
	struct opt_line line = {
		.command = "slabvisor-vhost-load",
		.scope = &scope,
		.nr_scopes = 1,
		.argc = argc,
		.argv = argv,
		.error = "out of memory",
	};
	int status;

	if (opt_init(load_options, &config) || opt_line_read(&line, OPT_PASS_WINS) ||
	    (!config.help && !config.version && opt_line_read(&line, OPT_PASS_ALL))) {
		status = usage(line.error);
	} else if (config.help) {
		status = print_help();
	} else if (config.version) {
		status = print_version();
	} else if (!config.socket) {
		status =
			usage((char[]){"--socket PATH is needed: see slabvisor-vhost-load --help"});
	} else {
		if (config.ios && !config.seconds_given)
			config.seconds = LONGEST_S;
		status = run(&config);
	}
	opt_free(load_options, &config);
	return status;
}
