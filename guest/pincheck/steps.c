/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps: what the runtime does and what the model says, side by side. */
#include "pincheck.h"
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/uaccess.h>
#include <slabvisor/kmem.h>
#include <slabvisor/user.h>

struct area areas[AREAS];
struct hold parcel[PARCELS];
unsigned int parcels;
static spinlock_t parcel_lock;
static u64 last_stamp;

u64 below(struct vcpu *v, u64 n)
{
	v->rng ^= v->rng << 13;
	v->rng ^= v->rng >> 7;
	v->rng ^= v->rng << 17;
	return (v->rng >> 11) % n;
}

static u64 *first_word(struct page *page)
{
	return page_address(page);
}

/* A page of an area is there for the first time: it is zero, and has a stamp from now on. */
static void came(struct area *area, unsigned int i, struct page *page)
{
	if (*first_word(page))
		wrong("a new page begins with 0x%llx", *first_word(page));
	area->stamp[i] = __atomic_add_fetch(&last_stamp, 1, __ATOMIC_RELAXED);
	*first_word(page) = area->stamp[i];
}

/* How many pages from i on the call is to give. */
static unsigned int expected(const struct area *area, unsigned int i, unsigned int n,
			     unsigned int flags)
{
	enum right least = flags & FOLL_WRITE ? WRITE : READ;
	unsigned int k;

	for (k = 0; k < n; k++) {
		if (i + k >= AREA_PAGES || area->right[i + k] < least)
			break;
		if (flags & (FOLL_NOFAULT | FOLL_FAST_ONLY) && !area->stamp[i + k])
			break;
	}
	return k;
}

static void get_pages(struct vcpu *v)
{
	static const unsigned int modes[] = {
		0, 0, FOLL_WRITE, FOLL_WRITE, FOLL_NOFAULT, FOLL_WRITE | FOLL_FAST_ONLY};
	struct area *area = &areas[below(v, AREAS)];
	unsigned int flags = modes[below(v, ARRAY_SIZE(modes))];
	unsigned int i = (unsigned int)below(v, AREA_PAGES);
	unsigned int n = below(v, 8) ? 1 : 1 + (unsigned int)below(v, AREA_PAGES / 2);
	bool pin = below(v, 2);
	unsigned int want;
	int least;
	int got;

	n = min(n, HOLDS - v->holds);
	if (!n)
		return;
	spin_lock(&area->lock);
	want = expected(area, i, n, flags);
	least = flags & FOLL_FAST_ONLY ? 0 : -EFAULT;
	got = (pin ? pin_user_pages_fast : get_user_pages_fast)(area->base + i * PAGE_SIZE, (int)n,
								flags, v->got);
	if (got != (want ? (int)want : least))
		wrong("%u pages from %u, flags 0x%x: %d, not %u", n, i, flags, got, want);
	for (int k = 0; k < got; k++) {
		struct page *page = v->got[k];
		unsigned int at = i + (unsigned int)k;

		if (!area->stamp[at])
			came(area, at, page);
		if (*first_word(page) != area->stamp[at])
			wrong("page %u is not the one that is mapped", at);
		v->hold[v->holds++] = (struct hold){page, area->stamp[at], pin};
	}
	spin_unlock(&area->lock);
}

static void drop(const struct hold *hold)
{
	if (*first_word(hold->page) != hold->stamp)
		wrong("a page that was held has 0x%llx, not 0x%llx", *first_word(hold->page),
		      hold->stamp);
	if (hold->pin)
		unpin_user_page(hold->page);
	else
		put_page(hold->page);
}

static void drop_one(struct vcpu *v)
{
	unsigned int i;

	if (!v->holds)
		return;
	i = (unsigned int)below(v, v->holds);
	drop(&v->hold[i]);
	v->hold[i] = v->hold[--v->holds];
}

/* Leaves a reference to another vCPU, or takes one over. */
static void hand_over(struct vcpu *v)
{
	spin_lock(&parcel_lock);
	if (v->holds && (below(v, 2) || v->holds == HOLDS) && parcels < PARCELS)
		parcel[parcels++] = v->hold[--v->holds];
	else if (parcels && v->holds < HOLDS)
		v->hold[v->holds++] = parcel[--parcels];
	spin_unlock(&parcel_lock);
}

