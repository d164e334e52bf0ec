/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm: host memory for one guest. The library's front door; host/region.h, frame/frame.h,
 * map/map.h, map/pin_count.h and slab/slab.h are the layers behind it.
 *
 * An mm_heap owns a window of guest-physical addresses. Addresses that come in
 * are the guest's and taken to be hostile: each is resolved by arithmetic on
 * host-private metadata and validated before use. Every function may be called
 * from several threads at once; cpu is a hint that keeps threads apart (any
 * value is safe, cpu % cpus is used).
 *
 * Errors are returned as negative errno values.
 */
#ifndef MM_H
#define MM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A guest-physical address without flags. The type says so to the reader alone: addresses come by
 * the hundred out of rings and of tables that both sides of mm know as 64-bit words, and would be
 * wrapped and unwrapped at each of these doors. What they must not be taken for is another type
 * for the compiler, too: a host's address is a pointer, a number of a frame is frame_t
 * (frame/frame.h). An address with MM_ADDR_* in its low bits is a uint64_t.
 */
typedef uint64_t gpa_t;

#define MM_FRAME_SHIFT    12
#define MM_FRAME_SIZE     4096ul
#define MM_HUGE_SIZE      (2ul << 20)
#define MM_GIANT_SIZE     (1ul << 30)
#define MM_MAX_ORDER      10
#define MM_MAX_RANGES     16
#define MM_MAX_NODES      16
#define MM_MAX_CPUS       64
#define MM_CACHE_NAME_MAX 32
#define MM_CACHE_MAX      0x3fff /* numbers of caches begin at 1; most that a heap has */
#define MM_NODE_ANY       (-1)

/*
 * The size classes of kmalloc are made with the heap: X(bytes, label), smallest first. Class i is
 * cache i + 1, named "kmalloc-" and the label. virtio/abi/kmem.h has the same list for guests, and
 * the device refuses to compile when the two differ: neither may include the other.
 */
#define MM_CLASS_LIST(X) \
	X(8, 8)          \
	X(16, 16)        \
	X(32, 32)        \
	X(64, 64)        \
	X(96, 96)        \
	X(128, 128)      \
	X(192, 192)      \
	X(256, 256)      \
	X(512, 512)      \
	X(1024, 1k)      \
	X(2048, 2k)      \
	X(4096, 4k)      \
	X(8192, 8k)
enum mm_class {
#define MM_CLASS_ENTRY(bytes, label) MM_CLASS_##label,
	MM_CLASS_LIST(MM_CLASS_ENTRY)
#undef MM_CLASS_ENTRY
	MM_CLASSES
};
#define MM_CLASS_BYTES(bytes, label) bytes,
#define MM_CLASS_SIZES                        \
	{                                     \
		MM_CLASS_LIST(MM_CLASS_BYTES) \
	}
#define MM_CLASS_NAME(bytes, label) "kmalloc-" #label,
#define MM_CLASS_NAMES                       \
	{                                    \
		MM_CLASS_LIST(MM_CLASS_NAME) \
	}
extern const uint32_t mm_class_size[MM_CLASSES];

/* Page map values: see virtio/abi/kmem.h, whose values these are. */
#define MM_PM_NONE 0x00
#define MM_PM_FAR  0xdf /* a cache of this number, or of a higher one */
#define MM_PM_RUN  0xe0
#define MM_PM_TAIL 0xff

/* Allocation flags. */
#define MM_ZERO     (1u << 0)
#define MM_THISNODE (1u << 1)
#define MM_DMA32    (1u << 2)

/* Low bits of a returned address. */
#define MM_ADDR_FRESH 1ull /* never handed out since its slab was made */
#define MM_ADDR_ZERO  2ull /* all bytes are zero */
#define MM_ADDR_FLAGS 7ull

/* Cache flags, and debug modes for the whole heap (same letters as SLUB). */
#define MM_CACHE_CTOR    (1u << 0) /* contents outlive a free */
#define MM_CACHE_NOMERGE (1u << 1)
#define MM_DEBUG_SANITY  (1u << 8)  /* F */
#define MM_DEBUG_REDZONE (1u << 9)  /* Z */
#define MM_DEBUG_POISON  (1u << 10) /* P */
#define MM_DEBUG_OWNER   (1u << 11) /* U */
/* Hardening, chosen the same way. */
#define MM_HARDEN_WIPE       (1u << 12) /* W: zero what is freed */
#define MM_HARDEN_QUARANTINE (1u << 13) /* Q: what was freed rests before its reuse */
#define MM_HARDEN_RANDOM     (1u << 14) /* R: a slab's slots in random order */
#define MM_HARDEN_GUARD      (1u << 15) /* G: no memory behind runs of 16 KiB to 2 MiB */
#define MM_DEBUG_ALL         (0xffu << 8)
#define MM_MAX_DEBUG_RULES   16

