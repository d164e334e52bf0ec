/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest may try against its memory service: nonsensical rings, requests that
 * no allocator would make, stores all over the registers, and, with a disk, I/O on memory that
 * goes. Each must be answered with
 * an error or with NEEDS_RESET, and after each a good request must be served.
 * Prints TAP; exit status 0 if all went so.
 *
 * With an argument it does what has no end instead, `feed`, `shout`, or has the host commit what
 * it can: `greedy` (greedy.c). `fuzz SEED COUNT` makes requests up (fuzz.c).
 *
 * It takes the device away from the runtime, so it allocates nothing and ends the
 * guest by the doorbell, past the runtime's own end.
 */
#include "attack.h"
#include <linux/kstrtox.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <slabvisor/platform.h>

static u64 config64(size_t offset)
{
	return raw_read(REG_CONFIG + offset) | (u64)raw_read(REG_CONFIG + offset + 4) << 32;
}

static int attack_for_ever(const char *how)
{
	if (!strcmp(how, "feed"))
		return feed();
	if (!strcmp(how, "shout"))
		return shout();
	printk("hostile: %s: give feed, shout, greedy, fuzz with a seed and a count, or nothing\n",
	       how);
	return 2;
}

int main(int argc, char **argv)
{
	u64 seed;
	u64 count;
	bool all_good;

	if (!raw_find()) {
		printk("hostile: no kmem device\n");
		return 2;
	}
	heap_base = config64(offsetof(struct virtio_kmem_config, heap_base));
	heap_size = config64(offsetof(struct virtio_kmem_config, heap_size));
	if (argc > 1 && !strcmp(argv[1], "greedy"))
		return be_greedy(argc > 2 ? 4 : 1);
	if (argc > 3 && !strcmp(argv[1], "fuzz") && !kstrtou64(argv[2], 0, &seed) &&
	    !kstrtou64(argv[3], 0, &count))
		return fuzz(seed, count);
	if (argc > 1)
		return attack_for_ever(argv[1]);
	try_rings();
	try_requests();
	try_addresses();
	try_exhaustion();
	try_leases();
	try_queues();
	try_stores();
	try_bells();
	try_disk();
	raw_write(REG_STATUS, 0);
	all_good = ok_end();
	console_flush();
	platform_ring(PLATFORM_EXIT, !all_good);
	return 0;
}
