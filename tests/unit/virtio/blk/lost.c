/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every way in which memory of a guest of ours loses its pages, by the table in ARCHITECTURE.md,
 * each with windows registered over it: I/O afterwards uses the pages that are there then. The
 * balloon's ways are in balloon.c. The kernel's refusal to let go of a window is made here: the
 * call is this program's own, in front of liburing's.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/mm/util.h"
#include "tests/unit/virtio/blk/fixture.h"

#define RUN 9u /* order: 2 MiB, as a window */

static atomic_bool refuse_to_let_go;
static atomic_uint refusals;
static long grown; /* pages, of the host's pool */

int io_uring_register_buffers_update_tag(struct io_uring *r, unsigned int off,
					 const struct iovec *iovecs, const __u64 *tags,
					 unsigned int nr)
{
	struct io_uring_rsrc_update2 update = {
		.offset = off, .data = (uintptr_t)iovecs, .tags = (uintptr_t)tags, .nr = nr};

	if (!iovecs->iov_base && atomic_load(&refuse_to_let_go)) {
		atomic_fetch_add(&refusals, 1);
		return -ENOMEM;
	}
	return syscall(SYS_io_uring_register, r->ring_fd, IORING_REGISTER_BUFFERS_UPDATE, &update,
		       sizeof(update)) < 0
		       ? -errno
		       : 0;
}

static int setup(void **state)
{
	(void)state;
	atomic_store(&refuse_to_let_go, false);
	atomic_store(&refusals, 0);
	disk_init(&d);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	/* Before the heap gives them back, so that they leave the pool when it does. */
	if (grown)
		util_pool_grow(-grown);
	grown = 0;
	disk_stop(&d);
	return 0;
}

static struct io_engine_stats engine_stats(void)
{
	struct io_engine_stats stats;

	io_engine_get_stats(d.engine, &stats);
	return stats;
}

/* I/O is right, and goes by a window: what is lost next is registered. A window of before may be
 * leaving, which takes an older kernel a second. */
static void sound_by_window(uint64_t gpa, uint64_t seed)
{
	uint64_t hits = engine_stats().window_hits;
	unsigned int tries = 0;

	do {
		disk_sound(&d, gpa, seed + tries);
		assert_int_not_equal(++tries, 10000);
	} while (engine_stats().window_hits == hits);
}

static uint64_t backed(void)
{
	struct mm_stats mm;

	mm_stats(d.heap, 0, &mm);
	return mm.frames_backed;
}

/* Has run again, which was freed, and checks I/O on it. What else is handed out goes back. */
static void have_again(uint64_t run, uint64_t seed)
{
	uint64_t other[HEAP_SIZE >> 21];
	uint64_t addr;
	unsigned int n = 0;

	while ((addr = disk_heap_alloc(&d, RUN)) != run)
		other[n++] = addr;
	disk_sound(&d, run, seed);
	while (n)
		disk_heap_free(&d, other[--n]);
}

/* Freed, and discarded when the window's pin is dropped too. */
static void heap_at_once(void **state)
{
	uint64_t run;

	(void)state;
	disk_add_heap(&d, 1 << 20);
	disk_start(&d);
	for (unsigned int i = 0; i < 3; i++) {
		run = disk_heap_alloc(&d, RUN);
		sound_by_window(run, i);
		disk_heap_free(&d, run);
		while (backed())
			sched_yield();
		have_again(run, i + 100);
		disk_heap_free(&d, run);
	}
}

/* The same, by the thread that discards what was empty for a while. */
static void heap_after_a_delay(void **state)
{
	uint64_t run;

	(void)state;
	assert_int_equal(disk_add_heap_of(&d, (struct mm_config){.pin_quota = 1 << 20,
								 .reclaim_delay_ms = 20}),
			 0);
	disk_start(&d);
	for (unsigned int i = 0; i < 3; i++) {
		run = disk_heap_alloc(&d, RUN);
		sound_by_window(run, i);
		/* In use it stays, however long it is. */
		mm_reclaim_expired(d.heap);
		assert_true(backed() > 0);
		sound_by_window(run, i + 50);
		disk_heap_free(&d, run);
		do {
			mm_reclaim_expired(d.heap);
			sched_yield();
		} while (backed());
		have_again(run, i + 100);
		disk_heap_free(&d, run);
	}
}

/* A huge frame of which a part is in use is not discarded, and what is freed and had again in it is
 * the page that it was. */
static void heap_in_part(void **state)
{
	uint64_t frame[8];

	(void)state;
	disk_add_heap(&d, 1 << 20);
	disk_start(&d);
	for (unsigned int i = 0; i < 8; i++)
		frame[i] = disk_heap_alloc(&d, 4);
	for (unsigned int round = 0; round < 5; round++) {
		for (unsigned int i = 0; i < 8; i++)
			sound_by_window(frame[i], round * 8 + i);
		for (unsigned int i = 0; i < 7; i++)
			disk_heap_free(&d, frame[i]);
		mm_reclaim(d.heap);
		disk_sound(&d, frame[7], round);
		for (unsigned int i = 0; i < 7; i++)
			frame[i] = disk_heap_alloc(&d, 4);
	}
}

