/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/config/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vmm/base/cli.h"
#include "vmm/config/fields.h"

#define HUGE_MASK  (MM_HUGE_SIZE - 1)
#define NODE_SHAPE "memory=SIZE,heap=SIZE,host=N, or some of them, as in memory=512M,host=0"

static const char *const node_keys[] = {"memory", "heap", "host", NULL};

int memory_option_memory(struct run_config *config, const char *value, char *why)
{
	uint64_t size;

	if (cli_parse_size(value, &size) || size < RUN_MIN_MEMORY || size > RUN_MAX_MEMORY ||
	    size & (MM_FRAME_SIZE - 1))
		return run_why(why, "give a size from 4M to 1T in whole pages of 4K");
	config->memory = size;
	config->memory_given = true;
	return 0;
}

int memory_option_heap(struct run_config *config, const char *value, char *why)
{
	uint64_t size;

	if (cli_parse_size(value, &size) || !size || size > RUN_MAX_HEAP || size & HUGE_MASK)
		return run_why(why, "give a size from 2M to 400G, a multiple of 2M");
	config->heap = size;
	config->heap_given = true;
	return 0;
}

static int parse_host_node(struct run_node *node, const char *value, char *why)
{
	char path[64];
	uint64_t n;
	int ret;

	if (cli_parse_number(value, 0, 1023, &n))
		return run_why(why, "host is the number of a NUMA node of this machine");
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u", (unsigned int)n);
	if (access(path, F_OK))
		return run_why(why, "this machine has no NUMA node %u (see %s)", (unsigned int)n,
			       "/sys/devices/system/node");
	ret = mm_node_check((int)n);
	if (ret == -EINVAL)
		return run_why(why, "NUMA node %u of this machine has no memory for this process",
			       (unsigned int)n);
	if (ret)
		return run_why(why, "memory of NUMA node %u cannot be asked for: %s",
			       (unsigned int)n, strerror(-ret));
	node->host_node = (int)n;
	return 0;
}

static int parse_node_size(uint64_t *size, const char *key, const char *value, uint64_t max,
			   char *why)
{
	char text[32];

	if (cli_parse_size(value, size) || !*size || *size > max || *size & HUGE_MASK)
		return run_why(why, "%s is a multiple of 2M, up to %s", key,
			       cli_format_size(text, sizeof(text), max));
	return 0;
}

static int parse_node_field(struct run_node *node, const char *key, const char *value, char *why)
{
	if (!strcmp(key, "memory"))
		return parse_node_size(&node->memory, key, value, RUN_MAX_MEMORY, why);
	if (!strcmp(key, "heap"))
		return parse_node_size(&node->heap, key, value, RUN_MAX_HEAP, why);
	return parse_host_node(node, value, why);
}

int memory_option_numa(struct run_config *config, const char *value, char *why)
{
	struct run_node node = {.host_node = -1};
	const char *key, *text;
	struct fields fields;
	int ret;

	if (config->nr_nodes == RUN_MAX_NODES)
		return run_why(why, "at most %d nodes", RUN_MAX_NODES);
	if (fields_open(&fields, value, node_keys, NODE_SHAPE))
		return -ENOMEM;
	while ((ret = fields_next(&fields, &key, &text, why, RUN_WHY_MAX)) > 0) {
		ret = parse_node_field(&node, key, text, why);
		if (ret)
			break;
	}
	fields_close(&fields);
	if (ret)
		return ret;
	config->node[config->nr_nodes++] = node;
	return 0;
}

void memory_option_forget_nodes(struct run_config *config)
{
	config->nr_nodes = 0;
}

int memory_option_hugepages(struct run_config *config, const char *value, char *why)
{
	uint64_t size;

	/* In a file the option without a value reads `hugepages: true`. */
	if (!value || !strcmp(value, "true"))
		config->hugepages = MM_HUGE_SIZE;
	else if (!strcmp(value, "false"))
		config->hugepages = 0;
	else if (!cli_parse_size(value, &size) && (size == MM_HUGE_SIZE || size == MM_GIANT_SIZE))
		config->hugepages = size;
	else
		return run_why(why, "give 2M or 1G");
	return 0;
}

int memory_option_prefault(struct run_config *config, const char *value, char *why)
{
	return run_flag(&config->prefault, value, why);
}

static const char *const backings[] = {
	[MM_BACKING_ANON] = "anon",
	[MM_BACKING_MEMFD] = "memfd",
	[MM_BACKING_HUGETLB] = "hugetlb",
};

int memory_option_backing(struct run_config *config, const char *value, char *why)
{
	size_t i;

	for (i = 0; i < sizeof(backings) / sizeof(backings[0]); i++)
		if (!strcmp(value, backings[i])) {
			config->backing = (enum mm_backing)i;
			return 0;
		}
	return run_why(why, "give anon, memfd or hugetlb");
}

/* A field of the nodes, which is of that option. */
struct parts {
	const char *option;
	uint64_t sum;
	unsigned int without; /* nodes */
};