enum mm_backing {
	MM_BACKING_ANON,    /* private anonymous, transparent huge pages */
	MM_BACKING_MEMFD,   /* a shared memfd, for other processes to map */
	MM_BACKING_HUGETLB, /* the host's hugetlb pool, 2 MiB pages */
};

struct mm_range {
	gpa_t base;    /* 2 MiB aligned */
	uint64_t size; /* bytes, a multiple of 2 MiB */
	int node;      /* of the guest, 0..MM_MAX_NODES-1 */
	int host_node; /* bind to this host node, or -1 */
};

/* What a report of a debug mode says; text is one or more whole lines. */
typedef void (*mm_report_fn)(void *opaque, const char *text);

/* Debug modes for caches whose name matches; a * at the end stands for anything. */
struct mm_debug_rule {
	unsigned int modes; /* MM_DEBUG_*, MM_HARDEN_* */
	char name[MM_CACHE_NAME_MAX];
};

struct mm_config {
	struct mm_range range[MM_MAX_RANGES]; /* ascending, disjoint */
	unsigned int nr_ranges;
	/* Bit n: node n is for the guest's user space. Its frames are handed out as runs, to who
	 * names the node, and to nobody else; who names it has no others. */
	uint32_t user_nodes;
	/*
	 * Bytes at the start of range[0] that no frame is made of: whole 2 MiB, fewer than the
	 * range has. They have memory from the start, which is not touched but for its end, where a
	 * copy of the page map is kept (mm_heap_shown_map()): for those to read who cannot be kept
	 * from writing, so that nothing is read back from there. 0: there is neither.
	 */
	uint64_t reserve;
	/* Most bytes that have the host's memory behind them at once, the reserve not counted: what
	 * would need more is refused as if the host had none. 0: as many as there are. */
	uint64_t backed_max;
	unsigned int cpus; /* 1..MM_MAX_CPUS */
	enum mm_backing backing;
	unsigned int debug; /* MM_DEBUG_*, MM_HARDEN_* for every cache */
	struct mm_debug_rule rule[MM_MAX_DEBUG_RULES];
	unsigned int nr_rules;
	int reclaim_delay_ms; /* empty huge frames go back after this; 0: at
			       * once; -1: never */
	uint64_t pin_quota;   /* most pins at once; a page counts for each pin */
	mm_report_fn report;  /* may be NULL */
	void *report_opaque;
};

/* What /proc/slabinfo says of a cache, by its names there. */
struct mm_slabinfo {
	char name[MM_CACHE_NAME_MAX];
	uint64_t active_objs, num_objs;    /* allocated; room for, in its slabs */
	uint32_t objsize;                  /* bytes from one object to the next */
	uint32_t objperslab, pagesperslab; /* of most: where no such run was left, one is less */
	uint64_t active_slabs, num_slabs;  /* with an object; all */
	uint32_t aliases;                  /* other caches that share it */
	/* Not there: how many objects went to the guest, and came back, ever. */
	uint64_t allocated, freed;
};

/*
 * Reads debug modes as Linux's slab_debug= gives them into config's debug and rule:
 * letters (F Z P U W Q R G, of which none stands for FZPU), then a comma and names if
 * they are for these caches only; more such after a semicolon. "FZ", "P,kmalloc-64",
 * "FZPU,inode*,dentry;W". What config has already stays.
 * Returns 0, or -EINVAL with *why set to a static string that says what would be right.
 */
int mm_debug_parse(const char *text, struct mm_config *config, const char **why);

/* Bytes of config's modes and rules as text at most: letters, then for each rule as many, a name
 * and two separators, and a NUL. */
#define MM_DEBUG_TEXT_MAX (8 + MM_MAX_DEBUG_RULES * (10 + MM_CACHE_NAME_MAX) + 1)

/* Writes them to text (MM_DEBUG_TEXT_MAX bytes) as mm_debug_parse reads them; none: "". */
void mm_debug_format(const struct mm_config *config, char *text);

struct mm_heap;

