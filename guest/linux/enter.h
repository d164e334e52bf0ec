/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * How kernel code gets into the shared allocator, which takes a CPU's data to be its caller's
 * alone.
 *
 * Each CPU has a flag that says whether its data is in use. Fast paths set it for a few
 * instructions, with preemption off. What goes on to the depot or to the host keeps it set, and is
 * preemptible meanwhile if its caller is: a request may have to map a piece of the window, which
 * sleeps. Whoever finds the flag set waits if he may. One who may not, such as an interrupt that
 * came in between, takes memory of the kernel's own allocator, or leaves what he frees on a list.
 *
 * Only what runs on a CPU sets its flag: a task with preemption off, or an interrupt that is over
 * before the task goes on. So plain loads and stores do, and the fast paths need no atomics. A task
 * that may sleep stays on the CPU whose data it has.
 *
 * A request of some transports sleeps until its answer is there, which may take long. Its sender
 * gives the CPU's data up meanwhile (sv_give_up()). With such a transport whoever must not sleep
 * sends no request at all: he has what the CPU and the depots have, and else memory of the kernel's
 * own allocator. What he frees beyond what these hold, a worker gives to the host (tidy).
 */
#ifndef GUEST_LINUX_ENTER_H
#define GUEST_LINUX_ENTER_H

#include "slabvisor/kmem_cpu.h"
#include <linux/gfp.h>
#include <linux/llist.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* Why memory came from the kernel's allocator, or an object was not freed at once. */
enum sv_fallback {
	SV_NO_DEVICE,  /* none is bound */
	SV_BUSY,       /* the CPU's data was in use, and the caller must not wait */
	SV_NO_MEMORY,  /* the host had none that the caller could have */
	SV_LATE_FREES, /* objects that were freed by way of the list */
	SV_LOST,       /* objects that were lost, since even that was not to be had */
	SV_DOWN,       /* the host does not answer */
	SV_DROPPED,    /* objects, pages and pins whose end the host was not told of: it is down */
	SV_FALLBACKS
};

struct sv_cpu {
	bool locked;
	bool can_sleep; /* the holder may */
	bool mute;      /* the holder must send no request */
	unsigned long holder;
	struct llist_head late; /* freed while locked */
	wait_queue_head_t wait;
	struct work_struct drain, tidy; /* run on the CPU */
	unsigned long count[SV_FALLBACKS];
	struct kmem_cpu kmem;
};

/* Of each CPU; NULL for those beyond KMEM_MAX_CPUS. */
DECLARE_PER_CPU(struct sv_cpu *, sv_cpu);

/* Makes the data of all CPUs; it stays until the module goes. 0 or -ENOMEM. */
int sv_cpus_init(void);
void sv_cpus_exit(void);

/* Counts for the calling CPU. */
void sv_count(enum sv_fallback what);
void sv_count_more(enum sv_fallback what, size_t n);
/* Sum over all CPUs. */
unsigned long sv_counted(enum sv_fallback what);

/* The calling CPU's data, its flag set; NULL: it was. Preemption is off. */
static __always_inline struct sv_cpu *sv_try_lock(void)
{
	struct sv_cpu *sc = raw_cpu_read(sv_cpu);

	/* Acquire: whoever had it may have been on another CPU. */
	if (unlikely(!sc) || unlikely(smp_load_acquire(&sc->locked)))
		return NULL;
	WRITE_ONCE(sc->locked, true);
	barrier(); /* for an interrupt on this CPU */
	return sc;
}

/* Ends it, for fast paths. Release: the next holder sees what was done. */
static __always_inline void sv_unlock_fast(struct sv_cpu *sc)
{
	smp_store_release(&sc->locked, false);
}

/*
 * Takes a CPU's data for calls of the allocator. Waits for it if gfp allows blocking. NULL: it is
 * in use by somebody whom the caller cannot wait for, the caller himself among these.
 */
struct sv_cpu *sv_enter(gfp_t gfp);
void sv_leave(struct sv_cpu *sc);

/* What the caller holds; NULL: nothing. */
struct sv_cpu *sv_held(void);

/*
 * For the length of a request that sleeps: leaves what the caller holds to others, and takes it
 * back. Returns what that is, NULL if it is nothing. To the allocator whoever comes meanwhile is
 * one that comes in the middle of a request (guest/lib/kmem/priv.h): fast paths go on, and callers
 * who must not sleep live on the depots. Those who may sleep wait for the request's end.
 */
struct sv_cpu *sv_give_up(void);
void sv_take_back(struct sv_cpu *sc);

/* Tells whether a free is to go by the list of late ones: the holder could only lose it. */
static inline bool sv_must_be_late(const struct sv_cpu *sc)
{
	return sc->mute && sc->kmem.nr_later == KMEM_LATER;
}

/* Frees p, an object of the window, later. keeps: nothing may be written to it (sv_cache_keeps()). */
void sv_free_late(const void *p, bool keeps);

/* Has every CPU free what is on its list, and leave its magazines to the depots. May sleep. */
void sv_settle(void);
/* The same, and has all depots drained to the host. May sleep. */
void sv_drain(void);

#endif
