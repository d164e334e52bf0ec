/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptor chains of a split virtqueue (virtio 1.2, sections 2.7.4 and 2.7.5):
 * from a head to a list of host segments, and copies out of and into those.
 *
 * Any layout is legal: how a request is cut into descriptors means nothing
 * (section 2.7.4.3), a chain may end in an indirect table, WRITE on the descriptor
 * that names the table is ignored (section 2.7.5.3.2).
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "virtio/vring.h"

/* The table that a walk is in: the queue's own, then perhaps an indirect one. */
struct table {
	const uint8_t *base; /* an indirect table has no alignment */
	uint32_t entries;
	uint32_t seen; /* a walk that sees more than there are goes round */
	bool indirect;
};

/* Reads entry i once. */
static int read_desc(struct table *table, uint32_t i, struct vring_desc *desc)
{
	if (i >= table->entries)
		return -EBADMSG;
	if (table->seen++ == table->entries)
		return -ELOOP;
	memcpy(desc, table->base + (size_t)i * sizeof(*desc), sizeof(*desc));
	/* The compiler may not go back to guest memory for what was just copied. */
	atomic_signal_fence(memory_order_seq_cst);
	return 0;
}

static int enter_indirect(const struct vring *ring, const struct vring_desc *desc,
			  struct table *table)
{
	if (!ring->setup.indirect || table->indirect || desc->flags & VRING_F_NEXT)
		return -EPROTO;
	if (!desc->len || desc->len % sizeof(*desc))
		return -EPROTO;
	table->entries = desc->len / sizeof(*desc);
	if (table->entries > VRING_MAX_SEGS)
		return -E2BIG;
	table->base = vring_guest_ptr(ring->mem, desc->addr, desc->len);
	if (!table->base)
		return -EFAULT;
	table->seen = 0;
	table->indirect = true;
	return 0;
}

static int add_segment(const struct vring *ring, const struct vring_desc *desc,
		       struct vring_chain *chain)
{
	bool writable = desc->flags & VRING_F_WRITE;
	uint32_t *total = writable ? &chain->writable : &chain->readable;
	unsigned int n = chain->nr_readable + chain->nr_writable;

	if (!desc->len)
		return 0;
	if (!writable && chain->nr_writable)
		return -EPROTO;
	if (n == chain->max_seg)
		return -E2BIG;
	if (__builtin_add_overflow(*total, desc->len, total))
		return -EOVERFLOW;
	chain->seg[n].iov_base = vring_guest_ptr(ring->mem, desc->addr, desc->len);
	if (!chain->seg[n].iov_base)
		return -EFAULT;
	chain->seg[n].iov_len = desc->len;
	if (writable)
		chain->nr_writable++;
	else
		chain->nr_readable++;
	return 0;
}

int vring_chain_gather(const struct vring *ring, uint16_t head, struct vring_chain *chain)
{
	struct table table = {(const uint8_t *)ring->desc, ring->setup.size, 0, false};
	struct vring_desc desc;
	uint32_t next = head;
	int ret;

	chain->head = head;
	chain->nr_readable = 0;
	chain->nr_writable = 0;
	chain->readable = 0;
	chain->writable = 0;
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
		ret = add_segment(ring, &desc, chain);
		if (ret)
			return ret;
		if (!(desc.flags & VRING_F_NEXT))
			return 0;
		next = desc.next;
	}
}

/* Copies between buf and the segments seg[0..n-1], from offset of them on. */
static size_t copy(const struct iovec *seg, unsigned int n, size_t offset, uint8_t *buf, size_t len,
		   bool to_segments)
{
	size_t done = 0;

	for (; n && done < len; n--, seg++) {
		uint8_t *at = seg->iov_base;
		size_t part;

		if (offset >= seg->iov_len) {
			offset -= seg->iov_len;
			continue;
		}
		part = seg->iov_len - offset;
		if (part > len - done)
			part = len - done;
		if (to_segments)
			memcpy(at + offset, buf + done, part);
		else
			memcpy(buf + done, at + offset, part);
		done += part;
		offset = 0;
	}
	return done;
}

size_t vring_chain_read(const struct vring_chain *chain, size_t offset, void *dst, size_t len)
{
	size_t done = copy(chain->seg, chain->nr_readable, offset, dst, len, false);

	/* What was copied is what is used: no second look at guest memory. */
	atomic_signal_fence(memory_order_seq_cst);
	return done;
}

size_t vring_chain_write(const struct vring_chain *chain, size_t offset, const void *src,
			 size_t len)
{
	return copy(chain->seg + chain->nr_readable, chain->nr_writable, offset, (uint8_t *)src,
		    len, true);
}
