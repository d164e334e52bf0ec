/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows by themselves, on a ring of the test's: what their account costs, when they have
 * something to do, and what happens when the kernel refuses to let go of one. That refusal is made
 * here: the call is this program's own, in front of liburing's.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "mm/mm.h"
#include "virtio/io/window.h"

#define GIB       (1ull << 30)
#define SPARSE    (16ull << 40)
#define HEAP_BASE 0x40000000ull
#define HEAP_SIZE (64ull << 20)
#define ROOM      (8u << 20) /* of memory that is there */
/* What an account of this many bytes a place would take: 8 MiB for a byte. */
#define COST_MAX (2u << 20)
/* Of the account at its largest, 32 MiB, with what AddressSanitizer adds; all of it would be four
 * times that. */
#define BOUND (100u << 20)

static struct io_engine_config config;
static struct io_windows *windows;
static struct io_uring ring;
static uint8_t *room;
static char warned[256];
static unsigned int warnings;
static bool refuse_to_let_go, refuse_to_register;

int io_uring_register_buffers_update_tag(struct io_uring *r, unsigned int off,
					 const struct iovec *iovecs, const __u64 *tags,
					 unsigned int nr)
{
	struct io_uring_rsrc_update2 update = {
		.offset = off, .data = (uintptr_t)iovecs, .tags = (uintptr_t)tags, .nr = nr};

	if (iovecs->iov_base ? refuse_to_register : refuse_to_let_go)
		return -ENOMEM;
	return syscall(SYS_io_uring_register, r->ring_fd, IORING_REGISTER_BUFFERS_UPDATE, &update,
		       sizeof(update)) < 0
		       ? -errno
		       : 0;
}

static void warn(void *opaque, const char *text)
{
	(void)opaque;
	snprintf(warned, sizeof(warned), "%s", text);
	warnings++;
}

static int setup(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	config.pin_budget = GIB;
	config.warn = warn;
	warnings = 0;
	refuse_to_let_go = false;
	refuse_to_register = false;
	assert_int_equal(io_uring_queue_init(64, &ring, 0), 0);
	assert_int_equal(io_uring_register_buffers_sparse(&ring, IO_WINDOW_SLOTS), 0);
	room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(room != MAP_FAILED);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	io_uring_queue_exit(&ring);
	if (windows)
		io_windows_destroy(windows);
	windows = NULL;
	munmap(room, ROOM);
	return 0;
}

static void add(void *host, uint64_t size, struct mm_heap *heap)
{
	config.region[config.nr_regions++] =
		(struct io_region){.host = host, .size = size, .heap = heap};
}

static void make_windows(void)
{
	assert_int_equal(io_windows_create(NULL, &config, &windows), 0);
	io_windows_enable(windows, &ring);
}

/* One operation, over at once. Returns whether it had a window. */
static bool use(unsigned int region, const uint8_t *host)
{
	struct io_window *w = io_window_get(windows, &config.region[region], host, 4096);

	if (w)
		io_window_put(windows, w);
	return w;
}

/* What the ring says: windows that are gone. Returns how many. */
static unsigned int reap(void)
{
	struct io_uring_cqe *cqe;
	unsigned int n = 0;

	io_uring_get_events(&ring);
	while (!io_uring_peek_cqe(&ring, &cqe)) {
		struct io_op *op = io_uring_cqe_get_data(cqe);

		op->done(op, cqe->res);
		io_uring_cqe_seen(&ring, cqe);
		n++;
	}
	return n;
}

static uint64_t registered(void)
{
	struct io_engine_stats stats;

	io_windows_get_stats(windows, &stats);
	return stats.window_bytes;
}

static uint64_t resident(void)
{
	unsigned long long size;
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%llu %llu", &size, &pages), 2);
	fclose(f);
	return pages * 4096;
}

