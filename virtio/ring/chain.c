/* SPDX-License-Identifier: BSD-2-Clause */
/* Chains of either format: indirect tables, and copies out of and into segments. */
#include <errno.h>
#include <string.h>

#include "virtio/ring/priv.h"

int vring_chain_table(const struct vring *ring, uint64_t addr, uint32_t len, const void **table)
{
	const size_t entry = sizeof(struct vring_desc);

	if (!ring->setup.indirect || !len || len % entry)
		return -EPROTO;
	if (len / entry > VRING_MAX_SEGS)
		return -E2BIG;
	*table = vring_guest_ptr(ring->mem, addr, len);
	return *table ? (int)(len / entry) : -EFAULT;
}

int vring_chain_add_pieces(const struct vring *ring, uint64_t addr, uint32_t len, bool writable,
			   struct vring_chain *chain)
{
	const struct virtio_guest_mem *mem = ring->mem;
	unsigned int *nr = writable ? &chain->nr_writable : &chain->nr_readable;
	uint64_t left = len;
	uint64_t n;
	void *host;

	if (!mem->piece || len > UINT64_MAX - addr)
		return -EFAULT;
	for (; left; left -= n, addr += n) {
		if (chain->nr_readable + chain->nr_writable == chain->max_seg)
			return -E2BIG;
		n = mem->piece(mem->opaque, addr, left, &host);
		if (!n || n > left)
			return -EFAULT;
		chain->seg[chain->nr_readable + chain->nr_writable] = (struct iovec){host, n};
		(*nr)++;
	}
	return 0;
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
