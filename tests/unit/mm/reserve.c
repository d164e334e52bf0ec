/* SPDX-License-Identifier: BSD-2-Clause */
/* A heap whose window others map, and can write: its reserve, the copy of its page map, the bound
 * of its memory, and memory that was touched and that nobody asked for. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/mm/util.h"

#define SIZE    (64 * MIB)
#define RESERVE (4 * MIB)
#define RUN     ((uint64_t)MM_FRAME_SIZE << 9)

struct shared {
	struct mm_heap *heap;
	uint8_t *other; /* the window as another process maps it */
};

static struct mm_config config_of(void)
{
	struct mm_config config = util_config(SIZE, 2);

	config.range[0].base = 0;
	config.backing = MM_BACKING_MEMFD;
	config.reserve = RESERVE;
	return config;
}

static void make(struct shared *s, const struct mm_config *config)
{
	s->heap = util_heap(config);
	s->other = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, mm_heap_fd(s->heap), 0);
	assert_ptr_not_equal(s->other, MAP_FAILED);
}

static void end(struct shared *s)
{
	munmap(s->other, SIZE);
	mm_heap_destroy(s->heap);
}

static uint64_t stored(const struct shared *s)
{
	struct stat st;

	assert_int_equal(fstat(mm_heap_fd(s->heap), &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

/* As many runs of 2 MiB as there are, up to n. */
static long take(const struct shared *s, uint64_t *addr, size_t n)
{
	long got = mm_pages_alloc(s->heap, 0, 9, MM_NODE_ANY, 0, n, addr);

	for (long i = 0; i < got; i++)
		addr[i] &= ~MM_ADDR_FLAGS;
	return got;
}

static void nothing_is_made_of_it(void **state)
{
	const struct mm_config config = config_of();
	uint64_t addr[SIZE / RUN];
	struct mm_stats stats;
	struct mm_bad bad;
	struct shared s;
	size_t nr_bad;
	gpa_t at = RESERVE - MM_FRAME_SIZE;
	long n;

	(void)state;
	make(&s, &config);
	assert_int_equal(mm_heap_base(s.heap), 0);
	assert_int_equal(mm_heap_size(s.heap), SIZE);
	assert_int_equal(mm_stats(s.heap, 0, &stats), 0);
	assert_int_equal(stats.frames_total, (SIZE - RESERVE) / MM_FRAME_SIZE);
	n = take(&s, addr, SIZE / RUN);
	assert_int_equal(n, (SIZE - RESERVE) / RUN);
	for (long i = 0; i < n; i++)
		assert_true(addr[i] >= RESERVE && addr[i] < SIZE);
	assert_int_equal(mm_pages_free(s.heap, 0, 1, &at, &bad, &nr_bad), 0);
	assert_int_equal(bad.status, -EFAULT);
	assert_int_equal(mm_pin(s.heap, 1, &at), -EFAULT);
	assert_int_equal(mm_free_bulk(s.heap, 0, 0, 0, 1, &at, &bad, &nr_bad), 0);
	assert_int_equal(bad.status, -EFAULT);
	end(&s);
}

static void a_reset_leaves_it_alone(void **state)
{
	const struct mm_config config = config_of();
	struct shared s;
	uint64_t addr;

	(void)state;
	make(&s, &config);
	assert_int_equal(stored(&s), RESERVE);
	s.other[0] = 0x5a;
	assert_int_equal(take(&s, &addr, 1), 1);
	assert_int_equal(stored(&s), RESERVE + RUN);
	mm_heap_reset(s.heap);
	assert_int_equal(stored(&s), RESERVE);
	assert_int_equal(*(uint8_t *)mm_heap_host(s.heap), 0x5a);
	end(&s);
}

static void assert_copied(const struct shared *s)
{
	size_t bytes;
	const uint8_t *map = mm_heap_page_map(s->heap, &bytes);

	assert_int_equal(mm_heap_shown_map(s->heap), RESERVE - bytes);
	assert_memory_equal(map, s->other + RESERVE - bytes, bytes);
}

static void the_page_map_is_copied(void **state)
{
	const struct mm_config config = config_of();
	struct mm_bad bad[64];
	uint64_t addr[64];
	struct shared s;
	size_t nr_bad;

	(void)state;
	make(&s, &config);
	assert_copied(&s);
	for (unsigned int order = 0; order <= MM_MAX_ORDER; order++) {
		assert_int_equal(mm_pages_alloc(s.heap, 1, order, MM_NODE_ANY, 0, 1, &addr[order]),
				 1);
		addr[order] &= ~MM_ADDR_FLAGS;
		assert_copied(&s);
	}
	assert_int_equal(mm_alloc_bulk(s.heap, 0, 4, MM_NODE_ANY, 0, 0, 0, 8, &addr[32]), 8);
	assert_copied(&s);
	assert_int_equal(mm_pages_free(s.heap, 0, MM_MAX_ORDER, addr, bad, &nr_bad), MM_MAX_ORDER);
	assert_copied(&s);
	mm_heap_reset(s.heap);
	assert_copied(&s);
	end(&s);
}

static void what_is_written_to_the_copy_is_not_believed(void **state)
{
	const struct mm_config config = config_of();
	size_t bytes;
	struct mm_bad bad;
	struct shared s;
	size_t nr_bad;
	uint64_t addr;
	gpa_t wrong;

	(void)state;
	make(&s, &config);
	(void)mm_heap_page_map(s.heap, &bytes);
	assert_int_equal(take(&s, &addr, 1), 1);
	memset(s.other + mm_heap_shown_map(s.heap), MM_PM_RUN, bytes);
	wrong = addr + RUN < SIZE ? addr + RUN : addr - RUN;
	assert_int_equal(mm_pages_free(s.heap, 0, 1, &wrong, &bad, &nr_bad), 0);
	assert_int_equal(bad.status, -ENOENT);
	assert_null(mm_host_ptr(s.heap, wrong, 1));
	memset(s.other + mm_heap_shown_map(s.heap), MM_PM_NONE, bytes);
	assert_int_equal(mm_pages_free(s.heap, 0, 1, &addr, &bad, &nr_bad), 1);
	end(&s);
}

static void no_more_has_memory_than_may(void **state)
{
	struct mm_config config = config_of();
	uint64_t addr[SIZE / RUN];
	uint64_t more;
	struct mm_bad bad[8];
	struct shared s;
	size_t nr_bad;

	(void)state;
	config.backed_max = 16 * MIB;
	config.reclaim_delay_ms = 0;
	make(&s, &config);
	assert_int_equal(take(&s, addr, SIZE / RUN), 8);
	assert_int_equal(stored(&s), RESERVE + 16 * MIB);
	assert_int_equal(take(&s, &more, 1), -ENOMEM);
	assert_int_equal(mm_alloc_bulk(s.heap, 1, 1, MM_NODE_ANY, 0, 0, 0, 1, &more), -ENOMEM);
	assert_int_equal(mm_pages_free(s.heap, 0, 2, addr, bad, &nr_bad), 2);
	assert_int_equal(mm_alloc_bulk(s.heap, 1, 1, MM_NODE_ANY, 0, 0, 0, 1, &more), 1);
	assert_int_equal(take(&s, addr, 2), 1);
	end(&s);
}

static void strays_are_found_and_given_back(void **state)
{
	const struct mm_config config = config_of();
	struct shared s;
	uint64_t addr;

	(void)state;
	make(&s, &config);
	assert_int_equal(take(&s, &addr, 1), 1);
	memset(s.other + addr, 0xa5, RUN);
	assert_int_equal(mm_strays(s.heap), 0);
	assert_int_equal(mm_strays_punch(s.heap), 0);
	for (uint64_t at = RESERVE; at < SIZE; at += 3 * MIB)
		s.other[at] = 1;
	/* One of them is in the run that is handed out. */
	assert_in_range(mm_strays(s.heap), 18 * MM_FRAME_SIZE, 20 * MM_FRAME_SIZE);
	assert_in_range(mm_strays_punch(s.heap), 18 * MM_FRAME_SIZE, 20 * MM_FRAME_SIZE);
	assert_int_equal(mm_strays(s.heap), 0);
	assert_int_equal(stored(&s), RESERVE + RUN);
	assert_int_equal(s.other[addr + 7], 0xa5);
	/* What was touched before it was handed out is zero all the same. */
	s.other[SIZE - 1] = 1;
	while (mm_pages_alloc(s.heap, 0, 9, MM_NODE_ANY, MM_ZERO, 1, &addr) == 1)
		assert_int_equal(s.other[(addr & ~MM_ADDR_FLAGS) + RUN - 1], 0);
	end(&s);
}

static void unfit_reserves_are_refused(void **state)
{
	static const uint64_t unfit[] = {MIB, 3 * MIB, SIZE, SIZE + 2 * MIB};
	struct mm_config config = config_of();
	struct mm_heap *heap;
	const char *why;

	(void)state;
	for (unsigned int i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
		config.reserve = unfit[i];
		why = NULL;
		assert_int_equal(mm_heap_create(&config, &heap, &why), -EINVAL);
		assert_non_null(strstr(why, "reserve"));
	}
	/* 16 GiB have a page map of 4 MiB. */
	config.range[0].size = 16 * GIB;
	config.reserve = 2 * MIB;
	assert_int_equal(mm_heap_create(&config, &heap, &why), -EINVAL);
	config = config_of();
	config.backed_max = MIB;
	assert_int_equal(mm_heap_create(&config, &heap, &why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_made_of_it),
		cmocka_unit_test(a_reset_leaves_it_alone),
		cmocka_unit_test(the_page_map_is_copied),
		cmocka_unit_test(what_is_written_to_the_copy_is_not_believed),
		cmocka_unit_test(no_more_has_memory_than_may),
		cmocka_unit_test(strays_are_found_and_given_back),
		cmocka_unit_test(unfit_reserves_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
