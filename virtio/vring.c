/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rings of a split virtqueue: set-up, available, used, and who notifies whom.
 * vring_chain.c has what hangs off them.
 *
 * The guest runs while this does. Indices are read with acquire and written with
 * release, so that what they announce is seen with them. Where each side
 * writes one word and then reads the other's, only a full barrier keeps both from
 * missing the other: those are the two sequentially consistent fences below.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "virtio/vring.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rings are used without byte swaps");

#ifdef __SANITIZE_THREAD__
/* That ThreadSanitizer does not model fences is no loss: these order a store with a
 * load of another word, which no happens-before edge would do. */
#pragma GCC diagnostic ignored "-Wtsan"
#endif

/* The words behind the two rings (section 2.7.7): each side's wish of when to hear
 * from the other. */
static const _Atomic uint16_t *used_event(const struct vring *ring)
{
	return &ring->avail->ring[ring->setup.size];
}

static _Atomic uint16_t *avail_event(const struct vring *ring)
{
	return (_Atomic uint16_t *)&ring->used->ring[ring->setup.size];
}

static int translate(struct vring *ring, const struct vring_setup *setup)
{
	size_t n = setup->size;
	void *desc, *avail, *used;

	desc = vring_guest_ptr(ring->mem, setup->desc, n * sizeof(struct vring_desc));
	avail = vring_guest_ptr(ring->mem, setup->avail,
				sizeof(struct vring_avail) + (n + 1) * sizeof(uint16_t));
	used = vring_guest_ptr(ring->mem, setup->used,
			       sizeof(struct vring_used) + n * sizeof(struct vring_used_elem) +
				       sizeof(uint16_t));
	if (!desc || !avail || !used)
		return -EFAULT;
	ring->desc = desc;
	ring->avail = avail;
	ring->used = used;
	return 0;
}

int vring_start(struct vring *ring, const struct virtio_guest_mem *mem,
		const struct vring_setup *setup)
{
	int ret;

	vring_stop(ring);
	if (!setup->size || setup->size > VRING_MAX_SIZE || setup->size & (setup->size - 1))
		return -EINVAL;
	if (setup->desc % 16 || setup->avail % 2 || setup->used % 4)
		return -EINVAL;
	ring->mem = mem;
	ret = translate(ring, setup);
	if (ret)
		return ret;
	ring->setup = *setup;
	return 0;
}

void vring_stop(struct vring *ring)
{
	memset(ring, 0, sizeof(*ring));
}

int vring_revalidate(struct vring *ring)
{
	return translate(ring, &ring->setup);
}

static bool is_busy(const struct vring *ring, uint16_t head)
{
	return ring->busy[head / 64] >> (head % 64) & 1;
}

bool vring_pending(const struct vring *ring)
{
	if (!vring_running(ring))
		return false;
	/* Acquire: the ring entry and descriptors that idx announces are read after. */
	return atomic_load_explicit(&ring->avail->idx, memory_order_acquire) != ring->next_avail;
}

int vring_pop(struct vring *ring, struct vring_chain *chain)
{
	uint16_t size = ring->setup.size, head, ahead;
	int ret;

	if (!vring_running(ring))
		return 0;
	/* Acquire: as in vring_pending(). */
	ahead = (uint16_t)(atomic_load_explicit(&ring->avail->idx, memory_order_acquire) -
			   ring->next_avail);
	if (!ahead)
		return 0;
	if (ahead > size)
		return -EBADMSG;
	/* Relaxed: ordered by the acquire above; atomic so that it is read once. */
	head = atomic_load_explicit(&ring->avail->ring[ring->next_avail & (size - 1)],
				    memory_order_relaxed);
	if (head >= size)
		return -EBADMSG;
	if (is_busy(ring, head))
		return -EBUSY;
	ret = vring_chain_gather(ring, head, chain);
	if (ret)
		return ret;
	ring->busy[head / 64] |= 1ull << (head % 64);
	ring->inflight++;
	ring->next_avail++;
	return 1;
}

int vring_push(struct vring *ring, const struct vring_chain *chain, uint32_t written)
{
	struct vring_used_elem *elem;

	if (!vring_running(ring) || chain->head >= ring->setup.size || !is_busy(ring, chain->head))
		return -ESTALE;
	elem = &ring->used->ring[ring->next_used & (ring->setup.size - 1)];
	elem->id = chain->head;
	elem->len = written < chain->writable ? written : chain->writable;
	ring->busy[chain->head / 64] &= ~(1ull << (chain->head % 64));
	ring->inflight--;
	ring->next_used++;
	/* Release: the element and the reply are there when the index says so. */
	atomic_store_explicit(&ring->used->idx, ring->next_used, memory_order_release);
	return 0;
}

bool vring_should_signal(struct vring *ring)
{
	uint16_t pushed, event;

	if (!vring_running(ring))
		return false;
	pushed = (uint16_t)(ring->next_used - ring->signalled);
	if (!pushed)
		return false;
	/*
	 * Full barrier: used.idx is out before the driver's wish is read. The
	 * driver writes its wish, then looks at used.idx; with less, each could
	 * read the other's old word and the driver would sleep on a used buffer.
	 */
	atomic_thread_fence(memory_order_seq_cst);
	ring->signalled = ring->next_used;
	if (!ring->setup.event_idx)
		return !(atomic_load_explicit(&ring->avail->flags, memory_order_relaxed) &
			 VRING_AVAIL_NO_INTERRUPT);
	/* Was the entry that the driver waits for among those just pushed? */
	event = atomic_load_explicit(used_event(ring), memory_order_relaxed);
	return (uint16_t)(ring->next_used - event - 1) < pushed;
}

void vring_disable_notify(struct vring *ring)
{
	/* With the event index, avail_event merely stays behind. Relaxed: a hint. */
	if (vring_running(ring) && !ring->setup.event_idx)
		atomic_store_explicit(&ring->used->flags, VRING_USED_NO_NOTIFY,
				      memory_order_relaxed);
}

bool vring_enable_notify(struct vring *ring)
{
	if (!vring_running(ring))
		return false;
	if (ring->setup.event_idx)
		atomic_store_explicit(avail_event(ring), ring->next_avail, memory_order_relaxed);
	else
		atomic_store_explicit(&ring->used->flags, 0, memory_order_relaxed);
	/*
	 * Full barrier: the wish is out before avail.idx is read again. The driver
	 * writes avail.idx, then reads the wish; with less, a chain that came in
	 * between would be neither seen here nor notified.
	 */
	atomic_thread_fence(memory_order_seq_cst);
	return vring_pending(ring);
}
