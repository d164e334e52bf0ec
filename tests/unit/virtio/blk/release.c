/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that is given back under disks: what is registered of it is let go of first, and I/O goes
 * on meanwhile. */
#include <endian.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/virtio/blk/fixture.h"

struct job {
	struct io_release release;
	struct iovec range[3];
	uint64_t registered; /* when it was done */
	bool discard;
	_Atomic int done;
};

static void job_done(struct io_release *release)
{
	struct job *job = (struct job *)release;

	job->registered = disk_registered(&d);
	for (unsigned int i = 0; job->discard && i < release->nr; i++)
		assert_int_equal(madvise(release->range[i].iov_base, release->range[i].iov_len,
					 MADV_DONTNEED),
				 0);
	atomic_fetch_add(&job->done, 1);
}

static void job_start(struct job *job, unsigned int n)
{
	job->release.range = job->range;
	job->release.nr = n;
	job->release.done = job_done;
	io_engine_release(d.engine, &job->release);
}

static void job_wait(struct job *job)
{
	while (!atomic_load(&job->done))
		sched_yield();
	assert_int_equal(atomic_load(&job->done), 1);
}

static void lets_go_of_what_it_names(void **state)
{
	struct job job = {.range = {{d.big + (8 << 20), 4 << 20}}};
	struct io_engine_stats stats;
	uint64_t hits;

	(void)state;
	disk_start(&d);
	/* Two under the range, and one far from it. */
	assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE + (9 << 20), 4096), OK);
	assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE + (11 << 20), 4096), OK);
	assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE + (20 << 20), 4096), OK);
	assert_true(disk_registered(&d) >= 6 << 20);
	job_start(&job, 1);
	job_wait(&job);
	assert_int_equal(job.registered, 2 << 20);
	io_engine_get_stats(d.engine, &stats);
	hits = stats.window_hits;
	assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE + (20 << 20), 4096), OK);
	io_engine_get_stats(d.engine, &stats);
	assert_int_equal(stats.window_hits, hits + 1);
	/* It may be registered again. */
	assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE + (9 << 20), 4096), OK);
	assert_int_equal(disk_registered(&d), 4 << 20);
}

static void nothing_registered(void **state)
{
	static uint8_t other[4096];
	struct job job = {.range = {{d.big, 4096}, {other, sizeof(other)}, {d.big - 4096, 8192}}};
	struct job empty = {.discard = false};

	(void)state;
	disk_start(&d);
	job_start(&job, 3);
	job_start(&empty, 0);
	job_wait(&job);
	job_wait(&empty);
	assert_int_equal(disk_registered(&d), 0);
}

/* I/O that never leaves the window alone holds its end up no longer than each lasts; and what
 * is read after the discard lies in the page that is there now. */
static void under_io(void **state)
{
	uint8_t *page = d.big + (8 << 20);
	uint8_t want[4096];

	(void)state;
	disk_start(&d);
	fill(want, sizeof(want), 1);
	memcpy(page, want, sizeof(want));
	assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE + (8 << 20), 4096), OK);
	for (unsigned int round = 0; round < 20; round++) {
		struct job job = {.range = {{page, 4096}, {page + 8192, 4096}}, .discard = true};
		const struct buffer buf = {BIG_BASE + (8 << 20) + 65536, 65536};

		disk_post(&d, 0, 1, IN, 0, &buf, 1);
		disk_kick(&d, 0);
		job_start(&job, 2);
		do {
			disk_wait(&d, 0, NULL);
			assert_int_equal(disk_status(&d, 0, 1), OK);
			disk_post(&d, 0, 1, IN, 0, &buf, 1);
			disk_kick(&d, 0);
		} while (!atomic_load(&job.done));
		disk_wait(&d, 0, NULL);
		assert_int_equal(disk_status(&d, 0, 1), OK);
		for (unsigned int i = 0; i < 4096; i++)
			assert_int_equal(page[i], 0);
		assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE + (8 << 20), 4096), OK);
		assert_memory_equal(page, want, sizeof(want));
	}
}

/* Nothing is taken while the device is paused, and then all of it without another doorbell. */
static void disk_paused(void **state)
{
	const struct buffer buf = {BIG_BASE, 4096};

	(void)state;
	/* A thread that has nothing to wake for but a kick. */
	d.engine_config.poll_us = 0;
	d.engine_config.pin_budget = 0;
	disk_start(&d);
	for (unsigned int i = 0; i < 10; i++) {
		virtio_device_pause(d.dev);
		disk_post(&d, 0, 0, VIRTIO_BLK_T_IN, 0, &buf, 1);
		assert_false(virtio_mmio_write(d.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0, 4, 0));
		/* The I/O thread goes round. */
		io_engine_pause(d.engine, IO_HOLD);
		io_engine_resume(d.engine, IO_HOLD);
		assert_int_equal(drv_used_idx(&d.q[0]), i);
		virtio_device_resume(d.dev);
		assert_int_equal(disk_wait(&d, 0, NULL), 0);
		assert_int_equal(disk_status(&d, 0, 0), VIRTIO_BLK_S_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, disk_setup, disk_teardown)
		TEST(lets_go_of_what_it_names),
		TEST(nothing_registered),
		TEST(under_io),
		TEST(disk_paused),
	};

	return cmocka_run_group_tests_name("virtio_blk_release", tests, NULL, NULL);
}
