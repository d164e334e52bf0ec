/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows: guest memory registered with the ring, 2 MiB at a time, at the first I/O
 * on it, so that later I/O spares the kernel looking its pages up and pinning them.
 *
 * A registered window keeps the host's pages, whatever the page tables say later. A
 * window of a heap must therefore be gone before the heap discards the huge frame
 * under it, or I/O would go to pages that nobody maps any more. The rule:
 *
 *   - who asks for a window holds a pin (mm_pin()) on every frame of the range, until
 *     the I/O is over: so the huge frame is backed, and stays;
 *   - a window of a heap holds a pin of its own on one frame in it, the anchor,
 *     from before it is registered until the ring has said, by the completion
 *     of the slot's tag, that nothing refers to its pages any more. A huge frame with
 *     a pinned frame in it is not empty, and only empty ones are discarded;
 *   - a window whose anchor the guest has freed, or that was idle for long, is let
 *     go at the next tick: so memory does go back to the host. The anchor is a
 *     frame of a page run where there is one, since a pinned slab frame keeps freed
 *     objects from reuse.
 *
 * The budget and the table are finite. With either used up, a miss takes the plain
 * path, and the least recently used window makes room only for one that is asked for
 * clearly more often (after TinyLFU, Einziger et al., 2017): registering costs
 * as much as dozens of plain operations on a page.
 *
 * I/O thread only. Part of struct io_engine.
 */
#ifndef VIRTIO_IO_WINDOW_H
#define VIRTIO_IO_WINDOW_H

#include <liburing.h>

#include "virtio/io/engine.h"

#define IO_WINDOW_SHIFT 21
#define IO_WINDOW_SIZE  (1ull << IO_WINDOW_SHIFT)
#define IO_WINDOW_SLOTS 16384u /* the kernel's limit */

struct io_window;

/* Makes the set for an engine's regions, with nothing registered. Returns 0 or
 * -ENOMEM. enable is called when the ring is there and has a sparse table. */
int io_windows_create(struct io_engine *engine, const struct io_engine_config *config,
		      struct io_windows **windows);
void io_windows_enable(struct io_windows *windows, struct io_uring *ring);
/* The ring is gone; unpins what windows there were. */
void io_windows_destroy(struct io_windows *windows);

/*
 * The window that holds [host, host + len) of a region, registered now if need be;
 * NULL if the range crosses a window's edge, or if there is none and none is to be
 * had. It stays until io_window_put().
 */
struct io_window *io_window_get(struct io_windows *windows, const struct io_region *region,
				const void *host, uint64_t len);
void io_window_put(struct io_windows *windows, struct io_window *window);

/* Its index in the ring's table of buffers. */
unsigned int io_window_slot(const struct io_window *window);

/* A region of the configuration is new: returns 0 or -ENOMEM. One is to go: begins to let go
 * of its windows, none of which has I/O under way, and returns whether all are gone, to be
 * called again if not. */
int io_windows_add_region(struct io_windows *windows, unsigned int index);
bool io_windows_remove_region(struct io_windows *windows, unsigned int index);

/* Tells whether there is something to do for io_windows_tick() later. */
bool io_windows_want_tick(const struct io_windows *windows);
/* Time to look for windows to let go of, and to try again what the kernel refused. */
void io_windows_tick(struct io_windows *windows, uint64_t now_ms);

/* Lets go of all windows of heaps, none of which has I/O under way. Returns whether all are gone, to
 * be called again if not: one that the kernel does not let go of keeps the heap from its reset. */
bool io_windows_release(struct io_windows *windows);

/*
 * Between the two no window is made or used over n ranges of this process's memory: other I/O
 * there is plain. io_windows_clear() lets go of those that there are, as their I/O ends, and
 * returns whether none is left, to be called again if not.
 */
void io_windows_hold(struct io_windows *windows, const struct iovec *range, unsigned int n);
void io_windows_unhold(struct io_windows *windows, const struct iovec *range, unsigned int n);
bool io_windows_clear(struct io_windows *windows, const struct iovec *range, unsigned int n);

void io_windows_get_stats(const struct io_windows *windows, struct io_engine_stats *stats);

#endif
