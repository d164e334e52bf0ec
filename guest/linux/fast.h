/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The fast paths: an object of the calling CPU's magazines, taken or given back. They are inlined
 * into each of the module's calls that a caller waits for, since to call one of these would cost
 * about as much as what it does. What they follow are mm/slub.c's slab_alloc_node() and
 * do_slab_free().
 */
#ifndef GUEST_LINUX_FAST_H
#define GUEST_LINUX_FAST_H

#include "slabvisor/kmem_fast.h"
#include <linux/preempt.h>

#include "enter.h"

/* An object of the CPU's main magazine of a slot, with its VIRTIO_KMEM_ADDR_* bits; 0: there is
 * none at hand. Any context. */
static __always_inline u64 sv_pop(unsigned int number)
{
	struct sv_cpu *sc;
	u64 entry = 0;

	preempt_disable();
	sc = sv_try_lock();
	if (likely(sc)) {
		entry = kmem_pop_slot(&sc->kmem.slot[number]);
		sv_unlock_fast(sc);
	}
	preempt_enable();
	return entry;
}

/* Tells whether such an object is to be zeroed for a caller who asks for gfp. */
static __always_inline bool sv_to_be_zeroed(u64 entry, gfp_t gfp)
{
	return unlikely(gfp & __GFP_ZERO) && !(entry & VIRTIO_KMEM_ADDR_ZERO);
}

static __always_inline void *sv_pointer(u64 entry)
{
	return (void *)(entry & ~VIRTIO_KMEM_ADDR_FLAGS);
}

/* Gives one back to a slot. Tells whether there was room for it. Any context. */
static __always_inline bool sv_push(unsigned int number, const void *p)
{
	struct sv_cpu *sc;
	bool done = false;

	preempt_disable();
	sc = sv_try_lock();
	if (likely(sc)) {
		done = kmem_push_slot(&sc->kmem.slot[number], p);
		sv_unlock_fast(sc);
	}
	preempt_enable();
	return done;
}

#endif
