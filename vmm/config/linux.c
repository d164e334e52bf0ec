/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/config/linux.h"

#include <string.h>

#include "vmm/config/options.h"

#define DEFAULT_MEMORY (512ull << 20)

/* A guest makes one file of each name. */
static int check_ports(const struct run_config *config, char *why)
{
	for (unsigned int i = 0; i < config->nr_ports; i++)
		for (unsigned int j = 0; j < i; j++)
			if (!strcmp(config->port[i].name, config->port[j].name))
				return opt_why(why,
					       "--virtio-port name=%s: two ports have this name: "
					       "give each one of its own",
					       config->port[i].name);
	return 0;
}

int linux_options_check(struct run_config *config, char *why)
{
	if (!config->kernel) {
		if (config->initrd || config->append)
			return opt_why(why, "--%s: there is no --kernel for it",
				       config->initrd ? "initrd" : "append");
		if (config->nr_ports)
			return opt_why(why,
				       "--virtio-port: only a Linux guest has it: give --kernel");
		return 0;
	}
	if (config->nr_args)
		return opt_why(why, "%.80s: a program, and --kernel: give one of them",
			       config->arg[0]);
	if (config->nr_modules)
		return opt_why(why, "--module: a Linux guest takes files by --initrd");
	if (config->guest_ring == 3)
		return opt_why(why, "--guest-ring 3: Linux runs at CPL 0");
	if (!config->memory_given)
		config->memory = DEFAULT_MEMORY;
	return check_ports(config, why);
}
