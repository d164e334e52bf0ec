/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs of 2^order frames, orders 0 to 10, from several threads at once.
 *
 * After LLFree (Wrenger et al., ATC'23; HyperAlloc, EuroSys'25): a huge frame has a
 * field of 512 bits, one a frame, and a child word with its count of free frames;
 * both change by atomic operations only. A count is taken down before bits are
 * looked for, so who holds a count is sure to find its bits. Order 9 is one
 * compare-and-swap of the child word, order 10 two. 16 children and a summary,
 * which is a hint only, make a tree, two cache lines; a CPU prefers one tree, so
 * that CPUs write different lines.
 *
 * In front of it, each CPU keeps the free bits of one row (64 frames) to itself.
 *
 * The child word also holds whether the huge frame is backed, so that taking frames
 * and giving memory back to the host exclude each other without a lock.
 *
 * Frames are numbered from the window's base rounded down to 32 MiB, so that a run
 * is naturally aligned in guest-physical addresses exactly if its number is.
 */
#ifndef MM_FRAME_FRAME_H
#define MM_FRAME_FRAME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/host/region.h"
#include "mm/lock.h"
#include "mm/mm.h"

#define FRAME_HUGE_ORDER 9
#define FRAME_PER_HUGE   512u
#define FRAME_ROWS       8u
#define FRAME_CHILDREN   16u
#define FRAME_TREE_SIZE  (FRAME_CHILDREN * MM_HUGE_SIZE)
#define FRAME_MAX_ZONES  (MM_MAX_RANGES + 1)

/*
 * The number of a frame. A structure, so that neither an address nor a flagged number is taken for
 * one: the compiler refuses both, and makes the same code as of a number.
 */
typedef struct {
	uint64_t nr;
} frame_t;

_Static_assert(sizeof(frame_t) == sizeof(uint64_t), "a list of frames is one of numbers");

/* Flag in a frame number that frame_get_bulk returns: the run is all zero. */
#define FRAME_ZERO (1ull << 63)

/* A child word: free frames, and what is true of the huge frame. */
#define FRAME_CHILD_FREE   0x03ffu
#define FRAME_CHILD_HUGE   0x0400u /* handed out whole */
#define FRAME_CHILD_BACKED 0x0800u
#define FRAME_CHILD_BUSY   0x1000u /* being backed or discarded, by one thread */
#define FRAME_CHILD_IDLE   (FRAME_CHILD_BACKED | FRAME_PER_HUGE)
#define FRAME_CHILD_BARE   FRAME_PER_HUGE /* free and not backed */

/*
 * What huge frames are opened for. Single frames break what slabs and runs need whole:
 * kept apart, each kind fills the holes that it left, and more huge frames stay whole.
 */
enum frame_kind {
	FRAME_KIND_SINGLE, /* order 0 */
	FRAME_KIND_SMALL,  /* orders 1 to 3: most slabs */
	FRAME_KIND_LARGE,  /* orders 4 to 8 */
	FRAME_KINDS
};

struct frame_field {
	_Alignas(64) _Atomic uint64_t row[FRAME_ROWS];
};

struct frame_tree {
	_Alignas(128) _Atomic uint32_t child[FRAME_CHILDREN];
	/* Hints: free frames in bits 0-31, idle children in 32-47, bare in 48-63. */
	_Atomic uint64_t sum;
	_Atomic uint32_t owner; /* CPU + 1, or 0 */
	/* Hints: of a partly used huge frame, the kind it was opened for. */
	_Atomic uint8_t kind[FRAME_CHILDREN];
};

_Static_assert(sizeof(struct frame_tree) == 128, "a tree is two cache lines");

/* A part of a range that lies on one side of 4 GiB. */
struct frame_zone {
	int node;
	bool dma32;
	bool user;           /* of mm_config.user_nodes */
	uint32_t first, end; /* huge frames */
	uint32_t first_tree; /* number of tree 0, counted from the window's */
	uint32_t nr_trees;
	struct frame_tree *tree;
	/* Hints, a bit a tree: it may have backed huge frames with room. */
	_Atomic uint64_t *open;
};

/* What a CPU holds of a zone. */
struct frame_local {
	_Alignas(64) struct mm_lock lock;
	uint32_t tree;              /* preferred */
	uint32_t huge[FRAME_KINDS]; /* last taken from, or UINT32_MAX */
	uint32_t whole;             /* last taken whole; the search for another goes on from it */
	uint32_t row;               /* first frame of the row whose bits are held */
	uint32_t seek;              /* where the search for partly used trees goes on */
	uint32_t ticks;             /* calls since the clock was looked at */
	uint64_t free;              /* bits held */
	uint64_t clean;             /* of these, known to be zero */
};

