/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of a request: pinned where it lies in a heap, and copied with care
 * where it could not be. */
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "mm/mm.h"
#include "virtio/blk/priv.h"

#define BATCH 64u

/* The frames of a heap that a request lies in, one after the other. */
struct walk {
	const struct blk_req *req;
	unsigned int seg;
	uint64_t frame, end;  /* of the segment, guest-physical; equal: take the next */
	struct mm_heap *heap; /* of the segment */
};

/* Up to BATCH frames of one heap. Returns how many; 0 at the end. */
static unsigned int next_frames(struct walk *w, uint64_t *addr, struct mm_heap **heap)
{
	unsigned int n = 0;

	*heap = NULL;
	while (n < BATCH) {
		const struct io_region *region;
		const struct iovec *seg;
		uint64_t gpa;

		if (w->frame == w->end) {
			if (w->seg == w->req->nr)
				break;
			seg = &w->req->chain.seg[w->seg];
			region = w->req->region[w->seg++];
			if (!region || !region->heap)
				continue;
			w->heap = region->heap;
			gpa = mm_heap_base(region->heap) + region->heap_at +
			      ((uintptr_t)seg->iov_base - (uintptr_t)region->host);
			w->frame = gpa & ~(MM_FRAME_SIZE - 1);
			w->end = (gpa + seg->iov_len + MM_FRAME_SIZE - 1) & ~(MM_FRAME_SIZE - 1);
		}
		if (*heap && *heap != w->heap)
			break;
		*heap = w->heap;
		addr[n++] = w->frame;
		w->frame += MM_FRAME_SIZE;
	}
	return n;
}

/* Drops the pins of the first count frames. */
static void unpin_first(const struct blk_req *req, uint64_t count)
{
	struct walk w = {.req = req};
	struct mm_bad bad[BATCH];
	uint64_t addr[BATCH];
	struct mm_heap *heap;
	unsigned int n;
	size_t nr_bad;

	while (count && (n = next_frames(&w, addr, &heap)) != 0) {
		if (n > count)
			n = (unsigned int)count;
		/* Refused only if the heap was reset, which forgets pins. */
		mm_unpin(heap, n, addr, bad, &nr_bad);
		count -= n;
	}
}

int blk_pin(struct blk_req *req)
{
	struct blk_dev *blk = blk_req_dev(req);
	struct walk w = {.req = req};
	uint64_t addr[BATCH];
	uint64_t count = 0;
	struct mm_heap *heap;
	unsigned int n;
	long ret;

	while ((n = next_frames(&w, addr, &heap)) != 0) {
		for (unsigned int i = 0; i < n; i += (unsigned int)ret) {
			/* It may stop short; the next call says why. */
			ret = mm_pin(heap, n - i, addr + i);
			if (ret <= 0)
				goto fail;
			count += (uint64_t)ret;
		}
	}
	req->pinned = count != 0;
	io_stat_add(&blk->stats.pins, count);
	return 0;

fail:
	unpin_first(req, count);
	req->fragile = true;
	if (ret != -EAGAIN)
		return -EFAULT;
	io_stat_add(&blk->stats.pin_refusals, 1);
	return 0;
}

void blk_unpin(struct blk_req *req)
{
	if (req->pinned)
		unpin_first(req, UINT64_MAX);
	req->pinned = false;
}

/*
 * Copies segment by segment through the kernel, which says EFAULT where a plain copy
 * would end the monitor. Only memory of a heap is fragile: a service, which has none but
 * in mappings of its own, is not allowed these calls.
 */
static size_t copy_fragile(const struct iovec *seg, unsigned int n, uint64_t offset, uint8_t *buf,
			   size_t len, bool to_guest)
{
	size_t done = 0;

	for (; n && done < len; n--, seg++) {
		struct iovec remote;
		struct iovec local;
		ssize_t ret;

		if (offset >= seg->iov_len) {
			offset -= seg->iov_len;
			continue;
		}
		remote.iov_base = (uint8_t *)seg->iov_base + offset;
		remote.iov_len = seg->iov_len - offset;
		if (remote.iov_len > len - done)
			remote.iov_len = len - done;
		local = (struct iovec){buf + done, remote.iov_len};
		ret = to_guest ? process_vm_writev(getpid(), &local, 1, &remote, 1, 0)
			       : process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
		if (ret != (ssize_t)remote.iov_len)
			break;
		done += remote.iov_len;
		offset = 0;
	}
	return done;
}

/* Tells whether some of a fragile request may be a fault to touch. */
static bool may_fault(const struct blk_req *req)
{
	for (unsigned int i = 0; req->fragile && i < req->nr; i++)
		if (req->region[i] && req->region[i]->heap && !req->region[i]->apart)
			return true;
	return false;
}

bool blk_copy_from(const struct blk_req *req, uint64_t offset, void *dst, size_t len)
{
	const struct vring_chain *chain = &req->chain;

	if (may_fault(req))
		return copy_fragile(chain->seg, chain->nr_readable, offset, dst, len, false) == len;
	return vring_chain_read(chain, offset, dst, len) == len;
}

bool blk_copy_to(const struct blk_req *req, uint64_t offset, const void *src, size_t len)
{
	const struct vring_chain *chain = &req->chain;

	if (may_fault(req))
		return copy_fragile(chain->seg + chain->nr_readable, chain->nr_writable, offset,
				    (uint8_t *)src, len, true) == len;
	return vring_chain_write(chain, offset, src, len) == len;
}
