/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a queue's chains leave behind outside of the ring: the account of those in
 * flight, and while a machine is migrated the log of pages that were written. All of it
 * under the queue's lock.
 */
#include "virtio/vhost_user/priv.h"

static bool again_pending(const void *opaque)
{
	const struct vhost_user_queue *q = opaque;

	return vhost_user_inflight_again_pending(&q->inflight);
}

static int again(void *opaque, const struct vring *ring, struct vring_chain *chain)
{
	struct vhost_user_queue *q = opaque;

	return vhost_user_inflight_again(&q->inflight, ring, chain);
}

static void taken(void *opaque, const struct vring *ring, uint16_t first,
		  const struct vring_chain *chain)
{
	struct vhost_user_queue *q = opaque;

	vhost_user_inflight_taken(&q->inflight, ring, first, chain);
}

/* Marks [addr, addr + len) as written. The front end reads and clears the log meanwhile. */
static void mark(struct vhost_user *vu, struct vhost_user_log *log, uint64_t addr, uint64_t len)
{
	uint64_t page = addr / VHOST_USER_LOG_PAGE;
	uint64_t last = (addr + len - 1) / VHOST_USER_LOG_PAGE;

	for (; page <= last; page++) {
		uint8_t bits = (uint8_t)(1u << page % 8);

		if (page / 8 >= log->size) {
			vhost_user_count(&vu->log_misses, 1);
			return;
		}
		/* Eight pages at once, where they are all of a byte. */
		if (bits == 1 && last - page >= 7) {
			bits = 0xff;
			page += 7;
		}
		/* Release: who takes the bit copies what was written before it was set. */
		atomic_fetch_or_explicit(&log->bits[page / 8], bits, memory_order_release);
	}
}

static void mark_host(struct vhost_user *vu, struct vhost_user_log *log, const void *host,
		      uint64_t len)
{
	/* Relaxed: replaced by the control thread only when it has had this lock. */
	const struct vhost_user_mem *mem = atomic_load_explicit(&vu->mem, memory_order_relaxed);
	uint64_t gpa;

	if (vhost_user_mem_reverse(mem, host, &gpa))
		mark(vu, log, gpa, len);
}

/* The ring itself, marked after it was written: a bit that is set before could be taken, and the
 * old page copied, before the write. */
static void mark_ring(struct vhost_user *vu, struct vhost_user_log *log,
		      const struct vhost_user_queue *q, const struct vring *ring)
{
	uint16_t size = ring->setup.size;

	if (ring->setup.packed) {
		mark_host(vu, log, ring->packed.desc, size * sizeof(*ring->packed.desc));
		mark_host(vu, log, (const void *)ring->packed.device_event, sizeof(uint32_t));
		return;
	}
	mark(vu, log, q->log_addr,
	     sizeof(struct vring_used) + size * sizeof(struct vring_used_elem) + sizeof(uint16_t));
}

/* The log to mark what is written in, or NULL. */
static struct vhost_user_log *log_of(struct vhost_user *vu)
{
	/* Relaxed: a request that is answered while logging is turned on may have been
	 * written before, which the first pass of a migration copies. */
	if (!atomic_load_explicit(&vu->logging, memory_order_relaxed))
		return NULL;
	/* Acquire: the control thread publishes a new log while this queue's lock is held here, so
	 * the lock does not order what it wrote to it before what is read of it now. */
	return atomic_load_explicit(&vu->log, memory_order_acquire);
}

void vhost_user_mark_inherited(struct vhost_user *vu)
{
	/* Relaxed: this thread is the one that replaces both. */
	const struct vhost_user_mem *mem = atomic_load_explicit(&vu->mem, memory_order_relaxed);
	struct vhost_user_log *log = log_of(vu);

	if (!vu->inherited || vu->remarked || !log || !vhost_user_any_running(vu))
		return;
	for (unsigned int i = 0; i < mem->nr; i++)
		mark(vu, log, mem->region[i].at.guest_addr, mem->region[i].at.size);
	vu->remarked = true;
}

/* What a chain names has been written by now, and is marked before the driver knows. */
static void returning(void *opaque, const struct vring *ring, const struct vring_chain *chain)
{
	struct vhost_user_queue *q = opaque;
	struct vhost_user_log *log = log_of(q->vu);

	vhost_user_inflight_returning(&q->inflight, ring, chain);
	if (!log)
		return;
	for (unsigned int i = chain->nr_readable; i < chain->nr_readable + chain->nr_writable; i++)
		mark_host(q->vu, log, chain->seg[i].iov_base, chain->seg[i].iov_len);
}

static void returned(void *opaque, const struct vring *ring, const struct vring_chain *chain)
{
	struct vhost_user_queue *q = opaque;
	struct vhost_user_log *log = log_of(q->vu);

	vhost_user_inflight_returned(&q->inflight, ring, chain);
	if (log && q->log_used)
		mark_ring(q->vu, log, q, ring);
}

const struct vring_track_ops vhost_user_track_ops = {
	.again_pending = again_pending,
	.again = again,
	.taken = taken,
	.returning = returning,
	.returned = returned,
};
