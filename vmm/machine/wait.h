/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PLATFORM_WAIT and PLATFORM_WAKE: vCPUs that sleep on a word of guest memory, with
 * the semantics of FUTEX_WAIT and FUTEX_WAKE. One lock serves all words: there are
 * at most sixteen sleepers.
 */
#ifndef VMM_MACHINE_WAIT_H
#define VMM_MACHINE_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct memory;
struct waiter;

struct wait_queue {
	pthread_mutex_t lock;
	struct waiter *first; /* oldest first */
	bool closed;          /* the guest is ending: nobody sleeps */
	uint64_t events;      /* times wait_queue_event() was called */
};

/* Returns 0 or -errno. */
int wait_queue_init(struct wait_queue *queue);
void wait_queue_destroy(struct wait_queue *queue);

/*
 * Sleeps while the 32-bit word at addr (guest-physical, aligned) is expected, until
 * woken, an event, the end of the guest or timeout_ns (0: none) is over. *events is
 * what queue->events was when the caller last returned from here, and is updated:
 * an event since then means no sleep. Returns 0, -ETIMEDOUT, or what memory_read32()
 * says.
 */
int wait_queue_wait(struct wait_queue *queue, const struct memory *mem, uint64_t addr,
		    uint32_t expected, uint64_t timeout_ns, uint64_t *events);

/* Wakes up to count sleepers on addr, oldest first. Returns how many. */
uint32_t wait_queue_wake(struct wait_queue *queue, uint64_t addr, uint32_t count);

/* A device has something to say: wakes all sleepers. From any thread. */
void wait_queue_event(struct wait_queue *queue);

/* Wakes all sleepers, and there will be no more. From any thread. */
void wait_queue_close(struct wait_queue *queue);

#endif
