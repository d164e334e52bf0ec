/* SPDX-License-Identifier: BSD-2-Clause */
/* vhost_load: a load generator for vhost-user-blk back ends. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm/util.h"
#include "tools/vhost/load.h"
#include "vmm/base/cli.h"

static const char *const patterns[] = {"read", "write", "randread", "randwrite", "randrw"};

static int usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: vhost_load --socket PATH [options]\n"
		"\n"
		"Puts load on a vhost-user-blk back end, as a machine's driver would, and prints\n"
		"lines of the form `name value unit`. The status is 1 if any request failed or\n"
		"read wrong bytes.\n"
		"\n"
		"  --rw PATTERN      read, write, randread (the default), randwrite, randrw\n"
		"  --queues N        queues, up to 16 (1)\n"
		"  --depth N         requests in flight on each, up to 1024 (1)\n"
		"  --block-size SIZE of a request, a multiple of 512 (4K)\n"
		"  --size SIZE       uses this much of the disk (all)\n"
		"  --seconds N       for so long (5)\n"
		"  --ios N           or until so many were posted\n"
		"  --verify          writes versions of each block, checks what is read, and\n"
		"                    reads all back at the end\n"
		"  --seed N          of block numbers and contents (1)\n"
		"  --reconnect MS    waits so long for a back end that went, and goes on\n"
		"  --packed          the packed ring; --plain: no indirect descriptors;\n"
		"  --no-event-idx    flags in place of the event index\n"
		"  --spin            looks for answers without sleeping\n"
		"  --pid N           the back end's, for its CPU time (as the socket says)\n");
	return status;
}

static int parse_pattern(const char *text, enum load_pattern *pattern)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++)
		if (!strcmp(text, patterns[i])) {
			*pattern = (enum load_pattern)i;
			return 0;
		}
	return -1;
}

/* Returns 0, or -1 with a message. */
static int parse(struct load_config *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"socket", 1, NULL, 's'},  {"rw", 1, NULL, 'w'},           {"queues", 1, NULL, 'q'},
		{"depth", 1, NULL, 'd'},   {"block-size", 1, NULL, 'b'},   {"size", 1, NULL, 'z'},
		{"seconds", 1, NULL, 't'}, {"ios", 1, NULL, 'n'},          {"verify", 0, NULL, 'v'},
		{"seed", 1, NULL, 'r'},    {"reconnect", 1, NULL, 'c'},    {"packed", 0, NULL, 'p'},
		{"plain", 0, NULL, 'l'},   {"no-event-idx", 0, NULL, 'e'}, {"spin", 0, NULL, 'o'},
		{"pid", 1, NULL, 'i'},     {"help", 0, NULL, 'h'},         {0},
	};
	uint64_t value = 0;
	int o, bad = 0;

	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (o) {
		case 's':
			c->socket = optarg;
			break;
		case 'w':
			bad = parse_pattern(optarg, &c->pattern);
			break;
		case 'q':
			bad = cli_parse_number(optarg, 1, CLIENT_MAX_QUEUES, &value);
			c->queues = (unsigned int)value;
			break;
		case 'd':
			bad = cli_parse_number(optarg, 1, 1024, &value);
			c->depth = (unsigned int)value;
			break;
		case 'b':
			bad = cli_parse_size(optarg, &value) || !value || value % 512 ||
			      value > 64 << 20;
			c->block_size = (uint32_t)value;
			break;
		case 'z':
			bad = cli_parse_size(optarg, &c->range);
			break;
		case 't':
			bad = cli_parse_number(optarg, 1, 86400, &value);
			c->seconds = (unsigned int)value;
			break;
		case 'n':
			bad = cli_parse_number(optarg, 1, UINT64_MAX, &c->ios);
			c->seconds = 86400;
			break;
		case 'r':
			bad = cli_parse_number(optarg, 0, UINT32_MAX, &c->seed);
			break;
		case 'c':
			bad = cli_parse_number(optarg, 1, 3600000, &value);
			c->reconnect_ms = (unsigned int)value;
			break;
		case 'i':
			bad = cli_parse_number(optarg, 1, INT32_MAX, &value);
			c->pid = (int)value;
			break;
		case 'v':
			c->verify = true;
			break;
		case 'p':
			c->packed = true;
			break;
		case 'l':
			c->plain = true;
			break;
		case 'e':
			c->no_event_idx = true;
			break;
		case 'o':
			c->spin = true;
			break;
		case 'h':
			exit(usage(0));
		default:
			return -1;
		}
		if (bad) {
			fprintf(stderr, "vhost_load: %s: see --help for what is right\n", optarg);
			return -1;
		}
	}
	if (!c->socket || optind < argc) {
		fprintf(stderr, "vhost_load: --socket PATH is needed, and nothing but options\n");
		return -1;
	}
	return 0;
}

static void print(const struct load_config *c, const struct load_result *r)
{
	double ios = (double)r->ios;

	printf("ios %llu count\n", (unsigned long long)r->ios);
	printf("seconds %.3f s\n", r->seconds);
	printf("iops %.0f 1/s\n", ios / r->seconds);
	printf("bandwidth %.1f MiB/s\n", (double)r->bytes / r->seconds / (1 << 20));
	printf("latency_mean %.1f us\n", r->latency_us[0]);
	printf("latency_p50 %.1f us\n", r->latency_us[1]);
	printf("latency_p99 %.1f us\n", r->latency_us[2]);
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

int main(int argc, char **argv)
{
	struct load_config config = {
		.pattern = LOAD_RANDREAD,
		.queues = 1,
		.depth = 1,
		.block_size = 4096,
		.seconds = 5,
		.seed = 1,
	};
	struct load_result result;

	if (parse(&config, argc, argv))
		return usage(2);
	if (load_run(&config, &result))
		return 1;
	print(&config, &result);
	return result.errors || result.wrong;
}
