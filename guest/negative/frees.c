/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases that the allocator finds, some of them only in a debug mode. */
#include "cases.h"
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <slabvisor/kmem.h>

/* Has the host look at every free so far. Not a tail call, so that a report's backtrace
 * names the case. */
static __always_inline void drain(void)
{
	kmem_give_back();
	hide(NULL);
}

CASE case_double_free(void)
{
	void *p = kmalloc(negative_size, GFP_KERNEL);

	kfree(p);
	kfree(hide(p));
	drain();
}

/* Other frees come between the two. */
CASE case_double_free_scattered(void)
{
	enum {
		COUNT = 300
	};
	void *p[COUNT];

	for (unsigned int i = 0; i < COUNT; i++)
		p[i] = kmalloc(64, GFP_KERNEL);
	for (unsigned int i = 0; i < COUNT; i += 3)
		kfree(p[i]);
	kfree(hide(p[30]));
	for (unsigned int i = 1; i < COUNT; i += 3)
		kfree(p[i]);
	drain();
}

CASE case_double_free_pages(void)
{
	unsigned long va = __get_free_pages(GFP_KERNEL, 2);

	free_pages(va, 2);
	free_pages((unsigned long)hide((void *)va), 2);
	drain();
}

/* An address of the direct map that is RAM, not heap. */
CASE case_free_foreign(void)
{
	kfree(hide((void *)(PAGE_OFFSET + 0x200000)));
	drain();
}

CASE case_free_user(void)
{
	kfree(hide((void *)0x400000));
	drain();
}

CASE case_free_stack(void)
{
	u64 local[8];

	kfree(hide(local));
	drain();
}

CASE case_free_image(void)
{
	static u64 object[8];

	kfree(hide(object));
	drain();
}

CASE case_free_interior(void)
{
	u8 *p = kmalloc(256, GFP_KERNEL);

	kfree(hide(p + 16));
	drain();
}

CASE case_free_unhanded(void)
{
	const struct kmem_channel *channel = kmem_channel();

	kfree(hide((void *)(channel->heap_va + channel->heap_size - PAGE_SIZE)));
	drain();
}

CASE case_overrun(void)
{
	u8 *p = kmalloc(negative_size - 4, GFP_KERNEL);

	((volatile u8 *)hide(p))[negative_size - 4] = 0x41;
	kfree(p);
	drain();
}

CASE case_use_after_free(void)
{
	u64 *p = kmalloc(64, GFP_KERNEL);

	kfree(p);
	((volatile u64 *)hide(p))[3] = 0x4141414141414141ull;
	for (unsigned int i = 0; i < 100; i++)
		hide(kmalloc(64, GFP_KERNEL));
	drain();
}

CASE case_destroy_in_use(void)
{
	struct kmem_cache *cache = kmem_cache_create("in_use", 64, 0, 0, NULL);

	hide(kmem_cache_alloc(cache, GFP_KERNEL));
	kmem_cache_destroy(cache);
}
