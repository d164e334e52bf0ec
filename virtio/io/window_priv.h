/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the windows share; nobody else includes this. */
#ifndef VIRTIO_IO_WINDOW_PRIV_H
#define VIRTIO_IO_WINDOW_PRIV_H

#include "mm/mm.h"
#include "virtio/io/priv.h"
#include "virtio/io/stat.h"
#include "virtio/io/window.h"

/* Bytes of a ring of IO_SQ_ENTRIES, which is smaller where it did not fit RLIMIT_MEMLOCK: entries
 * of both queues, the index between them, and their heads. */
#define IO_RING_ROOM (IO_SQ_ENTRIES * (64u + IO_CQ_FACTOR * 16u + 4u) + 16384u)

/* A window's place, there or not. */
struct place {
	struct io_window *window; /* NULL: not registered */
	uint32_t refused;         /* by the kernel, in this tick (io_windows.tick) */
	uint16_t holds;           /* io_windows_hold() */
	uint8_t uses;             /* recently, saturating */
};

/*
 * Places come by chunks, of a GiB each, at the first I/O there: a region may be a sparse file of
 * many TiB, of which a machine uses little. So nothing may walk over all places of a region but
 * what walks over chunks and leaves out those that are not there.
 */
#define CHUNK_PLACES 512u
#define CHUNKS_MAX   4096u /* of all regions: 32 MiB; I/O elsewhere is plain */

struct chunk {
	struct place *place; /* NULL: none was used yet */
	uint32_t holds;      /* while there are none; none are made before it is 0 */
};

struct io_window {
	struct io_op gone; /* completes when the kernel let go: the slot's tag */
	struct io_windows *set;
	struct place *place;
	struct io_window *newer, *older; /* by use; not while leaving */
	uint64_t size;
	uint64_t anchor; /* the pinned frame, guest-physical */
	struct mm_heap *heap;
	uint64_t used_ms; /* at the tick before its last use */
	uint16_t slot;
	uint32_t refs; /* I/O under way */
	bool leaving;
};

struct zone {
	const struct io_region *region;
	uintptr_t base; /* the region's start, rounded down to a window */
	uint64_t nr;    /* places */
	struct chunk *chunk;
};

struct io_windows {
	const struct io_engine_config *config;
	struct io_engine *engine;
	struct io_uring *ring; /* NULL: no registration */
	struct zone zone[IO_MAX_REGIONS];
	unsigned int nr_chunks;
	uint64_t budget;       /* bytes */
	uint64_t bytes;        /* registered, those leaving included */
	unsigned int count;    /* windows, those leaving included */
	unsigned int of_heaps; /* of them */
	struct io_window *newest, *oldest;
	uint64_t uses; /* since frequencies were halved */
	uint64_t now_ms;
	uint32_t tick;       /* counts them, from 1 on */
	bool tick_owed;      /* something was refused, to be tried again after a tick */
	uint16_t *free_slot; /* a stack */
	unsigned int nr_free;
	bool warned, warned_stuck;
	uint64_t memlock; /* RLIMIT_MEMLOCK, bytes */
#define IO_STAT(name, shown, ...) io_stat name;
	IO_WINDOW_COUNTERS(IO_STAT)
#undef IO_STAT
};

/* place.c: the table of a zone whose base and nr are set. Returns 0 or -ENOMEM. */
int io_places_create(struct zone *zone);
void io_places_destroy(struct io_windows *set, struct zone *zone);
/* Place i of a zone, NULL if its chunk is not there; made if it can be. */
struct place *io_place_find(const struct zone *zone, uint64_t i);
struct place *io_place_make(struct io_windows *set, struct zone *zone, uint64_t i);
/* Halves the frequencies of all places. */
void io_places_age(struct io_windows *set);

/* Takes a window out of the list of those in use. */
void io_window_unlink(struct io_windows *set, struct io_window *w);
/* Unpins the frame by which a heap keeps a window's memory. */
void io_window_unpin(struct mm_heap *heap, uint64_t frame);
/* Frees a window that the kernel has let go of, and says so to its heap. */
void io_window_forget(struct io_windows *set, struct io_window *w);
/* Completes a window's tag: nothing of the kernel's refers to its pages any more. */
void io_window_gone(struct io_op *op, int result);
/* Takes a window without I/O out of the table. It is forgotten when its tag completes. If the
 * kernel refuses (for want of memory) the window stays, and a tick is owed, for the caller's next
 * trial. */
void io_window_let_go(struct io_windows *set, struct io_window *w);

#endif
