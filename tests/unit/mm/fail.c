/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every call that the host can refuse, refused once: the k-th of a scenario, for
 * k = 1, 2, ... until the scenario has fewer. Nothing leaks, the counts are right, and
 * what failed works the next time.
 *
 * The calls are this program's own, in front of the C library's.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/mm/util.h"

#define SITES 1000000L

static bool armed;
static long countdown; /* calls until one is refused */
static long mappings;  /* made while armed, less those undone */
static unsigned int refused_calls;

static bool refuse(void)
{
	if (!armed || --countdown)
		return false;
	refused_calls++;
	errno = ENOMEM;
	return true;
}

void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
	long ret;

	if (refuse())
		return MAP_FAILED;
	ret = syscall(SYS_mmap, addr, length, prot, flags, fd, offset);
	if (armed && ret != -1 && !(flags & MAP_FIXED))
		mappings++;
	return (void *)ret; /* NOLINT(performance-no-int-to-ptr) */
}

int munmap(void *addr, size_t length)
{
	if (armed)
		mappings--;
	return (int)syscall(SYS_munmap, addr, length);
}

int mprotect(void *addr, size_t length, int prot)
{
	return refuse() ? -1 : (int)syscall(SYS_mprotect, addr, length, prot);
}

int madvise(void *addr, size_t length, int advice)
{
	return refuse() ? -1 : (int)syscall(SYS_madvise, addr, length, advice);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
	return refuse() ? -1 : (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

int memfd_create(const char *name, unsigned int flags)
{
	return refuse() ? -1 : (int)syscall(SYS_memfd_create, name, flags);
}

int ftruncate(int fd, off_t length)
{
	return refuse() ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

void *calloc(size_t n, size_t size)
{
	static void *(*next)(size_t, size_t);
	static _Alignas(16) uint8_t early[4096]; /* for the loader, while it looks for next */
	static size_t taken;
	static bool looking;

	if (!next && !looking) {
		looking = true;
		*(void **)&next = dlsym(RTLD_NEXT, "calloc");
		looking = false;
	}
	if (!next) {
		void *memory = early + taken;

		taken += (n * size + 15) & ~15ul;
		return taken <= sizeof(early) ? memory : NULL;
	}
	return refuse() ? NULL : next(n, size);
}

struct scenario {
	struct mm_heap *heap;
	uint64_t addr[64];
	int cache[64]; /* 0: a run */
	unsigned int nr;
};

static void take_objects(struct scenario *s, int cache, unsigned int n)
{
	long got;

	if (cache < 0)
		return;
	got = mm_alloc_bulk(s->heap, 0, cache, MM_NODE_ANY, 0, 0, 0, n, s->addr + s->nr);
	assert_true(got > 0 || got == -ENOMEM);
	for (long i = 0; i < got; i++) {
		s->addr[s->nr] &= ~MM_ADDR_FLAGS;
		memset(util_host(s->heap, s->addr[s->nr]), 0x33, 8);
		s->cache[s->nr++] = cache;
	}
}

static void take_runs(struct scenario *s, unsigned int order, unsigned int n)
{
	long got = mm_pages_alloc(s->heap, 0, order, MM_NODE_ANY, MM_ZERO, n, s->addr + s->nr);

	assert_true(got > 0 || got == -ENOMEM);
	for (long i = 0; i < got; i++) {
		s->addr[s->nr] &= ~MM_ADDR_FLAGS;
		assert_true(
			util_is_zero(util_host(s->heap, s->addr[s->nr]), MM_FRAME_SIZE << order));
		memset(util_host(s->heap, s->addr[s->nr]), 0x33, MM_FRAME_SIZE << order);
		s->cache[s->nr++] = 0;
	}
}

/* All that the layers can do, with what the host refuses in between. */
static void play(struct scenario *s)
{
	struct mm_bad bad[64];
	uint64_t page[64];
	size_t nr_bad;
	long pinned;
	int cache;

	cache = mm_cache_create(s->heap, "mine", 300, 0, MM_DEBUG_POISON);
	assert_true(cache > 0 || cache == -ENOMEM);
	take_objects(s, cache, 8);
	take_objects(s, 4, 8);
	take_objects(s, 13, 2);
	take_runs(s, 0, 8);
	take_runs(s, 5, 2);
	take_runs(s, 9, 2);
	take_runs(s, 10, 1);
	for (unsigned int i = 0; i < s->nr; i++)
		page[i] = s->addr[i] & ~(MM_FRAME_SIZE - 1);
	pinned = mm_pin(s->heap, s->nr, page);
	assert_true(pinned >= 0 || pinned == -EAGAIN);
	for (unsigned int i = 0; i < s->nr; i++) {
		if (s->cache[i])
			assert_int_equal(mm_free_bulk(s->heap, 0, s->cache[i], 0, 1, s->addr + i,
						      bad, &nr_bad),
					 1);
		else
			assert_int_equal(mm_pages_free(s->heap, 0, 1, s->addr + i, bad, &nr_bad),
					 1);
	}
	if (pinned > 0)
		assert_int_equal(mm_unpin(s->heap, (size_t)pinned, page, bad, &nr_bad), pinned);
	(void)mm_reclaim(s->heap);
	if (cache > 0)
		assert_int_equal(mm_cache_destroy(s->heap, cache), 0);
	s->nr = 0;
}

static void check_nothing_is_left(struct mm_heap *heap)
{
	struct mm_stats stats;

	(void)mm_reclaim(heap);
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_int_equal(stats.objects_active, 0);
	assert_int_equal(stats.slabs, 0);
	assert_int_equal(stats.frames_in_use, 0);
	assert_int_equal(stats.frames_cached, 0);
	assert_int_equal(stats.frames_backed, 0);
	assert_int_equal(stats.pages_pinned, 0);
	assert_int_equal(stats.errors, 0);
}

static long fails_cleanly(const struct mm_config *config)
{
	long k;

	for (k = 1; k < SITES; k++) {
		struct scenario s = {.nr = 0};
		const char *why = NULL;
		int fd = dup(0);
		int err;

		close(fd);
		mappings = 0;
		refused_calls = 0;
		countdown = k;
		armed = true;
		err = mm_heap_create(config, &s.heap, &why);
		if (!err) {
			play(&s);
			armed = false;
			check_nothing_is_left(s.heap);
			/* What failed was not broken by that. */
			play(&s);
			check_nothing_is_left(s.heap);
			armed = true;
			/* Some resets are refused too. */
			mm_heap_reset(s.heap);
			mm_heap_destroy(s.heap);
		} else {
			assert_int_equal(err, -ENOMEM);
			assert_non_null(why);
		}
		armed = false;
		assert_int_equal(mappings, 0);
		assert_int_equal(dup(0), fd);
		close(fd);
		if (!refused_calls)
			return k;
	}
	return k;
}

static void anonymous_memory(void **state)
{
	struct mm_config config = util_config(32 * MIB, 2);
	long calls;

	(void)state;
	calls = fails_cleanly(&config);
	assert_true(calls > 30 && calls < SITES);
}

static void a_memfd_given_back_at_once(void **state)
{
	struct mm_config config = util_config(16 * MIB, 2);
	long calls;

	(void)state;
	config.backing = MM_BACKING_MEMFD;
	config.reclaim_delay_ms = 0;
	calls = fails_cleanly(&config);
	assert_true(calls > 30 && calls < SITES);
}

static void every_mode(void **state)
{
	struct mm_config config = util_config(32 * MIB, 2);
	long calls;

	(void)state;
	config.debug = MM_DEBUG_ALL & ~MM_HARDEN_GUARD;
	calls = fails_cleanly(&config);
	assert_true(calls > 30 && calls < SITES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anonymous_memory),
		cmocka_unit_test(a_memfd_given_back_at_once),
		cmocka_unit_test(every_mode),
	};

	return cmocka_run_group_tests_name("mm_fail", tests, NULL, NULL);
}
