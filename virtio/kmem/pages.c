/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio-kmem requests about runs of frames, and pins. */
#include <errno.h>
#include <string.h>

#include "virtio/kmem/priv.h"

int kmem_dev_alloc_pages(struct kmem_request *r)
{
	unsigned int flags;
	int node;
	int ret;

	if (r->req.order > VIRTIO_KMEM_MAX_ORDER)
		return -EINVAL;
	ret = kmem_dev_check_node(r, &node);
	if (!ret)
		ret = kmem_dev_check_gfp(r, &flags);
	if (!ret)
		ret = kmem_dev_check_low(r, flags);
	if (ret)
		return ret;
	return kmem_dev_reply_addrs(r, mm_pages_alloc(r->kmem->heap, r->cpu, r->req.order, node,
						      flags, r->req.count, r->addr));
}

int kmem_dev_free_pages(struct kmem_request *r)
{
	size_t nr_bad = 0;
	long n;

	n = mm_pages_free(r->kmem->heap, r->cpu, r->req.count, r->addr, r->bad, &nr_bad);
	return kmem_dev_reply_bad(r, n, nr_bad);
}

/* The guest's pins of the frame at an address, or NULL if it is not in the window. */
static _Atomic uint32_t *pins_of(const struct kmem_dev *kmem, uint64_t addr)
{
	uint64_t offset = addr - mm_heap_base(kmem->heap);

	return offset < mm_heap_size(kmem->heap) ? &kmem->pins[offset >> MM_FRAME_SHIFT] : NULL;
}

int kmem_dev_pin(struct kmem_request *r)
{
	long n = mm_pin(r->kmem->heap, r->req.count, r->addr);

	if (n < 0)
		return (int)n;
	/* Relaxed, here and below: a pin is the guest's to drop once it has this answer. */
	atomic_store_explicit(&r->kmem->pinned, true, memory_order_relaxed);
	for (long i = 0; i < n; i++)
		atomic_fetch_add_explicit(pins_of(r->kmem, r->addr[i]), 1, memory_order_relaxed);
	r->resp.count = (uint32_t)n;
	return 0;
}

/* Takes one of the guest's pins of a frame off its account. */
static bool take_pin(const struct kmem_dev *kmem, uint64_t addr)
{
	_Atomic uint32_t *pins = pins_of(kmem, addr);
	uint32_t n = atomic_load_explicit(pins, memory_order_relaxed);

	while (n)
		if (atomic_compare_exchange_weak_explicit(pins, &n, n - 1, memory_order_relaxed,
							  memory_order_relaxed))
			return true;
	return false;
}

static int unpin(const struct kmem_dev *kmem, uint64_t addr)
{
	struct mm_bad bad;
	size_t nr_bad = 0;

	if (addr % MM_FRAME_SIZE)
		return -EINVAL;
	if (!pins_of(kmem, addr))
		return -EFAULT;
	if (!take_pin(kmem, addr))
		return -ENOENT;
	mm_unpin(kmem->heap, 1, &addr, &bad, &nr_bad);
	return nr_bad ? bad.status : 0;
}

int kmem_dev_unpin(struct kmem_request *r)
{
	size_t nr_bad = 0;
	int ret;

	for (uint32_t i = 0; i < r->req.count; i++) {
		ret = unpin(r->kmem, r->addr[i]);
		if (ret)
			r->bad[nr_bad++] = (struct mm_bad){.index = i, .status = ret};
	}
	return kmem_dev_reply_bad(r, (long)(r->req.count - nr_bad), nr_bad);
}

void kmem_dev_forget_pins(struct kmem_dev *kmem)
{
	if (atomic_exchange_explicit(&kmem->pinned, false, memory_order_relaxed))
		memset((void *)kmem->pins, 0,
		       (mm_heap_size(kmem->heap) >> MM_FRAME_SHIFT) * sizeof(*kmem->pins));
}
