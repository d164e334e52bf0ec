// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Objects of whichever cache: taken from the CPU's magazines, and given back. */
#include "slabvisor/kmem.h"
#include "slabvisor/kmem_fast.h"
#include "slabvisor/svm.h"
#include <linux/module.h>
#include <linux/slab.h>

#include "enter.h"
#include "fast.h"
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

/* The rest of svm_kfree(), apart from it so that the fast path saves no registers. */
static noinline void kfree_slow(const void *p, unsigned int number)
{
	if (!sv_in_window(p))
		kfree(p);
	else
		sv_free_slow(p, 0, sv_cache_has_ctor(number));
}

void svm_kfree(const void *p)
{
	/* 0, whose magazine has no room, for what is the kernel's or what no free could name. */
	unsigned int number = kmem_number_of(p);

	if (likely(number < KMEM_SLOTS && sv_push(number, p)))
		return;
	kfree_slow(p, number);
}
EXPORT_SYMBOL_GPL(svm_kfree);
