/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The split virtqueue (virtio 1.2, section 2.7): a table of descriptors that link by
 * number, a ring of the heads that are available, a ring of those that are used.
 *
 * Any layout is legal: how a request is cut into descriptors means nothing
 * (section 2.7.4.3), a chain may end in an indirect table, WRITE on the descriptor
 * that names the table is ignored (section 2.7.5.3.2).
 */
#include <errno.h>
#include <string.h>

#include "virtio/ring/priv.h"

/* The table that a walk is in: the queue's own, then perhaps an indirect one. */
struct table {
	const void *base; /* an indirect table has no alignment */
	uint32_t entries;
	uint32_t seen; /* a walk that sees more than there are goes round */
	bool indirect;
};

/* The words behind the two rings (section 2.7.7): each side's wish of when to hear
 * from the other. */
static const _Atomic uint16_t *used_event(const struct vring *ring)
{
	return &ring->split.avail->ring[ring->setup.size];
}

static _Atomic uint16_t *avail_event(const struct vring *ring)
{
	return (_Atomic uint16_t *)&ring->split.used->ring[ring->setup.size];
}

int vring_split_translate(struct vring *ring, const struct vring_setup *setup)
{
	size_t n = setup->size;
	void *desc;
	void *avail;
	void *used;

	desc = vring_guest_ptr(ring->mem, setup->desc, n * sizeof(struct vring_desc));
	avail = vring_guest_ptr(ring->mem, setup->avail,
				sizeof(struct vring_avail) + (n + 1) * sizeof(uint16_t));
	used = vring_guest_ptr(ring->mem, setup->used,
			       sizeof(struct vring_used) + n * sizeof(struct vring_used_elem) +
				       sizeof(uint16_t));
	if (!desc || !avail || !used)
		return -EFAULT;
	ring->split.desc = desc;
	ring->split.avail = avail;
	ring->split.used = used;
	return 0;
}

static uint16_t ahead(const struct vring *ring)
{
	/* Acquire: the ring entry and descriptors that idx announces are read after. */
	return (uint16_t)(atomic_load_explicit(&ring->split.avail->idx, memory_order_acquire) -
			  ring->next_avail);
}

bool vring_split_pending(const struct vring *ring)
{
	return ahead(ring) != 0;
}

/* Reads entry i once. */
static int read_desc(struct table *table, uint32_t i, struct vring_desc *desc)
{
	if (i >= table->entries)
		return -EBADMSG;
	if (table->seen++ == table->entries)
		return -ELOOP;
	memcpy(desc, (const uint8_t *)table->base + (size_t)i * sizeof(*desc), sizeof(*desc));
	/* The compiler may not go back to guest memory for what was just copied. */
	atomic_signal_fence(memory_order_seq_cst);
	return 0;
}

static int enter_indirect(const struct vring *ring, const struct vring_desc *desc,
			  struct table *table)
{
	int ret;

	if (table->indirect || desc->flags & VRING_F_NEXT)
		return -EPROTO;
	ret = vring_chain_table(ring, desc->addr, desc->len, &table->base);
	if (ret < 0)
		return ret;
	table->entries = (uint32_t)ret;
	table->seen = 0;
	table->indirect = true;
	return 0;
}

int vring_gather_split(const struct vring *ring, uint16_t head, struct vring_chain *chain)
{
	struct table table = {ring->split.desc, ring->setup.size, 0, false};
	struct vring_desc desc;
	uint32_t next = head;
	int ret;

	vring_chain_begin(chain);
	for (;;) {
		ret = read_desc(&table, next, &desc);
		if (ret)
			return ret;
		if (desc.flags & VRING_F_INDIRECT) {
			ret = enter_indirect(ring, &desc, &table);
			if (ret)
				return ret;
			next = 0;
			continue;
		}
		ret = vring_chain_add(ring, desc.addr, desc.len, desc.flags & VRING_F_WRITE, chain);
		if (ret)
			return ret;
		if (!(desc.flags & VRING_F_NEXT))
			break;
		next = desc.next;
	}
	chain->head = head;
	chain->slots = 1;
	return 1;
}

int vring_split_pop(struct vring *ring, struct vring_chain *chain)
{
	uint16_t size = ring->setup.size;
	uint16_t n = ahead(ring);
	uint16_t head;
	int ret;

	if (!n)
		return 0;
	if (n > size)
		return -EBADMSG;
	/* Relaxed: ordered by the acquire above; atomic so that it is read once. */
	head = atomic_load_explicit(&ring->split.avail->ring[ring->next_avail & (size - 1)],
				    memory_order_relaxed);
	if (head >= size)
		return -EBADMSG;
	if (vring_is_busy(ring, head))
		return -EBUSY;
	ret = vring_gather_split(ring, head, chain);
	if (ret == 1)
		ring->next_avail++;
	return ret;
}

void vring_split_push(struct vring *ring, const struct vring_chain *chain, uint32_t written)
{
	struct vring_used_elem *elem;

	elem = &ring->split.used->ring[ring->next_used & (ring->setup.size - 1)];
	elem->id = chain->head;
	elem->len = written;
	ring->next_used++;
	/* Release: the element and the reply are there when the index says so. */
	atomic_store_explicit(&ring->split.used->idx, ring->next_used, memory_order_release);
}

bool vring_split_should_signal(const struct vring *ring, uint32_t pushed)
{
	uint16_t event;

	/* Relaxed, here and below: after the full barrier of the caller. */
	if (!ring->setup.event_idx)
		return !(atomic_load_explicit(&ring->split.avail->flags, memory_order_relaxed) &
			 VRING_AVAIL_NO_INTERRUPT);
	/* Was the entry that the driver waits for among those just pushed? */
	event = atomic_load_explicit(used_event(ring), memory_order_relaxed);
	return (uint16_t)(ring->next_used - event - 1) < pushed;
}

void vring_split_disable_notify(struct vring *ring)
{
	/* With the event index: half its range away from what comes. Relaxed: a hint. */
	if (ring->setup.event_idx)
		atomic_store_explicit(avail_event(ring), (uint16_t)(ring->next_avail + 0x8000),
				      memory_order_relaxed);
	else
		atomic_store_explicit(&ring->split.used->flags, VRING_USED_NO_NOTIFY,
				      memory_order_relaxed);
}

void vring_split_enable_notify(struct vring *ring)
{
	/* Relaxed: before the full barrier of the caller. */
	if (ring->setup.event_idx)
		atomic_store_explicit(avail_event(ring), ring->next_avail, memory_order_relaxed);
	else
		atomic_store_explicit(&ring->split.used->flags, 0, memory_order_relaxed);
}
