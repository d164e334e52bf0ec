/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-kmem: the contract between a guest and the memory service of its
 * host. Shared verbatim by the device, the guest runtime and the Linux driver;
 * it includes nothing but <linux/types.h>, which each of the three has.
 *
 * All fields are little-endian. Addresses are guest-physical.
 *
 * Transport: virtio 1.2 over any transport. Queue i, 0 <= i < num_request_queues,
 * is the request queue of vCPU i; queue num_request_queues is the event queue.
 * A request is a descriptor chain of
 *   device-readable: struct virtio_kmem_req, then the request's payload;
 *   device-writable: struct virtio_kmem_resp, then the reply's payload;
 * laid over any number of descriptors. In a transport whose notification traps
 * into the device (our virtio-mmio) the request is complete, and its buffer in
 * the used ring, before the notification returns.
 */
#ifndef VIRTIO_ABI_KMEM_H
#define VIRTIO_ABI_KMEM_H

#include <linux/types.h>

/* The last device ID: left free by the virtio 1.2 tables, for experiments. */
#define VIRTIO_ID_KMEM 65535

#define VIRTIO_KMEM_VERSION 1

/* Feature bits. */
#define VIRTIO_KMEM_F_EVENTS 0 /* the event queue is present */
#define VIRTIO_KMEM_F_PIN    1 /* PIN and UNPIN are served */
#define VIRTIO_KMEM_F_DEBUG  2 /* a debug mode is on: see config.debug, class_debug */
#define VIRTIO_KMEM_F_CACHES 3 /* numbers of caches go beyond PM_CACHE_MAX: see PM_FAR */

/* Debug modes (of config.debug and of a cache), named as SLUB's slab_debug letters. */
#define VIRTIO_KMEM_DEBUG_SANITY  (1u << 0) /* F: check each free at once */
#define VIRTIO_KMEM_DEBUG_REDZONE (1u << 1) /* Z: bytes past the object */
#define VIRTIO_KMEM_DEBUG_POISON  (1u << 2) /* P: pattern in free objects */
#define VIRTIO_KMEM_DEBUG_OWNER   (1u << 3) /* U: who allocated, who freed */

/*
 * The size classes of kmalloc: X(bytes, label), smallest first. Class i is served by cache number
 * i + 1, which both sides name "kmalloc-" and the label, as Linux names it.
 */
#define VIRTIO_KMEM_CLASS_LIST(X) \
	X(8, 8)                   \
	X(16, 16)                 \
	X(32, 32)                 \
	X(64, 64)                 \
	X(96, 96)                 \
	X(128, 128)               \
	X(192, 192)               \
	X(256, 256)               \
	X(512, 512)               \
	X(1024, 1k)               \
	X(2048, 2k)               \
	X(4096, 4k)               \
	X(8192, 8k)

/* The list as VIRTIO_KMEM_CLASS_8, ...; as an initializer of sizes in bytes; and of names. */
enum virtio_kmem_class {
#define VIRTIO_KMEM_CLASS_ENTRY(bytes, label) VIRTIO_KMEM_CLASS_##label,
	VIRTIO_KMEM_CLASS_LIST(VIRTIO_KMEM_CLASS_ENTRY)
#undef VIRTIO_KMEM_CLASS_ENTRY
	VIRTIO_KMEM_CLASSES
};
#define VIRTIO_KMEM_CLASS_BYTES(bytes, label) bytes,
#define VIRTIO_KMEM_CLASS_SIZES                                 \
	{                                                       \
		VIRTIO_KMEM_CLASS_LIST(VIRTIO_KMEM_CLASS_BYTES) \
	}
#define VIRTIO_KMEM_CLASS_NAME(bytes, label) "kmalloc-" #label,
#define VIRTIO_KMEM_CLASS_NAMES                                \
	{                                                      \
		VIRTIO_KMEM_CLASS_LIST(VIRTIO_KMEM_CLASS_NAME) \
	}

#define VIRTIO_KMEM_MAX_RANGES 16
#define VIRTIO_KMEM_MAX_ORDER  10  /* 4 MiB: the largest run of frames */
#define VIRTIO_KMEM_MAX_BATCH  512 /* most objects, frames or pages a request */
#define VIRTIO_KMEM_NAME_MAX   32  /* a cache's name, NUL included */

/*
 * The page map: one byte a heap frame, written by the device only. Byte k
 * speaks of the frame at heap_base + k * 4096.
 */
#define VIRTIO_KMEM_PM_NONE      0x00 /* not handed out */
#define VIRTIO_KMEM_PM_CACHE_MAX 0xdf /* 1..PM_CACHE_MAX: the cache's number */
/* With VIRTIO_KMEM_F_CACHES: a cache of this number or of a higher one. The driver knows of which
 * it has asked for the object; without it CACHE_CREATE gives no higher number, and -ENOSPC. */