/* Tells whether this process can have memory of a host node. Returns 0, -EINVAL (there is none) or
 * another negative errno (the host does not let it choose). */
int mm_node_check(int node);

/* An address that was refused: why, and its index in the call. */
struct mm_bad {
	uint32_t index;
	int32_t status; /* -EFAULT, -EINVAL, -ENOENT, -EXDEV, -EUCLEAN, -EPERM */
};

/*
 * What a heap counts, all of it or one cache: X(name, name in --stats, kind, metric, help). The
 * kind is COUNTER of what only grows, or GAUGE; metric is its name for who watches many machines,
 * which ends in its unit. The structure and every account of it come from this list, so that what
 * is counted is shown.
 */
#define MM_COUNTERS(X)                                                                           \
	X(objects_allocated, objects_allocated, COUNTER, "heap_allocated_objects",               \
	  "objects handed to the guest")                                                         \
	X(objects_freed, objects_freed, COUNTER, "heap_freed_objects", "objects that came back") \
	X(bytes_allocated, bytes_allocated, COUNTER, "heap_allocated_bytes",                     \
	  "bytes of the objects handed out, each as large as its cache's")                       \
	X(objects_active, objects_active, GAUGE, "heap_active_objects",                          \
	  "objects that the guest has")                                                          \
	X(slabs, slabs, GAUGE, "heap_slabs", "slabs, those without an object included")          \
	X(pages_given, pages_given, COUNTER, "heap_given_pages",                                 \
	  "pages handed out, of runs and of slabs")                                              \
	X(pages_taken, pages_taken, COUNTER, "heap_taken_pages", "pages that came back")         \
	X(pages_pinned, pages_pinned, GAUGE, "heap_pins",                                        \
	  "pins on pages, a page counting for each")                                             \
	X(frames_total, frames_total, GAUGE, "heap_frames", "frames of the heap")                \
	X(frames_backed, frames_backed, GAUGE, "heap_backed_frames",                             \
	  "frames that the host has memory behind")                                              \
	X(frames_in_use, frames_in_use_end, GAUGE, "heap_used_frames",                           \
	  "frames under objects and runs")                                                       \
	X(frames_cached, frames_cached, GAUGE, "heap_cached_frames",                             \
	  "frames kept for speed: empty slabs, and single frames of CPUs")                       \
	X(user_frames_total, user_frames_total, GAUGE, "heap_user_space_frames",                 \
	  "frames of the heap that are for user space")                                          \
	X(user_frames_in_use, user_frames_in_use, GAUGE, "heap_used_user_space_frames",          \
	  "frames of these under objects and runs")                                              \
	X(errors, errors, COUNTER, "heap_errors", "frees and the like that were refused")        \
	X(findings, slab_findings, COUNTER, "heap_findings", "errors that debug modes reported")

struct mm_stats {
#define MM_STATS_FIELD(name, shown, ...) uint64_t name;
	MM_COUNTERS(MM_STATS_FIELD)
#undef MM_STATS_FIELD
	uint32_t object_size, slot_size, objects_per_slab, frames_per_slab; /* as in mm_slabinfo */
	char name[MM_CACHE_NAME_MAX];
};

/*
 * Reserves the window and makes the metadata and the kmalloc classes. Nothing is
 * backed yet. On failure *why (if why is not NULL) is a static or heap-independent
 * string that says what is missing ("hugetlb pool has 12 free pages of 2 MiB, 512
 * are needed"), valid until the next call by this thread.
 * Returns 0, -EINVAL for a bad config, -ENOMEM when the host cannot honour it.
 */
int mm_heap_create(const struct mm_config *config, struct mm_heap **heap, const char **why);

/*
 * Bytes of the host's memory that a heap of this config, which is valid, takes beside its own at
 * most: when all of it is handed out as dearly as can be, as objects of 8 bytes on pinned frames.
 */
uint64_t mm_heap_metadata(const struct mm_config *config);

/* Gives everything back to the host. No other call may be under way. */
void mm_heap_destroy(struct mm_heap *heap);

/* The window: base is range[0].base, the reserve included, size spans to the end of the last range.
 * host is where base is mapped in this process; holes are mapped PROT_NONE. fd is
 * the memfd behind it, or -1. */
gpa_t mm_heap_base(const struct mm_heap *heap);
uint64_t mm_heap_size(const struct mm_heap *heap);
void *mm_heap_host(const struct mm_heap *heap);
int mm_heap_fd(const struct mm_heap *heap);

