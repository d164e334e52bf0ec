/* SPDX-License-Identifier: BSD-2-Clause */
/* What each attack is measured by: whether a good request is served after it, told by TAP. */
#include "attack.h"
#include <linux/mm.h>
#include <linux/printk.h>

u64 heap_base, heap_size;
static unsigned int checks, failures;

void ok(bool holds, const char *what)
{
	checks++;
	if (!holds)
		failures++;
	printk("%sok %u - %s\n", holds ? "" : "not ", checks, what);
}

bool ok_end(void)
{
	printk("1..%u\n", checks);
	return !failures;
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
