/* SPDX-License-Identifier: BSD-2-Clause */
/* Where guest memory lies, the door to it, and the page tables over it. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/base/cli.h"
#include "vmm/machine/kind.h"
#include "vmm/machine/memory.h"
#include "vmm/program/pagetable.h"

#define MIB   (1ull << 20)
#define GIB   (1ull << 30)
#define LIMIT (1ull << 46)
#define ADDR  0x000ffffffffff000ull

static struct run_config config_of(uint64_t memory, uint64_t heap)
{
	struct run_config config;

	assert_int_equal(run_config_init(&config), 0);
	config.memory = memory;
	config.heap = heap;
	config.node[0] = (struct run_node){.heap = heap, .host_node = -1};
	config.nr_nodes = 1;
	return config;
}

static int create(struct memory *mem, const struct run_config *config, uint64_t limit)
{
	const struct guest_kind kind = {.page_array = !config->kernel};

	return memory_create(mem, config, &kind, limit, NULL, NULL);
}

static void a_heap_is_cut_in_two_by_the_hole(void **state)
{
	struct run_config config = config_of(64 * MIB, 4 * GIB);
	struct memory mem;

	(void)state;
	assert_int_equal(create(&mem, &config, LIMIT), 0);
	/* The page array: 64 bytes a frame of RAM and window, on top. */
	assert_true(mem.ram_size >= 64 * MIB + 4 * GIB / 64 + mem.ram_size / 64);
	assert_int_equal(mem.ram_size % MM_HUGE_SIZE, 0);
	/* The window is cut in two by the hole. */
	assert_int_equal(mem.nr_ranges, 2);
	assert_int_equal(mem.range[0].base, GIB);
	assert_int_equal(mem.range[0].size, PLATFORM_HOLE_BASE - GIB);
	assert_int_equal(mem.range[1].base, PLATFORM_HOLE_END);
	assert_int_equal(mem.range[0].size + mem.range[1].size, 4 * GIB);
	assert_int_equal(mem.page_map, mem.heap_end);
	memory_destroy(&mem);

	/* RAM that ends in the last GiB below the hole. */
	config.memory = 3000 * MIB;
	config.node[0].heap = 2 * MIB;
	config.heap = 2 * MIB;
	assert_int_equal(create(&mem, &config, LIMIT), 0);
	assert_int_equal(mem.range[0].base, 3 * GIB);
	memory_destroy(&mem);
	/* ... and beyond, so that the heap begins above the hole. */
	config.memory = 3200 * MIB;
	assert_int_equal(create(&mem, &config, LIMIT), 0);
	assert_int_equal(mem.range[0].base, PLATFORM_HOLE_END);
	memory_destroy(&mem);
	assert_int_equal(create(&mem, &config, 4 * GIB), STATUS_NO_MEMORY);
	run_config_free(&config);
}

