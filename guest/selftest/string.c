/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies of strings and memory: kstrdup, kstrndup, kmemdup and the const pair. */
#include "selftest.h"
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

static const char constant[] = "a string of the program's .rodata";

static void whole_strings(void)
{
	char *s = kstrdup("slab", GFP_KERNEL);

	check(s && !strcmp(s, "slab"), "kstrdup: an equal string");
	if (s)
		s[0] = 'S';
	check(s && ksize(s) >= 5, "kstrdup: the program's own, to write to");
	kfree(s);
	s = kstrdup("", GFP_KERNEL);
	check(s && !*s, "kstrdup: of the empty string is one");
	kfree(s);
	check(!kstrdup(NULL, GFP_KERNEL), "kstrdup: NULL gives NULL");
	check(!kstrndup(NULL, 5, GFP_KERNEL), "kstrndup: NULL gives NULL");
	s = kstrndup("allocator", 5, GFP_KERNEL);
	check(s && !strcmp(s, "alloc"), "kstrndup: cut at max, NUL-terminated");
	kfree(s);
	s = kstrndup("allocator", 100, GFP_KERNEL);
	check(s && !strcmp(s, "allocator"), "kstrndup: a shorter string whole");
	kfree(s);
	s = kstrndup("allocator", 0, GFP_KERNEL);
	check(s && !*s, "kstrndup: max 0 gives the empty string");
	kfree(s);
}

/* The byte after a vmalloc area is in no mapping: a read of it would end the run. */
static void edge_of_memory(void)
{
	char *area = vmalloc(PAGE_SIZE);
	char *edge;
	char *s;

	if (!area) {
		check(area, "kstrndup: an area to read from");
		return;
	}
	edge = area + PAGE_SIZE - 4;
	memcpy(edge, "edge", 4);
	s = kstrndup(edge, 4, GFP_KERNEL);
	check(s && !strcmp(s, "edge"), "kstrndup: reads no byte past max");
	kfree(s);
	s = kmemdup(edge, 4, GFP_KERNEL);
	check(s && !memcmp(s, "edge", 4), "kmemdup: reads no byte past len");
	kfree(s);
	s = kmemdup_nul(edge, 4, GFP_KERNEL);
	check(s && !strcmp(s, "edge"), "kmemdup_nul: adds the NUL");
	kfree(s);
	check(!kmemdup_nul(NULL, 4, GFP_KERNEL), "kmemdup_nul: NULL gives NULL");
	vfree(area);
}

static void constants(void)
{
	char on_stack[] = "a string of the stack";
	const char *s = kstrdup_const(constant, GFP_KERNEL);
	u64 before = objects_out();

	check(s == constant, "kstrdup_const: a pointer into .rodata is returned as it is");
	kfree_const(s);
	check(objects_out() == before && !memcmp(s, "a string", 8),
	      "kfree_const: a pointer into .rodata is not freed");
	s = kstrdup_const(on_stack, GFP_KERNEL);
	check(s && s != on_stack && !strcmp(s, on_stack), "kstrdup_const: any other is copied");
	kfree_const(s);
	check(objects_out() == before, "kfree_const: a copy is freed");
	kfree_const(NULL);
	check(!kstrdup_const(NULL, GFP_KERNEL), "kstrdup_const: NULL gives NULL");
}

static void memory(void)
{
	u8 data[200];
	u8 *p;

	pattern_fill(data, sizeof(data), 9);
	p = kmemdup(data, sizeof(data), GFP_KERNEL);
	check(p && p != data && pattern_holds(p, sizeof(data), 9), "kmemdup: an equal copy");
	kfree(p);
	check(!kmemdup(data, KMALLOC_MAX_SIZE + 1, GFP_KERNEL | __GFP_NOWARN),
	      "kmemdup: NULL when out of memory");
}

static void with_va(char *text, size_t size, const char *fmt, ...)
{
	struct va_format format = {.fmt = fmt};
	va_list args;

	va_start(args, fmt);
	format.va = &args;
	snprintf(text, size, "<%pV>", &format);
	va_end(args);
}

