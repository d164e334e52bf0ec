/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/config/own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/config/control.h"
#include "vmm/config/options.h"
#include "vmm/option/list.h"

int own_qmp_parse(void *base, const char *value, char *why)
{
	struct run_config *config = base;

	return control_parse(&config->qmp, value, why);
}

bool own_qmp_write(const void *base, FILE *to)
{
	const struct run_config *config = base;

	return control_write(config->qmp, to);
}

static const struct opt heap_size = {
	.name = "heap",
	.type = OPT_SIZE,
	OPT_AT(run_config, heap),
	.min = MM_HUGE_SIZE,
	.max = RUN_MAX_HEAP,
	.step = MM_HUGE_SIZE,
};
static const struct opt heap_user = {
	.name = "user",
	.type = OPT_SIZE,
	OPT_AT(run_config, heap_user),
	.min = MM_HUGE_SIZE,
	.max = RUN_MAX_HEAP,
	.step = MM_HUGE_SIZE,
	.say = "user is a size from 2M, a multiple of 2M and less than the heap, as in 2G,user=1G",
};

int own_heap_parse(void *base, const char *value, char *why)
{
	struct run_config *config = base;
	char *text = strdup(value);
	char *rest = text;
	const char *field;
	int ret;

	if (!text)
		return -ENOMEM;
	config->heap_user = 0;
	ret = opt_set(&heap_size, base, opt_cut(&rest), why);
	while (!ret && (field = opt_cut(&rest))) {
		if (strncmp(field, "user=", 5) != 0)
			ret = opt_why(why,
				      "`%.40s` is nothing that it takes: write SIZE[,user=SIZE]",
				      field);
		else if (config->heap_user)
			ret = opt_why(why, "user is given twice");
		else
			ret = opt_set(&heap_user, base, field + 5, why);
	}
	free(text);
	return ret;
}

bool own_heap_write(const void *base, FILE *to)
{
	const struct run_config *config = base;
	char size[32];

	fputs(cli_format_size(size, sizeof(size), config->heap), to);
	if (config->heap_user)
		fprintf(to, ",user=%s", cli_format_size(size, sizeof(size), config->heap_user));
	return true;
}

int own_slab_debug_parse(void *base, const char *value, char *why)
{
	struct run_config *config = base;
	struct mm_config modes = {0};
	const char *reason;

	if (!strcmp(value, "true") || !strcmp(value, "on"))
		value = "";
	if (strcmp(value, "false") != 0 && strcmp(value, "off") != 0 &&
	    mm_debug_parse(value, &modes, &reason))
		return opt_why(why, "%s", reason);
	config->slab_debug = modes.debug;
	config->nr_slab_rules = modes.nr_rules;
	memcpy(config->slab_rule, modes.rule, sizeof(modes.rule));
	return 0;
}

bool own_slab_debug_write(const void *base, FILE *to)
{
	const struct run_config *config = base;
	struct mm_config modes = {.debug = config->slab_debug, .nr_rules = config->nr_slab_rules};
	char text[MM_DEBUG_TEXT_MAX];

	if (!config->slab_debug && !config->nr_slab_rules)
		return false;
	memcpy(modes.rule, config->slab_rule, sizeof(modes.rule));
	mm_debug_format(&modes, text);
	fputs(text, to);
	return true;
}

int own_host_node_check(const char *value, char *why)
{
	char path[64];
	int node = atoi(value);
	int ret;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d", node);
	if (access(path, F_OK))
		return opt_why(why, "this machine has no NUMA node %d (see %s)", node,
			       "/sys/devices/system/node");
	ret = mm_node_check(node);
	if (ret == -EINVAL)
		return opt_why(why, "NUMA node %d of this machine has no memory for this process",
			       node);
	if (ret)
		return opt_why(why, "memory of NUMA node %d cannot be asked for: %s", node,
			       strerror(-ret));
	return 0;
}
