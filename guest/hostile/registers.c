/* SPDX-License-Identifier: BSD-2-Clause */
/* Queues that cannot be, and stores all over the registers and the platform page. */
#include "attack.h"
#include <linux/kernel.h>
#include <linux/mm.h>
#include <slabvisor/platform.h>

void try_queues(void)
{
	u64 desc = virt_to_phys(raw.desc);
	u64 avail = virt_to_phys((const void *)&raw.avail_flags);
	u64 used = virt_to_phys((const void *)&raw.used_head);

	ok(!raw_start_with(0, desc, avail, used), "queue: no entries");
	ok(!raw_start_with(3, desc, avail, used), "queue: three entries");
	ok(!raw_start_with(1u << 15, desc, avail, used), "queue: more entries than offered");
	ok(!raw_start_with(1u << 20, desc, avail, used), "queue: a size beyond 16 bits");
	ok(!raw_start_with(RAW_QUEUE, desc + 1, avail, used), "queue: an address askew");
	ok(!raw_start_with(RAW_QUEUE, ~0ull - 15, avail, used), "queue: a table that wraps around");
	ok(!raw_start_with(RAW_QUEUE, desc, heap_base, used), "queue: a ring in the heap");
	ok(!raw_start_with(RAW_QUEUE, desc, avail, PLATFORM_BASE),
	   "queue: a ring in the platform page");
	ok(!raw_start_with(RAW_QUEUE, desc, avail, platform()->ram_size - 4),
	   "queue: a ring that runs out of RAM");
	ok(raw_start() && good_request(), "queue: a good one after these");
	/* The device writes the used ring where the descriptors are. */
	if (raw_start_with(RAW_QUEUE, desc, avail, desc)) {
		raw_prepare(VIRTIO_KMEM_ALLOC, 1, CACHE_64);
		raw_request(0, RAW_REPLY_MAX);
		raw_kick(0);
	}
	ok(raw_start() && good_request(), "queue: rings that overlap");
}

void try_stores(void)
{
	static const u64 values[] = {1, 0x80, 0xffff, 0x7fffffff, ~0ull};

	raw_start();
	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
		raw_write(REG_QUEUE_NOTIFY, (u32)(values[i] + 100));
		raw_write(REG_QUEUE_SEL, (u32)values[i]);
		raw_write(REG_QUEUE_READY, (u32)values[i]);
	}
	ok(!raw_needs_reset(), "registers: bells and selectors of queues that are not there");
	raw_write(REG_STATUS, 0);
	raw_write(REG_STATUS, STATUS_DRIVER_OK);
	ok(!(raw_read(REG_STATUS) & STATUS_DRIVER_OK), "registers: DRIVER_OK before FEATURES_OK");
	raw_write(REG_QUEUE_NOTIFY, 0);
	raw_write(REG_STATUS, 0);
	raw_write(REG_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	raw_write(REG_DRIVER_SEL, 1);
	raw_write(REG_DRIVER_FEATURES, ~0u);
	raw_write(REG_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
	ok(!(raw_read(REG_STATUS) & STATUS_FEATURES_OK), "registers: features never offered");
	for (unsigned int width = 1; width <= 8; width *= 2)
		for (unsigned int offset = 0; offset + width <= PAGE_SIZE;
		     offset += offset < 0x200 ? width : 509)
			raw_store(offset, values[offset % ARRAY_SIZE(values)] ^ offset, width);
	ok(raw_read(REG_DEVICE_ID) == VIRTIO_ID_KMEM, "registers: stores of all widths all over");
	ok(raw_start() && good_request(), "registers: all is well after that");
}

void try_bells(void)
{
	volatile u8 *page = (volatile u8 *)PLATFORM_VA;
	u64 magic = platform()->magic;

	for (unsigned int offset = 0; offset < PLATFORM_EXIT; offset += 328)
		*(volatile u64 *)(page + offset) = ~0ull;
	for (unsigned int offset = PLATFORM_EXIT; offset < PLATFORM_TLB_FLUSH + 16; offset += 8) {
		page[offset] = 0xff;
		*(volatile u32 *)(page + offset) = ~0u;
		*(volatile u16 *)(page + offset + 1) = 0xffff;
	}
	*(volatile u64 *)(page + 0xff8) = ~0ull;
	*(volatile u64 *)(page + PLATFORM_TLB_FLUSH) = ~0ull;
	*(volatile u64 *)(page + PLATFORM_START_CPUS) = ~0ull;
	*(volatile u64 *)(page + PLATFORM_CONSOLE) = 0x1234; /* length 0 */
	ok(platform()->magic == magic && platform()->version == PLATFORM_VERSION,
	   "platform page: stores that mean nothing change nothing");
	ok(good_request(), "platform page: and the device goes on");
}
