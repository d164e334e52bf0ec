/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the rings share; nobody else includes this. vring.c is the interface
 * and what both formats have alike; split.c and packed.c are the formats;
 * chain.c has what hangs off a ring.
 *
 * The guest runs while all of it does. What announces something is read with acquire
 * and written with release, so that what it announces is seen with it. Where each
 * side writes one word and then reads the other's, only a full barrier keeps both from
 * missing the other: vring_full_barrier().
 */
#ifndef VIRTIO_RING_PRIV_H
#define VIRTIO_RING_PRIV_H

#include <errno.h>
#include <stdatomic.h>

#include "virtio/ring/barrier.h"
#include "virtio/ring/vring.h"

static inline bool vring_is_busy(const struct vring *ring, uint16_t head)
{
	return ring->busy[head / 64] >> (head % 64) & 1;
}

/*
 * The formats' part of the functions of vring.h; the ring is running. Of pop only 1 makes
 * a chain in flight, which is vring.c's to note, with chain->head and chain->slots from
 * here. written is bounded and the chain the ring's.
 */
int vring_split_translate(struct vring *ring, const struct vring_setup *setup);
bool vring_split_pending(const struct vring *ring);
int vring_split_pop(struct vring *ring, struct vring_chain *chain);
void vring_split_push(struct vring *ring, const struct vring_chain *chain, uint32_t written);
bool vring_split_should_signal(const struct vring *ring, uint32_t pushed);
void vring_split_disable_notify(struct vring *ring);
void vring_split_enable_notify(struct vring *ring);

int vring_packed_translate(struct vring *ring, const struct vring_setup *setup);
bool vring_packed_pending(const struct vring *ring);
int vring_packed_pop(struct vring *ring, struct vring_chain *chain);
void vring_packed_push(struct vring *ring, const struct vring_chain *chain, uint32_t written);
bool vring_packed_should_signal(const struct vring *ring, uint32_t pushed);
void vring_packed_disable_notify(struct vring *ring);
void vring_packed_enable_notify(struct vring *ring);

/* Empties a chain. */
static inline void vring_chain_begin(struct vring_chain *chain)
{
	chain->nr_readable = 0;
	chain->nr_writable = 0;
	chain->readable = 0;
	chain->writable = 0;
}

/* chain.c: the same for a buffer that lies in no one place, of which the bytes are
 * counted already: a segment for each place, or -EFAULT. */
int vring_chain_add_pieces(const struct vring *ring, uint64_t addr, uint32_t len, bool writable,
			   struct vring_chain *chain);

/*
 * Adds what a descriptor says to a chain, nothing if len is 0. Returns 0, -EPROTO (a
 * readable segment after a writable one), -E2BIG, -EOVERFLOW or -EFAULT. Here, since it
 * is most of what taking a chain costs.
 */
static inline int vring_chain_add(const struct vring *ring, uint64_t addr, uint32_t len,
				  bool writable, struct vring_chain *chain)
{
	uint32_t *total = writable ? &chain->writable : &chain->readable;
	unsigned int n = chain->nr_readable + chain->nr_writable;
	void *base;

	if (!len)
		return 0;
	if (!writable && chain->nr_writable)
		return -EPROTO;
	if (n == chain->max_seg)
		return -E2BIG;
	if (__builtin_add_overflow(*total, len, total))
		return -EOVERFLOW;
	base = vring_buffer_ptr(ring->mem, addr, len);
	if (!base)
		return vring_chain_add_pieces(ring, addr, len, writable, chain);
	chain->seg[n] = (struct iovec){base, len};
	if (writable)
		chain->nr_writable++;
	else
		chain->nr_readable++;
	return 0;
}

/*
 * chain.c: finds the indirect table that a descriptor names. Its entries may lie at any
 * address. Returns how many there are, or -EPROTO (not negotiated, empty, of odd length), -E2BIG
 * (more than VRING_MAX_SEGS) or -EFAULT.
 */
int vring_chain_table(const struct vring *ring, uint64_t addr, uint32_t len, const void **table);

#endif
