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
	       "lines of the form `name value unit`. The status is 1 if any request failed or\n"
	       "read wrong bytes, and 2 for wrong usage.\n"
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

static void print(const struct load_config *c, const struct load_result *r)
{
	double ios = (double)r->ios;

	printf("ios %llu count\n", (unsigned long long)r->ios);
	printf("seconds %.3f s\n", r->seconds);
	printf("iops %.0f 1/s\n", ios / r->seconds);
	printf("bandwidth %.1f MiB/s\n", (double)r->bytes / r->seconds / (1 << 20));
	printf("latency_mean %.1f us\n", r->latency.mean);
	printf("latency_min %.1f us\n", r->latency.min);
	printf("latency_p50 %.1f us\n", r->latency.p50);
	printf("latency_p90 %.1f us\n", r->latency.p90);
	printf("latency_p99 %.1f us\n", r->latency.p99);
	printf("latency_p99.9 %.1f us\n", r->latency.p99_9);
	printf("latency_max %.1f us\n", r->latency.max);
	printf("client_cpu_per_mio %.3f s\n", r->client_cpu / ios * 1e6);
	if (r->backend_cpu >= 0)
		printf("backend_cpu_per_mio %.3f s\n", r->backend_cpu / ios * 1e6);
	printf("kicks %llu count\n", (unsigned long long)r->kicks);
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
	print(config, &result);
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