struct frame_pool {
	struct region *region;
	gpa_t origin; /* of frame 0 */
	gpa_t base;   /* of the window */
	uint32_t nr_huge;
	uint32_t max_backed; /* huge frames; UINT32_MAX: no bound but the window's */
	unsigned int cpus;
	int delay_ms;
	struct frame_field *used;  /* 1: handed out, or held by a CPU */
	struct frame_field *clean; /* 1: not handed out since it was backed */
	_Atomic uint32_t *idle_ms; /* when a huge frame fell idle */
	struct frame_tree *trees;
	uint32_t nr_trees;
	_Atomic uint64_t *open; /* the zones' bits, each from a word of its own */
	uint32_t nr_open_words;
	struct frame_local *local; /* cpus * nr_zones */
	struct frame_zone zone[FRAME_MAX_ZONES];
	unsigned int nr_zones;
	/* By node, then without one: reach[] zones in order of preference, of which the
	 * first near[] are on the node. */
	uint8_t order[MM_MAX_NODES + 1][FRAME_MAX_ZONES];
	uint8_t near[MM_MAX_NODES + 1];
	uint8_t reach[MM_MAX_NODES + 1];
	uint32_t user_nodes;        /* as mm_config has them */
	_Atomic uint32_t nr_backed; /* huge frames */
	_Atomic bool idle;          /* there may be idle huge frames to discard */
	_Atomic uint32_t next_ms;   /* when to look for them */
};

/* Makes the metadata of a config that is valid, whose first range begins behind the reserve.
 * Returns 0 or -ENOMEM. */
int frame_pool_create(struct frame_pool *pool, const struct mm_config *config,
		      struct region *region);
void frame_pool_destroy(struct frame_pool *pool);

/*
 * Takes up to n runs of 2^order frames. node: 0..MM_MAX_NODES-1 or MM_NODE_ANY;
 * flags: MM_THISNODE, MM_DMA32. out[] gets frame numbers | FRAME_ZERO.
 * Returns how many, or -ENOMEM when there is none.
 */
long frame_get_bulk(struct frame_pool *pool, unsigned int cpu, unsigned int order, int node,
		    unsigned int flags, size_t n, uint64_t *out);

/*
 * Gives back n runs of one order, which the caller holds: nothing is checked here.
 * Discards what fell empty if the pool's delay is 0.
 */
void frame_put_bulk(struct frame_pool *pool, unsigned int cpu, unsigned int order, size_t n,
		    const frame_t *frame);

/* Gives the rows that CPUs hold back to the fields: true if there were any. */
bool frame_drain(struct frame_pool *pool);

/* Discards all idle huge frames, the CPUs' rows given back first. Returns bytes. */
uint64_t frame_reclaim(struct frame_pool *pool);

/* Discards what has been idle for the pool's delay, if anything has. Returns bytes. */
uint64_t frame_expire(struct frame_pool *pool);
/* Milliseconds until that is worth a call, or -1: nothing is idle. */
int32_t frame_due_ms(const struct frame_pool *pool);

/* Gives back memory that others made of a huge frame of the window which is not backed. Returns
 * bytes; 0 as well if it is backed, or about to be. */
uint64_t frame_punch(struct frame_pool *pool, uint32_t huge);

/* Frames that CPUs hold in their rows, handed out to nobody. */
uint64_t frame_count_held(struct frame_pool *pool);

/* Frames of user_nodes; *out: those of them that are handed out. Of the moment, while others work. */
uint64_t frame_count_user(struct frame_pool *pool, uint64_t *out);

/* The clock of delays: milliseconds, to be compared by difference. */
uint32_t frame_now_ms(void);

/* Takes everything back and discards it. No other call may be under way. */
void frame_pool_reset(struct frame_pool *pool);

/* Bytes of metadata that a heap of this pool needs when all of it is in use. */
uint64_t frame_pool_metadata(const struct frame_pool *pool);

/* As mm_check, of the pool: counts, bits and states of huge frames. *out: frames that are handed
 * out. Also of builds with MM_CHECK alone. */
const char *frame_check(struct frame_pool *pool, uint64_t *out);

/* Tells whether a huge frame has memory, so that frames of it may be handed out: at some moment,
 * while others work. */
bool frame_is_backed(const struct frame_pool *pool, uint32_t huge);

/* Tells whether a node is of user_nodes; MM_NODE_ANY is not. */
static inline bool frame_node_is_user(const struct frame_pool *pool, int node)
{
	return node >= 0 && pool->user_nodes >> node & 1;
}

/* How many frame numbers there are, those before the window's base included: what is by frame is
 * an array of as many. */
static inline uint64_t frame_pool_numbers(const struct frame_pool *pool)
{
	return (uint64_t)pool->nr_huge * FRAME_PER_HUGE;
}

/* The frame of a number, its flags left out; the frame so many behind another. */
static inline frame_t frame_at(uint64_t nr)
{
	return (frame_t){nr & ~FRAME_ZERO};
}

static inline frame_t frame_behind(frame_t frame, uint64_t frames)
{
	return (frame_t){frame.nr + frames};
}

static inline gpa_t frame_addr(const struct frame_pool *pool, frame_t frame)
{
	return pool->origin + (frame.nr << MM_FRAME_SHIFT);
}

static inline void *frame_host(const struct frame_pool *pool, frame_t frame)
{
	return pool->region->host + (frame_addr(pool, frame) - pool->base);
}

/* The zone of a frame that is in one. */
static inline unsigned int frame_zone_of(const struct frame_pool *pool, frame_t frame)
{
	uint64_t huge = frame.nr / FRAME_PER_HUGE;
	unsigned int i = 0;

	while (huge >= pool->zone[i].end)
		i++;
	return i;
}

#endif
