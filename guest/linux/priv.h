/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The module's inside. From the top down, each calls what stands below it:
 *   api.c, cache.c, gup.c   what other modules call: svm_kmalloc() and its kin
 *   chardev.c, anon.c, pin.c  /dev/slabvisor
 *   debugfs.c               what is counted
 *   fast.h                  what takes an object of a CPU's magazines, or gives it back
 *   enter.c, port.c         how the shared allocator is called, and what it calls
 *   channel.c               its channel: requests as functions
 *   pages.c                 pages for user space, and how they go back
 *   window.c                struct pages for the window, as pieces of it are handed out
 *   virtio.c, ivshmem.c     the two ways: queues, an exchange of a request for its answer, events
 *   transport.c             what the two ways have in common
 * And above all but the first three, device.c: the one device, whichever way it is reached.
 */
#ifndef GUEST_LINUX_PRIV_H
#define GUEST_LINUX_PRIV_H

#include "virtio/abi/kmem.h"
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct sv_cpu;

/*
 * A request queue, and the buffers of the one request that is on it at a time. Any CPU may use any
 * queue; its own is the one that nobody waits for.
 */
struct sv_queue {
	/* Guards all below, and is held across an exchange. Which one is the transport's choice. */
	union {
		spinlock_t spin;
		struct mutex mutex;
	};
	unsigned long flags;  /* of the holder of spin */
	struct sv_cpu *given; /* what the holder of mutex has left to others meanwhile */
	void *way;            /* the transport's */
	struct sv_exchange *x;
	u64 requests, nanoseconds;
};

struct sv_device;

/* A request and its answer, as they lie in memory. */
struct sv_exchange {
	struct virtio_kmem_req req;
	union {
		__le64 addr[VIRTIO_KMEM_MAX_BATCH];
		char name[VIRTIO_KMEM_NAME_MAX];
	} payload;
	struct virtio_kmem_resp resp;
	union {
		__le64 addr[VIRTIO_KMEM_MAX_BATCH];
		struct virtio_kmem_bad bad[VIRTIO_KMEM_MAX_BATCH];
		struct virtio_kmem_stats stats;
	} reply;
};

/*
 * How requests travel. lock() and unlock() are of a queue. send() is called with the queue's lock
 * held and returns the bytes of the answer, struct virtio_kmem_resp included; -EIO: no answer came,
 * or one that makes no sense; -EAGAIN: nothing was sent.
 *
 * sleeps: an answer is waited for asleep. Then no request may come from a caller who must not
 * sleep, the lock is a mutex, and who sends leaves the CPU's magazines to others (enter.h).
 */
struct sv_transport_ops {
	void (*lock)(struct sv_queue *q);
	void (*unlock)(struct sv_queue *q);
	long (*send)(struct sv_queue *q, size_t out, size_t in);
	/* Has all that wait for an answer look at sv_device.dead; NULL: none does. */
	void (*wake)(struct sv_device *dev);
	bool sleeps;
};

#define SV_CACHES 0xffffu /* more numbers than any host gives to caches */

/* The device; there is one at most. */
struct sv_device {
	const struct sv_transport_ops *ops;
	void *way;                        /* the transport's */
	struct virtio_kmem_config config; /* its addresses are the guest's */
	u64 base; /* what an address of the guest's has more than the same on the wire */
	struct sv_queue *queue;
	unsigned int queues;
	u32 max_cache; /* highest number of a cache that may come; 0: as many as the page map names */
	bool down;     /* no request is sent, for a while or for ever */
	bool dead;     /* for ever: an answer did not come, or the host says so */
};

/* NULL: none is bound. It goes only with the module. */
extern struct sv_device *sv_dev;

/* For whatever must sleep and whose caller cannot; unbound. */
extern struct workqueue_struct *sv_wq;

/* virtio.c, ivshmem_pci.c */
int sv_virtio_register(void);
void sv_virtio_unregister(void);
int sv_ivshmem_register(void);
void sv_ivshmem_unregister(void);

/* transport.c */
/* Tells whether what the host says of itself makes sense. */
bool sv_config_valid(const struct virtio_kmem_config *c);
/* Makes n queues with their buffers; 0 or -ENOMEM. */
int sv_queues_init(struct sv_device *dev, unsigned int n);
void sv_queues_exit(struct sv_device *dev);
/* No answer is waited for any more, and no request is sent. Says so, once. */
void sv_device_dead(struct sv_device *dev, const char *why);
/* Tells whether an event asks for memory: then sv_give_back() is to be called, which sleeps. */
bool sv_event_asks(u32 type, u64 value);

/* device.c: what transports call. */
/* With a device that is ready, and when it goes. */
int sv_device_added(struct sv_device *dev);
void sv_device_removed(struct sv_device *dev);
void sv_give_back(void);

/* Tells whether there is a device that answers requests. */
static inline bool sv_up(void)
{
	struct sv_device *dev = READ_ONCE(sv_dev);

	return dev && !READ_ONCE(dev->down);
}

/* Tells whether requests sleep. */
static inline bool sv_sleeps(void)
{
	struct sv_device *dev = READ_ONCE(sv_dev);

	return dev && dev->ops->sleeps;
}

/* channel.c */
/* A fresh request on the calling CPU's queue, whose lock is held until sv_end(). */
struct sv_queue *sv_begin(enum virtio_kmem_type type, size_t count) __acquires(queue);
/* Sends it with so many bytes of payload and room for so many of reply. Returns the reply's
 * payload in bytes, the device's negative errno, or -EIO, which it also does while it is down. */
