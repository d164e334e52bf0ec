/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Usage: selftest [scale=N] [family...]
 * Runs the families named, or all; exit status 0 if every check held.
 */
#include "selftest.h"
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <slabvisor/kmem.h>
#include <slabvisor/platform.h>
#include <slabvisor/smp.h>
#include <slabvisor/user.h>

static const struct {
	const char *name;
	void (*run)(void);
} families[] = {
	{"kmalloc", test_kmalloc}, {"cache", test_cache}, {"string", test_string},
	{"gfp", test_gfp},         {"user", test_user},   {"gup", test_gup},
	{"vm", test_vm},           {"pools", test_pools}, {"port", test_port},
	{"smp", test_smp},
};

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

u64 exits_here(void)
{
	return platform()->exits[smp_processor_id()];
}

u64 kicks_here(void)
{
	return platform()->kicks[smp_processor_id()];
}

static struct {
	unsigned int drained; /* vCPUs */
	bool counted;
	u64 objects;
} out;

/* The others stay here while vCPU 0 counts: one that goes idle stocks what atomic allocations
 * may want, which would count. */
static void count_out(void *unused)
{
	struct virtio_kmem_stats stats;

	(void)unused;
	kmem_cpu_drain();
	/* Release, and acquire below: the magazines are in the depots by then. */
	__atomic_fetch_add(&out.drained, 1, __ATOMIC_RELEASE);
	if (smp_processor_id()) {
		while (!__atomic_load_n(&out.counted, __ATOMIC_RELAXED))
			__builtin_ia32_pause();
		return;
	}
	while (__atomic_load_n(&out.drained, __ATOMIC_ACQUIRE) != num_online_cpus())
		__builtin_ia32_pause();
	kmem_give_back();
	out.objects = kmem_stats(0, &stats) ? ~0ull : stats.objects_active;
	__atomic_store_n(&out.counted, true, __ATOMIC_RELAXED);
}

u64 objects_out(void)
{
	out.drained = 0;
	out.counted = false;
	smp_call_all(count_out, NULL);
	return out.objects;
}

u64 pages_pinned(void)
{
	struct virtio_kmem_stats stats;

	return kmem_stats(0, &stats) ? ~0ull : stats.pages_pinned;
}

int node_of(const void *p)
{
	const struct kmem_channel *channel = kmem_channel();
	u64 addr = virt_to_phys(p);
	unsigned int i;

	for (i = 0; i < channel->nr_ranges; i++)
		if (addr - channel->range[i].base < channel->range[i].size)
			return (int)channel->range[i].node;
	return -1;
}

static int protection(bool write)
{
	return write ? PROT_READ | PROT_WRITE : PROT_READ;
}

u8 __user *user_area(unsigned long pages, bool write)
{
	unsigned long addr;

	addr = user_mmap(0, pages * PAGE_SIZE, protection(write), MAP_PRIVATE | MAP_ANONYMOUS);
	return IS_ERR_VALUE(addr) ? NULL : (u8 __user *)addr;
}

int user_protect(u8 __user *area, unsigned long pages, bool write)
{
	return user_mprotect((unsigned long)area, pages * PAGE_SIZE, protection(write));
}

int user_release(u8 __user *area, unsigned long pages)
{
	return user_munmap((unsigned long)area, pages * PAGE_SIZE);
}

bool debug_mode(void)
{
	return kmem_channel()->debug != 0;
}

static bool chosen(const char *family, int argc, char **argv)
{
	bool any = false;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "scale=", 6))
			continue;
		any = true;
		if (!strcmp(argv[i], family))
			return true;
	}
	return !any;
}

int main(int argc, char **argv)
{
	unsigned int ran = 0;
	int i;

	for (i = 1; i < argc; i++)
		if (!strncmp(argv[i], "scale=", 6) && kstrtouint(argv[i] + 6, 10, &scale))
			scale = 0;
	if (!scale) {
		printk("selftest: scale is a number from 1\n");
		return 2;
	}
	for (i = 0; i < (int)ARRAY_SIZE(families); i++) {
		if (!chosen(families[i].name, argc, argv))
			continue;
		printk("# %s\n", families[i].name);
		families[i].run();
		ran++;
	}
	if (!ran) {
		printk("selftest: no such family\n");
		return 2;
	}
	printk("1..%u\n", checks);
	if (failures)
		printk("# %u of %u failed\n", failures, checks);
	return failures != 0;
}