#define VIRTIO_KMEM_PM_FAR  0xdf
#define VIRTIO_KMEM_PM_RUN  0xe0 /* PM_RUN + order: first frame of a run */
#define VIRTIO_KMEM_PM_TAIL 0xff /* any other frame of a run */

/*
 * A piece of the heap and the node it is on. Frames of the heap window that are in no range do not
 * exist.
 *
 * With VIRTIO_KMEM_RANGE_USER it is for pages that the guest gives to its user space, which a
 * kernel describes in another way than those of its objects (in Linux, the type of a dev_pagemap is
 * the range's). It is on a node of its own: node num_nodes + i is user space's part of what is near
 * to node i. Its frames are handed out by ALLOC_PAGES that names this node, and by nothing else: a
 * driver that knows no flags asks for nodes below num_nodes alone, and never has one. A driver
 * leaves a range alone that has a flag which it does not know.
 */
#define VIRTIO_KMEM_RANGE_USER (1u << 0)

struct virtio_kmem_range {
	__le64 base;
	__le64 size;
	__le32 node;
	__le32 flags; /* VIRTIO_KMEM_RANGE_* */
};

/*
 * It grows at its end alone. What a host does not have of it yet reads as zero: a driver takes what
 * lies beyond its transport's configuration space for that. (The register page of virtio-mmio does
 * not say where the space ends, and is zero behind it.)
 */
struct virtio_kmem_config {
	__le32 version;
	__le32 debug; /* VIRTIO_KMEM_DEBUG_* in force for all caches */
	__le64 heap_base;
	__le64 heap_size;     /* of the window, holes included, bytes */
	__le64 page_map_base; /* guest-physical, read-only for the guest */
	__le64 pin_quota;     /* most pages pinned at once; 0: none */
	__le32 frame_shift;   /* 12 */
	__le32 max_order;
	__le32 max_batch;
	__le16 num_request_queues;
	__le16 num_nodes; /* those of ranges without VIRTIO_KMEM_RANGE_USER */
	__le16 num_ranges;
	__le16 num_classes;
	__le32 class_debug; /* bit i: class i has debug modes */
	__le32 class_size[16];
	struct virtio_kmem_range range[VIRTIO_KMEM_MAX_RANGES];
	/* Another number than before: all memory that was handed out is gone, as after a reset or a
	 * service that was started anew. 0: the host does not say. */
	__le32 generation;
	__le32 reserved;
	__le64 backed_max; /* most bytes that the host has memory for at once; 0: the whole heap */
};

/* Requests. count is at most config.max_batch. */
enum virtio_kmem_type {
	/* count objects of cache on node; reply: count, addrs */
	VIRTIO_KMEM_ALLOC = 1,
	/* payload: count addresses; cache 0 takes any; reply: objects freed,
	 * then a struct virtio_kmem_bad for each address refused */
	VIRTIO_KMEM_FREE = 2,
	/* count runs of 2^order frames on node, which may be a user range's; reply: count, addrs */
	VIRTIO_KMEM_ALLOC_PAGES = 3,
	/* payload: count addresses of runs; reply as for FREE */
	VIRTIO_KMEM_FREE_PAGES = 4,
	/* size, align (0 or a power of two up to the largest run; some hosts take none above
	 * 4096), flags, payload: name; reply: value = cache number, count =
	 * VIRTIO_KMEM_DEBUG_* in force for it. That is the host's choice: it heeds the debug
	 * flags only for a cache that it debugs anyway. */
	VIRTIO_KMEM_CACHE_CREATE = 5,
	/* cache; -EBUSY while an object is out */
	VIRTIO_KMEM_CACHE_DESTROY = 6,
	/* cache; reply: value = frames given back */
	VIRTIO_KMEM_CACHE_SHRINK = 7,
	/* payload: count frame addresses; reply: count = how many, from the
	 * first on, were pinned */
	VIRTIO_KMEM_PIN = 8,
	/* payload: count frame addresses; reply as for FREE */
	VIRTIO_KMEM_UNPIN = 9,
	/* cache, or 0 for the whole service; reply: virtio_kmem_stats */
	VIRTIO_KMEM_STATS = 10,
	/* payload: count = 1 address of an object, which is in use as a whole from now
	 * on, whatever was asked for; reply: value = bytes in use until now */
	VIRTIO_KMEM_WIDEN = 11,
};

/* Allocation flags (req.gfp): what of GFP concerns the host. */
#define VIRTIO_KMEM_GFP_ZERO     (1u << 0) /* the reply must be all zero */
#define VIRTIO_KMEM_GFP_THISNODE (1u << 1) /* no fallback to other nodes */
#define VIRTIO_KMEM_GFP_DMA32    (1u << 2) /* below 4 GiB */
#define VIRTIO_KMEM_GFP_ACCOUNT  (1u << 3) /* counts against the quota */

