/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator's inside. From the top down, each calls what stands below it:
 *   dup.c, kasprintf.c, mempool.c, dmapool.c   what is made of kmalloc()
 *   slab_kmalloc.c, slab_cache.c               <linux/slab.h>, as far as it is not inlined
 *   cpu.c      allocation and free off the fast path: swap of main and spare, exchange with the
 *              depot, and then the host
 *   core.c     start and end, of all and of a vCPU
 *   reclaim.c  events, give back, what is due
 *   slot.c     a vCPU's slots as a whole
 *   refill.c   what is asked of the host when a depot is empty
 *   rcu.c      readers, and what waits for them
 *   depot.c    shared store of full and empty magazines a cache, its working set
 *   host.c     requests to the channel, batched; what its refusals mean
 *   mag.c      memory of the magazines themselves
 *   heap.c     where the heap lies
 * Locks, in the order they are taken: kmem.walk, depot.lock or kmem.mag_lock. The
 * latter two are never held across a request or a constructor. kmem.walk is: who holds
 * it goes through all caches or all vCPUs, or makes, shrinks or unmakes one, all of which is
 * rare. It is only tried for on the way of an allocation, which may be a constructor's.
 */
#ifndef GUEST_LIB_KMEM_PRIV_H
#define GUEST_LIB_KMEM_PRIV_H

#include "slabvisor/channel.h"
#include "slabvisor/kmem.h"
#include "slabvisor/kmem_fast.h"
#include "slabvisor/kmem_port.h"
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#define KMEM_FRAME_SIZE 4096ul

/* The type of kmem.walk, which is taken like a spinlock_t. A port may have one that sleeps. */
#ifndef KMEM_WALK_LOCK
#define KMEM_WALK_LOCK spinlock_t
#endif

/* Magazines come in sizes of 64 << class bytes. Main capacities are then Linux's sheaves:
 * 4, 12, 28 and 60 objects, and on to 508. */
#define KMEM_MAG_CLASSES 7

struct kmem_magazine {
	struct list_head link; /* in a depot, or on a private list */
	u16 class;
	u16 count;   /* true while it is nobody's main */
	u32 grace;   /* of a typesafe cache, in the depot: what ends its readers */
	u64 entry[]; /* [0] is 0; then kmem_mag_capacity() objects */
};

static inline unsigned int kmem_mag_capacity(unsigned int class)
{
	return (64u << class) / sizeof(u64) - sizeof(struct kmem_magazine) / sizeof(u64) - 1;
}

/*
 * A cache's shared store (Bonwick's depot, Linux's barn). It holds magazines with
 * objects, the hot end first, and empty ones; vCPUs exchange one for the other.
 */
struct kmem_depot {
	spinlock_t lock;
	struct list_head full, empty;
	u32 nr_full, nr_empty;
	u64 objects;   /* in the full ones */
	u64 limit;     /* most objects to keep; moves with the load */
	u64 drained;   /* given to the host and not asked back since */
	u64 low, high; /* fewest and most objects since the last look */
	u32 exchanges; /* since the last look */
};

struct kmem_cache {
	struct kmem_cache_front front; /* what the inlined paths read */
	bool live;
	bool direct;   /* every call is a request: a debug mode, a large run */
	bool debug;    /* a debug mode */
	bool atomic;   /* has callers that must not wait */
	bool due;      /* an atomic allocation found nothing: top up */
	bool stocked;  /* has had a first magazine */
	bool typesafe; /* SLAB_TYPESAFE_BY_RCU: readers may still look at what is free */
	bool used;     /* has had objects of the host's: some may be to give back */
	u8 mag_class;  /* of new magazines; grows with the traffic */
	u8 base_class;
	u32 host_flags; /* VIRTIO_KMEM_GFP_* of every request for its objects */
	u32 batch;      /* objects to ask for next, while growing */
	int order;      /* of runs of frames; -1: a cache of the host's */
	void (*ctor)(void *);
	size_t usable; /* bytes of an object, up to the next one */
	char name[VIRTIO_KMEM_NAME_MAX];
	char *whole_name; /* NULL: the same */
	struct kmem_depot depot;
};

struct kmem {
	struct kmem_channel channel;
	bool ready;
	bool due;                             /* some cache is due */
	unsigned int give_back;               /* how often memory was asked back */
	struct kmem_cache *cache[KMEM_SLOTS]; /* kept for reuse when not live */
	struct kmem_cpu *cpu[KMEM_MAX_CPUS];
	KMEM_WALK_LOCK walk;
	u64 granted; /* bytes by which depots' limits exceed their bases */

	spinlock_t mag_lock;
	struct list_head mag_free[KMEM_MAG_CLASSES];
	struct list_head mag_chunks;
	u8 *mag_bump, *mag_end;
	unsigned int mag_order;
};

extern struct kmem kmem;

/* core.c */
/* The cache structure for a number, set up anew; NULL when there is no RAM. */
struct kmem_cache *kmem_cache_setup(unsigned int number, const char *name, size_t size, int order,
				    slab_flags_t flags, void (*ctor)(void *));

/* reclaim.c */
/* Obeys what other vCPUs and the host have asked for; only with no lock held. */
void kmem_obey(struct kmem_cpu *kc, gfp_t gfp);
/* Everything that can be had back without the other vCPUs goes back to the host. The
 * caller holds kmem.walk. */
void kmem_reclaim(struct kmem_cpu *kc);
/* Has the host unmake the slabs that are empty now: it keeps a few for each cache. */
void kmem_shrink(struct kmem_cpu *kc, const struct kmem_cache *cache);
/* Has everything back that the cache's magazines hold, other vCPUs' included: for when
 * none of them uses it any more. The caller holds kmem.walk. */