/* A copy to or from a page, which brings it in. */
static void touch(struct vcpu *v)
{
	struct area *area = &areas[below(v, AREAS)];
	unsigned int i = (unsigned int)below(v, AREA_PAGES);
	u64 __user *word = (u64 __user *)(area->base + i * PAGE_SIZE);
	bool may;
	u64 value = 0;

	spin_lock(&area->lock);
	may = area->right[i] >= READ;
	if (!get_user(value, word) != may)
		wrong("page %u can be read, or cannot", i);
	if (may && value != area->stamp[i])
		wrong("page %u reads 0x%llx, not 0x%llx", i, value, area->stamp[i]);
	/* One that was read only stays without a stamp until somebody gets it. */
	if (may && !area->stamp[i]) {
		struct page *page;

		if (get_user_pages_fast((unsigned long)word, 1, 0, &page) == 1) {
			came(area, i, page);
			put_page(page);
		} else {
			wrong("page %u was read and is not there", i);
		}
	}
	spin_unlock(&area->lock);
}

static bool mapped(const struct area *area, unsigned int i, unsigned int n)
{
	for (; n; n--, i++)
		if (area->right[i] == UNMAPPED)
			return false;
	return true;
}

static int prot_of(enum right right)
{
	return right == WRITE ? PROT_READ | PROT_WRITE : right == READ ? PROT_READ : PROT_NONE;
}

/* Maps, unmaps or protects a part of an area. */
static void change(struct vcpu *v)
{
	struct area *area = &areas[below(v, AREAS)];
	unsigned int i = (unsigned int)below(v, AREA_PAGES);
	unsigned int n = 1 + (unsigned int)below(v, AREA_PAGES - i);
	enum right right = NONE + (unsigned int)below(v, 3);
	unsigned long addr = area->base + i * PAGE_SIZE;
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	u64 what = below(v, 4);
	unsigned long at;
	int err;

	spin_lock(&area->lock);
	if (what == 0) {
		right = UNMAPPED;
		err = user_munmap(addr, n * PAGE_SIZE);
	} else if (what == 1) {
		err = user_mprotect(addr, n * PAGE_SIZE, prot_of(right));
	} else {
		at = user_mmap(addr, n * PAGE_SIZE, prot_of(right), flags);
		err = IS_ERR_VALUE(at) ? (int)at : 0;
	}
	if (err != (what == 1 && !mapped(area, i, n) ? -ENOMEM : 0))
		wrong("a change of %u pages from %u on: error %d", n, i, err);
	for (; !err && n; n--, i++) {
		area->right[i] = (u8)right;
		if (what != 1)
			area->stamp[i] = 0;
	}
	spin_unlock(&area->lock);
}

/* Pages of others, which a frame that is held must not be among. */
static void allocate(struct vcpu *v)
{
	unsigned int i;

	if (v->runs < RUNS && below(v, 2)) {
		unsigned int order = (unsigned int)below(v, 4);
		struct page *page = alloc_pages(GFP_KERNEL, order);

		if (!page)
			return;
		for (unsigned long k = 0; k < 1ul << order; k++)
			*(u64 *)((u8 *)page_address(page) + k * PAGE_SIZE) = ~0ull;
		v->order[v->runs] = order;
		v->run[v->runs++] = page;
	} else if (v->runs) {
		i = (unsigned int)below(v, v->runs);
		__free_pages(v->run[i], v->order[i]);
		v->runs--;
		v->run[i] = v->run[v->runs];
		v->order[i] = v->order[v->runs];
	}
}

void step(struct vcpu *v)
{
	u64 dice = below(v, 4000);

	if (dice < 1700)
		get_pages(v);
	else if (dice < 3500)
		drop_one(v);
	else if (dice < 3700)
		hand_over(v);
	else if (dice < 3800)
		touch(v);
	else if (dice < 3850)
		change(v);
	else if (dice < 3998)
		allocate(v);
	else
		kmem_give_back();
}

void end_vcpu(struct vcpu *v)
{
	while (v->holds)
		drop(&v->hold[--v->holds]);
	for (; v->runs; v->runs--)
		__free_pages(v->run[v->runs - 1], v->order[v->runs - 1]);
}

void end_areas(void)
{
	while (parcels)
		drop(&parcel[--parcels]);
	for (unsigned int i = 0; i < AREAS; i++)
		if (user_munmap(areas[i].base, AREA_PAGES * PAGE_SIZE))
			wrong("area %u cannot be unmapped", i);
}