/* A Linux guest's RAM goes on above the hole, and the heap above that. */
static void test_layout_high(void **state)
{
	struct run_config config = config_of(4 * GIB, 64 * MIB);
	char kernel[] = "vmlinuz";
	struct memory mem;

	(void)state;
	config.kernel = kernel;
	config.nr_nodes = 3;
	config.node[1] = config.node[2] = config.node[0];
	assert_int_equal(create(&mem, &config, LIMIT), 0);
	assert_int_equal(mem.ram_size, 4 * GIB);
	assert_int_equal(mem.ram_low, 3 * GIB);
	assert_int_equal(memory_ram_end(&mem), 5 * GIB);
	/* In whole huge frames; the third node has the rest, in two pieces. */
	assert_int_equal(mem.nr_ram_ranges, 4);
	assert_int_equal(mem.ram_range[0].size, 1364 * MIB);
	assert_int_equal(mem.ram_range[1].base, 1364 * MIB);
	assert_int_equal(mem.ram_range[2].base, 2 * 1364 * MIB);
	assert_int_equal(mem.ram_range[2].size, 3 * GIB - 2 * 1364 * MIB);
	assert_int_equal(mem.ram_range[3].base, 4 * GIB);
	assert_int_equal(mem.ram_range[3].size, GIB);
	assert_int_equal(mem.ram_range[2].node, 2);
	assert_int_equal(mem.ram_range[3].node, 2);
	assert_int_equal(mem.heap_base, 5 * GIB);

	/* The door to it. */
	assert_ptr_equal(memory_ram(&mem, 0, 3 * GIB), mem.ram);
	assert_null(memory_ram(&mem, 0, 3 * GIB + 1));
	assert_null(memory_ram(&mem, 3 * GIB - 1, 2));
	assert_null(memory_ram(&mem, 3 * GIB, 1));
	assert_null(memory_ram(&mem, 4 * GIB - 1, 1));
	assert_null(memory_ram(&mem, 4 * GIB - 1, 2));
	assert_ptr_equal(memory_ram(&mem, 4 * GIB, GIB), mem.ram + 3 * GIB);
	assert_null(memory_ram(&mem, 4 * GIB, GIB + 1));
	assert_ptr_equal(memory_ram(&mem, 5 * GIB - 1, 1), mem.ram + 4 * GIB - 1);
	assert_null(memory_ram(&mem, 5 * GIB, 1));
	assert_null(memory_ram(&mem, UINT64_MAX, 2));
	assert_null(memory_ram(&mem, 4 * GIB, UINT64_MAX));
	assert_string_equal(memory_name(&mem, 4 * GIB), "RAM");
	assert_string_equal(memory_name(&mem, 3 * GIB), "nothing");
	memory_destroy(&mem);

	/* As much as fits below the hole stays there. */
	config.memory = PLATFORM_HOLE_BASE;
	assert_int_equal(create(&mem, &config, LIMIT), 0);
	assert_int_equal(mem.ram_low, PLATFORM_HOLE_BASE);
	assert_int_equal(mem.nr_ram_ranges, 3);
	assert_int_equal(mem.heap_base, 4 * GIB);
	memory_destroy(&mem);
	/* A page more does not. */
	config.memory += 4096;
	assert_int_equal(create(&mem, &config, LIMIT), 0);
	assert_int_equal(mem.ram_low, 3 * GIB);
	assert_int_equal(memory_ram_end(&mem), 4 * GIB + 258 * MIB);
	assert_int_equal(mem.heap_base, 5 * GIB);
	memory_destroy(&mem);
	assert_int_equal(create(&mem, &config, 5 * GIB), STATUS_NO_MEMORY);
	/* A program's does not go on there. */
	config.kernel = NULL;
	assert_int_equal(create(&mem, &config, LIMIT), STATUS_USAGE);
	run_config_free(&config);
}

/* What is for user space lies behind all else, on nodes that follow the guest's. */
static void a_part_for_user_space_has_ranges_of_its_own(void **state)
{
	static const uint64_t size[] = {2 * MIB, 4 * MIB, 4 * MIB, 2 * MIB};
	struct run_config config = config_of(64 * MIB, 6 * MIB);
	struct mm_stats stats;
	struct memory mem;

	(void)state;
	config.heap = 12 * MIB;
	config.heap_user = 6 * MIB;
	config.node[0].user = 4 * MIB;
	config.node[1] = (struct run_node){.heap = 6 * MIB, .user = 2 * MIB, .host_node = 0};
	config.nr_nodes = 2;
	assert_int_equal(create(&mem, &config, LIMIT), 0);
	assert_int_equal(mem.nr_ranges, 4);
	assert_int_equal(mem.user_nodes, 1u << 2 | 1u << 3);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(mem.range[i].node, i);
		assert_int_equal(mem.range[i].size, size[i]);
		assert_int_equal(mem.range[i].host_node, i % 2 ? 0 : -1);
	}
	assert_int_equal(mem.heap_end - mem.heap_base, 12 * MIB);
	assert_int_equal(mem.bound.heap, 12 * MIB);
	assert_int_equal(mm_stats(mem.heap, 0, &stats), 0);
	assert_int_equal(stats.user_frames_total, 6 * MIB / MM_FRAME_SIZE);
	memory_destroy(&mem);

	/* The most ranges that there can be. */
	config.nr_nodes = RUN_MAX_USER_NODES;
	for (unsigned int i = 0; i < config.nr_nodes; i++)
		config.node[i] = (struct run_node){.heap = GIB, .user = MIB * 512, .host_node = -1};
	config.heap = config.nr_nodes * GIB;
	assert_int_equal(create(&mem, &config, LIMIT), 0);
	assert_int_equal(mem.nr_ranges, 2 * RUN_MAX_USER_NODES + 1);
	assert_true(mem.nr_ranges <= MM_MAX_RANGES);
	memory_destroy(&mem);
	run_config_free(&config);
}

