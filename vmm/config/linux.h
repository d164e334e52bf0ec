/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of Linux guests; see struct run_option for apply functions. */
#ifndef VMM_CONFIG_LINUX_H
#define VMM_CONFIG_LINUX_H

struct run_config;

int linux_option_kernel(struct run_config *config, const char *value, char *why);
int linux_option_initrd(struct run_config *config, const char *value, char *why);
int linux_option_append(struct run_config *config, const char *value, char *why);

/* What they say together, and with the others; settles the default of --memory. Returns
 * 0, or -EINVAL with what would be right in why. */
int linux_options_check(struct run_config *config, char *why);

void linux_options_free(struct run_config *config);

#endif
