/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs start on vCPU 0. The others start with the first smp_call_all() and from
 * then on wait for the next.
 */
#ifndef SLABVISOR_SMP_H
#define SLABVISOR_SMP_H

/* vCPUs that the guest has, started or not: 1 to PLATFORM_MAX_CPUS. */
unsigned int num_online_cpus(void);

/*
 * Runs fn(arg) on every vCPU at once, this one included, and returns when all are
 * done. smp_processor_id() tells them apart. What was written before is seen by all,
 * and what they wrote is seen after. For vCPU 0 only, and not from within fn.
 */
void smp_call_all(void (*fn)(void *arg), void *arg);

#endif
