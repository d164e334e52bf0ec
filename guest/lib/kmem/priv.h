/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator's inside. From the top down, each calls what stands below it:
 *   dup.c, kasprintf.c, mempool.c, dmapool.c   what is made of kmalloc()
 *   slab_kmalloc.c, slab_cache.c               <linux/slab.h>, as far as it is not inlined
 *   cpu.c      allocation off the fast path, and how a free comes to it: swap of main and spare,
 *              exchange with the depot, and then the host
 *   core.c     start and end, of all and of a vCPU
 *   obey.c     events, what is due
 *   free.c     an object that goes back off the fast path
 *   reclaim.c  give back
 *   slot.c     a vCPU's slots as a whole
 *   refill.c   what is asked of the host when a depot is empty
 *   rcu.c      readers, and what waits for them
 *   depot.c    shared store of full and empty magazines a cache, its working set
 *   host.c     requests to the channel, batched; what its refusals mean
 *   far.c      caches whose number is no slot's
 *   mag.c      memory of the magazines themselves
 *   heap.c     where the heap lies
 * Locks, in the order they are taken: kmem.walk, depot.lock or kmem.mag_lock. The
 * latter two are never held across a request or a constructor. kmem.walk is: who holds
 * it goes through all caches or all vCPUs, or makes, shrinks or unmakes one, all of which is
 * rare. It is only tried for on the way of an allocation, which may be a constructor's, or of
 * somebody who must not wait.
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
 * Far caches: those that the page map has one value for, VIRTIO_KMEM_PM_FAR. The slot of that
 * number is always empty, so that the inlined paths leave them to the slow ones, which find their
 * slots with the cache, and the cache of an object in kmem.far_of. Their ids begin where those of
 * slots end.
 */
#define KMEM_FAR        512u
#define KMEM_FAR_BLOCK  256u /* caches */
#define KMEM_FAR_BLOCKS 256u

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
	u32 number;                    /* the host's */
	struct kmem_slot *far;         /* of a far cache, by vCPU */
	struct kmem_cache *next;       /* of all that there have been */
	bool live;
	bool direct;   /* every call is a request: a debug mode, a large run */
	bool debug;    /* a debug mode */
	bool inside;   /* has had callers in the middle of a request, who live on the depot */
	bool due;      /* such a one was here: top up, or trim */
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
	bool wake;                            /* who could not wait got nothing: see kmem_poll() */
	unsigned int give_back;               /* how often memory was asked back */
	struct kmem_cache *cache[KMEM_SLOTS]; /* kept for reuse when not live */
	struct kmem_cache *all;               /* those and the far ones */
	struct kmem_cache **far[KMEM_FAR_BLOCKS];
	u16 *far_of;      /* by frame of the heap: the far cache that it was last of */
	u64 far_of_bytes; /* that there is room for */
	struct kmem_cpu *cpu[KMEM_MAX_CPUS];
	KMEM_WALK_LOCK walk;
	u64 granted; /* bytes by which depots' limits exceed their bases */

	spinlock_t mag_lock;
	struct list_head mag_free[KMEM_MAG_CLASSES];
	struct list_head mag_chunks;
	u8 *mag_bump, *mag_end;
	unsigned int mag_order;
	unsigned int mag_dry; /* calls until memory for more is asked for again */
};

extern struct kmem kmem;

/* For loops over all caches, live or not, which hold kmem.walk. */
#define kmem_for_each_cache(cache) for ((cache) = kmem.all; (cache); (cache) = (cache)->next)

/* Tells whether the channel has far caches. */
static inline bool kmem_has_far(void)
{
	return kmem.channel.max_cache > VIRTIO_KMEM_PM_CACHE_MAX;
}

/* The id of a cache by the host's number. */
static inline unsigned int kmem_id(unsigned int number)
{
	return kmem_has_far() && number >= VIRTIO_KMEM_PM_FAR
		       ? KMEM_FAR + number - VIRTIO_KMEM_PM_FAR
		       : number;
}

