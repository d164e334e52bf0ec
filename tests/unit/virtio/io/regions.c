/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a segment lies: the engine says it once a request, and who pins or cuts goes by that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm/mm.h"
#include "virtio/io/engine.h"

#define SIZE      4096u
#define HEAP_BASE 0x40000000ull
#define HEAP_SIZE (64ull << 20)

static uint8_t low[SIZE], high[SIZE], elsewhere[SIZE];
static struct io_engine *engine;
static struct mm_heap *heap;
static struct io_engine_config config;

static int setup(void **state)
{
	const struct mm_config heap_config = {
		.range = {{HEAP_BASE, HEAP_SIZE, 0, -1}},
		.nr_ranges = 1,
		.cpus = 1,
	};
	const char *why;

	(void)state;
	assert_int_equal(mm_heap_create(&heap_config, &heap, &why), 0);
	config = (struct io_engine_config){
		.region = {{.host = low, .size = SIZE}, {.host = high, .size = SIZE}},
		.nr_regions = 2,
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	io_engine_destroy(engine);
	mm_heap_destroy(heap);
	return 0;
}

static struct io_region heap_region(void)
{
	return (struct io_region){.host = mm_heap_host(heap), .size = HEAP_SIZE, .heap = heap};
}

/* Asserts that one segment lies in the region that begins at host, or in none (NULL). */
static void lies_in(const void *at, size_t len, const void *host)
{
	const struct iovec seg = {(void *)(uintptr_t)at, len};
	const struct io_region *region;

	assert_int_equal(io_engine_locate(engine, &seg, 1, &region), host == mm_heap_host(heap));
	if (host)
		assert_ptr_equal(region->host, host);
	else
		assert_null(region);
}

/* Those of one request, one after the other, whatever order they have. */
static void each_knows_its_region(void **state)
{
	uint8_t *in_heap = mm_heap_host(heap);
	const struct iovec seg[] = {{high, 16},         {low, SIZE},       {low + 8, 8},
				    {in_heap + 512, 1}, {elsewhere, SIZE}, {high + SIZE - 1, 1}};
	const void *const host[] = {high, low, low, in_heap, NULL, high};
	const struct io_region *region[6];

	(void)state;
	config.region[config.nr_regions++] = heap_region();
	assert_int_equal(io_engine_create(&config, &engine), 0);
	assert_true(io_engine_locate(engine, seg, 6, region));
	for (unsigned int i = 0; i < 6; i++)
		assert_ptr_equal(region[i] ? region[i]->host : NULL, host[i]);
	/* None of the first three lies in a heap. */
	assert_false(io_engine_locate(engine, seg, 3, region));
}

static void whole_segments_only(void **state)
{
	uint8_t *in_heap = mm_heap_host(heap);

	(void)state;
	config.region[config.nr_regions++] = heap_region();
	assert_int_equal(io_engine_create(&config, &engine), 0);
	lies_in(low, SIZE, low);
	lies_in(low, SIZE + 1, NULL);
	lies_in(low + 1, SIZE, NULL);
	lies_in(low + 1, UINT64_MAX, NULL);
	lies_in(in_heap, HEAP_SIZE, in_heap);
	lies_in(in_heap + HEAP_SIZE - 1, 2, NULL);
	lies_in(in_heap - 1, 2, NULL);
}

/* A service has no heap, and registers nothing by default. */
static void no_region_where_it_makes_no_difference(void **state)
{
	(void)state;
	assert_int_equal(io_engine_create(&config, &engine), 0);
	lies_in(low, SIZE, NULL);
}

static void windows_make_a_difference(void **state)
{
	(void)state;
	config.pin_budget = 1 << 30;
	assert_int_equal(io_engine_create(&config, &engine), 0);
	if (!(io_engine_features(engine) & IO_HAS_WINDOWS))
		skip();
	lies_in(low, SIZE, low);
}

static void regions_come_and_go(void **state)
{
	const struct io_region region = heap_region();

	(void)state;
	assert_int_equal(io_engine_create(&config, &engine), 0);
	assert_int_equal(io_engine_add_region(engine, &region), 0);
	lies_in(region.host, 1, region.host);
	lies_in(low, 1, low);
	io_engine_pause(engine, IO_FINISH);
	io_engine_remove_region(engine, region.host);
	io_engine_resume(engine, IO_FINISH);
	/* That was the only heap. */
	lies_in(region.host, 1, NULL);
	lies_in(low, 1, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(each_knows_its_region),
		TEST(whole_segments_only),
		TEST(no_region_where_it_makes_no_difference),
		TEST(windows_make_a_difference),
		TEST(regions_come_and_go),
	};

	return cmocka_run_group_tests_name("virtio_io_regions", tests, NULL, NULL);
}
