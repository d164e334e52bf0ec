/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's names for vCPUs; see <slabvisor/smp.h>. */
#ifndef GUEST_LINUX_SMP_H
#define GUEST_LINUX_SMP_H

#include <slabvisor/percpu.h>
#include <slabvisor/smp.h>

static inline unsigned int smp_processor_id(void)
{
	return this_cpu()->cpu;
}

#define raw_smp_processor_id() smp_processor_id()
#define get_cpu()              smp_processor_id()
#define put_cpu()              ((void)0)
#define nr_cpu_ids             num_online_cpus()

#define num_possible_cpus() num_online_cpus()
#define num_present_cpus()  num_online_cpus()
#define cpu_online(cpu)     ((unsigned int)(cpu) < num_online_cpus())
#define cpu_possible(cpu)   cpu_online(cpu)

#define for_each_online_cpu(cpu)   for ((cpu) = 0; (cpu) < num_online_cpus(); (cpu)++)
#define for_each_possible_cpu(cpu) for_each_online_cpu(cpu)

/* Always waits, whatever wait says. */
static inline void on_each_cpu(void (*func)(void *arg), void *arg, int wait)
{
	(void)wait;
	smp_call_all(func, arg);
}

#endif