static void add_part(struct parts *parts, uint64_t size)
{
	parts->sum += size;
	parts->without += !size;
}

/* Settles what the parts of all nodes add up to, if they are given. */
static int take_sum(const struct parts *parts, uint64_t max, bool given, uint64_t *total, char *why)
{
	char sum[32], size[32];

	if (!parts->sum)
		return 0;
	if (parts->without)
		return run_why(why, "--numa: give %s= of every node, or of none", parts->option);
	cli_format_size(sum, sizeof(sum), parts->sum);
	if (given && *total != parts->sum)
		return run_why(why,
			       "--numa: the nodes' %s adds up to %s, and --%s is %s: leave that "
			       "out, or make them equal",
			       parts->option, sum, parts->option,
			       cli_format_size(size, sizeof(size), *total));
	if (parts->sum > max)
		return run_why(why, "--numa: the nodes' %s adds up to %s: at most %s",
			       parts->option, sum, cli_format_size(size, sizeof(size), max));
	*total = parts->sum;
	return 0;
}

static int check_heap(struct run_config *config, char *why)
{
	struct parts parts = {.option = "heap"};
	uint64_t part, left;
	unsigned int i;
	char size[32];
	int ret;

	for (i = 0; i < config->nr_nodes; i++)
		add_part(&parts, config->node[i].heap);
	/* What nobody asked for is not to keep a guest from starting. */
	if (config->kernel && !config->heap_given)
		config->heap = RUN_LINUX_HEAP;
	ret = take_sum(&parts, RUN_MAX_HEAP, config->heap_given, &config->heap, why);
	if (ret || parts.sum)
		return ret;
	part = config->heap / config->nr_nodes & ~HUGE_MASK;
	if (!part)
		return run_why(why, "--heap %s: less than 2M for each of %u nodes",
			       cli_format_size(size, sizeof(size), config->heap), config->nr_nodes);
	for (i = 0, left = config->heap; i < config->nr_nodes; i++, left -= part)
		config->node[i].heap = i + 1 < config->nr_nodes ? part : left;
	return 0;
}

static int check_memory(struct run_config *config, char *why)
{
	const uint64_t page = config->hugepages ? config->hugepages : MM_HUGE_SIZE;
	const uint64_t max = config->kernel ? RUN_MAX_MEMORY : PLATFORM_HOLE_BASE;
	struct parts parts = {.option = "memory"};
	char size[32], whole[32];
	unsigned int i;
	int ret;

	cli_format_size(whole, sizeof(whole), page);
	for (i = 0; i < config->nr_nodes; i++) {
		add_part(&parts, config->node[i].memory);
		if (config->node[i].memory % page)
			return run_why(why,
				       "--numa memory=%s: with --hugepages=%s give whole pages of "
				       "that",
				       cli_format_size(size, sizeof(size), config->node[i].memory),
				       whole);
	}
	ret = take_sum(&parts, max, config->memory_given, &config->memory, why);
	if (ret)
		return ret;
	cli_format_size(size, sizeof(size), config->memory);
	if (config->memory > max)
		return run_why(why,
			       "--memory %s: a program takes 3328M at most, only a Linux guest "
			       "(--kernel) more",
			       size);
	if (config->memory < RUN_MIN_MEMORY)
		return run_why(why, "--numa: the nodes' memory adds up to %s: give 4M at least",
			       size);
	if (config->kernel && config->hugepages && config->memory % page)
		return run_why(why, "--memory %s: with --hugepages=%s give whole pages of that",
			       size, whole);
	if (config->memory / page < config->nr_nodes && config->nr_nodes > 1)
		return run_why(why, "--memory %s: less than %s for each of %u nodes", size, whole,
			       config->nr_nodes);
	return 0;
}

int memory_options_check(struct run_config *config, char *why)
{
	int ret;

	if (!config->nr_nodes)
		config->node[config->nr_nodes++] = (struct run_node){.host_node = -1};
	ret = check_memory(config, why);
	return ret ? ret : check_heap(config, why);
}

void memory_options_print(const struct run_config *config)
{
	char size[32];
	unsigned int i;

	printf("memory: %s\n", cli_format_size(size, sizeof(size), config->memory));
	printf("hugepages: %s\n", config->hugepages
					  ? cli_format_size(size, sizeof(size), config->hugepages)
					  : "false");
	printf("prefault: %s\n", config->prefault ? "true" : "false");
	printf("heap: %s\n", cli_format_size(size, sizeof(size), config->heap));
	printf("numa:\n");
	for (i = 0; i < config->nr_nodes; i++) {
		const struct run_node *node = &config->node[i];

		printf("  - heap=%s", cli_format_size(size, sizeof(size), node->heap));
		if (node->memory)
			printf(",memory=%s", cli_format_size(size, sizeof(size), node->memory));
		if (node->host_node >= 0)
			printf(",host=%d", node->host_node);
		putchar('\n');
	}
}

const char *memory_backing_name(enum mm_backing backing)
{
	return backings[backing];
}
