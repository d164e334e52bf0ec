/* SPDX-License-Identifier: BSD-2-Clause */
/* Having memory before it is touched. */
#ifndef MM_HOST_POPULATE_H
#define MM_HOST_POPULATE_H

#include <stdint.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

/*
 * Has all of [host, host + size) be there, writable and zero as long as nobody wrote to it,
 * with as many threads as this process has CPUs. Both are multiples of page, the size of its
 * pages. Nobody uses the memory meanwhile. Where there is no page left, that is an error and
 * no SIGBUS; ordinary memory that is not there calls the kernel's OOM killer instead: look
 * before (room_memory()).
 * Returns 0, or a negative errno with *done bytes populated, where *done may be too low by
 * what failed half-way.
 */
int populate(void *host, uint64_t size, uint64_t page, uint64_t *done);

#endif