void kmem_cache_collect(struct kmem_cpu *kc, struct kmem_cache *cache);

/* Has the next one that may ask the host top the cache's depot up. */
static inline void kmem_cache_due(struct kmem_cache *cache)
{
	WRITE_ONCE(cache->due, true);
	WRITE_ONCE(kmem.due, true);
}

/* mag.c */
struct kmem_magazine *kmem_mag_get(unsigned int class);
void kmem_mag_put(struct kmem_magazine *mag);
void kmem_mag_init(void);
/* Gives the memory of all magazines back; none is in use any more. */
void kmem_mag_exit(struct kmem_cpu *kc);

/* depot.c */
void kmem_depot_init(struct kmem_cache *cache);
/* Takes a full magazine and gives an empty one (or NULL); NULL if there is none that
 * the flags may have. */
struct kmem_magazine *kmem_depot_take(struct kmem_cache *cache, struct kmem_magazine *empty,
				      gfp_t gfp);
/* Gives a magazine with objects; *empty is an empty one in exchange, or NULL. Returns how
 * many objects the depot would rather be rid of. */
u64 kmem_depot_give(struct kmem_cache *cache, struct kmem_magazine *mag,
		    struct kmem_magazine **empty);
/* A list of magazines fresh from the host. */
void kmem_depot_fill(struct kmem_cache *cache, struct list_head *mags);
void kmem_depot_refilled(struct kmem_cache *cache, u64 objects);
/* Gives objects back to the host, coldest first, until at most keep are left. */
void kmem_depot_drain(struct kmem_cpu *kc, struct kmem_cache *cache, u64 keep);
/* All of them, but for those of a typesafe cache that readers may still look at, and the limit back
 * to where it began. */
void kmem_depot_empty(struct kmem_cpu *kc, struct kmem_cache *cache);
/* After kmem_depot_give(): gives a batch back, excess at least. */
void kmem_depot_trim(struct kmem_cpu *kc, struct kmem_cache *cache, u64 excess);

/* rcu.c; a kernel has readers and callbacks of its own, and sees to them itself. */
#ifdef SLABVISOR_MODULE
static inline void kmem_rcu_cpu(unsigned int cpu)
{
	(void)cpu;
}
static inline void kmem_rcu_free(void)
{
}
static inline void kmem_rcu_run(void)
{
}
#else
/* A vCPU comes, or has gone: it reads nothing. */
void kmem_rcu_cpu(unsigned int cpu);
/* Frees what kfree_rcu() was given, as far as its readers are gone. From any context. */
void kmem_rcu_free(void);
/* That, and callbacks: where the caller may wait, and holds no lock but mutexes. */
void kmem_rcu_run(void);
#endif

/* slot.c */
void kmem_slots_reset(struct kmem_cpu *kc);
/* Empties a slot; its magazines go onto the list (those with objects) or away. */
void kmem_slot_steal(struct kmem_slot *slot, struct list_head *mags);
/* Moves all of this vCPU's magazines into the depots. The caller holds kmem.walk. */
void kmem_cpu_to_depots(struct kmem_cpu *kc);

/* Makes mag, or nothing, the main magazine; its count is in the slot from now on. */
static inline void kmem_slot_set_main(struct kmem_slot *slot, struct kmem_magazine *mag)
{
	slot->main = mag;
	slot->top = mag ? &mag->entry[mag->count] : kmem_no_entry;
	slot->limit = mag ? &mag->entry[kmem_mag_capacity(mag->class)] : kmem_no_entry;
}

/* The main magazine, its count made true. */
static inline struct kmem_magazine *kmem_slot_main(struct kmem_slot *slot)
{
	if (slot->main)
		slot->main->count = slot->top - slot->main->entry;
	return slot->main;
}

/* refill.c */
/* Asks for objects and puts them in magazines, constructed. Returns their number, or
 * -errno; fewer than asked for is no error. */
long kmem_refill(struct kmem_cpu *kc, struct kmem_cache *cache, gfp_t gfp, struct list_head *mags);
/* Puts first magazines into the depot: for atomic allocations, and their reserve. */
void kmem_cache_stock(struct kmem_cpu *kc, struct kmem_cache *cache);

/* host.c */
/* Asks for n objects, of any node, and leaves them in kc->addr[]. Returns how many, or -errno. */
long kmem_host_batch(struct kmem_cpu *kc, struct kmem_cache *cache, gfp_t gfp, size_t n);
/* One object by a request of its own. node: -1 any. 0: none. */
u64 kmem_host_alloc(struct kmem_cpu *kc, struct kmem_cache *cache, int node, gfp_t gfp,
		    size_t asked, unsigned long caller);
/* Frees the n objects in kc->addr[]. */
void kmem_host_free(struct kmem_cpu *kc, struct kmem_cache *cache, size_t n, unsigned long caller);

/* The entry of a magazine for an address of the host's. */
static inline u64 kmem_host_entry(u64 addr)
{
	u64 flags = addr & VIRTIO_KMEM_ADDR_FLAGS;

	return (u64)kmem_to_virt(addr - flags) | flags;
}

/* Runs the constructor where it is due, after which the object is neither fresh nor zero. */
static inline u64 kmem_construct(const struct kmem_cache *cache, u64 entry)
{
	u64 p = entry & ~VIRTIO_KMEM_ADDR_FLAGS;

	if (!cache->ctor)
		return entry;
	if (entry & VIRTIO_KMEM_ADDR_FRESH)
		cache->ctor((void *)p);
	return p;
}

/* heap.c */
int kmem_node_of(u64 addr);

#endif
