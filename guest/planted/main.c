/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest of known size, for who looks at guests from outside: a cache `planted` of objects of 256
 * bytes, of which it has as many as its argument says, one `alder` with a single object, and a run
 * of 2 MiB, which is a huge frame of the heap. Each line of its input is a command: `churn N`
 * allocates and frees N more objects, `free` frees the run, `end` ends it. It answers each with a
 * line.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <slabvisor/platform.h>

#define ORDER 9 /* a huge frame */

static struct kmem_cache *cache, *small;
static void **object;
static unsigned long nr;

/* Allocates n objects beyond those that there are, and frees them again. */
static int churn(unsigned long n)
{
	void **more = kvmalloc_array(n, sizeof(*more), GFP_KERNEL);
	unsigned long i;

	if (!more)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		more[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		if (!more[i])
			break;
	}
	for (unsigned long k = 0; k < i; k++)
		kmem_cache_free(cache, more[k]);
	kvfree(more);
	return i == n ? 0 : -ENOMEM;
}

int main(int argc, char **argv)
{
	struct page *run = NULL;
	void *other;
	char line[64];
	unsigned long n;
	int ret = 0;

	if (argc != 2 || kstrtoul(argv[1], 10, &nr)) {
		printk("usage: planted OBJECTS\n");
		return 2;
	}
	cache = kmem_cache_create("planted", 256, 0, 0, NULL);
	small = kmem_cache_create("alder", 128, 0, SLAB_NO_MERGE, NULL);
	object = kvmalloc_array(nr, sizeof(*object), GFP_KERNEL);
	run = alloc_pages(GFP_KERNEL, ORDER);
	if (!cache || !small || !object || !run)
		return 1;
	other = kmem_cache_alloc(small, GFP_KERNEL);
	if (!other)
		return 1;
	for (unsigned long i = 0; i < nr; i++) {
		object[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		if (!object[i])
			return 1;
	}
	printk("planted %lu\n", nr);
	while (!ret && console_read_line(line, sizeof(line))) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		if (!strcmp(line, "end"))
			break;
		if (!strcmp(line, "free") && run) {
			__free_pages(run, ORDER);
			run = NULL;
		} else if (!strncmp(line, "churn ", 6) && !kstrtoul(line + 6, 10, &n)) {
			ret = churn(n);
		}
		printk("done %s\n", line);
	}
	if (run)
		__free_pages(run, ORDER);
	for (unsigned long i = 0; i < nr; i++)
		kmem_cache_free(cache, object[i]);
	kvfree(object);
	kmem_cache_destroy(cache);
	kmem_cache_free(small, other);
	kmem_cache_destroy(small);
	return ret ? 1 : 0;
}
