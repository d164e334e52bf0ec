/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the windows share; nobody else includes this. */
#ifndef IO_WINDOW_PRIV_H
#define IO_WINDOW_PRIV_H

#include "mm/mm.h"
#include "virtio/io_stat.h"
#include "virtio/io_window.h"

/* A window's place, there or not. */
struct place {
	struct io_window *window; /* NULL: not registered */
	uint16_t holds;           /* io_windows_hold() */
	uint8_t uses;             /* recently, saturating */
	bool refused;             /* by the kernel; looked at again after a tick */
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
	uint64_t nr;
	struct place *place;
};

struct io_windows {
	const struct io_engine_config *config;
	struct io_engine *engine;
	struct io_uring *ring; /* NULL: no registration */
	struct zone zone[IO_MAX_REGIONS];
	uint64_t nr_places;
	uint64_t budget;    /* bytes */
	uint64_t bytes;     /* registered, those leaving included */
	unsigned int count; /* windows, those leaving included */
	unsigned int leaving;
	struct io_window *newest, *oldest;
	uint64_t uses; /* since frequencies were halved */
	uint64_t now_ms;
	uint16_t *free_slot; /* a stack */
	unsigned int nr_free;
	bool warned;
	uint64_t memlock; /* RLIMIT_MEMLOCK, bytes */
	io_stat hits, misses, refusals, made, evictions, failures, registered;
};

/* Takes a window out of the list of those in use. */
void io_window_unlink(struct io_windows *set, struct io_window *w);
/* Unpins the frame by which a heap keeps a window's memory. */
void io_window_unpin(struct mm_heap *heap, uint64_t frame);
/* Frees a window that the kernel has let go of, and says so to its heap. */
void io_window_forget(struct io_windows *set, struct io_window *w);
/* Completes a window's tag: nothing of the kernel's refers to its pages any more. */
void io_window_gone(struct io_op *op, int result);
/* Takes a window without I/O out of the table. It is forgotten when its tag completes. */
void io_window_let_go(struct io_windows *set, struct io_window *w);

#endif