#define VIRTIO_KMEM_NODE_ANY 0xffffffffu

/* Cache flags (req.flags of CACHE_CREATE). */
#define VIRTIO_KMEM_CACHE_CTOR    (1u << 0) /* contents outlive a free */
#define VIRTIO_KMEM_CACHE_NOMERGE (1u << 1) /* never shares with another */
#define VIRTIO_KMEM_CACHE_DMA32   (1u << 2)
#define VIRTIO_KMEM_CACHE_ACCOUNT (1u << 3)
#define VIRTIO_KMEM_CACHE_REDZONE (1u << 4)
#define VIRTIO_KMEM_CACHE_POISON  (1u << 5)
#define VIRTIO_KMEM_CACHE_OWNER   (1u << 6)

struct virtio_kmem_req {
	__le16 type; /* enum virtio_kmem_type */
	__le16 order;
	__le32 count;
	__le32 cache;
	__le32 node; /* or VIRTIO_KMEM_NODE_ANY */
	__le32 gfp;
	__le32 flags;
	__le64 size; /* CACHE_CREATE: object bytes; ALLOC: bytes asked for */
	__le64 align;
	__le64 caller; /* guest code address, for debug reports; 0: unknown */
	__le64 reserved[2];
};

struct virtio_kmem_resp {
	__le32 status; /* 0 or a negative errno, two's complement */
	__le32 count;
	__le64 value;
};

/*
 * An address in an ALLOC or ALLOC_PAGES reply is at least 8-byte aligned; its
 * low bits carry what is known of the memory.
 */
#define VIRTIO_KMEM_ADDR_FRESH 1ull /* never handed out since its slab was made */
#define VIRTIO_KMEM_ADDR_ZERO  2ull /* all bytes are zero */
#define VIRTIO_KMEM_ADDR_FLAGS 7ull

/*
 * A refused address. status is -EFAULT: outside the heap; -EINVAL: not the
 * start of an object or run; -ENOENT: not allocated (a double free); -EXDEV: an
 * object of another cache (freed to its own all the same); -EUCLEAN: freed, but
 * its red zone or poison was overwritten.
 */
struct virtio_kmem_bad {
	__le32 index;
	__le32 status;
};

struct virtio_kmem_stats {
	__le64 requests;
	__le64 objects_allocated; /* ever */
	__le64 objects_freed;
	__le64 objects_active; /* out at the guest, its magazines included */
	__le64 slabs;
	__le64 frames_in_use;
	__le64 frames_total;
	__le64 frames_backed; /* that the host has memory for */
	__le64 pages_given;   /* frames handed to the guest, ever */
	__le64 pages_taken;   /* frames had back from the guest, ever */
	__le64 pages_pinned;
	__le64 errors; /* requests and addresses refused */
	__le32 object_size;
	__le32 slot_size;
	__le32 objects_per_slab;
	__le32 frames_per_slab;
	char name[VIRTIO_KMEM_NAME_MAX];
};

/*
 * Event queue: the guest posts device-writable buffers of this size. A driver obeys GIVE_BACK, and
 * PRESSURE with a value other than 0, by giving back all that it keeps for speed and no one uses:
 * magazines and depots of each CPU, its stores of pages, empty slabs (CACHE_SHRINK). Values above
 * those listed count as the highest.
 */
enum virtio_kmem_event_type {
	VIRTIO_KMEM_EVENT_GIVE_BACK = 1, /* somebody asks for memory */
	VIRTIO_KMEM_EVENT_PRESSURE = 2,  /* the host is short; value: 0 no more, 1, 2 critical */
	VIRTIO_KMEM_EVENT_QUOTA = 3,     /* value: the new pin quota, pages */
};

struct virtio_kmem_event {
	__le32 type;
	__le32 reserved;
	__le64 value;
};

_Static_assert(sizeof(struct virtio_kmem_range) == 24, "range layout");
_Static_assert(sizeof(struct virtio_kmem_config) == 128 + 24 * VIRTIO_KMEM_MAX_RANGES + 16,
	       "config layout");
_Static_assert(sizeof(struct virtio_kmem_req) == 64, "request layout");
_Static_assert(sizeof(struct virtio_kmem_resp) == 16, "reply layout");
_Static_assert(sizeof(struct virtio_kmem_bad) == 8, "refusal layout");
_Static_assert(sizeof(struct virtio_kmem_stats) == 12 * 8 + 16 + VIRTIO_KMEM_NAME_MAX,
	       "statistics layout");
_Static_assert(sizeof(struct virtio_kmem_event) == 16, "event layout");

#endif
