/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of a guest's memory. */
#ifndef VMM_CONFIG_MEMORY_H
#define VMM_CONFIG_MEMORY_H

struct run_config;

/* What they say together; settles the nodes and the heap. Returns 0, or -EINVAL with what would
 * be right in why. */
int memory_options_check(struct run_config *config, char *why);

#endif
