/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtqueues of either format: set-up, what is in flight, and the way to the formats. */
#include "virtio/ring/vring.h"

#include <errno.h>
#include <string.h>

#include "virtio/ring/priv.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rings are used without byte swaps");

#define BASE_INDEX 0x7fffu
#define BASE_WRAP  0x8000u

static int translate(struct vring *ring, const struct vring_setup *setup)
{
	if (setup->packed)
		return vring_packed_translate(ring, setup);
	return vring_split_translate(ring, setup);
}

static bool setup_is_sound(const struct vring_setup *setup)
{
	uint16_t size = setup->size;
	uint16_t avail = (uint16_t)setup->base;
	uint16_t used = (uint16_t)(setup->base >> 16);

	if (!size || size > VRING_MAX_SIZE || setup->desc % 16 || setup->used % 4)
		return false;
	if (!setup->packed)
		return !(size & (size - 1)) && setup->avail % 2 == 0;
	return setup->avail % 4 == 0 && (avail & BASE_INDEX) < size && (used & BASE_INDEX) < size;
}

int vring_start(struct vring *ring, const struct virtio_guest_mem *mem,
		const struct vring_setup *setup)
{
	uint16_t avail = (uint16_t)setup->base;
	uint16_t used = (uint16_t)(setup->base >> 16);
	int ret;

	vring_stop(ring);
	if (!setup_is_sound(setup))
		return -EINVAL;
	ring->mem = mem;
	ret = translate(ring, setup);
	if (ret)
		return ret;
	ring->setup = *setup;
	ring->next_avail = setup->packed ? avail & BASE_INDEX : avail;
	ring->next_used = setup->packed ? used & BASE_INDEX : used;
	ring->avail_wrap = avail & BASE_WRAP;
	ring->used_wrap = used & BASE_WRAP;
	return 0;
}

static uint32_t base_of(const struct vring *ring)
{
	uint32_t avail = ring->next_avail;
	uint32_t used = ring->next_used;

	if (ring->setup.packed) {
		avail |= ring->avail_wrap ? BASE_WRAP : 0;
		used |= ring->used_wrap ? BASE_WRAP : 0;
	}
	return avail | used << 16;
}

uint32_t vring_stop(struct vring *ring)
{
	uint32_t base = base_of(ring);
	uint32_t epoch = ring->epoch;

	memset(ring, 0, sizeof(*ring));
	ring->epoch = epoch + 1;
	return base;
}

int vring_revalidate(struct vring *ring)
{
	return translate(ring, &ring->setup);
}

bool vring_pending(const struct vring *ring)
{
	const struct vring_track_ops *track = ring->setup.track;

	if (!vring_running(ring))
		return false;
	if (track && track->again_pending(ring->setup.track_opaque))
		return true;
	return ring->setup.packed ? vring_packed_pending(ring) : vring_split_pending(ring);
}

/* A chain from the account of those in flight, which is not trusted either. */
static int take_again(struct vring *ring, struct vring_chain *chain)
{
	int ret;

	ret = ring->setup.track->again(ring->setup.track_opaque, ring, chain);
	if (ret != 1)
		return ret;
	if (chain->head >= ring->setup.size)
		return -EBADMSG;
	if (vring_is_busy(ring, chain->head))
		return -EBUSY;
	if (ring->setup.packed) {
		if (!chain->slots || ring->slots + chain->slots > ring->setup.size)
			return -EBADMSG;
		ring->slots += chain->slots;
	}
	return 1;
}

static void note_taken(struct vring *ring, struct vring_chain *chain)
{
	ring->busy[chain->head / 64] |= 1ull << (chain->head % 64);
	ring->inflight++;
	chain->epoch = ring->epoch;
}

int vring_pop(struct vring *ring, struct vring_chain *chain)
{
	const struct vring_track_ops *track = ring->setup.track;
	void *opaque = ring->setup.track_opaque;
	uint16_t first = ring->next_avail;
	int ret;

	if (!vring_running(ring))
		return 0;
	if (track && track->again_pending(opaque)) {
		ret = take_again(ring, chain);
		if (ret == 1)
			note_taken(ring, chain);
		return ret;
	}
	ret = ring->setup.packed ? vring_packed_pop(ring, chain) : vring_split_pop(ring, chain);
	if (ret != 1)
		return ret;
	note_taken(ring, chain);
	if (track)
		track->taken(opaque, ring, first, chain);
	return 1;
}

int vring_push(struct vring *ring, const struct vring_chain *chain, uint32_t written)
{
	const struct vring_track_ops *track = ring->setup.track;

	if (!vring_running(ring) || chain->epoch != ring->epoch ||
	    chain->head >= ring->setup.size || !vring_is_busy(ring, chain->head))
		return -ESTALE;
	ring->busy[chain->head / 64] &= ~(1ull << (chain->head % 64));
	ring->inflight--;
	ring->pushed += chain->slots;
	if (written > chain->writable)
		written = chain->writable;
	if (track)
		track->returning(ring->setup.track_opaque, ring, chain);
	if (ring->setup.packed)
		vring_packed_push(ring, chain, written);
	else
		vring_split_push(ring, chain, written);
	if (track)
		track->returned(ring->setup.track_opaque, ring, chain);
	return 0;
}

bool vring_should_signal(struct vring *ring)
{
	uint32_t pushed = ring->pushed;

	if (!vring_running(ring) || !pushed)
		return false;
	/*
	 * Full barrier: what was used is out before the driver's wish is read. The
	 * driver writes its wish, then looks at what was used; with less, each could
	 * read the other's old word and the driver would sleep on a used buffer.
	 */
	vring_full_barrier();
	ring->pushed = 0;
	return ring->setup.packed ? vring_packed_should_signal(ring, pushed)
				  : vring_split_should_signal(ring, pushed);
}

void vring_disable_notify(struct vring *ring)
{
	if (!vring_running(ring))
		return;
	if (ring->setup.packed)
		vring_packed_disable_notify(ring);
	else
		vring_split_disable_notify(ring);
}

bool vring_enable_notify(struct vring *ring)
{
	if (!vring_running(ring))
		return false;
	if (ring->setup.packed)
		vring_packed_enable_notify(ring);
	else
		vring_split_enable_notify(ring);
	/*
	 * Full barrier: the wish is out before the ring is looked at again. The driver
	 * makes a chain available, then reads the wish; with less, a chain that
	 * came in between would be neither seen here nor notified.
	 */
	vring_full_barrier();
	return vring_pending(ring);
}
