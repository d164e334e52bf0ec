/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packed virtqueue (virtio 1.2, section 2.8): one ring, in which the driver writes
 * descriptors and the device writes over them which buffers it used. Each side goes
 * round by itself; the wrap counters, flipped at each turn, tell the new from the old.
 *
 * A chain takes as many entries, one behind the other, as it has descriptors, and
 * its last one names its buffer id. The entries from next_used to next_avail are those
 * of the chains in flight, and never more than there are in the ring.
 */
#include <errno.h>
#include <string.h>

#include "virtio/ring/priv.h"

int vring_packed_translate(struct vring *ring, const struct vring_setup *setup)
{
	void *desc;
	void *driver;
	void *device;

	desc = vring_guest_ptr(ring->mem, setup->desc,
			       setup->size * sizeof(struct vring_packed_desc));
	driver = vring_guest_ptr(ring->mem, setup->avail, sizeof(uint32_t));
	device = vring_guest_ptr(ring->mem, setup->used, sizeof(uint32_t));
	if (!desc || !driver || !device)
		return -EFAULT;
	ring->packed.desc = desc;
	ring->packed.driver_event = driver;
	ring->packed.device_event = device;
	return 0;
}

/* Moves a side on by n entries, at most a whole turn. */
static void advance(const struct vring *ring, uint16_t *at, bool *wrap, uint16_t n)
{
	uint32_t to = (uint32_t)*at + n;

	if (to >= ring->setup.size) {
		to -= ring->setup.size;
		*wrap = !*wrap;
	}
	*at = (uint16_t)to;
}

static uint16_t next_flags(const struct vring *ring)
{
	/* Acquire: the rest of the descriptors that the flags announce is read after. */
	return atomic_load_explicit(&ring->packed.desc[ring->next_avail].flags,
				    memory_order_acquire);
}

static bool is_available(const struct vring *ring, uint16_t flags)
{
	bool avail = flags & VRING_F_AVAIL;
	bool used = flags & VRING_F_USED;

	return avail == ring->avail_wrap && used != ring->avail_wrap;
}

bool vring_packed_pending(const struct vring *ring)
{
	return is_available(ring, next_flags(ring));
}

/* Adds an indirect table, all of it in order; of its flags only WRITE means something, of the
 * descriptor that names it not even that (section 2.8.7). */
static int add_table(const struct vring *ring, uint64_t addr, uint32_t len,
		     struct vring_chain *chain)
{
	struct vring_packed_desc desc;
	const void *table;
	int ret;
	int n;

	n = vring_chain_table(ring, addr, len, &table);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		memcpy(&desc, (const uint8_t *)table + (size_t)i * sizeof(desc), sizeof(desc));
		/* The compiler may not go back to guest memory for what was just
		 * copied. */
		atomic_signal_fence(memory_order_seq_cst);
		ret = vring_chain_add(ring, desc.addr, desc.len, desc.flags & VRING_F_WRITE, chain);
		if (ret)
			return ret;
	}
	return 0;
}

int vring_gather_packed(const struct vring *ring, const struct vring_packed_desc *desc, uint16_t n,
			struct vring_chain *chain)
{
	uint16_t flags;
	int ret;

	vring_chain_begin(chain);
	for (uint16_t i = 0; i < n; i++) {
		/* Relaxed: it is the caller's own copy. */
		flags = atomic_load_explicit(&desc[i].flags, memory_order_relaxed);
		if (!(flags & VRING_F_INDIRECT))
			ret = vring_chain_add(ring, desc[i].addr, desc[i].len,
					      flags & VRING_F_WRITE, chain);
		else if (n > 1)
			ret = -EPROTO; /* section 2.8.19 */
		else
			ret = add_table(ring, desc[i].addr, desc[i].len, chain);
		if (ret)
			return ret;
	}
	if (desc[n - 1].id >= ring->setup.size)
		return -EBADMSG;
	chain->head = desc[n - 1].id;
	chain->slots = n;
	return 1;
}

