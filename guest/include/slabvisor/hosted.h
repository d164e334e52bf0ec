/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hosted build: the allocator in a host process, with mm behind it in place of the
 * virtio channel. Threads stand for vCPUs; user memory is the process's own.
 */
#ifndef SLABVISOR_HOSTED_H
#define SLABVISOR_HOSTED_H

#include "mm/mm.h"
#include "slabvisor/channel.h"
#include <linux/types.h>

/*
 * Makes a heap and starts the allocator on it. Threads may use it from their first
 * moment on, at most 64 at a time. *why as in mm_heap_create(). Returns 0 or -errno.
 */
int hosted_start(const struct mm_config *config, const char **why);

/* Gives everything back and destroys the heap; all other threads have ended, or will
 * not call the allocator again. */
void hosted_stop(void);

/* The heap behind the allocator, NULL when there is none. */
struct mm_heap *hosted_heap(void);

/* A channel onto the heap, for whoever wants to put something in between. */
void hosted_channel(struct mm_heap *heap, struct kmem_channel *channel);

/* Lets kmem_poll() see an event; they are delivered once, in order, at most 16 at a time. */
void hosted_event(u32 type, u64 value);

/*
 * What grt_bug() calls with its line before it aborts the process; it may longjmp. And
 * grt_warn(), in place of printing. NULL: the default.
 */
extern void (*hosted_on_bug)(u64 addr, const char *text);
extern void (*hosted_on_warn)(const char *text);

/* Called by a thread, again and again, while it waits for a lock of the allocator that another
 * holds. NULL: nothing is. */
extern void (*hosted_on_wait)(void);

/* Called where a guest would have the host drop the pins that it does not use: see
 * kmem_unpin_unused(). NULL: nothing is. */
extern void (*hosted_on_unpin)(void);

#endif