/* RAM of pages of 1 GiB is whole ones, and so are the nodes' parts. */
static void test_layout_giant(void **state)
{
	struct run_config config = config_of(4 * GIB, 64 * MIB);
	char kernel[] = "vmlinuz";
	struct memory mem;

	(void)state;
	config.kernel = kernel;
	config.nr_nodes = 2;
	config.node[1] = config.node[0];
	config.hugepages = GIB;
	config.dry_run = true;
	/* Whether the pages are there or not, it was laid out. */
	if (!create(&mem, &config, LIMIT))
		memory_destroy(&mem);
	assert_int_equal(mem.ram_size, 4 * GIB);
	assert_int_equal(mem.nr_ram_ranges, 3);
	assert_int_equal(mem.ram_range[0].size, 2 * GIB);
	assert_int_equal(mem.ram_range[1].size, GIB);
	assert_int_equal(mem.ram_range[2].size, GIB);
	config.kernel = NULL;
	config.memory = 64 * MIB;
	if (!create(&mem, &config, LIMIT))
		memory_destroy(&mem);
	assert_int_equal(mem.ram_size, GIB);
	run_config_free(&config);
}

/* Nodes that say what they have of the RAM. */
static void test_layout_nodes(void **state)
{
	struct run_config config = config_of(4 * GIB, 64 * MIB);
	char kernel[] = "vmlinuz";
	struct memory mem;

	(void)state;
	config.kernel = kernel;
	config.nr_nodes = 2;
	config.node[0].memory = GIB;
	config.node[0].host_node = 0;
	config.node[1] = (struct run_node){.memory = 3 * GIB, .heap = 2 * MIB, .host_node = -1};
	assert_int_equal(create(&mem, &config, LIMIT), 0);
	assert_int_equal(mem.nr_ram_ranges, 3);
	assert_int_equal(mem.ram_range[0].size, GIB);
	assert_int_equal(mem.ram_range[0].node, 0);
	assert_int_equal(mem.ram_range[0].host_node, 0);
	assert_int_equal(mem.ram_range[1].base, GIB);
	assert_int_equal(mem.ram_range[1].size, 2 * GIB);
	assert_int_equal(mem.ram_range[2].base, 4 * GIB);
	assert_int_equal(mem.ram_range[2].size, GIB);
	assert_int_equal(mem.ram_range[2].node, 1);
	assert_int_equal(mem.ram_range[2].host_node, -1);
	memory_destroy(&mem);

	/* Of a program the last has the page array too. */
	config.kernel = NULL;
	config.memory = 64 * MIB;
	config.node[0].memory = 16 * MIB;
	config.node[1].memory = 48 * MIB;
	assert_int_equal(create(&mem, &config, LIMIT), 0);
	assert_int_equal(mem.nr_ram_ranges, 2);
	assert_int_equal(mem.ram_range[0].size, 16 * MIB);
	assert_int_equal(mem.ram_range[1].size, mem.ram_size - 16 * MIB);
	assert_true(mem.ram_size > 64 * MIB);
	memory_destroy(&mem);
	run_config_free(&config);
}

static void pointers_reach_into_memory_only(void **state)
{
	struct run_config config = config_of(4 * MIB, 8 * MIB);
	uint64_t run;
	uint64_t end;
	uint64_t word = 0x1122334455667788;
	uint64_t got = 0;
	struct memory mem;
	uint32_t half;

	(void)state;
	assert_int_equal(create(&mem, &config, LIMIT), 0);
	end = mem.ram_size;
	assert_ptr_equal(memory_ram(&mem, 0, end), mem.ram);
	assert_null(memory_ram(&mem, 0, end + 1));
	assert_null(memory_ram(&mem, 0, 0));
	assert_null(memory_ram(&mem, end, 1));
	assert_null(memory_ram(&mem, end - 1, 2));
	assert_null(memory_ram(&mem, UINT64_MAX, 2));
	assert_null(memory_ram(&mem, 8, UINT64_MAX));

	/* Heap: only what is handed out, also across two frames. */
	assert_null(memory_peek(&mem, mem.heap_base, 1));
	assert_int_equal(memory_read(&mem, mem.heap_base, &got, 8), -EFAULT);
	assert_int_equal(mm_pages_alloc(mem.heap, 0, 1, MM_NODE_ANY, MM_ZERO, 1, &run), 1);
	run &= ~MM_ADDR_FLAGS;
	assert_int_equal(memory_write(&mem, run + 4092, &word, 8), 0);
	assert_int_equal(memory_read(&mem, run + 4092, &got, 8), 0);
	assert_int_equal(got, word);
	assert_int_equal(memory_read32(&mem, run + 4096, &half), 0);
	assert_int_equal(half, word >> 32);
	assert_int_equal(memory_read32(&mem, run + 4098, &half), -EFAULT);
	assert_int_equal(memory_write(&mem, run + 8188, &word, 8), -EFAULT);
	assert_int_equal(memory_write(&mem, run - 4, &word, 8), -EFAULT);
	assert_int_equal(memory_write(&mem, UINT64_MAX - 3, &word, 8), -EFAULT);
	assert_non_null(memory_peek(&mem, run, 8192));
	assert_null(memory_peek(&mem, run, 8193));
	/* The pins are gone: the run can be freed and is out of reach then. */
	{
		struct mm_bad bad;
		struct mm_stats stats;
		size_t nr_bad;

		assert_int_equal(mm_stats(mem.heap, 0, &stats), 0);
		assert_int_equal(stats.pages_pinned, 0);
		assert_int_equal(mm_pages_free(mem.heap, 0, 1, &run, &bad, &nr_bad), 1);
	}
	assert_int_equal(memory_read(&mem, run, &got, 8), -EFAULT);
	memory_destroy(&mem);
	run_config_free(&config);
}

