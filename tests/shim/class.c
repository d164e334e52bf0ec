/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Size classes. To kmalloc's, which double from 256 bytes on, come others: programs have
 * what they ask for resident, and half of it unused is too much. Up to 1 KiB they are
 * multiples of 16, as malloc promises. From there to 32 KiB they are what a slab of 32,
 * 64 or 128 KiB holds a whole number of, in cache lines, so that what is lost in a slot
 * is not lost again at the end of the slab. Beyond that, four for each doubling.
 */
#include "mm/mm.h"
#include "tests/shim/shim.h"

/* Beyond this an object is a request of its own, which costs less than to touch it: the
 * eight in each thread's magazines, and forty in a depot, would be too much to hold. */
#define CLASS_DIRECT KMALLOC_MAX_CACHE_SIZE

#define CLASS_MAX (256u << 10)

u16 shim_small[SHIM_SMALL / 8 + 1];
u16 shim_medium[SHIM_MEDIUM / 64 + 1];
u16 shim_large[SHIM_LARGE];

/* Ascending; powers of two are there without it. */
static const u16 extra[] = {
	48,   80,   112,  160,  224,  320,   384,   448,   640,   768,   896,
	1152, 1280, 1472, 1600, 1792, 1920,  2304,  2496,  2688,  2944,  3264,
	3584, 4672, 5440, 6528, 9344, 10880, 13056, 18688, 21824, 26176,
};

static int class_make(struct mm_heap *heap, u32 size)
{
	struct kmem_cache *cache;
	u32 align = min(size & -size, 4096u);
	char name[VIRTIO_KMEM_NAME_MAX];
	int number;

	snprintf(name, sizeof(name), "malloc-%u", size);
	number = mm_cache_create(heap, name, size, align, MM_CACHE_NOMERGE);
	if (number < 0)
		return number;
	cache = kmem_cache_setup((unsigned int)number, name, size, -1, 0, NULL);
	if (!cache)
		return -ENOMEM;
	cache->direct = cache->direct || size > CLASS_DIRECT;
	return number;
}

/* Slots of kmalloc's classes, and of runs of frames, for powers of two and what is large:
 * what a run has at its end is not resident before it is touched, an empty slab that a
 * cache keeps is. */
static int class_number(struct mm_heap *heap, u32 size)
{
	if (size & (size - 1) && size <= CLASS_MAX)
		return class_make(heap, size);
	if (size <= KMALLOC_MAX_CACHE_SIZE)
		return (int)kmem_size_number(size);
	return KMEM_PAGE_SLOT + (int)order_base_2(size / KMEM_FRAME_SIZE);
}

static void table_fill(u16 *table, size_t step, size_t end, u16 number)
{
	size_t size = shim_number_size(number);

	for (size_t i = 0; i <= min(size, end) / step; i++) {
		if (!table[i] || shim_number_size(table[i]) > size)
			table[i] = number;
	}
}

static int class_add(struct mm_heap *heap, u32 size)
{
	int number = class_number(heap, size);

	if (number < 0)
		return number;
	table_fill(shim_small, 8, SHIM_SMALL, (u16)number);
	table_fill(shim_medium, 64, SHIM_MEDIUM, (u16)number);
	return 0;
}

int shim_class_init(struct mm_heap *heap)
{
	int err = 0;

	for (int order = 0; order <= VIRTIO_KMEM_MAX_ORDER; order++)
		kmem.cache[KMEM_PAGE_SLOT + order]->direct |= KMEM_FRAME_SIZE << order >
							      CLASS_DIRECT;
	for (unsigned int i = 0; !err && i < VIRTIO_KMEM_CLASSES; i++)
		err = class_add(heap, mm_class_size[i]);
	for (u32 size = 2 * KMALLOC_MAX_CACHE_SIZE; !err && size <= SHIM_MEDIUM; size *= 2)
		err = class_add(heap, size);
	for (unsigned int i = 0; !err && i < ARRAY_SIZE(extra); i++)
		err = class_add(heap, extra[i]);
	for (unsigned int i = 0; !err && i < SHIM_LARGE; i++) {
		u32 base = SHIM_MEDIUM << i / 4;
		int number = class_number(heap, base + (i % 4 + 1) * (base / 4));

		err = min(number, 0);
		shim_large[i] = (u16)number;
	}
	return err;
}
