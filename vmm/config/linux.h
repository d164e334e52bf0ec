/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of Linux guests. */
#ifndef VMM_CONFIG_LINUX_H
#define VMM_CONFIG_LINUX_H

struct run_config;

/* What they say together, and with the others; settles the default of --memory. Returns
 * 0, or -EINVAL with what would be right in why. */
int linux_options_check(struct run_config *config, char *why);

#endif
