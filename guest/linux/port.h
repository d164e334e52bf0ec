/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the shared allocator (guest/lib/kmem) is compiled over in the module: included before all
 * else in each of its files. The kernel's own headers come first. Then names that both have get
 * a prefix, svk_, so that the allocator's kmalloc() is another function than the kernel's; and
 * locks become such that may be taken with interrupts on or off.
 *
 * What <linux/slab.h> of the runtime declares and the allocator defines is declared here: that
 * name is the kernel's header in the module.
 */
#ifndef GUEST_LINUX_PORT_H
#define GUEST_LINUX_PORT_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#undef kmalloc
#undef kfree
#undef ksize
#undef krealloc
#undef kmem_cache_create
#undef kmem_cache_free
#undef kmem_cache_alloc
#undef kmem_cache_alloc_bulk
#undef kmem_cache_alloc_node

#define kmem_cache                 svk_kmem_cache
#define kmem_cache_create          svk_kmem_cache_create
#define kmem_cache_create_usercopy svk_kmem_cache_create_usercopy
#define kmem_cache_destroy         svk_kmem_cache_destroy
#define kmem_cache_shrink          svk_kmem_cache_shrink
#define kmem_cache_size            svk_kmem_cache_size
#define kmem_cache_name            svk_kmem_cache_name
#define kmem_cache_alloc           svk_kmem_cache_alloc
#define kmem_cache_alloc_node      svk_kmem_cache_alloc_node
#define kmem_cache_free            svk_kmem_cache_free
#define kmem_cache_alloc_bulk      svk_kmem_cache_alloc_bulk
#define kmem_cache_free_bulk       svk_kmem_cache_free_bulk
#define __kmalloc                  svk___kmalloc
#define __kmalloc_node             svk___kmalloc_node
#define kmalloc                    svk_kmalloc
#define kfree                      svk_kfree
#define kfree_sensitive            svk_kfree_sensitive
#define ksize                      svk_ksize
#define krealloc                   svk_krealloc
#define kmalloc_size_roundup       svk_kmalloc_size_roundup

/* Those who have interrupts off may not begin a grace period: the next magazine's free does. */
static inline unsigned long sv_begin_grace(void)
{
	return irqs_disabled() ? get_state_synchronize_rcu() : start_poll_synchronize_rcu();
}
#define start_poll_synchronize_rcu() sv_begin_grace()
/* The allocator asks this where it may wait. The kernel's own says yes to all where it cannot know,
 * and those who shrink or destroy a cache read nothing. */
#define rcu_read_lock_held() false

/* What the channel hands the allocator is in the CPU's order, which here is the device's. */
#define __le16 u16
#define __le32 u32
#define __le64 u64

/* These are the allocator's, whatever the kernel's own are. */
#undef KMALLOC_MAX_CACHE_SIZE
#undef KMALLOC_MAX_SIZE
#define KMALLOC_MAX_CACHE_SIZE 8192ul
#define KMALLOC_MAX_SIZE       (4ul << 20)

/*
 * A lock of the allocator. Its holder has interrupts off, so that an interrupt on his CPU that is
 * in the allocator as well cannot wait for him.
 */
struct sv_lock {
	spinlock_t lock;
	unsigned long flags; /* of the holder */
};

/* The lock of those who go through all caches or CPUs: they send requests, and may sleep. */
struct sv_walk {
	atomic_t held;
};

static inline void sv_lock_init(struct sv_lock *l)
{
	spin_lock_init(&l->lock);
}

static inline void sv_lock(struct sv_lock *l)
{
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	l->flags = flags;
}

static inline void sv_unlock(struct sv_lock *l)
{
	spin_unlock_irqrestore(&l->lock, l->flags);
}

/* For callers that may sleep. */
void sv_walk_lock(struct sv_walk *w);
/* Tells whether it was free, and is the caller's now; for callers that may not sleep it never is. */
bool sv_walk_trylock(struct sv_walk *w);
void sv_walk_unlock(struct sv_walk *w);

#define KMEM_WALK_LOCK struct sv_walk

#undef spin_lock_init
#undef spin_lock
#undef spin_trylock
#undef spin_unlock
#define spinlock_t        struct sv_lock
#define spin_lock_init(l) sv_lock_init(l)
#define spin_lock(l)      _Generic((l), struct sv_lock * : sv_lock, struct sv_walk * : sv_walk_lock)(l)
#define spin_trylock(l)   sv_walk_trylock(l)
#define spin_unlock(l) \
	_Generic((l), struct sv_lock * : sv_unlock, struct sv_walk * : sv_walk_unlock)(l)

#include "kmem_api.h"

#endif