/* A cache by its id; NULL: there has never been one. */
static inline struct kmem_cache *kmem_cache_of(unsigned int id)
{
	struct kmem_cache **block;

	if (id < KMEM_SLOTS)
		return kmem.cache[id];
	id -= KMEM_FAR;
	if (id >= KMEM_FAR_BLOCK * KMEM_FAR_BLOCKS)
		return NULL;
	block = READ_ONCE(kmem.far[id / KMEM_FAR_BLOCK]);
	return block ? READ_ONCE(block[id % KMEM_FAR_BLOCK]) : NULL;
}

static inline struct kmem_slot *kmem_slot_of(struct kmem_cpu *kc, const struct kmem_cache *cache)
{
	return cache->far ? &cache->far[kc->cpu] : &kc->slot[cache->front.number];
}

/* The id of an object's cache, or what kmem_number_of() says of it. */
static inline unsigned int kmem_id_of(const void *p)
{
	unsigned int number = kmem_number_of(p);

	if (number != VIRTIO_KMEM_PM_FAR || !kmem_has_far() || !kmem.far_of)
		return number;
	/* Relaxed, as its writer: whoever gave the object away gave the note with it. */
	return KMEM_FAR +
	       READ_ONCE(kmem.far_of[((unsigned long)p - kmem_view.va) / KMEM_FRAME_SIZE]);
}

/* core.c */
/* The cache structure for an id, set up anew; NULL when there is no RAM. */
struct kmem_cache *kmem_cache_setup(unsigned int id, const char *name, size_t size, int order,
				    slab_flags_t flags, void (*ctor)(void *));

/*
 * A request begins before kc->addr[] or kc->bad[] is filled for it, and ends when the answer has
 * been read. In between nothing on this vCPU may send another: the doorbell is answered at
 * once, so an interrupt handler that came here would find the vCPU's one exchange in use.
 * What the compiler keeps in order is enough, since both run on one vCPU.
 */
static inline void kmem_ask_begin(struct kmem_cpu *kc)
{
	WRITE_ONCE(kc->asking, kc->asking + 1);
	barrier();
}

static inline void kmem_ask_end(struct kmem_cpu *kc)
{
	barrier();
	WRITE_ONCE(kc->asking, kc->asking - 1);
}

/* Around one call of the channel whose answer lies nowhere else. */
#define kmem_ask(kc, call)                \
	({                                \
		__typeof__(call) answer_; \
                                          \
		kmem_ask_begin(kc);       \
		answer_ = (call);         \
		kmem_ask_end(kc);         \
		answer_;                  \
	})

/* Tells whether the caller may send a request: not from the middle of one. */
static inline bool kmem_may_ask(const struct kmem_cpu *kc)
{
	return !READ_ONCE(kc->asking);
}

/* obey.c */
/* Obeys what other vCPUs and the host have asked for, and frees what could not be freed at
 * once; only with no lock held. Nothing from the middle of a request. */
void kmem_obey(struct kmem_cpu *kc);

/* reclaim.c */
/* Objects alone: each vCPU gives its own when memory is asked back. Pins are nobody's own, and
 * whoever asks, or hears of it first, has all of them dropped. The caller holds kmem.walk. */
void kmem_objects_back(struct kmem_cpu *kc);
/* Everything that can be had back without the other vCPUs goes back to the host. The
 * caller holds kmem.walk. */
void kmem_reclaim(struct kmem_cpu *kc);
/* The same for those who must not wait, at once: what this vCPU and the depots have, if that is
 * `size` bytes at least; else the memory of magazines alone that hold nothing. Tells whether
 * anything went. */
bool kmem_reclaim_near(struct kmem_cpu *kc, size_t size);
/* Has the host unmake the slabs that are empty now: it keeps a few for each cache. */
void kmem_shrink(struct kmem_cpu *kc, const struct kmem_cache *cache);
/* Has everything back that the cache's magazines hold, other vCPUs' included: for when
 * none of them uses it any more. The caller holds kmem.walk. */
void kmem_cache_collect(struct kmem_cpu *kc, struct kmem_cache *cache);

/* Has the next one that comes by outside of a request top the cache's depot up, or trim it. */
static inline void kmem_cache_due(struct kmem_cache *cache)
{
	WRITE_ONCE(cache->due, true);
	WRITE_ONCE(kmem.due, true);
}

/* mag.c */
/* A magazine without objects, of the class or, where memory is short, a smaller one; NULL if there
 * is none. grow: memory for more is asked of the host. */