int vring_packed_pop(struct vring *ring, struct vring_chain *chain)
{
	uint16_t size = ring->setup.size;
	uint16_t at = ring->next_avail;
	uint16_t flags = next_flags(ring);
	struct {
		uint64_t addr;
		uint32_t len;
		uint16_t id;
	} desc;
	uint32_t slots = 0;
	int ret;

	if (!is_available(ring, flags))
		return 0;
	vring_chain_begin(chain);
	for (;;) {
		if (slots == size)
			return -ELOOP;
		if (ring->slots + slots == size)
			return -EBADMSG;
		/* All but the flags, which were read before: each is read once. */
		memcpy(&desc, &ring->packed.desc[at], offsetof(struct vring_packed_desc, flags));
		atomic_signal_fence(memory_order_seq_cst);
		slots++;
		if (!(flags & VRING_F_INDIRECT))
			ret = vring_chain_add(ring, desc.addr, desc.len, flags & VRING_F_WRITE,
					      chain);
		else if (flags & VRING_F_NEXT || slots > 1)
			ret = -EPROTO; /* section 2.8.19 */
		else
			ret = add_table(ring, desc.addr, desc.len, chain);
		if (ret)
			return ret;
		if (!(flags & VRING_F_NEXT))
			break;
		at = at + 1 == size ? 0 : at + 1;
		/* Relaxed: the head's flags, written last, announced this one too. */
		flags = atomic_load_explicit(&ring->packed.desc[at].flags, memory_order_relaxed);
	}
	if (desc.id >= size)
		return -EBADMSG;
	if (vring_is_busy(ring, desc.id))
		return -EBUSY;
	chain->head = desc.id;
	chain->slots = (uint16_t)slots;
	ring->slots += slots;
	advance(ring, &ring->next_avail, &ring->avail_wrap, chain->slots);
	return 1;
}

void vring_packed_push(struct vring *ring, const struct vring_chain *chain, uint32_t written)
{
	struct vring_packed_desc *desc = &ring->packed.desc[ring->next_used];
	uint16_t flags = ring->used_wrap ? VRING_F_AVAIL | VRING_F_USED : 0;

	desc->id = chain->head;
	desc->len = written;
	/* Without it the length means nothing (section 2.8.5). */
	if (written)
		flags |= VRING_F_WRITE;
	/* Release: the rest and the reply are there when the flags say so. */
	atomic_store_explicit(&desc->flags, flags, memory_order_release);
	ring->slots -= chain->slots;
	advance(ring, &ring->next_used, &ring->used_wrap, chain->slots);
}

/* A place in the ring on a circle of two turns, one of each wrap counter. */
static uint32_t place(const struct vring *ring, uint16_t at, bool wrap)
{
	return at + (wrap ? 0u : ring->setup.size);
}

bool vring_packed_should_signal(const struct vring *ring, uint32_t pushed)
{
	/* Relaxed: after the full barrier of the caller. One load: offset and flags are
	 * of the same wish. */
	uint32_t event = atomic_load_explicit(ring->packed.driver_event, memory_order_relaxed);
	uint32_t size = ring->setup.size;
	uint32_t offset = event & VRING_EVENT_OFFSET;
	uint32_t back;

	if ((event & VRING_EVENT_FLAGS) == VRING_EVENT_DISABLE)
		return false;
	/* What makes no sense is answered with an interrupt too many. */
	if ((event & VRING_EVENT_FLAGS) != VRING_EVENT_DESC || !ring->setup.event_idx ||
	    offset >= size)
		return true;
	/* Was the entry that the driver waits for among those just used? */
	back = place(ring, ring->next_used, ring->used_wrap) + 2 * size -
	       place(ring, (uint16_t)offset, event & VRING_EVENT_WRAP);
	return (back - 1) % (2 * size) < pushed;
}

void vring_packed_disable_notify(struct vring *ring)
{
	/* Relaxed: a hint. */
	atomic_store_explicit(ring->packed.device_event, VRING_EVENT_DISABLE, memory_order_relaxed);
}

void vring_packed_enable_notify(struct vring *ring)
{
	uint32_t event = VRING_EVENT_ENABLE;

	if (ring->setup.event_idx)
		event = VRING_EVENT_DESC | ring->next_avail |
			(ring->avail_wrap ? VRING_EVENT_WRAP : 0);
	/* Relaxed: before the full barrier of the caller. One store: the driver sees no
	 * offset without its flags. */
	atomic_store_explicit(ring->packed.device_event, event, memory_order_relaxed);
}
