/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console. Each vCPU has a buffer of whole lines, because a write is an exit
 * to the monitor that costs as much as thousands of instructions. A line after a while
 * of silence goes out at once, one of many waits for the others.
 */
#include "guest/lib/machine/grt.h"
#include <linux/compiler.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sprintf.h>
#include <linux/string.h>

#define FLUSH_BYTES (GRT_CONSOLE_SIZE - 1024) /* a line's end flushes from here on */
#define FLUSH_NS    1000000ull                /* ... and this long after the last write */

static void flush(struct grt_cpu *gc)
{
	u32 used = gc->console_used;

	if (!used)
		return;
	barrier();
	platform_ring(PLATFORM_CONSOLE, PLATFORM_CONSOLE_VAL(virt_to_phys(gc->console), used));
	gc->console_used = 0;
	gc->console_last = grt_tsc();
}

void console_flush(void)
{
	flush(this_cpu()->grt);
}

void grt_console_flush_all(void)
{
	console_flush();
	/* The others have lines here only if they were not waited for: their counts are
	 * raised after the text is in place, so that at worst the last line is missing. */
	for (unsigned int cpu = 0; cpu < PLATFORM_MAX_CPUS; cpu++)
		flush(&grt_cpus[cpu]);
}

static void added(struct grt_cpu *gc, u32 len)
{
	if (!len)
		return;
	/* Release: grt_console_flush_all() of another vCPU sees the text. */
	__atomic_store_n(&gc->console_used, gc->console_used + len, __ATOMIC_RELEASE);
	if (gc->console[gc->console_used - 1] == '\n' &&
	    (gc->console_used >= FLUSH_BYTES ||
	     grt_tsc_to_ns(grt_tsc() - gc->console_last) >= FLUSH_NS))
		flush(gc);
}

void console_write(const char *text, size_t len)
{
	struct grt_cpu *gc = this_cpu()->grt;

	while (len) {
		size_t n = GRT_CONSOLE_SIZE - gc->console_used;

		if (!n) {
			flush(gc);
			n = GRT_CONSOLE_SIZE;
		}
		if (n > len)
			n = len;
		memcpy(gc->console + gc->console_used, text, n);
		added(gc, (u32)n);
		text += n;
		len -= n;
	}
}

int vprintk(const char *fmt, va_list args)
{
	struct grt_cpu *gc = this_cpu()->grt;
	size_t room = GRT_CONSOLE_SIZE - gc->console_used;
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(gc->console + gc->console_used, room, fmt, args);
	if ((size_t)len >= room) {
		flush(gc);
		len = vscnprintf(gc->console, GRT_CONSOLE_SIZE, fmt, again);
	}
	va_end(again);
	added(gc, (u32)len);
	return len;
}

int printk(const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vprintk(fmt, args);
	va_end(args);
	return len;
}

int printf(const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vprintk(format, args);
	va_end(args);
	return len;
}

int puts(const char *text)
{
	size_t len = strlen(text);

	console_write(text, len);
	console_write("\n", 1);
	return (int)len + 1;
}

int putchar(int c)
{
	char text = (char)c;

	console_write(&text, 1);
	return (unsigned char)c;
}

size_t console_read_line(char *line, size_t size)
{
	static char buffer[512]; /* what came in past the last line's end */
	static size_t head;
	static size_t tail;
	size_t len = 0;

	if (!size)
		return 0;
	console_flush();
	while (len + 1 < size) {
		char c;

		if (head == tail) {
			struct platform_read *in = &this_cpu()->grt->read;

			in->addr = virt_to_phys(buffer);
			in->size = sizeof(buffer);
			in->result = 0;
			barrier();
			platform_ring(PLATFORM_CONSOLE_IN, virt_to_phys(in));
			barrier();
			head = 0;
			tail = in->result <= sizeof(buffer) ? in->result : 0;
			if (!tail)
				break;
		}
		c = buffer[head++];
		line[len++] = c;
		if (c == '\n')
			break;
	}
	line[len] = '\0';
	return len;
}
