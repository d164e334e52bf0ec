/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server's side of abi/ivshmem.h: requests of the memory service out of mailboxes, for a
 * machine of QEMU that has an ivshmem-doorbell device. QEMU is the client of a socket, over which
 * it gets the heap's memfd and the eventfds of both sides (QEMU's docs/specs/ivshmem-spec.txt,
 * "Interrupts and shared memory", the protocol of ivshmem-server).
 *
 * One thread serves: it looks at all mailboxes, polls for a while that adapts to how soon requests
 * used to come, and then sleeps until the one eventfd is readable that all doorbells are.
 *
 * All of the window is the guest's to write, at any moment. Of the control page and the mailboxes
 * each field that the driver writes is read once, and no other is read; the page map there is a
 * copy. So a guest that writes what it likes gets answers that make no sense to it, and harms
 * nobody.
 *
 * A client serves itself with descriptors that it was given: it can make one of its eventfds block
 * and fill it, which holds up its own service.
 */
#ifndef VIRTIO_IVSHMEM_IVSHMEM_H
#define VIRTIO_IVSHMEM_IVSHMEM_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/mm.h"
#include "virtio/abi/ivshmem.h"
#include "virtio/device.h"

struct ivshmem;

struct ivshmem_config {
	/* The kmem device, made with ivshmem_tell() and `high`; borrowed, on no other transport,
	 * and its heap: at address 0, of a memfd, with a reserve of ivshmem_reserve() bytes. */
	struct virtio_device *dev;
	struct mm_heap *heap;
	unsigned int queues; /* 1..IVSHMEM_KMEM_MAX_QUEUES, those of the device */
	uint32_t poll_us;    /* longest poll before a sleep; 0: none */
};

/*
 * What it counts: X(name, name where it is shown, kind, metric, help), as MM_COUNTERS (mm/mm.h).
 */
#define IVSHMEM_COUNTERS(X)                                                                    \
	X(requests, requests, COUNTER, "mailbox_requests", "requests that mailboxes brought")  \
	X(refusals, refusals, COUNTER, "mailbox_refusals",                                     \
	  "requests of a length that no mailbox has")                                          \
	X(resets, resets, COUNTER, "mailbox_resets", "resets, by which all memory came back")  \
	X(bells, bells, COUNTER, "mailbox_doorbells", "times that doorbells woke the service") \
	X(interrupts, interrupts, COUNTER, "mailbox_interrupts",                               \
	  "interrupts, of answers that were waited for and of events")                         \
	X(events, events, COUNTER, "mailbox_events", "events that the driver was told of")     \
	X(polls, polls, COUNTER, "mailbox_polls", "times that a request came while it polled") \
	X(sleeps, sleeps, COUNTER, "mailbox_sleeps", "times that it slept")

struct ivshmem_stats {
#define IVSHMEM_STATS_FIELD(name, shown, ...) uint64_t name;
	IVSHMEM_COUNTERS(IVSHMEM_STATS_FIELD)
#undef IVSHMEM_STATS_FIELD
};

/* Bytes at the window's start that control page, mailboxes and page map take: mm_config.reserve. */
uint64_t ivshmem_reserve(unsigned int queues, uint64_t window);

/*
 * Lays out the control page and the mailboxes, makes the eventfds, and becomes dev's transport. The
 * state is UP. Returns 0, -EINVAL (device, heap and queues do not fit each other, or a window that
 * is no power of two) or another negative errno.
 */
int ivshmem_create(const struct ivshmem_config *config, struct ivshmem **ivs);

/* Says that it is DEAD, tells the driver, and frees it (NULL: nothing). The device is on no
 * transport then. */
void ivshmem_destroy(struct ivshmem *ivs);

/* Says how the service is, and tells the driver. */
void ivshmem_set_state(struct ivshmem *ivs, enum ivshmem_kmem_state state);

/* Gives a client on a connected stream socket, which stays the caller's, all that it is to have.
 * Returns 0, or a negative errno: it does not take it. */
int ivshmem_welcome(struct ivshmem *ivs, int fd);

/* Says to a client in the protocol's words that it is not served: a version that there is none of. */
void ivshmem_refuse(int fd);

/* An eventfd: readable when a doorbell was rung. To be waited for where ivshmem_work() says so. */
int ivshmem_bell_fd(const struct ivshmem *ivs);

/*
 * Serves what there is, and polls while that is worth it. Returns true when there is nothing left,
 * and the driver is to ring: the caller sleeps until the bell is readable, or does something else
 * and calls again. False: there is more, but others may have their turn. By one thread.
 */
bool ivshmem_work(struct ivshmem *ivs);

/* For struct kmem_dev_config.tell: the opaque is a struct ivshmem **, of which what it points to
 * may be NULL until the device has a transport. */
void ivshmem_tell(void *opaque, uint32_t type, uint64_t value);

/* Any thread. */
void ivshmem_get_stats(const struct ivshmem *ivs, struct ivshmem_stats *stats);

#endif
