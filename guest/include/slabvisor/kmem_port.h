/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the portable half of the runtime (guest/lib/c and guest/lib/kmem) needs of what it runs
 * on. Beside the channel (channel.h) it calls nothing outside of itself but what stands here,
 * what report.h has, and copy_from_user() and strnlen_user() of <linux/uaccess.h>.
 *
 * Whatever it is to run on has a half of its own, which implements all of these:
 *   in a guest: guest/lib/machine, and guest/lib/vm for user memory and references of pages;
 *   in a process of the host (SLABVISOR_HOSTED): guest/lib/hosted. Threads stand for vCPUs;
 *   in the module of a Linux guest (SLABVISOR_MODULE): guest/linux.
 * What is inlined into fast paths differs by half, and stands at the end.
 */
#ifndef SLABVISOR_KMEM_PORT_H
#define SLABVISOR_KMEM_PORT_H

#include "slabvisor/kmem_cpu.h"
#include "slabvisor/report.h"
#include <linux/types.h>

/*
 * The waiting halves of spin_lock() and spin_unlock(). grt_lock_slow() returns when the caller
 * holds the lock, with acquire; *word is 1 or 2 then (see <linux/spinlock.h>). grt_unlock_slow()
 * follows the release of a lock whose word was 2.
 */
void grt_lock_slow(u32 *word);
void grt_unlock_slow(u32 *word);

/* Lets others go on, of whom one may do what the caller waits for. For loops; it may do
 * nothing but take a moment. */
void kmem_yield(void);

/*
 * Has the host drop the pins that nobody uses any more, but which are kept so that the next use of
 * their pages costs no request. Called where memory or pins are asked back, and before pins are
 * counted; never within a request. It allocates nothing, and may take a request for each batch.
 */
void kmem_unpin_unused(void);

/* Tells whether p lies in what the program holds of read-only data, which no kfree() is for. */
bool kmem_is_rodata(const void *p);

/* A run of frames that was given out as memory, and not by alloc_pages(), is free. True: others
 * have references of it, and the last one's end calls kmem_pages_free(). Else that is the caller's
 * to do. */
#ifdef SLABVISOR_MODULE
static inline bool kmem_run_put(u64 addr)
{
	(void)addr;
	return false;
}
#else
bool kmem_run_put(u64 addr);
#endif

/*
 * The halves of the fast paths:
 * KMEM_SELF is the calling vCPU's data, a (KMEM_SEG struct kmem_cpu *); all its slots may still
 * be those of KMEM_CPU_EMPTY.
 * kmem_self() is the same for the slow paths, and makes it usable by kmem_cpu_init() where that
 * has not been done yet. The caller stays on the vCPU until it returns from the allocator.
 */
#ifdef SLABVISOR_HOSTED

extern __thread struct kmem_cpu kmem_hosted_cpu;
#define KMEM_SEG
#define KMEM_SELF (&kmem_hosted_cpu)

struct kmem_cpu *kmem_self(void);

#elif defined(SLABVISOR_MODULE)

/* Whoever calls the allocator has some CPU's data to himself (guest/linux/enter.h). */
struct kmem_cpu *kmem_self(void);

#define KMEM_SEG
#define KMEM_SELF (kmem_self())

#else

#include "slabvisor/percpu.h"
/* Relative to GS, so that a slot of constant number is one memory operand. */
#define KMEM_SEG  __seg_gs
#define KMEM_SELF ((KMEM_SEG struct kmem_cpu *)offsetof(struct percpu, kmem))

static inline struct kmem_cpu *kmem_self(void)
{
	return &this_cpu()->kmem;
}

#endif

#endif
