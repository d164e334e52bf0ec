/* SPDX-License-Identifier: BSD-2-Clause */
/* Reserving, backing and discarding; promises that the host cannot keep. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mm/host/region.h"
#include "tests/unit/mm/util.h"

static void refused(const struct mm_config *config, int status, const char *says)
{
	struct mm_heap *heap = NULL;
	const char *why = NULL;

	assert_int_equal(mm_heap_create(config, &heap, &why), status);
	assert_null(heap);
	assert_non_null(why);
	if (!strstr(why, says))
		fail_msg("\"%s\" does not say \"%s\"", why, says);
}

static void bad_configs_are_refused(void **state)
{
	struct mm_config good = util_config(16 * MIB, 1);
	struct mm_config config;

	(void)state;
	config = good, config.nr_ranges = 0;
	refused(&config, -EINVAL, "ranges");
	config = good, config.nr_ranges = 17;
	refused(&config, -EINVAL, "ranges");
	config = good, config.range[0].base += MM_FRAME_SIZE;
	refused(&config, -EINVAL, "2 MiB");
	config = good, config.range[0].size = 0;
	refused(&config, -EINVAL, "2 MiB");
	config = good, config.range[0].size -= MM_FRAME_SIZE;
	refused(&config, -EINVAL, "2 MiB");
	config = good, config.range[0].base = -(uint64_t)(2 * MIB);
	refused(&config, -EINVAL, "ascending");
	config = good, config.nr_ranges = 2, config.range[1] = config.range[0];
	refused(&config, -EINVAL, "disjoint");
	config.range[1].base += 9ull << 40;
	refused(&config, -EINVAL, "8 TiB");
	config = good, config.range[0].node = 16;
	refused(&config, -EINVAL, "nodes are 0 to 15");
	config = good, config.cpus = 0;
	refused(&config, -EINVAL, "CPUs");
	config = good, config.cpus = 65;
	refused(&config, -EINVAL, "CPUs");
	config = good, config.backing = 3;
	refused(&config, -EINVAL, "backing");
	config = good, config.debug = 1;
	refused(&config, -EINVAL, "debug");
	config = good, config.reclaim_delay_ms = -2;
	refused(&config, -EINVAL, "delay");
	config = good, config.range[0].host_node = 1000;
	refused(&config, -EINVAL, "host node 1000");
	assert_int_equal(mm_heap_create(&config, &(struct mm_heap *){0}, NULL), -EINVAL);
}

static void what_the_host_lacks_is_said(void **state)
{
	struct mm_config config = util_config(4ull << 40, 1);

	(void)state;
	refused(&config, -ENOMEM, "heap of 4096.0 GiB asked, the host's memory is ");
	config.backing = MM_BACKING_MEMFD;
	refused(&config, -ENOMEM, "heap of 4096.0 GiB asked, the host's memory is ");
	config.backing = MM_BACKING_HUGETLB;
	refused(&config, -ENOMEM, "hugetlb pool");
}

/* A window larger than the host, of which only so much has memory at once. */
static void what_is_bounded_needs_no_more(void **state)
{
	const enum mm_backing kinds[] = {MM_BACKING_ANON, MM_BACKING_MEMFD};
	struct mm_config config = util_config(4ull << 40, 1);
	struct region region;
	const char *why;

	(void)state;
	config.backed_max = 64 * MIB;
	for (unsigned int i = 0; i < 2; i++) {
		config.backing = kinds[i];
		assert_int_equal(region_create(&region, &config, &why), 0);
		assert_int_equal(region_back(&region, 1ull << 40, 2 * MIB), 0);
		region_destroy(&region);
	}
	config.backed_max = 3ull << 40;
	refused(&config, -ENOMEM, "heap of 3072.0 GiB asked, the host's memory is ");
	/* The pool's pages are taken for all of it. */
	config.backed_max = 64 * MIB;
	config.backing = MM_BACKING_HUGETLB;
	refused(&config, -ENOMEM, "hugetlb pool");
}

