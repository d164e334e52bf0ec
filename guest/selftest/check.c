/* SPDX-License-Identifier: BSD-2-Clause */
/* TAP, and bytes that can be told from others. */
#include "selftest.h"
#include <linux/kernel.h>

unsigned int scale = 1;
static unsigned int checks, failures;

void check_at(bool holds, const char *cond, const char *file, int line, const char *what, ...)
{
	char text[160];
	va_list args;

	va_start(args, what);
	vsnprintf(text, sizeof(text), what, args);
	va_end(args);
	checks++;
	if (holds) {
		printk("ok %u - %s\n", checks, text);
		return;
	}
	failures++;
	printk("not ok %u - %s\n# %s:%d: %s\n", checks, text, file, line, cond);
}

void check_skip(const char *what, const char *why)
{
	printk("ok %u - %s # SKIP %s\n", ++checks, what, why);
}

int check_end(void)
{
	printk("1..%u\n", checks);
	if (failures)
		printk("# %u of %u failed\n", failures, checks);
	return failures != 0;
}

static u64 pattern_word(u64 seed, size_t i)
{
	return (seed + i) * 0x9e3779b97f4a7c15ull;
}

void pattern_fill(void *p, size_t size, u64 seed)
{
	u8 *bytes = p;
	size_t i;

	for (i = 0; i + 8 <= size; i += 8)
		*(u64 *)(bytes + i) = pattern_word(seed, i);
	for (; i < size; i++)
		bytes[i] = (u8)(seed + i);
}

bool pattern_holds(const void *p, size_t size, u64 seed)
{
	const u8 *bytes = p;
	size_t i;

	for (i = 0; i + 8 <= size; i += 8)
		if (*(const u64 *)(bytes + i) != pattern_word(seed, i))
			return false;
	for (; i < size; i++)
		if (bytes[i] != (u8)(seed + i))
			return false;
	return true;
}

bool bytes_are(const void *p, size_t size, u8 value)
{
	const u8 *bytes = p;
	u64 word = value * 0x0101010101010101ull;
	size_t i;

	for (i = 0; i + 8 <= size; i += 8)
		if (*(const u64 *)(bytes + i) != word)
			return false;
	for (; i < size; i++)
		if (bytes[i] != value)
			return false;
	return true;
}
