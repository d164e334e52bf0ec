/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of magazines: blocks of 64 to 4096 bytes, cut from runs of frames that
 * come from the heap like anybody's. Blocks are reused, runs go back at the end.
 */
#include "guest/lib/kmem/priv.h"

#define MAG_ORDER_FIRST 2
#define MAG_ORDER_LAST  6
#define MAG_FRAME_CLASS 5 /* the largest that fits into a single frame */
/* While there is no memory for magazines each call is a request of its own: every so many of them
 * one more is spent on asking again. */
#define MAG_DRY_CALLS 32u

/* At the start of each run; as large as the prefetch of the first magazine reaches. */
struct mag_chunk {
	struct list_head link;
	u64 addr;
	u64 order;
	u64 idle; /* bytes that no magazine in use has, while kmem_mag_reclaim() looks */
	u64 reserved[27];
};

_Static_assert(sizeof(struct mag_chunk) % 64 == 0, "keeps the blocks aligned");
_Static_assert(sizeof(struct kmem_magazine) == 24, "60 objects in 512 bytes");
_Static_assert(sizeof(struct mag_chunk) + (64u << MAG_FRAME_CLASS) <= KMEM_FRAME_SIZE,
	       "a frame has room for one");
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
	kmem.mag_dry = 0;
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
	if (mag)
		mag->class = class;
	return mag;
}

/* A run of an order, or 0. */
static u64 mag_run(struct kmem_cpu *kc, unsigned int order)
{
	const struct kmem_channel_ops *ops = kmem.channel.ops;
	u64 addr;
	long n = kmem_ask(kc, ops->alloc_pages(kc->cpu, order, VIRTIO_KMEM_NODE_ANY, 0, 1, &addr));

	return n == 1 ? addr & ~VIRTIO_KMEM_ADDR_FLAGS : 0;
}

static void mag_run_back(struct kmem_cpu *kc, u64 addr)
{
	size_t nr_bad = 0;

	(void)kmem_ask(kc, kmem.channel.ops->free_pages(kc->cpu, 1, &addr, kc->bad, &nr_bad));
}

/* A run more for mag_cut(), which wants so many bytes; a single frame if there is none. What is
 * left of the last one becomes small blocks: what others have got meanwhile is used up first. */
