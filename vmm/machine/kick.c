/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/kick.h"

#include <pthread.h>

#include "vmm/machine/vm.h"

void vcpu_kick(struct vcpu *cpu)
{
	/* The flag catches a thread that is about to enter, the signal one that is in
	 * there or in a system call. */
	__atomic_store_n(&cpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	pthread_kill(cpu->thread, VCPU_KICK_SIGNAL);
}
