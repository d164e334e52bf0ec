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
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <slabvisor/platform.h>

static unsigned int checks, failures;
u64 heap_base, heap_size;

void ok(bool holds, const char *what)
{
	checks++;
	if (!holds)
		failures++;
	printk("%sok %u - %s\n", holds ? "" : "not ", checks, what);
}

static u64 config64(size_t offset)
{
	return raw_read(REG_CONFIG + offset) | (u64)raw_read(REG_CONFIG + offset + 4) << 32;
}

bool good_request(void)
{
	volatile u64 *object;

	raw_prepare(VIRTIO_KMEM_ALLOC, 1, CACHE_64);
	if (raw_request(0, RAW_REPLY_MAX) || raw_reply.resp.count != 1)
		return false;
	raw_payload[0] = raw_reply.payload[0] & ~VIRTIO_KMEM_ADDR_FLAGS;
	if (raw_payload[0] < heap_base || raw_payload[0] >= heap_base + heap_size)
		return false;
	object = phys_to_virt(raw_payload[0]);
	object[0] = 0x600d;
	object[7] = object[0] + 1;
	if (object[7] != 0x600e)
		return false;
	raw_prepare(VIRTIO_KMEM_FREE, 1, CACHE_64);
	return !raw_request(8, RAW_REPLY_MAX) && raw_reply.resp.count == 1 &&
	       raw_reply.resp.value == 0;
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
	u64 seed, count;

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
	try_queues();
	try_stores();
	try_bells();
	try_disk();
	raw_write(REG_STATUS, 0);
	printk("1..%u\n", checks);
	console_flush();
	platform_ring(PLATFORM_EXIT, failures != 0);
	return 0;
}