/* Address space of which nothing is there, as of a front end's sparse file. */
static uint8_t *reserve(void)
{
	uint8_t *p =
		mmap(NULL, SPARSE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		skip();
	return p;
}

static void sparse_region_costs_what_is_used(void **state)
{
	uint8_t *sparse = reserve();
	uint64_t before = resident();

	(void)state;
	add(sparse, SPARSE, NULL);
	make_windows();
	/* Nothing can be registered there: what is tried is noted, and forgotten by a tick. */
	for (unsigned int i = 0; i < 100; i++) {
		assert_false(use(0, sparse + (uint64_t)(i % 10) * GIB));
		io_windows_tick(windows, i);
	}
	assert_false(use(0, sparse + SPARSE - 4096));
	assert_true(resident() - before < COST_MAX);
	munmap(sparse, SPARSE);
}

/* A machine that uses all of it has windows in a part, and elsewhere plain I/O. */
static void account_is_bounded(void **state)
{
	uint8_t *sparse = reserve();
	uint64_t before = resident();

	(void)state;
	add(room, ROOM, NULL);
	add(sparse, SPARSE, NULL);
	make_windows();
	assert_true(use(0, room));
	for (uint64_t i = 0; i < SPARSE / GIB; i++)
		assert_false(use(1, sparse + i * GIB));
	assert_true(resident() - before < BOUND);
	assert_true(use(0, room));
	munmap(sparse, SPARSE);
}

/* Where nothing registered goes by itself a thread that has nothing to do sleeps on. */
static void idle_wants_no_tick(void **state)
{
	uint8_t *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	add(room, ROOM, NULL);
	add(none, 4096, NULL);
	make_windows();
	assert_false(io_windows_want_tick(windows));
	assert_true(use(0, room));
	assert_false(io_windows_want_tick(windows));
	/* What the kernel refused is tried again, when a tick is over and not before. */
	assert_false(use(1, none));
	assert_true(io_windows_want_tick(windows));
	assert_int_equal(mprotect(none, 4096, PROT_READ | PROT_WRITE), 0);
	assert_false(use(1, none));
	io_windows_tick(windows, 1);
	assert_false(io_windows_want_tick(windows));
	assert_true(use(1, none));
	munmap(none, 4096);
}

static void idle_windows_are_let_go(void **state)
{
	(void)state;
	config.idle_ms = 50;
	add(room, ROOM, NULL);
	make_windows();
	assert_true(use(0, room));
	assert_true(io_windows_want_tick(windows));
	io_windows_tick(windows, 100);
	io_windows_tick(windows, 200);
	assert_int_equal(reap(), 1);
	assert_int_equal(registered(), 0);
	assert_false(io_windows_want_tick(windows));
}

/* Over memory that had no I/O before as over what had. */
static void held_ranges_get_no_window(void **state)
{
	const struct iovec range[2] = {{room + (4 << 20), 4096}, {room, 4096}};

	(void)state;
	add(room, ROOM, NULL);
	make_windows();
	for (unsigned int i = 0; i < 3; i++) {
		io_windows_hold(windows, range, 2);
		io_windows_hold(windows, range, 1);
		io_windows_clear(windows, range, 2);
		assert_int_equal(reap(), i ? 2 : 0);
		assert_true(io_windows_clear(windows, range, 2));
		assert_false(use(0, room + (4 << 20)));
		io_windows_unhold(windows, range, 2);
		assert_false(use(0, room + (4 << 20)));
		io_windows_unhold(windows, range, 1);
		assert_true(use(0, room + (4 << 20)));
		assert_true(use(0, room));
	}
}

static void heap_waits_for_what_is_stuck(void **state)
{
	struct mm_config mm = {.range = {{HEAP_BASE, HEAP_SIZE, 0, -1}},
			       .nr_ranges = 1,
			       .cpus = 1,
			       .pin_quota = 1000};
	struct mm_heap *heap;
	const char *why;
	uint64_t run;

	(void)state;
	assert_int_equal(mm_heap_create(&mm, &heap, &why), 0);
	assert_int_equal(mm_pages_alloc(heap, 0, 9, MM_NODE_ANY, 0, 1, &run), 1);
	run &= ~MM_ADDR_FLAGS;
	add(room, ROOM, NULL);
	add(mm_heap_host(heap), mm_heap_size(heap), heap);
	make_windows();
	assert_true(use(0, room));
	assert_true(use(1, (uint8_t *)mm_heap_host(heap) + (run - HEAP_BASE)));
	refuse_to_let_go = true;
	for (unsigned int i = 0; i < 3; i++) {
		assert_false(io_windows_release(windows));
		assert_int_equal(reap(), 0);
		assert_true(io_windows_want_tick(windows));
		io_windows_tick(windows, i);
	}
	assert_int_equal(warnings, 1);
	assert_non_null(strstr(warned, "does not let go"));
	/* It is the heap's still, and as good as before. */
	assert_true(use(1, (uint8_t *)mm_heap_host(heap) + (run - HEAP_BASE)));
	refuse_to_let_go = false;
	assert_false(io_windows_release(windows));
	assert_int_equal(reap(), 1);
	assert_true(io_windows_release(windows));
	assert_int_equal(warnings, 1);
	io_uring_queue_exit(&ring);
	io_windows_destroy(windows);
	windows = NULL;
	assert_int_equal(io_uring_queue_init(8, &ring, 0), 0);
	mm_heap_destroy(heap);
}

static void region_waits_for_what_is_stuck(void **state)
{
	(void)state;
	add(room, ROOM, NULL);
	make_windows();
	assert_true(use(0, room));
	refuse_to_let_go = true;
	assert_false(io_windows_remove_region(windows, 0));
	assert_true(io_windows_want_tick(windows));
	refuse_to_let_go = false;
	assert_false(io_windows_remove_region(windows, 0));
	assert_int_equal(reap(), 1);
	assert_true(io_windows_remove_region(windows, 0));
	assert_int_equal(registered(), 0);
}

/* What is named as enough is all that the budget allows, each huge page counted whole, beside what
 * is locked already and the ring at its largest. */
static unsigned long long figure_of(uint64_t page, uint64_t size, uint64_t budget)
{
	struct rlimit limit = {64 << 10, 0};
	struct rlimit old;
	unsigned long long is = 0;
	unsigned long long required = 0;
	const char *text;

	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &old), 0);
	limit.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	config.nr_regions = 0;
	config.pin_budget = budget;
	add(room, size, NULL);
	config.region[0].page = page;
	make_windows();
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &old), 0);
	refuse_to_register = true;
	assert_false(use(0, room));
	refuse_to_register = false;
	io_windows_destroy(windows);
	windows = NULL;
	text = strstr(warned, "RLIMIT_MEMLOCK is ");
	assert_non_null(text);
	assert_int_equal(
		sscanf(text, "RLIMIT_MEMLOCK is %llu KiB, %llu KiB are required", &is, &required),
		2);
	assert_int_equal(is, 64);
	return required - is;
}

static void figure_is_enough(void **state)
{
	const unsigned long long mib = 1024;
	unsigned long long rings;

	(void)state;
	rings = figure_of(0, 4096, GIB) - 2 * mib;
	assert_true(rings >= 128 && rings < 256);
	/* It lies anywhere, and so in four windows or in five. */
	assert_true(figure_of(0, ROOM, GIB) >= 8 * mib + rings);
	assert_true(figure_of(0, ROOM, GIB) <= 10 * mib + rings);
	assert_int_equal(figure_of(0, ROOM, 4 << 20), 4 * mib + rings);
	assert_int_equal(figure_of(GIB, 4 * GIB, 16 << 20), 4096 * mib + rings);
	assert_int_equal(figure_of(GIB, 4 * GIB, 4 << 20), 2048 * mib + rings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(sparse_region_costs_what_is_used),
		TEST(account_is_bounded),
		TEST(idle_wants_no_tick),
		TEST(idle_windows_are_let_go),
		TEST(held_ranges_get_no_window),
		TEST(heap_waits_for_what_is_stuck),
		TEST(region_waits_for_what_is_stuck),
		TEST(figure_is_enough),
	};

	return cmocka_run_group_tests_name("virtio_io_windows", tests, NULL, NULL);
}