/* A read or write of host memory in a child process: does it fault? */
static int faults(volatile uint8_t *byte)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		(void)*byte;
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void backing(enum mm_backing kind)
{
	struct mm_config config = util_config(8 * MIB, 1);
	struct region region;
	const char *why;

	config.backing = kind;
	config.nr_ranges = 2;
	config.range[1] = config.range[0];
	config.range[1].base += 16 * MIB;
	assert_int_equal(region_create(&region, &config, &why), 0);
	assert_int_equal(region.size, 24 * MIB);
	assert_int_equal((uintptr_t)region.host % MM_HUGE_SIZE, 0);
	assert_true(faults(region.host));
	assert_true(faults(region.host + 10 * MIB));
	assert_true(faults(region.host + 16 * MIB));

	for (int round = 0; round < 2; round++) {
		assert_int_equal(region_back(&region, 2 * MIB, 4 * MIB), 0);
		assert_true(util_is_zero(region.host + 2 * MIB, 4 * MIB));
		memset(region.host + 2 * MIB, 0xab, 4 * MIB);
		assert_true(faults(region.host + 2 * MIB - 1));
		assert_true(faults(region.host + 6 * MIB));
		/* The middle goes, its neighbours stay. */
		assert_int_equal(region_discard(&region, 2 * MIB, 2 * MIB), 0);
		assert_true(faults(region.host + 2 * MIB));
		assert_int_equal(region.host[4 * MIB], 0xab);
		assert_int_equal(region_discard(&region, 4 * MIB, 2 * MIB), 0);
	}
	region_destroy(&region);
}

static void anonymous_memory_comes_and_goes(void **state)
{
	(void)state;
	backing(MM_BACKING_ANON);
}

static void a_memfd_comes_and_goes(void **state)
{
	(void)state;
	backing(MM_BACKING_MEMFD);
}

/* Its memory stays accessible; what is written there meanwhile is gone nonetheless. */
static void hugetlb_memory_comes_and_goes(void **state)
{
	struct mm_config config = util_config(8 * MIB, 1);
	int grown = util_pool_grow(8);
	struct region region;
	const char *why = NULL;

	(void)state;
	config.backing = MM_BACKING_HUGETLB;
	if (region_create(&region, &config, &why)) {
		print_message("# left out: %s\n", why);
		skip();
	}
	assert_true(faults(region.host));
	for (int round = 0; round < 2; round++) {
		assert_int_equal(region_back(&region, 2 * MIB, 4 * MIB), 0);
		assert_true(util_is_zero(region.host + 2 * MIB, 4 * MIB));
		memset(region.host + 2 * MIB, 0xab, 4 * MIB);
		assert_true(faults(region.host + 6 * MIB));
		assert_int_equal(region_discard(&region, 2 * MIB, 2 * MIB), 0);
		assert_int_equal(region.host[2 * MIB], 0);
		region.host[2 * MIB + 100] = 0xcd;
		assert_int_equal(region.host[4 * MIB], 0xab);
		assert_int_equal(region_discard(&region, 4 * MIB, 2 * MIB), 0);
	}
	region_destroy(&region);
	if (grown)
		util_pool_grow(-8);
}

static void a_memfd_is_shared_and_sealed(void **state)
{
	struct mm_config config = util_config(8 * MIB, 1);
	struct mm_heap *heap;
	uint64_t addr;
	uint8_t *other;
	int fd;

	(void)state;
	config.backing = MM_BACKING_MEMFD;
	config.reclaim_delay_ms = 0;
	heap = util_heap(&config);
	fd = mm_heap_fd(heap);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 16 * MIB), -1);
	other = mmap(NULL, 8 * MIB, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(other, MAP_FAILED);
	addr = util_run(heap, 9, 0);
	memset(util_host(heap, addr), 0x5e, MM_HUGE_SIZE);
	assert_int_equal(other[(addr & ~MM_ADDR_FLAGS) - UTIL_BASE + 12345], 0x5e);
	util_free_run(heap, addr, 0);
	assert_int_equal(other[(addr & ~MM_ADDR_FLAGS) - UTIL_BASE + 12345], 0);
	munmap(other, 8 * MIB);
	mm_heap_destroy(heap);
}

static void an_anonymous_heap_has_no_fd(void **state)
{
	struct mm_config config = util_config(8 * MIB, 1);
	struct mm_heap *heap;

	(void)state;
	config.range[0].host_node = 0;
	heap = util_heap(&config);
	assert_int_equal(mm_heap_fd(heap), -1);
	assert_int_equal(mm_heap_base(heap), UTIL_BASE);
	assert_int_equal(mm_heap_size(heap), 8 * MIB);
	mm_heap_destroy(heap);
	mm_heap_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_configs_are_refused),
		cmocka_unit_test(what_the_host_lacks_is_said),
		cmocka_unit_test(what_is_bounded_needs_no_more),
		cmocka_unit_test(anonymous_memory_comes_and_goes),
		cmocka_unit_test(a_memfd_comes_and_goes),
		cmocka_unit_test(hugetlb_memory_comes_and_goes),
		cmocka_unit_test(a_memfd_is_shared_and_sealed),
		cmocka_unit_test(an_anonymous_heap_has_no_fd),
	};

	return cmocka_run_group_tests_name("mm_host_region", tests, NULL, NULL);
}
