/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/config/memory.h"

#include "vmm/base/cli.h"
#include "vmm/config/options.h"

#define HUGE_MASK (MM_HUGE_SIZE - 1)

/* A field of the nodes, and the option that has the sum of all. */
struct parts {
	const char *option, *total;
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
	char sum[32];
	char size[32];

	if (!parts->sum)
		return 0;
	if (parts->without)
		return opt_why(why, "--numa: give %s= of every node, or of none", parts->option);
	cli_format_size(sum, sizeof(sum), parts->sum);
	if (given && *total != parts->sum)
		return opt_why(why,
			       "--numa: the nodes' %s adds up to %s, and %s is %s: leave that "
			       "out, or make them equal",
			       parts->option, sum, parts->total,
			       cli_format_size(size, sizeof(size), *total));
	if (parts->sum > max)
		return opt_why(why, "--numa: the nodes' %s adds up to %s: at most %s",
			       parts->option, sum, cli_format_size(size, sizeof(size), max));
	*total = parts->sum;
	return 0;
}

/* Deals what user= of --heap says out to the nodes, where they do not say it themselves. */
static void deal_user(struct run_config *config)
{
	uint64_t left = config->heap_user;

	for (unsigned int i = 0; i < config->nr_nodes; i++) {
		uint64_t part = left / (config->nr_nodes - i) & ~HUGE_MASK;

		config->node[i].user = part;
		left -= part;
	}
}

/* What is for user space, once each node has its part of the heap. */
static int check_user(struct run_config *config, char *why)
{
	struct parts parts = {.option = "user", .total = "user= of --heap"};
	char user[32];
	char heap[32];
	int ret;

	for (unsigned int i = 0; i < config->nr_nodes; i++)
		add_part(&parts, config->node[i].user);
	ret = take_sum(&parts, RUN_MAX_HEAP, config->heap_user, &config->heap_user, why);
	/* There is a node at least, which the analyser does not know. */
	if (ret || !config->heap_user || !config->nr_nodes)
		return ret;
	if (config->nr_nodes > RUN_MAX_USER_NODES)
		return opt_why(why, "--heap user=%s: with %u nodes: at most %u have such parts",
			       cli_format_size(user, sizeof(user), config->heap_user),
			       config->nr_nodes, RUN_MAX_USER_NODES);
	if (!parts.sum)
		deal_user(config);
	for (unsigned int i = 0; i < config->nr_nodes; i++) {
		const struct run_node *node = &config->node[i];

		cli_format_size(user, sizeof(user), node->user);
		cli_format_size(heap, sizeof(heap), node->heap);
		if (!node->user)
			return opt_why(why, "--heap user=%s: less than 2M for each of %u nodes",
				       cli_format_size(user, sizeof(user), config->heap_user),
				       config->nr_nodes);
		if (node->user >= node->heap)
			return opt_why(
				why,
				"--heap user=: node %u has a heap of %s, and %s of it for user "
				"space: leave 2M at least to the guest's kernel",
				i, heap, user);
	}
	return 0;
}

static int check_heap(struct run_config *config, char *why)
{
	struct parts parts = {.option = "heap", .total = "--heap"};
	uint64_t part;
	uint64_t left;
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
		return opt_why(why, "--heap %s: less than 2M for each of %u nodes",
			       cli_format_size(size, sizeof(size), config->heap), config->nr_nodes);
	for (i = 0, left = config->heap; i < config->nr_nodes; i++, left -= part)
		config->node[i].heap = i + 1 < config->nr_nodes ? part : left;
	return 0;
}

static int check_memory(struct run_config *config, char *why)
{
	const uint64_t page = config->hugepages ? config->hugepages : MM_HUGE_SIZE;
	const uint64_t max = config->kernel ? RUN_MAX_MEMORY : PLATFORM_HOLE_BASE;
	struct parts parts = {.option = "memory", .total = "--memory"};
	char size[32];
	char whole[32];
	int ret;

	cli_format_size(whole, sizeof(whole), page);
	for (unsigned int i = 0; i < config->nr_nodes; i++) {
		add_part(&parts, config->node[i].memory);
		if (config->node[i].memory % page)
			return opt_why(why,
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
		return opt_why(why,
			       "--memory %s: a program takes 3328M at most, only a Linux guest "
			       "(--kernel) more",
			       size);
	if (config->memory < RUN_MIN_MEMORY)
		return opt_why(why, "--numa: the nodes' memory adds up to %s: give 4M at least",
			       size);
	if (config->kernel && config->hugepages && config->memory % page)
		return opt_why(why, "--memory %s: with --hugepages=%s give whole pages of that",
			       size, whole);
	if (config->memory / page < config->nr_nodes && config->nr_nodes > 1)
		return opt_why(why, "--memory %s: less than %s for each of %u nodes", size, whole,
			       config->nr_nodes);
	return 0;
}

int memory_options_check(struct run_config *config, char *why)
{
	int ret;

	if (!config->nr_nodes)
		config->node[config->nr_nodes++] = (struct run_node){.host_node = -1};
	ret = check_memory(config, why);
	if (!ret)
		ret = check_heap(config, why);
	return ret ? ret : check_user(config, why);
}