/* One byte a frame of the window, page-aligned, padded to whole pages; the caller
 * maps it read-only for the guest and never writes it. */
const uint8_t *mm_heap_page_map(const struct mm_heap *heap, size_t *bytes);

/* Where in the window the copy of the page map lies, bytes from its start, with a reserve: as much
 * as mm_heap_page_map() says, at the reserve's end. */
uint64_t mm_heap_shown_map(const struct mm_heap *heap);

/* Bytes of whole pages that the page map of a window of size bytes takes: of a reserve that much is
 * the copy's. */
uint64_t mm_page_map_bytes(uint64_t size);

/*
 * Makes a cache. size 1..4 MiB; align 0 or a power of two up to 4 MiB; flags are
 * MM_CACHE_* and MM_DEBUG_*, of which the latter count only for a cache that the config
 * debugs (F, Z, P or U): they cost memory that is not the heap's. name is copied, cut to fit.
 * Caches of one size and alignment without flags (of their own or the heap's) share a number and a
 * name, that of the first, and go with the last mm_cache_destroy. Returns the cache number,
 * -EINVAL, -ENOSPC (numbers ran out), -ENOMEM.
 */
int mm_cache_create(struct mm_heap *heap, const char *name, size_t size, size_t align,
		    unsigned int flags);
/* The highest number that a cache can have: a heap has a cache for every four frames, but no fewer
 * than MM_PM_FAR and no more than MM_CACHE_MAX. What is kept of them so has its share in the heap's
 * cost. */
int mm_cache_max(const struct mm_heap *heap);
/* 0, -ENOENT, -EPERM (a kmalloc class), -EBUSY while objects are out (but for a cache
 * that others share: whose they are, nobody knows). */
int mm_cache_destroy(struct mm_heap *heap, int cache);
/* The MM_DEBUG_* and MM_HARDEN_* in force for a cache, whoever asked for them; 0 if there
 * is no such cache. */
unsigned int mm_cache_modes(struct mm_heap *heap, int cache);
/* Gives empty slabs back; returns frames given back or -ENOENT. */
long mm_cache_shrink(struct mm_heap *heap, int cache);

/*
 * Allocates up to n objects of a cache into addr[] (guest-physical | MM_ADDR_*). Objects whose slot
 * is a page at most can be had while a single frame is free.
 * asked: the bytes the caller wanted, at most the object's size, for red zones (0: the
 * whole object); caller: guest code address, for reports. With MM_ZERO every object is
 * zero (and flagged). A node of user_nodes has no objects.
 * Returns how many, 1..n; -ENOMEM if none; -ENOENT no such cache; -EINVAL.
 */
long mm_alloc_bulk(struct mm_heap *heap, unsigned int cpu, int cache, int node, unsigned int flags,
		   size_t asked, uint64_t caller, size_t n, uint64_t *addr);

/*
 * Frees n objects. cache 0: each to its own. Refused addresses go to bad[] (room for
 * n), their number to *nr_bad; the others are freed all the same. A pinned
 * object's frame is not reused before the last unpin. An object freed with -EXDEV or
 * -EUCLEAN counts as freed. Returns the number freed, or -ENOENT: no such cache.
 */
long mm_free_bulk(struct mm_heap *heap, unsigned int cpu, int cache, uint64_t caller, size_t n,
		  const gpa_t *addr, struct mm_bad *bad, size_t *nr_bad);

/*
 * Has all of an object be in use, as much as was asked for it (Linux's ksize()): its red
 * zone begins at its end. Returns the bytes that were in use until now, -EFAULT (outside
 * the heap), -EINVAL (no start of an object), -ENOENT (not allocated).
 */
long mm_object_widen(struct mm_heap *heap, gpa_t addr);

/* Allocation and free, for runs of 2^order frames, naturally aligned. */
long mm_pages_alloc(struct mm_heap *heap, unsigned int cpu, unsigned int order, int node,
		    unsigned int flags, size_t n, uint64_t *addr);
long mm_pages_free(struct mm_heap *heap, unsigned int cpu, size_t n, const gpa_t *addr,
		   struct mm_bad *bad, size_t *nr_bad);

/*
 * How many runs of each order are free, as Linux's /proc/buddyinfo tells it: nr[order] counts
 * frames under no object and no run, each in the longest naturally aligned run that it is part of.
 * What caches keep for speed is under them; a call that finds no memory gives that up first. A run
 * that was freed and is still pinned is not free. Frames of user_nodes are left out. While others
 * work, it is of about now.
 */
