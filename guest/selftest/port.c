/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The neighbours of the family, in the words of kernel code: a small table of named
 * records, and what such code calls besides.
 */
#include "selftest.h"
#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/err.h>
#include <linux/highmem.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

struct record {
	struct list_head node;
	refcount_t ref;
	char *name;
	size_t len;
	u8 data[];
};

struct head {
	unsigned int count;
	char label[16];
};

static struct kmem_cache *head_cache __read_mostly;
static LIST_HEAD(records);
static DEFINE_MUTEX(records_lock);

static struct record *record_new(int id, u64 from, size_t len)
{
	struct record *r = kzalloc(struct_size(r, data, len), GFP_KERNEL_ACCOUNT);

	if (!r)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(r->data, u64_to_user_ptr(from), len)) {
		kfree(r);
		return ERR_PTR(-EFAULT);
	}
	r->name = kasprintf(GFP_KERNEL, "record-%03d", id);
	if (!r->name) {
		kfree(r);
		return ERR_PTR(-ENOMEM);
	}
	r->len = len;
	refcount_set(&r->ref, 1);
	mutex_lock(&records_lock);
	list_add_tail(&r->node, &records);
	mutex_unlock(&records_lock);
	return r;
}

static void record_put(struct record *r)
{
	if (!refcount_dec_and_test(&r->ref))
		return;
	list_del(&r->node);
	kfree(r->name);
	kfree_sensitive(r);
}

static void driver(void)
{
	u8 __user *area = user_area(1, true);
	struct record *r;
	struct record *next;
	struct head *head;

	head_cache = KMEM_CACHE_USERCOPY(head, SLAB_HWCACHE_ALIGN, label);
	check(head_cache && kmem_cache_size(head_cache) == sizeof(struct head),
	      "KMEM_CACHE_USERCOPY: a cache of a structure");
	head = head_cache ? kmem_cache_zalloc(head_cache, GFP_KERNEL) : NULL;
	check(head && !head->count, "kmem_cache_zalloc: zeroed");
	if (!area || !head)
		return;
	check(!copy_to_user(area, "from user space", 16), "copy_to_user: a record");
	for (int i = 0; i < 3; i++) {
		r = record_new(i, (u64)(unsigned long)area, 16);
		check(!IS_ERR(r) && !strcmp((char *)r->data, "from user space"),
		      "struct_size: room for the trailing array");
		head->count++;
	}
	r = record_new(3, TASK_SIZE, 16);
	check(PTR_ERR_OR_ZERO(r) == -EFAULT, "u64_to_user_ptr: bad addresses are found out");
	r = list_first_entry(&records, struct record, node);
	check(!strcmp(r->name, "record-000"), "kasprintf: formatted");
	list_for_each_entry_safe(r, next, &records, node)
		record_put(r);
	check(list_empty(&records), "refcount_dec_and_test: the last reference");
	kmem_cache_free(head_cache, head);
	kmem_cache_destroy(head_cache);
	user_release(area, 1);
}

static void copies(void)
{
	u8 __user *area = user_area(40, true);
	u8 __user *at = area + 4;
	volatile size_t huge = ~0ul / 4;
	const size_t big = 32 * PAGE_SIZE + 100;
	u32 words[] = {1, 2, 3, 4};
	u32 *p;
	u8 *v;

	if (!area)
		return;
	check(!copy_to_user(at, words, sizeof(words)), "copy_to_user: words");
	p = memdup_array_user(at, 4, sizeof(*p));
	check(!IS_ERR(p) && !memcmp(p, words, sizeof(words)), "memdup_array_user: a copy");
	kfree(p);
	check(PTR_ERR_OR_ZERO(memdup_array_user(at, huge, 16)) == -EOVERFLOW,
	      "memdup_array_user: a product that overflows is -EOVERFLOW");
	check(PTR_ERR_OR_ZERO(vmemdup_array_user(at, huge, 16)) == -EOVERFLOW,
	      "vmemdup_array_user: a product that overflows is -EOVERFLOW");
	v = vmemdup_user(area, big);
	check(!IS_ERR(v) && !memcmp(v + 4, words, sizeof(words)), "vmemdup_user: a copy");
	kvfree(v);
	check(PTR_ERR_OR_ZERO(vmemdup_user(area, 41 * PAGE_SIZE)) == -EFAULT,
	      "vmemdup_user: what cannot be read is -EFAULT");
	p = kmemdup_array(words, 4, sizeof(*p), GFP_KERNEL);
	check(p && !memcmp(p, words, sizeof(words)), "kmemdup_array: a copy");
	kfree(p);
	check(!kmemdup_array(words, huge, 16, GFP_KERNEL | __GFP_NOWARN),
	      "kmemdup_array: a product that overflows gives NULL");
	p = kvmemdup(words, sizeof(words), GFP_KERNEL);
	check(p && p[3] == 4, "kvmemdup: a copy");
	kvfree_sensitive(p, sizeof(words));
	kvfree_sensitive(NULL, 10);
	check(!vmalloc_array(huge, 16) && !vcalloc(huge, 16),
	      "vmalloc_array, vcalloc: a product that overflows gives NULL");
	v = vcalloc(3, 3000);
	check(v && is_vmalloc_addr(v) && bytes_are(v, 9000, 0), "vcalloc: zeroed");
	vfree(v);
	user_release(area, 40);
}

