/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of magazines: blocks of 64 to 4096 bytes, cut from runs of frames that
 * come from the heap like anybody's. Blocks are reused, runs go back at the end.
 */
#include "guest/lib/kmem/priv.h"

#define MAG_ORDER_FIRST 2
#define MAG_ORDER_LAST  6

/* At the start of each run; as large as the prefetch of the first magazine reaches. */
struct mag_chunk {
	struct list_head link;
	u64 addr;
	u64 reserved[29];
};

_Static_assert(sizeof(struct mag_chunk) % 64 == 0, "keeps the blocks aligned");
_Static_assert(sizeof(struct kmem_magazine) == 24, "60 objects in 512 bytes");
_Static_assert(sizeof(struct mag_chunk) + sizeof(struct kmem_magazine) >=
		       (KMEM_PREFETCH - 1) * sizeof(u64),
	       "the prefetch stays inside");

void kmem_mag_init(void)
{
	spin_lock_init(&kmem.mag_lock);
	INIT_LIST_HEAD(&kmem.mag_chunks);
	for (unsigned int i = 0; i < KMEM_MAG_CLASSES; i++)
		INIT_LIST_HEAD(&kmem.mag_free[i]);
	kmem.mag_bump = kmem.mag_end = NULL;
	kmem.mag_order = MAG_ORDER_FIRST;
}

static struct kmem_magazine *mag_cut(unsigned int class)
{
	size_t size = 64ul << class;
	struct kmem_magazine *mag = NULL;

	spin_lock(&kmem.mag_lock);
	if (!list_empty(&kmem.mag_free[class])) {
		mag = list_first_entry(&kmem.mag_free[class], struct kmem_magazine, link);
		list_del(&mag->link);
	} else if ((size_t)(kmem.mag_end - kmem.mag_bump) >= size) {
		mag = (struct kmem_magazine *)kmem.mag_bump;
		kmem.mag_bump += size;
	}
	spin_unlock(&kmem.mag_lock);
	return mag;
}

/* A run more for mag_cut(); what is left of the last one becomes small blocks. */
static bool mag_grow(void)
{
	const struct kmem_channel *ch = &kmem.channel;
	unsigned int order = READ_ONCE(kmem.mag_order);
	struct mag_chunk *chunk;
	u64 addr;

	for (;;) {
		long n = ch->ops->alloc_pages(kmem_self()->cpu, order, VIRTIO_KMEM_NODE_ANY, 0, 1,
					      &addr);

		if (n == 1)
			break;
		if (order-- == 0)
			return false;
	}
	addr &= ~VIRTIO_KMEM_ADDR_FLAGS;
	chunk = kmem_to_virt(addr);
	chunk->addr = addr;
	spin_lock(&kmem.mag_lock);
	while (kmem.mag_end - kmem.mag_bump >= 64) {
		struct kmem_magazine *mag = (struct kmem_magazine *)kmem.mag_bump;

		list_add(&mag->link, &kmem.mag_free[0]);
		kmem.mag_bump += 64;
	}
	list_add(&chunk->link, &kmem.mag_chunks);
	kmem.mag_bump = (u8 *)(chunk + 1);
	kmem.mag_end = (u8 *)chunk + (KMEM_FRAME_SIZE << order);
	if (kmem.mag_order < MAG_ORDER_LAST)
		WRITE_ONCE(kmem.mag_order, kmem.mag_order + 1);
	spin_unlock(&kmem.mag_lock);
	return true;
}

struct kmem_magazine *kmem_mag_get(unsigned int class)
{
	struct kmem_magazine *mag;

	/* Another vCPU may be quicker at the new run: a few tries are enough. */
	for (int i = 0; i < 4; i++) {
		mag = mag_cut(class);
		if (mag) {
			mag->class = class;
			mag->count = 0;
			mag->entry[0] = 0;
			return mag;
		}
		if (!mag_grow())
			break;
	}
	return NULL;
}

void kmem_mag_put(struct kmem_magazine *mag)
{
	spin_lock(&kmem.mag_lock);
	list_add(&mag->link, &kmem.mag_free[mag->class]);
	spin_unlock(&kmem.mag_lock);
}

void kmem_mag_exit(struct kmem_cpu *kc)
{
	struct mag_chunk *chunk;
	struct mag_chunk *next;

	list_for_each_entry_safe(chunk, next, &kmem.mag_chunks, link) {
		u64 addr = chunk->addr;
		size_t nr_bad = 0;

		kmem.channel.ops->free_pages(kc->cpu, 1, &addr, kc->bad, &nr_bad);
	}
	kmem_mag_init();
}