/* The last-level entry for va, or 0. */
static uint64_t lookup(const struct page_table *pt, uint64_t va, int *level)
{
	uint64_t table = pt->root;
	uint64_t entry = 0;

	for (*level = 3; *level >= 0; (*level)--) {
		entry = ((uint64_t *)memory_ram(pt->ram->mem, table,
						4096))[va >> (12 + 9 * *level) & 511];
		if (!(entry & 1) || entry & 0x80 || !*level)
			break;
		table = entry & ADDR;
	}
	return entry & 1 ? entry : 0;
}

static void test_page_table(void **state)
{
	static uint8_t ram_bytes[64 * 4096] __attribute__((aligned(4096)));
	struct memory mem = {
		.ram = ram_bytes, .ram_size = sizeof(ram_bytes), .ram_low = sizeof(ram_bytes)};
	struct ram_alloc ram = {.mem = &mem, .next = 4096, .end = sizeof(ram_bytes)};
	struct page_table pt;
	int level;

	(void)state;
	assert_int_equal(page_table_init(&pt, &ram), 0);
	/* 4 KiB up to the first 2 MiB boundary, then 2 MiB, then 4 KiB again. */
	assert_int_equal(page_table_map(&pt, PLATFORM_DIRECT_VA + 0x1ff000, 0x1ff000, 0x202000,
					PT_WRITE | PT_USER, true),
			 0);
	assert_int_equal(lookup(&pt, PLATFORM_DIRECT_VA + 0x1ff000, &level) & ADDR, 0x1ff000);
	assert_int_equal(level, 0);
	assert_int_equal(lookup(&pt, PLATFORM_DIRECT_VA + 0x200000, &level),
			 0x80000000000000e7ull | 0x200000);
	assert_int_equal(level, 1);
	assert_int_equal(lookup(&pt, PLATFORM_DIRECT_VA + 0x400000, &level) & ADDR, 0x400000);
	assert_int_equal(level, 0);
	assert_int_equal(lookup(&pt, PLATFORM_DIRECT_VA + 0x401000, &level), 0);
	assert_int_equal(lookup(&pt, PLATFORM_DIRECT_VA, &level), 0);
	/* Rights: supervisor code, read-only and executable. */
	assert_int_equal(page_table_map(&pt, PLATFORM_IMAGE_VA, 0x5000, 4096, PT_EXEC, false), 0);
	assert_int_equal(lookup(&pt, PLATFORM_IMAGE_VA, &level), 0x5000 | 0x61);
	/* It ends when RAM does. */
	ram.next = ram.end;
	assert_int_equal(page_table_map(&pt, 0x1000, 0x1000, 4096, 0, false), -ENOMEM);
	assert_int_equal(ram_take(&ram, 1), 0);
	ram.next = ram.end - 4096;
	assert_int_equal(ram_take(&ram, 4097), 0);
	assert_int_equal(ram_take(&ram, UINT64_MAX), 0);
	assert_int_equal(ram_take(&ram, 4096), ram.end - 4096);
}

/* The monitor's own looks at a guest's memory do not fail for what the guest has pinned. */
static void test_read_beyond_quota(void **state)
{
	struct run_config config = config_of(4 * MIB, 8 * MIB);
	char there[16] = "";
	struct memory mem;
	uint64_t run;

	(void)state;
	assert_int_equal(create(&mem, &config, LIMIT), 0);
	assert_int_equal(mm_pages_alloc(mem.heap, 0, 0, MM_NODE_ANY, 0, 1, &run), 1);
	run &= ~MM_ADDR_FLAGS;
	mm_set_pin_quota(mem.heap, 0);
	assert_int_equal(mm_pin(mem.heap, 1, &run), -EAGAIN);
	assert_int_equal(memory_write(&mem, run + 100, "argument", 9), 0);
	assert_int_equal(memory_read(&mem, run + 100, there, 9), 0);
	assert_string_equal(there, "argument");
	memory_destroy(&mem);
	run_config_free(&config);
}

