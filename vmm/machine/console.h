/* SPDX-License-Identifier: BSD-2-Clause */
/* The console of a guest of either kind: our standard input and output, as they are. */
#ifndef VMM_MACHINE_CONSOLE_H
#define VMM_MACHINE_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

struct vm;

/* Writes all of buf, which may vanish meanwhile. Returns 0, also when the guest ends
 * before it is done, or -errno; -EFAULT: the memory is gone. */
int console_write(struct vm *vm, const void *buf, size_t len);

/*
 * Reads what there is, up to size bytes, into guest memory at addr; waits for input,
 * its end or the guest's. Returns the number of bytes, 0 at the end, or -EFAULT.
 */
int console_read(struct vm *vm, uint64_t addr, uint32_t size);

#endif
