/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/memory_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vmm/cli.h"

#define HUGE_MASK (MM_HUGE_SIZE - 1)

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

static int parse_node_field(struct run_node *node, const char *key, const char *value, char *why)
{
	char path[64];
	uint64_t n;

	if (!strcmp(key, "size")) {
		if (cli_parse_size(value, &node->size) || !node->size ||
		    node->size > RUN_MAX_HEAP || node->size & HUGE_MASK)
			return run_why(why, "size is a multiple of 2M, up to 400G");
		return 0;
	}
	if (!strcmp(key, "host")) {
		if (cli_parse_number(value, 0, 1023, &n))
			return run_why(why, "host is the number of a NUMA node of this machine");
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%u", (unsigned int)n);
		if (access(path, F_OK))
			return run_why(why, "this machine has no NUMA node %u (see %s)",
				       (unsigned int)n, "/sys/devices/system/node");
		node->host_node = (int)n;
		return 0;
	}
	return run_why(why, "write size=SIZE[,host=N], as in size=512M,host=0");
}

int memory_option_node(struct run_config *config, const char *value, char *why)
{
	struct run_node node = {.size = 0, .host_node = -1};
	char spec[128], *field, *eq, *next;
	int ret;

	if (config->nr_nodes == RUN_MAX_NODES)
		return run_why(why, "at most %d nodes", RUN_MAX_NODES);
	if (strlen(value) >= sizeof(spec))
		return run_why(why, "write size=SIZE[,host=N]");
	memcpy(spec, value, strlen(value) + 1);
	for (field = spec; field; field = next) {
		next = strchr(field, ',');
		if (next)
			*next++ = '\0';
		eq = strchr(field, '=');
		if (!eq)
			return run_why(why, "write size=SIZE[,host=N], as in size=512M,host=0");
		*eq = '\0';
		ret = parse_node_field(&node, field, eq + 1, why);
		if (ret)
			return ret;
	}
	if (!node.size)
		return run_why(why, "say how large it is, as in size=512M");
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

int memory_options_check(struct run_config *config, char *why)
{
	uint64_t sum = 0;
	char size[32];
	unsigned int i;

	if (!config->kernel && config->memory > PLATFORM_HOLE_BASE)
		return run_why(
			why, "--memory %s: a program takes 3328M at most, only a Linux guest more",
			cli_format_size(size, sizeof(size), config->memory));
	if (config->kernel && config->hugepages && config->memory % config->hugepages)
		return run_why(why, "--memory %s: with --hugepages=%s give whole pages of that",
			       cli_format_size(size, sizeof(size), config->memory),
			       config->hugepages == MM_HUGE_SIZE ? "2M" : "1G");
	for (i = 0; i < config->nr_nodes; i++)
		sum += config->node[i].size;
	if (config->nr_nodes && config->heap_given && config->heap != sum)
		return run_why(why,
			       "--node: the sizes add up to %s, which is not the heap's: "
			       "leave --heap out, or make them equal",
			       cli_format_size(size, sizeof(size), sum));
	if (sum > RUN_MAX_HEAP)
		return run_why(why, "--node: the sizes add up to more than 400G");
	if (config->nr_nodes) {
		config->heap = sum;
	} else {
		config->node[0] = (struct run_node){.size = config->heap, .host_node = -1};
		config->nr_nodes = 1;
	}
	return 0;
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
	printf("node:\n");
	for (i = 0; i < config->nr_nodes; i++) {
		printf("  - size=%s", cli_format_size(size, sizeof(size), config->node[i].size));
		if (config->node[i].host_node >= 0)
			printf(",host=%d", config->node[i].host_node);
		putchar('\n');
	}
}

const char *memory_backing_name(enum mm_backing backing)
{
	return backings[backing];
}
