/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's other names for memory by the page. */
#include "selftest.h"
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

static u8 *kept(void)
{
	u8 *text __free(kfree) = kmalloc(40, GFP_KERNEL);
	u8 *other __free(kvfree) = kvmalloc(70, GFP_KERNEL);

	if (!text || !other)
		return NULL;
	return_ptr(text);
}

static void sizes_and_scopes(void)
{
	u64 before = objects_out();
	u8 *p = kept();

	check(p && objects_out() == before + 1, "__free: what is not returned is freed");
	if (p)
		pattern_fill(p, 40, 5);
	p = kvrealloc(p, 40, 9 * PAGE_SIZE, GFP_KERNEL);
	check(p && pattern_holds(p, 40, 5), "kvrealloc: what was there is in a larger one");
	if (p)
		pattern_fill(p, 9 * PAGE_SIZE, 6);
	check(kvrealloc(p, 9 * PAGE_SIZE, PAGE_SIZE, GFP_KERNEL) == p,
	      "kvrealloc: a smaller size changes nothing");
	p = kvrealloc(p, 5ul << 20, GFP_KERNEL);
	check(p && pattern_holds(p, 9 * PAGE_SIZE, 6), "kvrealloc: without the old size as well");
	kvfree(p);
	p = kmalloc(64, GFP_KERNEL);
	check(kvrealloc(p, 0, GFP_KERNEL) == ZERO_SIZE_PTR,
	      "kvrealloc: to nothing frees, as since Linux 6.12");
	p = kmalloc_node_track_caller(100, GFP_KERNEL, NUMA_NO_NODE);
	check(p && ksize(p) >= 100, "kmalloc_node_track_caller: as kmalloc_node");
	kfree(p);
	check(objects_out() == before, "kvrealloc: nothing leaked");
}

