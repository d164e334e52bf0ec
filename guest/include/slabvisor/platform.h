/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The platform page, as a program sees it: facts of the machine, the clock, the
 * console and the doorbells. See virtio/abi/platform.h for the contract behind it.
 */
#ifndef SLABVISOR_PLATFORM_H
#define SLABVISOR_PLATFORM_H

#include "virtio/abi/platform.h"
#include <linux/types.h>

/* The platform page; reading it costs no exit. Live counters are in it. */
static inline const volatile struct platform_page *platform(void)
{
	return (const volatile struct platform_page *)PLATFORM_VA;
}

/* Rings a doorbell: offset is PLATFORM_*, value what it says there. One exit. */
void platform_ring(unsigned int offset, u64 value);

/*
 * Ends the guest with this status, after the console and the allocator have been
 * drained. What main() returns ends up here too. Any vCPU may call it.
 */
__attribute__((noreturn)) void platform_exit(int status);

/*
 * Blocks while *word is expected, until woken, timeout_ns have passed (0: no
 * limit) or a device has something to say. May return early: the caller checks
 * again. Work left for idle times (allocator events, batched unpins, console
 * output) is done first.
 */
void platform_wait(const u32 *word, u32 expected, u64 timeout_ns);

/* Wakes at most count waiters on word; returns how many. */
unsigned int platform_wake(const u32 *word, unsigned int count);

/* When it returns, no vCPU has a stale translation. One exit. */
void platform_tlb_flush(void);

/* Module i (0 .. platform()->modules - 1): its first byte, its size in *size if size
 * is not NULL. Zero-filled to the end of its last page. NULL: no such module. */
const void *platform_module(unsigned int i, size_t *size);

/* Exits to the monitor so far, of all vCPUs; *kicks (unless NULL): of which rang a
 * virtio queue. */
u64 platform_exits(u64 *kicks);

/*
 * Console input: waits for a line, reads at most size - 1 bytes of it with its
 * newline, ends it with a NUL. Returns its length, 0 at the end of input. Output is
 * flushed first. For one vCPU at a time.
 */
size_t console_read_line(char *line, size_t size);

/* Sends what this vCPU has buffered. printk() does so by itself when the buffer fills,
 * or at the end of a line after a few milliseconds. */
void console_flush(void);

/* Buffers len bytes for the console. */
void console_write(const char *text, size_t len);

/* As in C. printf() and puts() return the number of bytes printed. */
__attribute__((format(printf, 1, 2))) int printf(const char *format, ...);
int puts(const char *text);
int putchar(int c);

#endif
