/* SPDX-License-Identifier: BSD-2-Clause */
/* The port of the allocator, <slabvisor/kmem_port.h>, to a guest, but for locks, reports and RAM,
 * which have files of their own. */
#include "guest/lib/machine/grt.h"
#include "slabvisor/kmem_port.h"

void kmem_yield(void)
{
	grt_pause();
}

bool kmem_is_rodata(const void *p)
{
	return (const char *)p >= __start_rodata && (const char *)p < __end_rodata;
}
