/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that keeps what it does not use, for whoever asks for it: each round all vCPUs allocate
 * and free objects and pages, so that magazines and depots are full, and then sleep until the host
 * has all of it. Nothing but the host's asking empties them.
 *
 * Usage: hoard [N]: N rounds; without N for ever.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <slabvisor/kmem.h>
#include <slabvisor/smp.h>

#define OBJECTS 600
#define SIZES   8 /* 16 to 2,048 bytes */

static void fill(void *arg)
{
	void *p[OBJECTS];

	(void)arg;
	for (unsigned int size = 0; size < SIZES; size++) {
		for (unsigned int i = 0; i < OBJECTS; i++)
			p[i] = kmalloc(16ul << size, GFP_KERNEL);
		for (unsigned int i = 0; i < OBJECTS; i++)
			kfree(p[i]);
	}
	for (unsigned int i = 0; i < OBJECTS; i++)
		p[i] = (void *)__get_free_pages(GFP_KERNEL, 0);
	for (unsigned int i = 0; i < OBJECTS; i++)
		free_pages((unsigned long)p[i], 0);
}

static u64 objects(void)
{
	struct virtio_kmem_stats stats;

	return kmem_stats(0, &stats) ? 0 : stats.objects_active;
}

int main(int argc, char **argv)
{
	unsigned long last = 0;

	if (argc > 2 || (argc == 2 && (kstrtoul(argv[1], 10, &last) || !last))) {
		printk("usage: hoard [N]: N rounds of keeping memory; without N for ever\n");
		return 2;
	}
	for (unsigned long n = 1;; n++) {
		smp_call_all(fill, NULL);
		printk("round %lu: %llu objects are kept\n", n, (unsigned long long)objects());
		while (objects())
			msleep(20);
		printk("round %lu: none is\n", n);
		if (n == last)
			return 0;
	}
}