/* Linux's extensions of %p. */
static void pointers(void)
{
	phys_addr_t phys = 0x1234;
	u8 bytes[70];
	char text[256];

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (u8)(i + 0xab);
	snprintf(text, sizeof(text), "%pS|%psR|%pBb", pointers, NULL, (void *)0x10);
	check(strlen(text) == 3 * 18 + 2 && !strncmp(text, "0xffffffff8", 11) &&
		      !strcmp(text + 18, "|0x0000000000000000|0x0000000000000010"),
	      "%%pS: an address without a symbol as a number");
	snprintf(text, sizeof(text), "%pa %pap %pad %pa", &phys, &phys, &phys, NULL);
	check(!strcmp(text, "0x0000000000001234 0x0000000000001234 0x0000000000001234 (null)"),
	      "%%pa: the address that is pointed to");
	snprintf(text, sizeof(text), "%*ph|%3phC|%2phD|%4phN|%ph|%*ph|%2ph", 3, bytes, bytes, bytes,
		 bytes, bytes, 0, bytes, NULL);
	check(!strcmp(text, "ab ac ad|ab:ac:ad|ab-ac|abacadae|ab||(null)"),
	      "%%*ph: bytes in hexadecimal");
	snprintf(text, sizeof(text), "%*phN", 70, bytes);
	check(strlen(text) == 128, "%%*ph: of 64 bytes at most");
	with_va(text, sizeof(text), "%d %s", 5, "six");
	check(!strcmp(text, "<5 six>"), "%%pV: a format and its arguments");
	with_va(text, 5, "%d %s", 5, "six");
	check(!strcmp(text, "<5 s"), "%%pV: cut where the room ends");
	snprintf(text, sizeof(text), "%pK.%px.%pI4x", (void *)1, (void *)2, (void *)3);
	check(!strcmp(text, "0000000000000001.0000000000000002.0000000000000003"),
	      "%%p: what is not there prints the address, and no letter");
}

static void names_of_errors(void)
{
	char text[32];

	snprintf(text, sizeof(text), "%pe %8pe", ERR_PTR(-ENOMEM), ERR_PTR(-EIO));
	check(!strcmp(text, "-ENOMEM     -EIO"), "%%pe: an error in a pointer by its name");
	snprintf(text, sizeof(text), "%pe", ERR_PTR(-4000));
	check(!strcmp(text, "-4000"), "%%pe: an error without a name as a number");
	snprintf(text, sizeof(text), "%pe", (void *)0x1234);
	check(!strcmp(text, "0000000000001234"), "%%pe: any other pointer as a number");
	pointers();
}

static struct {
	char text[64];
	bool done;
	unsigned int bad;
} shared;

/* vCPU 0 duplicates a string while the others lengthen and shorten it. */
static void dup_while_changing(void *arg)
{
	(void)arg;
	if (smp_processor_id()) {
		for (unsigned int i = 0;
		     !__atomic_load_n(&shared.done, __ATOMIC_ACQUIRE) && i < 1u << 24; i++)
			__atomic_store_n(&shared.text[7], i & 1 ? 'x' : 0, __ATOMIC_RELAXED);
		return;
	}
	for (unsigned int i = 0; i < 200 * scale; i++) {
		char *s = kstrdup(shared.text, GFP_KERNEL);
		char *n = kstrndup(shared.text, 20, GFP_KERNEL);

		if (!s || strnlen(s, 64) > 15 || !n || strnlen(n, 64) > 15)
			shared.bad++;
		kfree(s);
		kfree(n);
	}
	__atomic_store_n(&shared.done, true, __ATOMIC_RELEASE);
}

void test_string(void)
{
	u64 before = objects_out();

	whole_strings();
	edge_of_memory();
	constants();
	memory();
	names_of_errors();
	memset(&shared, 0, sizeof(shared));
	memcpy(shared.text, "changed meanwhi", 15);
	smp_call_all(dup_while_changing, NULL);
	check(!shared.bad,
	      "kstrdup, kstrndup: always NUL-terminated, also when the source changes meanwhile");
	check(objects_out() == before, "string family: nothing leaked");
}