void mm_free_runs(struct mm_heap *heap, uint64_t nr[MM_MAX_ORDER + 1]);

/*
 * Pins the frames at addr[] (frame-aligned). Each is checked against "handed out
 * to the guest" and counted up in one atomic step. Stops at the first that cannot
 * be pinned. Returns how many were pinned, or if none -EFAULT (not handed out),
 * -EINVAL (not aligned), -EAGAIN (quota).
 */
long mm_pin(struct mm_heap *heap, size_t n, const gpa_t *addr);
/* Drops one pin of each; refusals (-ENOENT: not pinned) as for mm_free_bulk. */
long mm_unpin(struct mm_heap *heap, size_t n, const gpa_t *addr, struct mm_bad *bad,
	      size_t *nr_bad);

/*
 * Pins for the monitor's own short looks at guest memory: as mm_pin, but they count
 * against no quota, and a frame that the guest has pinned as often as it may has room for
 * 65535 of them. mm_release drops them, once each.
 */
long mm_hold(struct mm_heap *heap, size_t n, const gpa_t *addr);
void mm_release(struct mm_heap *heap, size_t n, const gpa_t *addr);

/* Changes how many pins there may be at once. Pins beyond a lower quota stay; new
 * ones are refused until enough of them are gone. A reset keeps it. */
void mm_set_pin_quota(struct mm_heap *heap, uint64_t quota);

/* Host pointer to [addr, addr + len) if all of it is handed out, else NULL. */
void *mm_host_ptr(struct mm_heap *heap, gpa_t addr, size_t len);

/* Gives empty memory back now, whatever the delay. Returns bytes discarded. */
uint64_t mm_reclaim(struct mm_heap *heap);

/*
 * For a timer, since a guest that frees and then rests makes no call in which memory
 * could be given back. mm_reclaim_expired discards what has been empty for the delay,
 * and once nothing was allocated or freed for as long (100 ms at least) also what is
 * kept for speed; it returns bytes. mm_reclaim_due_ms: milliseconds until that is worth
 * a call, never more than that rest, since a guest at work tells nobody; -1: never.
 */
int mm_reclaim_due_ms(struct mm_heap *heap);
uint64_t mm_reclaim_expired(struct mm_heap *heap);

/*
 * Strays: memory of a memfd that others map, and have touched, where nothing is handed out. Such
 * memory is the host's, and nobody asked for it. mm_strays() is bytes that the file has beyond what
 * this heap has backed; it costs a system call. mm_strays_punch() gives back what lies in huge
 * frames that are not backed, and returns how many bytes that were; it costs about a microsecond
 * for each huge frame that has memory. 0 with another backing. What is being backed meanwhile may
 * count as stray; it is not given back.
 */
uint64_t mm_strays(struct mm_heap *heap);
uint64_t mm_strays_punch(struct mm_heap *heap);

/* cache 0: the whole heap. 0 or -ENOENT. */
int mm_stats(struct mm_heap *heap, int cache, struct mm_stats *stats);

/* What a huge frame is used for, in frames of it. Pages of empty slabs count as slabs'. */
struct mm_huge {
	bool backed;
	uint16_t slab_frames, run_frames, pinned_frames;
};

/* How many huge frames the window has, its holes included. */
uint64_t mm_huge_count(const struct mm_heap *heap);

/*
 * Looks at n huge frames from the window's first + first on, each at some moment while others work;
 * takes no lock, and about a microsecond for one that is backed. Returns how many there are of
 * these.
 */
unsigned int mm_huge_look(struct mm_heap *heap, uint64_t first, unsigned int n,
			  struct mm_huge *out);

/* 0 or -ENOENT. */
int mm_slabinfo(struct mm_heap *heap, int cache, struct mm_slabinfo *info);

/* Takes everything back from the guest (reset): all objects, runs and pins, and
 * every cache but the kmalloc classes. No other call may be under way. */
void mm_heap_reset(struct mm_heap *heap);

/*
 * Looks whether all that a heap knows of itself agrees: frames, page map, pins, slabs, counters.
 * Time goes by what is backed. No other call may be under way. Returns NULL if so, or else what
 * does not, valid until this thread's next call. Builds without MM_CHECK (see assert.h) have no
 * such function. Those with it look at each reset and at the end of a heap, too.
 */
const char *mm_check(struct mm_heap *heap);

#endif