static void by_type(void)
{
	volatile size_t huge = ~0ul / 4;
	struct record *r = kzalloc_flex(*r, data, 100);
	struct head *h = kmalloc_obj(*h);
	struct head *many;
	u64 *words = kmalloc_objs(u64, 30, GFP_ATOMIC | __GFP_ZERO);

	check(r && ksize(r) >= struct_size(r, data, 100) && bytes_are(r, sizeof(*r) + 100, 0),
	      "kzalloc_flex: a structure with its trailing array, zeroed");
	check(h && ksize(h) >= sizeof(*h), "kmalloc_obj: one of a type, GFP_KERNEL by default");
	check(!words || bytes_are(words, 30 * sizeof(*words), 0),
	      "kmalloc_objs: with flags of its own");
	many = kvzalloc_objs(struct head, 5000);
	check(many && is_vmalloc_addr(many) == (5000 * sizeof(*many) > KMALLOC_MAX_SIZE) &&
		      bytes_are(many, 5000 * sizeof(*many), 0),
	      "kvzalloc_objs: an array, zeroed");
	check(!kmalloc_objs(*h, huge, GFP_KERNEL | __GFP_NOWARN) &&
		      !kmalloc_flex(*r, data, ~huge * 2, GFP_KERNEL | __GFP_NOWARN) &&
		      !kvmalloc_objs(u64, huge, GFP_KERNEL | __GFP_NOWARN),
	      "kmalloc_objs, kmalloc_flex: a size that overflows gives NULL");
	kfree(r);
	kfree(h);
	kfree(words);
	kvfree(many);
}

static void words_and_bits(void)
{
	DECLARE_BITMAP(map, 130) = {0};
	char text[] = "a/b/c";
	u32 words[5];
	u64 quads[3];

	memset32(words, 0xdeadbeef, 4);
	words[4] = 7;
	memset64(quads, 0x1122334455667788ull, 3);
	check(words[3] == 0xdeadbeef && words[4] == 7 && quads[2] == 0x1122334455667788ull,
	      "memset32, memset64: as many as asked for");
	check(!strcmp(strreplace(text, '/', '!'), "a!b!c"), "strreplace: every one");
	check(strnchr(text, 2, '!') == text + 1 && !strnchr(text, 2, 'b'),
	      "strnchr: looks no further than told");
	check(mem_is_zero(map, sizeof(map)) && !mem_is_zero(words, 4), "mem_is_zero");
	set_bit(129, map);
	__set_bit(0, map);
	check(test_bit(129, map) && test_and_set_bit(0, map) && !test_and_set_bit(64, map),
	      "set_bit, test_and_set_bit: across words");
	clear_bit(64, map);
	check(test_and_clear_bit(129, map) && !test_bit(64, map) && map[0] == 1 && !map[2],
	      "clear_bit, test_and_clear_bit: across words");
	check(fls(0) == 0 && fls(0x80000000u) == 32 && ffs(8) == 4 && __ffs(8) == 3 &&
		      __fls(9) == 3 && hweight32(0xf0f0f0f1u) == 17 && hweight64(~0ull) == 64,
	      "fls, ffs, hweight: of words");
	check(!IS_ENABLED(CONFIG_OF_NOTHING) && !strcmp(__stringify(L1_CACHE_SHIFT), "6"),
	      "IS_ENABLED, __stringify");
}

static void page_pool(void)
{
	mempool_t *pool = mempool_create_page_pool(2, 1);
	struct page *page = pool ? mempool_alloc(pool, GFP_NOIO) : NULL;
	char text[8] = "";

	check(page, "mempool_create_page_pool: a run of pages");
	if (!page)
		return;
	clear_highpage(page);
	memcpy_to_page(page, PAGE_SIZE - 5, "edge", 5);
	memcpy_from_page(text, page, PAGE_SIZE - 5, 5);
	check(!strcmp(text, "edge"), "memcpy_to_page, memcpy_from_page: up to the edge");
	mempool_free(page, pool);
	mempool_destroy(pool);
}

void test_port(void)
{
	u64 before = objects_out();

	driver();
	copies();
	by_type();
	words_and_bits();
	page_pool();
	check(objects_out() == before, "neighbours: nothing leaked");
}
