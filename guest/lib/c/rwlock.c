/* SPDX-License-Identifier: BSD-2-Clause */
/* The wait of a writer for the readers before it. */
#include "slabvisor/kmem_port.h"
#include <linux/spinlock.h>

void write_lock(rwlock_t *lock)
{
	spin_lock(&lock->gate);
	/* Acquire: see read_unlock(). */
	while (atomic_read_acquire(&lock->readers))
		kmem_yield();
}