struct reader {
	struct memory *mem;
	_Atomic uint64_t addr;
	atomic_uint copies;
	atomic_bool over;
};

/* A vCPU that rings doorbells whose arguments are in the heap. */
static void *read_heap(void *opaque)
{
	struct reader *r = opaque;
	char frame[MM_FRAME_SIZE] = "argument";

	while (!atomic_load(&r->over))
		if (!memory_write(r->mem, atomic_load(&r->addr), frame, sizeof(frame)))
			atomic_fetch_add(&r->copies, 1);
	return NULL;
}

/* While another vCPU resets the device, which takes all of the heap away. */
static void test_reset_while_read(void **state)
{
	struct run_config config = config_of(4 * MIB, 8 * MIB);
	struct memory mem;
	struct reader r = {.mem = &mem};
	pthread_t thread;
	uint64_t run;

	(void)state;
	config.reclaim_delay_ms = 0;
	assert_int_equal(create(&mem, &config, LIMIT), 0);
	atomic_store(&r.addr, mem.heap_base);
	assert_int_equal(pthread_create(&thread, NULL, read_heap, &r), 0);
	for (unsigned int i = 0; i < 500; i++) {
		assert_int_equal(mm_pages_alloc(mem.heap, 0, 0, MM_NODE_ANY, 0, 1, &run), 1);
		atomic_store(&r.addr, run & ~MM_ADDR_FLAGS);
		/* It is at it. */
		for (unsigned int copies = atomic_load(&r.copies);
		     atomic_load(&r.copies) == copies;)
			sched_yield();
		memory_quiesce(&mem, true);
		mm_heap_reset(mem.heap);
		memory_quiesce(&mem, false);
	}
	atomic_store(&r.over, true);
	pthread_join(thread, NULL);
	memory_destroy(&mem);
	run_config_free(&config);
}

static void sizes_are_read_as_they_are_written(void **state)
{
	uint64_t v;
	char buf[32];

	(void)state;
	assert_int_equal(cli_parse_size("0", &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(cli_parse_size("3m", &v), 0);
	assert_int_equal(v, 3 * MIB);
	assert_int_equal(cli_parse_size("16777215T", &v), 0);
	assert_int_equal(cli_parse_size("16777216T", &v), -ERANGE);
	assert_int_equal(cli_parse_size("18446744073709551615", &v), 0);
	assert_int_equal(cli_parse_size("18446744073709551616", &v), -ERANGE);
	assert_int_equal(cli_parse_size("", &v), -EINVAL);
	assert_int_equal(cli_parse_size("M", &v), -EINVAL);
	assert_int_equal(cli_parse_size("-1", &v), -EINVAL);
	assert_int_equal(cli_parse_size(" 1", &v), -EINVAL);
	assert_int_equal(cli_parse_size("1MB", &v), -EINVAL);
	assert_int_equal(cli_parse_size("1.5M", &v), -EINVAL);
	assert_int_equal(cli_parse_number("16", 1, 16, &v), 0);
	assert_int_equal(cli_parse_number("17", 1, 16, &v), -ERANGE);
	assert_int_equal(cli_parse_number("0x10", 1, 16, &v), -EINVAL);
	assert_string_equal(cli_format_size(buf, sizeof(buf), 1536 * MIB), "1536M");
	assert_string_equal(cli_format_size(buf, sizeof(buf), 4 * GIB), "4G");
	assert_string_equal(cli_format_size(buf, sizeof(buf), 1000), "1000");
	assert_string_equal(cli_format_size(buf, sizeof(buf), 0), "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_heap_is_cut_in_two_by_the_hole),
		cmocka_unit_test(test_layout_high),
		cmocka_unit_test(test_layout_giant),
		cmocka_unit_test(test_layout_nodes),
		cmocka_unit_test(a_part_for_user_space_has_ranges_of_its_own),
		cmocka_unit_test(pointers_reach_into_memory_only),
		cmocka_unit_test(test_page_table),
		cmocka_unit_test(test_read_beyond_quota),
		cmocka_unit_test(test_reset_while_read),
		cmocka_unit_test(sizes_are_read_as_they_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
