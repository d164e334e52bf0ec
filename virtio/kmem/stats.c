/* SPDX-License-Identifier: BSD-2-Clause */
/* What the virtio-kmem device has counted, for the monitor; and with what mm has, for the guest. */
#include <errno.h>
#include <string.h>

#include "mm/util.h"
#include "virtio/kmem/priv.h"

void kmem_dev_get_stats(const struct virtio_device *dev, int queue, struct kmem_dev_stats *stats)
{
	const struct kmem_dev *kmem = container_of(dev, const struct kmem_dev, dev);

	*stats = (struct kmem_dev_stats){0};
	/* Relaxed: each is right by itself, together they are of about now. */
	for (unsigned int i = 0; i < kmem->cpus; i++) {
		if (queue >= 0 && (unsigned int)queue != i)
			continue;
		stats->requests +=
			atomic_load_explicit(&kmem->queue[i].requests, memory_order_relaxed);
		stats->errors += atomic_load_explicit(&kmem->queue[i].errors, memory_order_relaxed);
	}
	if (queue < 0) {
		stats->events = atomic_load_explicit(&kmem->events.delivered, memory_order_relaxed);
		stats->merged = atomic_load_explicit(&kmem->events.merged, memory_order_relaxed);
	}
}

int kmem_dev_stats(struct kmem_request *r)
{
	struct virtio_kmem_stats *out = &r->stats;
	struct kmem_dev_stats mine;
	struct mm_stats mm = {0};
	int ret;

	if (r->req.cache > r->kmem->caches)
		return -ENOENT;
	ret = mm_stats(r->kmem->heap, (int)r->req.cache, &mm);
	if (ret)
		return ret;
	kmem_dev_get_stats(&r->kmem->dev, -1, &mine);
	*out = (struct virtio_kmem_stats){
		.requests = mine.requests,
		.objects_allocated = mm.objects_allocated,
		.objects_freed = mm.objects_freed,
		.objects_active = mm.objects_active,
		.slabs = mm.slabs,
		.frames_in_use = mm.frames_in_use,
		.frames_total = mm.frames_total,
		.frames_backed = mm.frames_backed,
		.pages_given = mm.pages_given,
		.pages_taken = mm.pages_taken,
		.pages_pinned = mm.pages_pinned,
		.errors = mm.errors + mine.errors,
		.object_size = mm.object_size,
		.slot_size = mm.slot_size,
		.objects_per_slab = mm.objects_per_slab,
		.frames_per_slab = mm.frames_per_slab,
	};
	memcpy(out->name, mm.name, sizeof(out->name));
	r->reply = out;
	r->reply_size = sizeof(*out);
	return 0;
}
