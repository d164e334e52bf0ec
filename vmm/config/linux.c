/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/config/linux.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/config/options.h"

#define DEFAULT_MEMORY (512ull << 20)

static int set(char **to, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

int linux_option_kernel(struct run_config *config, const char *value, char *why)
{
	return *value ? set(&config->kernel, value) : run_why(why, "give the path of a kernel");
}

int linux_option_initrd(struct run_config *config, const char *value, char *why)
{
	return *value ? set(&config->initrd, value) : run_why(why, "give the path of a file");
}

int linux_option_append(struct run_config *config, const char *value, char *why)
{
	(void)why;
	return set(&config->append, value);
}

int linux_options_check(struct run_config *config, char *why)
{
	if (!config->kernel) {
		if (config->initrd || config->append)
			return run_why(why, "--%s: there is no --kernel for it",
				       config->initrd ? "initrd" : "append");
		if (config->nr_ports)
			return run_why(why,
				       "--virtio-port: only a Linux guest has it: give --kernel");
		return 0;
	}
	if (config->nr_args)
		return run_why(why, "%.80s: a program, and --kernel: give one of them",
			       config->arg[0]);
	if (config->nr_modules)
		return run_why(why, "--module: a Linux guest takes files by --initrd");
	if (config->guest_ring == 3)
		return run_why(why, "--guest-ring 3: Linux runs at CPL 0");
	if (!config->memory_given)
		config->memory = DEFAULT_MEMORY;
	return 0;
}

void linux_options_free(struct run_config *config)
{
	free(config->kernel);
	free(config->initrd);
	free(config->append);
}
