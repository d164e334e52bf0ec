/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the runtime speaks of trouble. In a guest these go to the console and the
 * monitor; in the hosted build to stderr.
 */
#ifndef SLABVISOR_REPORT_H
#define SLABVISOR_REPORT_H

#include <linux/types.h>

/*
 * A misuse that the program must not survive: prints one line, with the address at
 * issue (0: none), and ends the guest (PLATFORM_FAULT_BUG). format is printf's, cut
 * at 255 bytes. In a Linux guest's module it warns and returns, as SLUB does: a kernel is
 * worth more than an object, which callers leave to be lost.
 */
#ifndef SLABVISOR_MODULE
__attribute__((noreturn))
#endif
__attribute__((cold, format(printf, 2, 3))) void
grt_bug(u64 addr, const char *format, ...);

/* A misuse or a failure that it can survive: prints one line (newline added). */
__attribute__((cold, format(printf, 1, 2))) void grt_warn(const char *format, ...);

/*
 * Memory for the runtime's own metadata, zeroed, from the guest's RAM (not from the
 * heap). align: a power of two. Never given back. NULL when there is no more.
 */
void *grt_ram_alloc(size_t size, size_t align);

#endif
