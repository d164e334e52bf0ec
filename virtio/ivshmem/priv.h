/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the mailbox transport share; nobody else includes this. */
#ifndef VIRTIO_IVSHMEM_PRIV_H
#define VIRTIO_IVSHMEM_PRIV_H

#include <stdatomic.h>

#include "virtio/ivshmem/ivshmem.h"

/* Features of the device that are not its rings'. */
#define IVSHMEM_FEATURES                                                                          \
	(1ull << VIRTIO_KMEM_F_EVENTS | 1ull << VIRTIO_KMEM_F_PIN | 1ull << VIRTIO_KMEM_F_DEBUG | \
	 1ull << VIRTIO_KMEM_F_CACHES)

struct ivshmem_counts {
#define IVSHMEM_COUNT_FIELD(name, shown, ...) _Atomic uint64_t name;
	IVSHMEM_COUNTERS(IVSHMEM_COUNT_FIELD)
#undef IVSHMEM_COUNT_FIELD
};

/* When it polls, as KVM's halt_poll_ns: longer after a sleep that a longer poll would have spared,
 * and not at all after a long one. */
struct ivshmem_poll {
	uint64_t max_ns, ns;
	int64_t slept_ns; /* since when it sleeps; 0: it does not */
};

struct ivshmem {
	struct ivshmem_config config;
	uint8_t *window; /* where it is mapped here */
	struct ivshmem_kmem_control *control;
	/* What the server believes: none of this is read back from the window. */
	uint32_t answered[IVSHMEM_KMEM_MAX_QUEUES]; /* the serving thread's, as the next three */
	uint32_t reset_done;
	bool awake; /* what mailboxes say */
	struct ivshmem_poll poll;
	uint32_t event[IVSHMEM_KMEM_EVENTS]; /* numbers; the event queue's lock covers them */
	int bell;
	int irq[IVSHMEM_KMEM_MAX_QUEUES + 1]; /* the driver's vectors */
	struct ivshmem_counts counts;
};

static inline struct ivshmem_kmem_mailbox *ivshmem_box(const struct ivshmem *ivs,
						       unsigned int queue)
{
	return (struct ivshmem_kmem_mailbox *)(void *)(ivs->window + MM_FRAME_SIZE +
						       queue * sizeof(struct ivshmem_kmem_mailbox));
}

/* Relaxed: statistics. */
static inline void ivshmem_count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* A field that the other side reads, or writes, at any moment. */
static inline _Atomic uint32_t *ivshmem_word(const __le32 *field)
{
	return (_Atomic uint32_t *)(uintptr_t)field;
}

static inline void ivshmem_put(__le32 *field, uint32_t value)
{
	/* Relaxed: what must be seen in order is published by a release store that follows. */
	atomic_store_explicit(ivshmem_word(field), value, memory_order_relaxed);
}

static inline uint32_t ivshmem_get(const __le32 *field)
{
	return atomic_load_explicit(ivshmem_word(field), memory_order_relaxed);
}

/* mailbox.c: serves a mailbox that has a request; obeys a reset that is asked for. Each returns
 * whether there was one. */
bool ivshmem_serve_box(struct ivshmem *ivs, unsigned int queue);
bool ivshmem_obey_reset(struct ivshmem *ivs);
/* Tells whether either would find something. */
bool ivshmem_pending(const struct ivshmem *ivs);

/* ivshmem.c: shows the device's configuration; interrupts the driver by a vector. */
void ivshmem_show_config(struct ivshmem *ivs);
void ivshmem_interrupt(struct ivshmem *ivs, unsigned int vector);

#endif
