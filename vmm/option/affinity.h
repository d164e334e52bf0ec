/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of host CPUs that threads are kept on, in the form of taskset -c and the kernel's
 * cpulists: numbers and ranges, as in 0,2-3. */
#ifndef VMM_OPTION_AFFINITY_H
#define VMM_OPTION_AFFINITY_H

#include <pthread.h>
#include <sched.h>

#define AFFINITY_TEXT_MAX 256

/*
 * Reads a list of CPUs, of those that this process may run on. Returns 0, or -EINVAL with
 * what would be right in why (OPT_WHY_MAX bytes).
 */
int affinity_parse(const char *text, cpu_set_t *set, char *why);

/* Writes a set as affinity_parse() takes it; what does not fit is cut. Returns text. */
const char *affinity_format(const cpu_set_t *set, char text[AFFINITY_TEXT_MAX]);

/* The one CPU for thread i of several: those of the set in turn. The set is not empty. */
void affinity_pick(const cpu_set_t *set, unsigned int i, cpu_set_t *one);

#endif
