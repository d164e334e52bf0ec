/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/guest/util.h"

#include <linux/errno.h>
#include <linux/spinlock.h>

#include "guest/lib/kmem/priv.h"

struct wire wire;
char util_bug[256], util_warn[256];
unsigned int util_warnings;

static struct mm_heap *heap;
static u64 frames_before;
static jmp_buf jump;

static void on_bug(u64 addr, const char *text)
{
	(void)addr;
	snprintf(util_bug, sizeof(util_bug), "%s", text);
	longjmp(jump, 1);
}

void util_expect_bug(void (*fn)(const void *p), const void *p, const char *text)
{
	util_bug[0] = '\0';
	hosted_on_bug = on_bug;
	if (!setjmp(jump)) {
		fn(p);
		hosted_on_bug = NULL;
		fail_msg("no BUG, but: %s", text);
	}
	hosted_on_bug = NULL;
	/* A BUG ends a guest as it is; here the test goes on. */
	if (spin_is_locked(&kmem.walk))
		spin_unlock(&kmem.walk);
	kmem_self()->asking = 0;
	kmem_self()->busy = false;
	if (!strstr(util_bug, text))
		fail_msg("BUG says \"%s\", not \"%s\"", util_bug, text);
}

static void on_warn(const char *text)
{
	snprintf(util_warn, sizeof(util_warn), "%s", text);
	util_warnings++;
}

static unsigned long count(unsigned long *counter)
{
	return __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* In the middle of a request: one at a time in each thread, which an interrupt may come into. */
static __thread bool in_request;

static void interrupt(void (*handler)(void))
{
	if (in_request)
		count(&wire.nested);
	if (in_request || !handler)
		return;
	in_request = true;
	handler();
	in_request = false;
}

static bool fails(size_t *n)
{
	long number = (long)count(&wire.allocs);

	count(&wire.requests);
	if (*n > READ_ONCE(wire.largest))
		WRITE_ONCE(wire.largest, *n);
	if (wire.most && *n > wire.most)
		*n = wire.most;
	return wire.fail_from >= 0 && number >= wire.fail_from &&
	       number - wire.fail_from < wire.fail_for;
}

static long wire_alloc(unsigned int cpu, u32 cache, u32 node, u32 flags, size_t asked, u64 caller,
		       size_t n, u64 *addr)
{
	interrupt(wire.on_alloc);
	WRITE_ONCE(wire.last_flags, flags);
	WRITE_ONCE(wire.last_asked, asked);
	WRITE_ONCE(wire.last_caller, caller);
	if (fails(&n))
		return -ENOMEM;
	return wire.real.alloc(cpu, cache, node, flags, asked, caller, n, addr);
}

static long wire_alloc_pages(unsigned int cpu, unsigned int order, u32 node, u32 flags, size_t n,
			     u64 *addr)
{
	interrupt(wire.on_alloc);
	if (fails(&n))
		return -ENOMEM;
	return wire.real.alloc_pages(cpu, order, node, flags, n, addr);
}

static long wire_free(unsigned int cpu, u32 cache, u64 caller, size_t n, const u64 *addr,
		      struct virtio_kmem_bad *bad, size_t *nr_bad)
{
	count(&wire.frees);
	count(&wire.requests);
	interrupt(wire.on_free);
	return wire.real.free(cpu, cache, caller, n, addr, bad, nr_bad);
}

static long wire_free_pages(unsigned int cpu, size_t n, const u64 *addr,
			    struct virtio_kmem_bad *bad, size_t *nr_bad)
{
	count(&wire.frees);
	count(&wire.requests);
	interrupt(wire.on_free);
	return wire.real.free_pages(cpu, n, addr, bad, nr_bad);
}

static long wire_widen(unsigned int cpu, u64 addr)
{
	interrupt(NULL);
	return wire.real.widen(cpu, addr);
}

static void start(const struct mm_config *config)
{
	static struct kmem_channel_ops ops;
	struct kmem_channel channel;
	const char *why = NULL;

	memset(&wire, 0, sizeof(wire));
	wire.fail_from = -1;
	if (mm_heap_create(config, &heap, &why))
		fail_msg("no heap: %s", why);
	hosted_channel(heap, &channel);
	for (unsigned int i = 0; i < config->nr_ranges; i++) {
		channel.range[i].base = config->range[i].base;
		channel.range[i].size = config->range[i].size;
		channel.range[i].node = config->range[i].node;
	}
	channel.nr_ranges = config->nr_ranges;
	channel.nr_nodes = config->nr_ranges;
	channel.debug = config->debug >> 8;
	wire.real = *channel.ops;
	ops = *channel.ops;
	ops.alloc = wire_alloc;
	ops.alloc_pages = wire_alloc_pages;
	ops.free = wire_free;
	ops.free_pages = wire_free_pages;
	ops.widen = wire_widen;
	channel.ops = &ops;
	frames_before = util_frames();
	hosted_on_warn = on_warn;
	util_warnings = 0;
	assert_int_equal(kmem_init(&channel), 0);
}

void util_start(size_t size, unsigned int debug)
{
	struct mm_config config = {
		.range = {{.base = BASE, .size = size, .host_node = -1}},
		.nr_ranges = 1,
		.cpus = 4,
		.pin_quota = 1024,
		.debug = debug,
	};

	start(&config);
}

void util_start_watched(size_t size, const char *rules)
{
	struct mm_config config = {
		.range = {{.base = BASE, .size = size, .host_node = -1}},
		.nr_ranges = 1,
		.cpus = 4,
		.pin_quota = 1024,
	};
	const char *why;

	assert_int_equal(mm_debug_parse(rules, &config, &why), 0);
	start(&config);
}

void util_start_nodes(size_t size)
{
	struct mm_config config = {
		.range = {{.base = BASE, .size = size, .node = 0, .host_node = -1},
			  {.base = BASE + size, .size = size, .node = 1, .host_node = -1}},
		.nr_ranges = 2,
		.cpus = 4,
	};

	start(&config);
}

void util_stop(void)
{
	kmem_exit();
	assert_int_equal(util_frames(), frames_before);
	mm_heap_destroy(heap);
	heap = NULL;
	hosted_on_warn = NULL;
	assert_int_equal(wire.nested, 0);
}

int util_setup(void **state)
{
	(void)state;
	util_start(64 * MIB, 0);
	return 0;
}

int util_setup_debug(void **state)
{
	(void)state;
	util_start(64 * MIB, MM_DEBUG_SANITY | MM_DEBUG_REDZONE | MM_DEBUG_POISON | MM_DEBUG_OWNER);
	return 0;
}

int util_setup_nodes(void **state)
{
	(void)state;
	util_start_nodes(16 * MIB);
	return 0;
}

int util_teardown(void **state)
{
	(void)state;
	util_stop();
	return 0;
}

void util_free_all(void **object, size_t n)
{
	while (n)
		kfree(object[--n]);
}

struct mm_heap *util_heap(void)
{
	return heap;
}

u64 util_active(u32 cache)
{
	struct mm_stats stats;

	assert_int_equal(mm_stats(heap, (int)cache, &stats), 0);
	return stats.objects_active;
}

u64 util_frames(void)
{
	struct mm_stats stats;

	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	return stats.frames_in_use;
}
