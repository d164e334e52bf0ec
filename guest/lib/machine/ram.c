/* SPDX-License-Identifier: BSD-2-Clause */
/* RAM for the runtime's own data: taken from both ends, never given back. */
#include "guest/lib/machine/grt.h"
#include <linux/mm.h>

static struct {
	spinlock_t lock;
	u64 next; /* guest-physical */
	u64 end;
} ram;

void grt_ram_init(void)
{
	ram.next = platform()->ram_free;
	ram.end = platform()->ram_free_end;
}

void *grt_ram_alloc(size_t size, size_t align)
{
	void *p = NULL;
	u64 start;

	spin_lock(&ram.lock);
	start = (ram.next + align - 1) & ~(u64)(align - 1);
	if (start >= ram.next && start <= ram.end && size <= ram.end - start) {
		ram.next = start + size;
		p = phys_to_virt(start);
	}
	spin_unlock(&ram.lock);
	return p;
}

void *grt_ram_alloc_top(size_t size)
{
	void *p = NULL;

	spin_lock(&ram.lock);
	size = (size + PAGE_SIZE - 1) & PAGE_MASK;
	if (size && size <= ram.end - ram.next) {
		ram.end -= size;
		p = phys_to_virt(ram.end);
	}
	spin_unlock(&ram.lock);
	return p;
}