static void areas(void)
{
	struct page *pages[5] = {NULL};
	bool low = true;
	u8 *p = vmalloc_user(3 * PAGE_SIZE);

	check(p && bytes_are(p, 3 * PAGE_SIZE, 0), "vmalloc_user: zeroed");
	vfree(p);
	p = vmalloc_32_user(2 * PAGE_SIZE);
	if (p)
		for (int i = 0; i < 2; i++)
			low = low && page_to_phys(vmalloc_to_page(p + i * PAGE_SIZE)) >> 32 == 0;
	check(low && (!p || bytes_are(p, 2 * PAGE_SIZE, 0)),
	      "vmalloc_32_user: below 4 GiB or not at all");
	vfree(p);
	vfree(vmalloc_32(PAGE_SIZE));
	p = vmalloc_huge(PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	check(p && bytes_are(p, PAGE_SIZE, 0), "vmalloc_huge: by the flags that it gets");
	vfree(p);
	pages[2] = alloc_page(GFP_KERNEL);
	check(alloc_pages_bulk_array(GFP_KERNEL, 5, pages) == 5 && pages[0] && pages[4],
	      "alloc_pages_bulk_array: fills in what is missing");
	for (int i = 0; i < 5; i++)
		if (pages[i])
			__free_page(pages[i]);
}

static void mappings(void)
{
	unsigned long addr =
		vm_mmap(NULL, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	struct page *pages[2];
	char text[12] = "";

	check(!IS_ERR_VALUE(addr), "vm_mmap: an area of user memory");
	if (IS_ERR_VALUE(addr))
		return;
	check(IS_ERR_VALUE(vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, 100)) &&
		      IS_ERR_VALUE(
			      vm_mmap((struct file *)8, 0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, 0)),
	      "vm_mmap: -EINVAL for an offset within a page, and for a file");
	check(access_remote_vm(current->mm, addr + PAGE_SIZE - 4, (void *)"remote", 7,
			       FOLL_WRITE) == 7 &&
		      access_remote_vm(current->mm, addr + PAGE_SIZE - 4, text, 7, 0) == 7 &&
		      !strcmp(text, "remote"),
	      "access_remote_vm: across a page's end, both ways");
	check(access_remote_vm(current->mm, addr + 2 * PAGE_SIZE - 4, text, 8, 0) >= 4 &&
		      access_remote_vm(current->mm, ~0ul - 100, text, 8, 0) == 0,
	      "access_remote_vm: up to what is not mapped");
	check(get_user_pages(addr, 2, FOLL_WRITE | FOLL_TOUCH, pages, NULL) == 2 &&
		      get_user_pages(addr, 1, 0, pages) == 1,
	      "get_user_pages: with the parameter that Linux had until 6.4, and without");
	check(get_user_pages_fast(addr, 1, FOLL_TOUCH, &pages[1]) == -EINVAL,
	      "get_user_pages_fast: -EINVAL for flags of others");
	put_page(pages[0]);
	put_page(pages[0]);
	put_page(pages[1]);
	check(pin_user_pages(addr, 2, FOLL_WRITE, pages) == 2, "pin_user_pages: all");
	unpin_user_pages(pages, 2);
	check(vm_munmap(addr, 2 * PAGE_SIZE) == 0 && get_user_pages(addr, 1, 0, pages) == -EFAULT,
	      "vm_munmap: nothing is mapped there");
}

__printf(2, 3) static int say(char *buf, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vscnprintf(buf, 4, fmt, args);
	va_end(args);
	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
	return len;
}

__printf(1, 2) static char *say_new(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = kvasprintf(GFP_KERNEL, fmt, args);
	va_end(args);
	return text;
}

static void seldom_called(void)
{
	DECLARE_COMPLETION(done);
	struct page *page = alloc_page(GFP_KERNEL);
	char *text = say_new("%d", 77);
	char bits[64];
	char buf[8];
	u16 halves[3];
	u16 half;
	long wide;
	u8 *p;

	check(text && !strcmp(text, "77"), "kvasprintf: as much as it takes");
	kfree(text);
	check(say(buf, "# %s\n", "said") == 3 && !strcmp(buf, "# s"),
	      "vscnprintf: what was written");
	{
		const unsigned long map[2] = {0xf00000001ul, 0x10};

		scnprintf(bits, sizeof(bits), "%*pbl %*pb", 70, map, 70, map);
		check(!strcmp(bits, "0,32-35,68 10,0000000f,00000001"), "printf: bits of a bitmap");
	}
	check(*stpcpy(buf, "abc") == 0 && stpcpy(buf, "abc") == buf + 3,
	      "stpcpy: where the NUL is");
	check(!bcmp(buf, "abc", 4) && bcmp(buf, "abd", 4), "bcmp: tells equal from not");
	memset16(halves, 0x1234, 2);
	check(halves[0] == 0x1234 && halves[1] == 0x1234, "memset16: elements");
	check(!kstrtol("-9", 10, &wide) && wide == -9 && kstrtou16("65536", 10, &half) == -ERANGE &&
		      simple_strtoul("12x", NULL, 10) == 12,
	      "kstrtol: and its kin");
	check(ktime_get_real_ns() > ktime_get_ns(), "ktime_get_real_ns: since 1970");
	check(!try_wait_for_completion(&done), "try_wait_for_completion: not yet");
	check(wait_for_completion_timeout(&done, 1) == 0,
	      "wait_for_completion_timeout: 0 when time is up");
	complete(&done);
	wide = (long)wait_for_completion_timeout(&done, 1000);
	check(wide > 0 && wide <= 1000, "wait_for_completion_timeout: else what is left of it");
	complete_all(&done);
	check(try_wait_for_completion(&done) && try_wait_for_completion(&done),
	      "complete_all: for everybody");
	dump_stack();
	if (page) {
		dump_page(page, "it is a test");
		check(set_page_dirty(page) && PageDirty(page) && !set_page_dirty_lock(page),
		      "set_page_dirty: tells whether it was clean");
		ClearPageDirty(page);
		check(!PageDirty(page), "ClearPageDirty: it is clean");
		__free_page(page);
	}
	p = vmalloc_node(PAGE_SIZE, 0);
	check(p, "vmalloc_node: on a node");
	vfree(p);
	p = vzalloc_node(PAGE_SIZE, 0);
	check(p && bytes_are(p, PAGE_SIZE, 0), "vzalloc_node: zeroed");
	vfree(p);
}

void test_neighbours(void)
{
	seldom_called();
	sizes_and_scopes();
	areas();
	mappings();
}