/* What virtio-kmem's reset does, between the two that the monitor calls around it. */
static void reset_heap(void)
{
	io_engine_pause(d.engine, IO_RECLAIM);
	mm_heap_reset(d.heap);
	io_engine_resume(d.engine, IO_RECLAIM);
}

static void heap_reset(void **state)
{
	uint64_t run;

	(void)state;
	disk_add_heap(&d, 1 << 20);
	disk_start(&d);
	for (unsigned int i = 0; i < 5; i++) {
		run = disk_heap_alloc(&d, RUN);
		sound_by_window(run, i);
		reset_heap();
		assert_int_equal(backed(), 0);
		have_again(run, i + 100);
		reset_heap();
	}
}

static void heap_of(enum mm_backing backing)
{
	const struct mm_config config = {.pin_quota = 1 << 20, .backing = backing};
	uint64_t run;

	if (disk_add_heap_of(&d, config)) {
		disk_start(&d);
		skip();
	}
	disk_start(&d);
	run = disk_heap_alloc(&d, RUN);
	sound_by_window(run, 1);
	disk_heap_free(&d, run);
	while (backed())
		sched_yield();
	have_again(run, 2);
	reset_heap();
	have_again(run, 3);
}

static void heap_of_a_file(void **state)
{
	(void)state;
	heap_of(MM_BACKING_MEMFD);
}

static void heap_of_a_pool(void **state)
{
	(void)state;
	if (util_pool_grow(HEAP_SIZE >> 21))
		grown = HEAP_SIZE >> 21;
	heap_of(MM_BACKING_HUGETLB);
}

static void *reset_thread(void *done)
{
	reset_heap();
	atomic_store((atomic_bool *)done, true);
	return NULL;
}

/* The kernel does not let go of a window: the heap is reset when it does, and no sooner. */
static void heap_reset_waits(void **state)
{
	atomic_bool done = false;
	struct buffer buf = {0, 4096};
	pthread_t thread;
	uint64_t run;

	(void)state;
	disk_add_heap(&d, 1 << 20);
	disk_start(&d);
	run = disk_heap_alloc(&d, RUN);
	buf.gpa = run;
	sound_by_window(run, 1);
	atomic_store(&refuse_to_let_go, true);
	assert_int_equal(pthread_create(&thread, NULL, reset_thread, &done), 0);
	/* It is tried again, more than once. */
	while (atomic_load(&refusals) < 3) {
		assert_false(atomic_load(&done));
		sched_yield();
	}
	assert_true(backed() > 0);
	assert_non_null(strstr(d.warned, "does not let go"));
	/* What is asked for meanwhile waits, and finds the heap as it is then. */
	disk_post(&d, 0, 0, IN, 0, &buf, 1);
	disk_kick(&d, 0);
	atomic_store(&refuse_to_let_go, false);
	pthread_join(thread, NULL);
	assert_int_equal(backed(), 0);
	assert_int_equal(disk_wait(&d, 0, NULL), 0);
	assert_int_equal(disk_status(&d, 0, 0), IOERR);
	have_again(run, 2);
}

/* So with memory that a guest reports free: it is discarded when it is let go of. */
struct job {
	struct io_release release;
	struct iovec range;
	atomic_bool done;
};

static void job_done(struct io_release *release)
{
	struct job *job = (struct job *)release;

	madvise(job->range.iov_base, job->range.iov_len, MADV_DONTNEED);
	atomic_store(&job->done, true);
}

static void ram_given_back_waits(void **state)
{
	struct job job = {.release = {.nr = 1, .done = job_done}, .range = {d.big, 2 << 20}};

	(void)state;
	job.release.range = &job.range;
	disk_start(&d);
	sound_by_window(BIG_BASE, 1);
	atomic_store(&refuse_to_let_go, true);
	io_engine_release(d.engine, &job.release);
	while (atomic_load(&refusals) < 3) {
		assert_false(atomic_load(&job.done));
		disk_sound(&d, BIG_BASE, atomic_load(&refusals));
	}
	atomic_store(&refuse_to_let_go, false);
	while (!atomic_load(&job.done))
		sched_yield();
	assert_int_equal(*d.big, 0);
	sound_by_window(BIG_BASE, 3);
}

/* Of a region that goes and comes at the same address, as memory of a front end does. */
static void region_replaced(void **state)
{
	const struct io_region region = {.host = d.big, .size = BIG_SIZE};
	unsigned int i;

	(void)state;
	disk_start(&d);
	for (i = 0; i < 5; i++) {
		sound_by_window(BIG_BASE, i);
		io_engine_pause(d.engine, IO_FINISH);
		io_engine_remove_region(d.engine, d.big);
		assert_int_equal(engine_stats().window_bytes, 0);
		assert_true(mmap(d.big, BIG_SIZE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == d.big);
		assert_int_equal(io_engine_add_region(d.engine, &region), 0);
		io_engine_resume(d.engine, IO_FINISH);
	}
	sound_by_window(BIG_BASE, i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(heap_at_once),     TEST(heap_after_a_delay),   TEST(heap_in_part),
		TEST(heap_reset),       TEST(heap_of_a_file),       TEST(heap_of_a_pool),
		TEST(heap_reset_waits), TEST(ram_given_back_waits), TEST(region_replaced),
	};

	return cmocka_run_group_tests_name("virtio_blk_lost", tests, NULL, NULL);
}