long sv_send(struct sv_queue *q, size_t payload, size_t room);
void sv_end(struct sv_queue *q) __releases(queue);
/* Single frames: n at most VIRTIO_KMEM_MAX_BATCH. flags: VIRTIO_KMEM_GFP_*. Returns how many, or
 * -errno; addresses without flag bits. */
long sv_frames_alloc(u32 node, u32 flags, size_t n, u64 *addr);
void sv_frames_free(size_t n, const u64 *addr);
/* n at most VIRTIO_KMEM_MAX_BATCH. Returns how many from the first on, or -errno. */
long sv_pin_frames(size_t n, const u64 *addr);
/* Where a request can be sent. */
void sv_unpin_now(size_t n, const u64 *addr);
int sv_channel_start(struct sv_device *dev);
void sv_channel_stop(void);

/* window.c */
int sv_window_init(struct sv_device *dev);
/* Unmaps all pieces; no page is in use any more. */
void sv_window_exit(void);
/* Tells whether an address has a struct page. */
bool sv_window_mapped(u64 addr);
/* Has the piece mapped that has the address, which may sleep. 0, -EINVAL: no such address, -ENOMEM;
 * -EBUSY: it takes long, perhaps because of what the caller holds. */
int sv_window_map(u64 addr);
/* Has a worker do so. */
void sv_window_map_later(u64 addr);
/* The node of user space's ranges, VIRTIO_KMEM_NODE_ANY if there is none. */
u32 sv_window_user_node(void);
/* Tells whether an address lies in such a range. */
bool sv_window_is_user(u64 addr);
struct sv_window_stats {
	u64 pieces, mapped, map_ns;
};
void sv_window_stats(struct sv_window_stats *stats);

/* pages.c */
enum sv_page_kind {
	SV_PAGE_SHARED, /* generic: for mappings of /dev/slabvisor */
	SV_PAGE_ANON,   /* coherent: for anonymous memory */
};
/*
 * Up to n pages of zeroes (n at most VIRTIO_KMEM_MAX_BATCH) whose one reference, that of those of
 * SV_PAGE_ANON locked, is the caller's. They go back to the host when the last reference goes.
 * May sleep. Returns how many, or -ENODEV, -ENOMEM, -EIO.
 */
long sv_pages_get(enum sv_page_kind kind, size_t n, struct page **page);
/* What the kernel calls when the last reference to a page of the window has gone, in any context. */
extern const struct dev_pagemap_ops sv_page_ops;
/* Gives the host what has been freed. May sleep. */
void sv_pages_flush(void);
struct sv_pages_stats {
	u64 out; /* at user space */
	u64 given, freed;
};
void sv_pages_stats(struct sv_pages_stats *stats);

/* chardev.c, anon.c, pin.c */
int sv_chardev_register(void);
void sv_chardev_unregister(void);
/* Backs [addr, addr + len) of the caller's anonymous memory with pages of the window. Returns
 * pages, or -errno. */
long sv_anon_back(unsigned long addr, unsigned long len);
/* Pins of one open file. */
struct sv_pins {
	struct mutex lock; /* guards the list */
	struct list_head list;
};
void sv_pins_init(struct sv_pins *pins);
/* Pins the caller's [addr, addr + len), all or nothing. Returns pages, or -errno. */
long sv_pins_add(struct sv_pins *pins, unsigned long addr, unsigned long len);
/* Ends a pin of exactly this range. Returns pages, or -ENOENT. */
long sv_pins_remove(struct sv_pins *pins, unsigned long addr, unsigned long len);
void sv_pins_drop(struct sv_pins *pins);

/* unpin.c */
/* Up to VIRTIO_KMEM_MAX_BATCH, from any context: where requests sleep a worker sends it. */
void sv_unpin_frames(size_t n, const u64 *addr);
/* Waits until the worker has sent them. May sleep. */
void sv_unpin_flush(void);

/* gup.c */
/* Counts a pin at the host for each page of the window among these, all or nothing. 0 or -errno. */
int sv_host_pin(size_t n, struct page **page);
void sv_host_unpin(size_t n, struct page **page);

/* The allocator must not wait long before the kernel's own serves. */
static inline gfp_t sv_inner(gfp_t gfp)
{
	return (gfp | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_NOFAIL;
}

/* object.c */
/* The rest of a free; id: of the cache that the caller named (struct kmem_cache_front), or 0;
 * keeps: sv_cache_keeps() of its cache. */
void sv_free_slow(const void *p, unsigned int id, bool keeps);

/* A cache of the host's was made here. May sleep. 0 or -ENOMEM. */
int sv_cache_note(unsigned int number, size_t size, bool keeps);
/* It is gone. */
void sv_cache_forget(unsigned int number);
/* Of caches made here, by the host's number; false and 0 for others. A cache keeps what is written
 * to its free objects: it has a constructor, or readers may still look at them. */
bool sv_cache_keeps(unsigned int number);
size_t sv_cache_size(unsigned int number);
/* The lowest number above this one of a cache made here, or 0. */
unsigned int sv_cache_next(unsigned int number);
void sv_caches_exit(void);

/* debugfs.c */
void sv_debugfs_init(void);
void sv_debugfs_exit(void);

/* port.c */
void sv_ram_free(void);

/* Tells whether p is an address of the window, where the allocator's objects are. */
bool sv_in_window(const void *p);

#endif