static bool mag_grow(size_t size)
{
	struct kmem_cpu *kc = kmem_self();
	unsigned int order = READ_ONCE(kmem.mag_order);
	struct mag_chunk *chunk;
	u64 addr = mag_run(kc, order);

	if (!addr) {
		order = 0;
		addr = mag_run(kc, order);
	}
	if (!addr) {
		WRITE_ONCE(kmem.mag_dry, MAG_DRY_CALLS);
		return false;
	}
	chunk = kmem_to_virt(addr);
	chunk->addr = addr;
	chunk->order = order;
	spin_lock(&kmem.mag_lock);
	if ((size_t)(kmem.mag_end - kmem.mag_bump) >= size) {
		spin_unlock(&kmem.mag_lock);
		mag_run_back(kc, addr);
		return true;
	}
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

/* Tells whether it is no use to ask for more memory just now. */
static bool mag_is_dry(void)
{
	unsigned int dry = READ_ONCE(kmem.mag_dry);

	/* A count that another vCPU changes as well is as good. */
	if (dry)
		WRITE_ONCE(kmem.mag_dry, dry - 1);
	return dry;
}

/* One of a class, or of less where memory comes by the frame. */
static struct kmem_magazine *mag_find(unsigned int class, bool grow)
{
	struct kmem_magazine *mag = mag_cut(class);

	/* Another vCPU may be quicker at the new run: a few tries are enough. */
	for (int i = 0; !mag && grow && i < 3; i++) {
		if (mag_is_dry() || !mag_grow(64ul << class))
			break;
		mag = mag_cut(class);
		if (!mag && class > MAG_FRAME_CLASS)
			mag = mag_cut(MAG_FRAME_CLASS);
	}
	while (!mag && class > 0)
		mag = mag_cut(--class);
	return mag;
}

struct kmem_magazine *kmem_mag_get(unsigned int class, bool grow)
{
	struct kmem_magazine *mag = mag_find(class, grow);

	if (!mag)
		return NULL;
	mag->count = 0;
	mag->entry[0] = 0;
	return mag;
}

void kmem_mag_put(struct kmem_magazine *mag)
{
	spin_lock(&kmem.mag_lock);
	list_add(&mag->link, &kmem.mag_free[mag->class]);
	spin_unlock(&kmem.mag_lock);
}

/* Gives a list of chunks back. */
static void mag_free_chunks(struct kmem_cpu *kc, struct list_head *chunks)
{
	struct mag_chunk *chunk;
	struct mag_chunk *next;

	list_for_each_entry_safe(chunk, next, chunks, link)
		mag_run_back(kc, chunk->addr);
}

void kmem_mag_exit(struct kmem_cpu *kc)
{
	mag_free_chunks(kc, &kmem.mag_chunks);
	kmem_mag_init();
}

/* The chunk that a block is of. Each lies at a multiple of its size, and the page map says of its
 * first frame that it is a run of that order. */
static struct mag_chunk *mag_chunk_of(const void *block)
{
	static struct mag_chunk none;
	u64 addr = kmem_to_phys(block);

	for (unsigned int order = 0; order <= MAG_ORDER_LAST; order++) {
		u64 first = addr & ~((KMEM_FRAME_SIZE << order) - 1);

		if (kmem_page_kind(first) == VIRTIO_KMEM_PM_RUN + order)
			return kmem_to_virt(first);
	}
	grt_bug(addr, "kmem: a magazine at 0x%llx is in no run", addr);
	return &none;
}

static bool chunk_is_idle(const struct mag_chunk *chunk)
{
	return chunk->idle == (KMEM_FRAME_SIZE << chunk->order) - sizeof(*chunk);
}

/* Adds up what is idle in each chunk. With the lock held. */
static void mag_count_idle(void)
{
	struct kmem_magazine *mag;
	struct mag_chunk *chunk;

	list_for_each_entry(chunk, &kmem.mag_chunks, link)
		chunk->idle = 0;
	for (unsigned int class = 0; class < KMEM_MAG_CLASSES; class ++) {
		list_for_each_entry(mag, &kmem.mag_free[class], link)
			mag_chunk_of(mag)->idle += 64ul << class;
	}
	if (kmem.mag_bump != kmem.mag_end)
		mag_chunk_of(kmem.mag_bump)->idle += (u64)(kmem.mag_end - kmem.mag_bump);
}

/* Moves the chunks that are idle to a list, and forgets their blocks. With the lock held. */
static void mag_take_idle(struct list_head *idle)
{
	struct kmem_magazine *mag;
	struct kmem_magazine *next;
	struct mag_chunk *chunk;
	struct mag_chunk *after;

	for (unsigned int class = 0; class < KMEM_MAG_CLASSES; class ++) {
		list_for_each_entry_safe(mag, next, &kmem.mag_free[class], link) {
			if (chunk_is_idle(mag_chunk_of(mag)))
				list_del(&mag->link);
		}
	}
	if (kmem.mag_bump != kmem.mag_end && chunk_is_idle(mag_chunk_of(kmem.mag_bump)))
		kmem.mag_bump = kmem.mag_end = NULL;
	list_for_each_entry_safe(chunk, after, &kmem.mag_chunks, link) {
		if (chunk_is_idle(chunk)) {
			list_del(&chunk->link);
			list_add(&chunk->link, idle);
		}
	}
}

bool kmem_mag_reclaim(struct kmem_cpu *kc)
{
	LIST_HEAD(idle);
	bool any;

	spin_lock(&kmem.mag_lock);
	mag_count_idle();
	mag_take_idle(&idle);
	any = !list_empty(&idle);
	/* The next run need not be a long one. */
	if (any)
		WRITE_ONCE(kmem.mag_order, MAG_ORDER_FIRST);
	spin_unlock(&kmem.mag_lock);
	mag_free_chunks(kc, &idle);
	return any;
}
