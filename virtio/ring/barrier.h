/* SPDX-License-Identifier: BSD-2-Clause */
/* The barrier of two sides that share memory and may both be about to sleep: each writes one word
 * and then reads the other's, and one of them sees the other. Of rings, and of mailboxes. */
#ifndef VIRTIO_RING_BARRIER_H
#define VIRTIO_RING_BARRIER_H

#include <stdatomic.h>

static inline void vring_full_barrier(void)
{
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
/* That ThreadSanitizer does not model fences is no loss: these order a store with a
 * load of another word, which no happens-before edge would do. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif
	atomic_thread_fence(memory_order_seq_cst);
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
}

#endif
