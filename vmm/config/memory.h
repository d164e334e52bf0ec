/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of a guest's memory; see struct run_option for apply functions. */
#ifndef VMM_CONFIG_MEMORY_H
#define VMM_CONFIG_MEMORY_H

#include "vmm/config/options.h"

int memory_option_memory(struct run_config *config, const char *value, char *why);
int memory_option_heap(struct run_config *config, const char *value, char *why);
int memory_option_numa(struct run_config *config, const char *value, char *why);
void memory_option_forget_nodes(struct run_config *config);
int memory_option_hugepages(struct run_config *config, const char *value, char *why);
int memory_option_prefault(struct run_config *config, const char *value, char *why);
int memory_option_backing(struct run_config *config, const char *value, char *why);

/* What they say together; settles the nodes and the heap. Returns 0, or -EINVAL with what would
 * be right in why. */
int memory_options_check(struct run_config *config, char *why);

/* Prints them, but for --backing, in the form of a configuration file. */
void memory_options_print(const struct run_config *config);

/* As --backing takes it. */
const char *memory_backing_name(enum mm_backing backing);

#endif
