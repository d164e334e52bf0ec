/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Size classes. To kmalloc's, which double from 256 bytes on, come three between each
 * two: programs have what they ask for resident, and a half of it unused is too much.
 */
#include "mm/mm.h"
#include "tests/shim/shim.h"

/* From here on an object is a request of its own: eight of them in each thread's
 * magazines would be too much to hold. */
#define CLASS_DIRECT (32u << 10)

u16 shim_small[SHIM_SMALL / 8 + 1];
u16 shim_large[SHIM_LARGE];

/* Up to SHIM_SMALL, besides kmalloc's. Multiples of 16, as malloc promises. */
static const u16 extra[] = {48, 80, 112, 160, 224, 320, 384, 448, 640, 768, 896};

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
	cache->direct = cache->direct || size >= CLASS_DIRECT;
	return number;
}

/* Slots of kmalloc's classes, and of runs of frames, for powers of two. */
static int class_number(struct mm_heap *heap, u32 size)
{
	if (size & (size - 1))
		return class_make(heap, size);
	if (size <= KMALLOC_MAX_CACHE_SIZE)
		return (int)kmem_size_number(size);
	return KMEM_PAGE_SLOT + (int)order_base_2(size / KMEM_FRAME_SIZE);
}

static void small_fill(u16 number, size_t size)
{
	for (size_t i = 0; i <= size / 8; i++) {
		if (!shim_small[i] || shim_number_size(shim_small[i]) > size)
			shim_small[i] = number;
	}
}

int shim_class_init(struct mm_heap *heap)
{
	for (unsigned int i = 0; i < VIRTIO_KMEM_CLASSES; i++) {
		if (mm_class_size[i] <= SHIM_SMALL)
			small_fill((u16)(i + 1), mm_class_size[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(extra); i++) {
		int number = class_make(heap, extra[i]);

		if (number < 0)
			return number;
		small_fill((u16)number, extra[i]);
	}
	for (unsigned int i = 0; i < SHIM_LARGE; i++) {
		unsigned int log = 10 + i / 4;
		u32 size = (1u << log) + (i % 4 + 1) * (1u << (log - 2));
		int number = class_number(heap, size);

		if (number < 0)
			return number;
		shim_large[i] = (u16)number;
	}
	return 0;
}