struct kmem_magazine *kmem_mag_get(unsigned int class, bool grow);
void kmem_mag_put(struct kmem_magazine *mag);
void kmem_mag_init(void);
/* Gives the memory of magazines back that none is in use of: it may be the last there is. Tells
 * whether there was any. */
bool kmem_mag_reclaim(struct kmem_cpu *kc);
/* Gives the memory of all magazines back; none is in use any more. */
void kmem_mag_exit(struct kmem_cpu *kc);

/* depot.c */
void kmem_depot_init(struct kmem_cache *cache);
/* Takes a full magazine and gives an empty one (or NULL); NULL if there is none. The last one is
 * kept, unless `last`, for those who cannot ask the host. */
struct kmem_magazine *kmem_depot_take(struct kmem_cache *cache, struct kmem_magazine *empty,
				      bool last);
/* Gives a magazine with objects; *empty is an empty one in exchange, or NULL. Returns how
 * many objects the depot would rather be rid of. */
u64 kmem_depot_give(struct kmem_cache *cache, struct kmem_magazine *mag,
		    struct kmem_magazine **empty);
/* A list of magazines fresh from the host. */
void kmem_depot_fill(struct kmem_cache *cache, struct list_head *mags);
void kmem_depot_refilled(struct kmem_cache *cache, u64 objects);
/* Objects in it. */
u64 kmem_depot_objects(struct kmem_cache *cache);
/* Gives objects back to the host, coldest first, until at most keep are left. */
void kmem_depot_drain(struct kmem_cpu *kc, struct kmem_cache *cache, u64 keep);
/* All of them, but for those of a typesafe cache that readers may still look at, and the limit back
 * to where it began. */
void kmem_depot_empty(struct kmem_cpu *kc, struct kmem_cache *cache);
/* Its magazines without objects are for any cache to use. */
void kmem_depot_drop_empty(struct kmem_cache *cache);
/* After kmem_depot_give(): gives a batch back, excess at least. */
void kmem_depot_trim(struct kmem_cpu *kc, struct kmem_cache *cache, u64 excess);
/* The same later: for what it was given by those who could not ask. */
void kmem_depot_relieve(struct kmem_cpu *kc, struct kmem_cache *cache);

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

/* free.c */
/* Frees an object in the slow path; caller: as in kmem_host_free(). */
void kmem_free_to(struct kmem_cpu *kc, struct kmem_cache *cache, const void *p,
		  unsigned long caller);
/* Frees what was freed in the middle of a request. */
void kmem_free_later(struct kmem_cpu *kc);

/* far.c */
/* Has a far cache be found by its id, with slots that are empty. 0 or -ENOMEM. */
int kmem_far_add(struct kmem_cache *cache);
/* Notes of n addresses of the host's, with flags, that they are of a far cache. */
void kmem_far_note(const struct kmem_cache *cache, const u64 *addr, size_t n);

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

static inline void kmem_slot_swap(struct kmem_slot *slot)
{
	struct kmem_magazine *main = kmem_slot_main(slot);

	kmem_slot_set_main(slot, slot->spare);
	slot->spare = main;
}

/* refill.c */
/* Asks for objects and puts them in magazines, constructed. grow: as kmem_mag_get(). Returns
 * their number, or -errno: -ENOBUFS, there are no magazines; -ENOMEM, there are no objects.
 * Fewer than asked for is no error. */
long kmem_refill(struct kmem_cpu *kc, struct kmem_cache *cache, gfp_t gfp, bool grow,
		 struct list_head *mags);
/* Puts first magazines into the depot, if it is empty: what those live on that cannot ask. */
void kmem_cache_stock(struct kmem_cpu *kc, struct kmem_cache *cache);

/* host.c */
/* Asks for n objects, of any node, and leaves them in kc->addr[]. Returns how many, or -errno. The
 * request is the caller's to begin and end. */
long kmem_host_batch(struct kmem_cpu *kc, struct kmem_cache *cache, gfp_t gfp, size_t n);
/* One object by a request of its own. node: -1 any. 0: none. */
u64 kmem_host_alloc(struct kmem_cpu *kc, struct kmem_cache *cache, int node, gfp_t gfp,
		    size_t asked, unsigned long caller);
/* Frees the n objects in kc->addr[]. The request is the caller's to begin and end. */
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
