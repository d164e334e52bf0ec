/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is called as CPUs come and go, as in Linux's <linux/cpuhotplug.h>. All vCPUs are there from
 * the start on and none goes, so that what is called then never is; cpuhp_setup_state() calls
 * startup() for those that are there.
 */
#ifndef GUEST_LINUX_CPUHOTPLUG_H
#define GUEST_LINUX_CPUHOTPLUG_H

#include <linux/smp.h>
#include <linux/types.h>

/* Of Linux's some hundred those that files of lib/ and mm/ ask for. */
enum cpuhp_state {
	CPUHP_OFFLINE,
	CPUHP_SLUB_DEAD,
	CPUHP_MM_WRITEBACK_DEAD,
	CPUHP_MM_VMSTAT_DEAD,
	CPUHP_PERCPU_CNT_DEAD,
	CPUHP_RADIX_DEAD,
	CPUHP_LIB_PERCPU_COUNTER_DEAD = CPUHP_PERCPU_CNT_DEAD,
	CPUHP_AP_ONLINE = 100,
	CPUHP_AP_ONLINE_DYN,
	CPUHP_ONLINE,
};

static inline int cpuhp_setup_state_nocalls(enum cpuhp_state state, const char *name,
					    int (*startup)(unsigned int cpu),
					    int (*teardown)(unsigned int cpu))
{
	(void)name;
	(void)startup;
	(void)teardown;
	return state == CPUHP_AP_ONLINE_DYN ? CPUHP_AP_ONLINE_DYN : 0;
}

/* Unlike Linux's, which has each CPU call startup() itself, this calls it for each of them. An
 * error of it ends that, and is returned. */
static inline int cpuhp_setup_state(enum cpuhp_state state, const char *name,
				    int (*startup)(unsigned int cpu),
				    int (*teardown)(unsigned int cpu))
{
	unsigned int cpu;
	int err;

	if (startup) {
		for_each_online_cpu(cpu)
		{
			err = startup(cpu);
			if (err)
				return err;
		}
	}
	return cpuhp_setup_state_nocalls(state, name, startup, teardown);
}

#define cpuhp_remove_state(state)         ((void)(state))
#define cpuhp_remove_state_nocalls(state) ((void)(state))

#endif
