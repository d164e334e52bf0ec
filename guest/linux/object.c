// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Objects of whichever cache: taken from the CPU's magazines, and given back. */
#include "slabvisor/kmem.h"
#include "slabvisor/kmem_fast.h"
#include "slabvisor/svm.h"
#include <linux/module.h>
#include <linux/slab.h>

#include "enter.h"
#include "kmem_api.h"
#include "priv.h"

#define HAS_CTOR BIT(31)

/* Of caches made here, by number: size, and whether there is a constructor; in one word, for who
 * frees an object while a cache of another number is made. */
static u32 known[KMEM_SLOTS];

void sv_cache_note(unsigned int number, size_t size, bool ctor)
{
	WRITE_ONCE(known[number], (u32)size | (ctor ? HAS_CTOR : 0));
}

bool sv_cache_has_ctor(unsigned int number)
{
	return number < KMEM_SLOTS && READ_ONCE(known[number]) & HAS_CTOR;
}

size_t sv_cache_size(unsigned int number)
{
	return number < KMEM_SLOTS ? READ_ONCE(known[number]) & ~HAS_CTOR : 0;
}

void *sv_pop(unsigned int number, size_t size, gfp_t gfp)
{
	struct sv_cpu *sc;
	u64 entry = 0;
	void *p;

	preempt_disable();
	sc = sv_try_lock();
	if (likely(sc)) {
		entry = kmem_pop_slot(&sc->kmem.slot[number]);
		sv_unlock_fast(sc);
	}
	preempt_enable();
	if (!entry)
		return NULL;
	p = (void *)(entry & ~VIRTIO_KMEM_ADDR_FLAGS);
	if ((gfp & __GFP_ZERO) && !(entry & VIRTIO_KMEM_ADDR_ZERO))
		memset(p, 0, size);
	return p;
}

bool sv_push(unsigned int number, const void *p)
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

void sv_free_slow(const void *p, unsigned int number, bool ctor)
{
	struct sv_cpu *sc = sv_enter(0);
	bool late = !sc || sv_must_be_late(sc);

	if (likely(!late))
		kmem_free_slow(p, number);
	if (sc)
		sv_leave(sc);
	if (unlikely(late))
		sv_free_late(p, ctor);
}

void svm_kfree(const void *p)
{
	unsigned int number;

	if (unlikely(!sv_in_window(p))) {
		kfree(p);
		return;
	}
	number = kmem_number_of(p);
	if (likely(number < KMEM_SLOTS && sv_push(number, p)))
		return;
	sv_free_slow(p, 0, sv_cache_has_ctor(number));
}
EXPORT_SYMBOL_GPL(svm_kfree);
