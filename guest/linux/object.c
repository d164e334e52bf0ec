// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Objects of whichever cache: taken from the CPU's magazines, and given back. */
#include "slabvisor/kmem.h"
#include "slabvisor/kmem_fast.h"
#include "slabvisor/svm.h"
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "enter.h"
#include "fast.h"
#include "kmem_api.h"
#include "priv.h"

#define KEEPS BIT(31)

/* Of caches made here, by the host's number: size, and whether what is free keeps what was written
 * to it; in one word, for who frees an object while a cache of another number is made. */
static DEFINE_XARRAY(known);

int sv_cache_note(unsigned int number, size_t size, bool keeps)
{
	void *entry = xa_mk_value((u32)size | (keeps ? KEEPS : 0));

	return xa_err(xa_store(&known, number, entry, GFP_KERNEL));
}

void sv_cache_forget(unsigned int number)
{
	xa_erase(&known, number);
}

static u32 look_up(unsigned int number)
{
	void *entry = xa_load(&known, number);

	return entry ? (u32)xa_to_value(entry) : 0;
}

bool sv_cache_keeps(unsigned int number)
{
	return look_up(number) & KEEPS;
}

size_t sv_cache_size(unsigned int number)
{
	return look_up(number) & ~KEEPS;
}

unsigned int sv_cache_next(unsigned int number)
{
	unsigned long index = number;

	return xa_find_after(&known, &index, ULONG_MAX, XA_PRESENT) ? (unsigned int)index : 0;
}

void sv_caches_exit(void)
{
	xa_destroy(&known);
}

void sv_free_slow(const void *p, unsigned int id, bool keeps)
{
	struct sv_cpu *sc = sv_enter(0);
	bool late = !sc || sv_must_be_late(sc);

	if (likely(!late))
		kmem_free_slow(p, id);
	if (sc)
		sv_leave(sc);
	if (unlikely(late))
		sv_free_late(p, keeps);
}

/* The rest of svm_kfree(), apart from it so that the fast path saves no registers. */
static noinline void kfree_slow(const void *p, unsigned int number)
{
	if (!sv_in_window(p))
		kfree(p);
	else
		/* Of a far cache's object nobody has looked up yet which one's it is. */
		sv_free_slow(p, 0, number == VIRTIO_KMEM_PM_FAR || sv_cache_keeps(number));
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
