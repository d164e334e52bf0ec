/* SPDX-License-Identifier: BSD-2-Clause */
/* kvmalloc and its family: memory in one piece if it can be had, else by the page. */
#include <linux/bug.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

void *kvmalloc_node(size_t size, gfp_t gfp, int node)
{
	gfp_t try = gfp;
	void *p;

	/* There is something to fall back to: do not try too hard. */
	if (size > PAGE_SIZE) {
		try |= __GFP_NOWARN;
		if (!(gfp & __GFP_RETRY_MAYFAIL))
			try |= __GFP_NORETRY;
		try &= ~__GFP_NOFAIL;
	}
	p = kmalloc_node(size, try, node);
	if (p || size <= PAGE_SIZE || !gfpflags_allow_blocking(gfp))
		return p;
	if (size > INT_MAX) {
		WARN(!(gfp & __GFP_NOWARN), "kvmalloc() of %zu bytes", size);
		return NULL;
	}
	return __vmalloc_node(size, 1, gfp, node, __builtin_return_address(0));
}

void *kvmalloc(size_t size, gfp_t gfp)
{
	return kvmalloc_node(size, gfp, NUMA_NO_NODE);
}

void *kvzalloc(size_t size, gfp_t gfp)
{
	return kvmalloc(size, gfp | __GFP_ZERO);
}

void *kvzalloc_node(size_t size, gfp_t gfp, int node)
{
	return kvmalloc_node(size, gfp | __GFP_ZERO, node);
}

void *kvmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kvmalloc(bytes, gfp);
}

void *kvcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kvmalloc_array(n, size, gfp | __GFP_ZERO);
}

void kvfree(const void *p)
{
	if (is_vmalloc_addr(p))
		vfree(p);
	else
		kfree(p);
}

static void free_area(struct rcu_head *head)
{
	/* Areas begin with a page, in which the head is. */
	vfree((void *)((unsigned long)head & PAGE_MASK));
}

void kvfree_call_rcu(struct rcu_head *head, void *ptr)
{
	if (!head) {
		synchronize_rcu();
		kvfree(ptr);
	} else if (is_vmalloc_addr(ptr)) {
		call_rcu(head, free_area);
	} else {
		kmem_free_after_readers(head, (size_t)((char *)head - (char *)ptr));
	}
}

void kvfree_sensitive(const void *p, size_t len)
{
	if (ZERO_OR_NULL_PTR(p))
		return;
	memzero_explicit((void *)p, len);
	kvfree(p);
}

void *kvmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *p = kvmalloc(len, gfp);

	if (p && len)
		memcpy(p, src, len);
	return p;
}

void *vmemdup_user(const void __user *src, size_t len)
{
	void *p = kvmalloc(len, GFP_USER | __GFP_NOWARN);

	if (!p)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(p, src, len)) {
		kvfree(p);
		return ERR_PTR(-EFAULT);
	}
	return p;
}

void *vmemdup_array_user(const void __user *src, size_t n, size_t size)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return ERR_PTR(-EOVERFLOW);
	return vmemdup_user(src, bytes);
}
