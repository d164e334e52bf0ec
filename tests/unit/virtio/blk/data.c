/* SPDX-License-Identifier: BSD-2-Clause */
/* That a disk keeps what is written to it, whichever way the bytes go: long random
 * sequences through windows, plain memory, buffers, the page cache, a heap with and
 * without pins; and that a heap's memory is neither reused nor kept under I/O. */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/virtio/blk/fixture.h"

#define STEPS 400
#define SPAN  (1u << 20) /* of the disk, that random steps use */

static uint8_t model[SPAN];

static int setup(void **state)
{
	(void)state;
	disk_init(&d);
	memset(model, 0, sizeof(model));
	return 0;
}

/* A random step: up to four segments, as odd as the seed wants, from memory at base. */
static unsigned int shape(uint64_t *seed, uint64_t base, uint64_t size, bool odd,
			  struct buffer *buf, uint32_t *total)
{
	uint32_t sectors = (uint32_t)(next_random(seed) % 32 + 1);
	uint32_t left = sectors * 512;
	unsigned int n = 0;
	unsigned int most = (unsigned int)(next_random(seed) % 4 + 1);

	*total = left;
	while (left) {
		uint32_t len = left;

		if (n + 1 < most && left > 512) {
			len = (uint32_t)(next_random(seed) % (left - 1) + 1);
			if (!odd)
				len = (len + 511) & ~511u;
		}
		/* Each in its own quarter. */
		buf[n].gpa = base + size / 4 * n + next_random(seed) % (size / 4 - 16384);
		if (!odd)
			buf[n].gpa &= ~511ull;
		buf[n++].len = len;
		left -= len;
	}
	return n;
}

static void random_steps(uint64_t seed, uint64_t base, uint64_t size)
{
	struct buffer buf[4];
	uint32_t total;
	uint32_t at;
	unsigned int n;

	for (unsigned int step = 0; step < STEPS; step++) {
		bool write = next_random(&seed) % 2;

		n = shape(&seed, base, size, next_random(&seed) % 4 == 0, buf, &total);
		at = (uint32_t)(next_random(&seed) % ((SPAN - total) / 512)) * 512;
		if (write) {
			uint32_t to = at;

			for (unsigned int i = 0; i < n; to += buf[i++].len) {
				fill(disk_at(&d, buf[i].gpa, buf[i].len), buf[i].len, seed + i);
				memcpy(model + to, disk_at(&d, buf[i].gpa, buf[i].len), buf[i].len);
			}
			assert_int_equal(disk_do(&d, OUT, at / 512, buf, n, NULL), OK);
		} else {
			assert_int_equal(disk_do(&d, IN, at / 512, buf, n, NULL), OK);
			for (unsigned int i = 0; i < n; at += buf[i++].len)
				assert_memory_equal(disk_at(&d, buf[i].gpa, buf[i].len), model + at,
						    buf[i].len);
		}
	}
}

static void same_on_disk(void)
{
	uint8_t *all = malloc(SPAN);

	assert_non_null(all);
	assert_int_equal(pread(d.fd, all, SPAN, 0), SPAN);
	assert_memory_equal(all, model, SPAN);
	free(all);
}

static void random_windows(void **state)
{
	struct blk_stats stats;

	(void)state;
	disk_start(&d);
	random_steps(1, BIG_BASE, 8 << 20);
	same_on_disk();
	blk_dev_get_stats(d.dev, &stats);
	/* The sequence went each of the ways it is meant to compare. */
	assert_true(stats.fixed_ops > 0);
	assert_true(stats.bounced_ops > 0);
	assert_true(stats.bytes_copied > 0);
	assert_true(stats.bytes_copied < stats.bytes_read + stats.bytes_written);
}

static void random_packed(void **state)
{
	(void)state;
	d.features = ~0ull;
	disk_start(&d);
	random_steps(2, BIG_BASE, 8 << 20);
	same_on_disk();
}

static void random_plain(void **state)
{
	struct blk_stats stats;

	(void)state;
	d.engine_config.force_plain = IO_NO_WINDOWS | IO_NO_DEFER_TASKRUN;
	disk_start(&d);
	random_steps(3, BIG_BASE, 8 << 20);
	same_on_disk();
	blk_dev_get_stats(d.dev, &stats);
	assert_int_equal(stats.fixed_ops + stats.fixed_vec_ops, 0);
	assert_true(stats.plain_ops > 0);
}

static void random_cached(void **state)
{
	(void)state;
	d.config.direct = false;
	disk_start(&d);
	random_steps(4, BIG_BASE, 8 << 20);
	same_on_disk();
}

static uint64_t pinned_now(void)
{
	struct mm_stats stats;

	assert_int_equal(mm_stats(d.heap, 0, &stats), 0);
	return stats.pages_pinned;
}

static void random_heap(void **state)
{
	struct blk_stats stats;
	uint64_t base;

	(void)state;
	disk_add_heap(&d, 1 << 20);
	disk_start(&d);
	base = disk_heap_alloc(&d, 10);
	random_steps(5, base, 4 << 20);
	same_on_disk();
	blk_dev_get_stats(d.dev, &stats);
	assert_true(stats.pins > 0);
	assert_true(stats.fixed_ops > 0);
	assert_int_equal(stats.pin_refusals, 0);
	io_engine_pause(d.engine, IO_RECLAIM);
	io_engine_resume(d.engine, IO_RECLAIM);
	assert_int_equal(pinned_now(), 0);
}

/* Without any pins to be had, the bytes are the same. */
static void random_no_quota(void **state)
{
	struct blk_stats stats;
	uint64_t base;

	(void)state;
	disk_add_heap(&d, 0);
	disk_start(&d);
	base = disk_heap_alloc(&d, 10);
	random_steps(6, base, 4 << 20);
	same_on_disk();
	blk_dev_get_stats(d.dev, &stats);
	assert_int_equal(stats.pins, 0);
	assert_int_equal(stats.pin_refusals, STEPS);
	assert_int_equal(stats.fixed_ops + stats.fixed_vec_ops, 0);
}

/* A guest that frees, and gets again, what it has asked to be written. What is
 * answered OK is what was there when it was asked. */
static void freed_under_io(void **state)
{
	uint8_t got[4096];
	uint8_t want[4096];

	(void)state;
	disk_add_heap(&d, 1 << 20);
	disk_start(&d);
	for (unsigned int i = 0; i < 400; i++) {
		struct buffer buf = {disk_heap_alloc(&d, 0), 4096};
		uint64_t again;

		fill(want, 4096, i);
		memcpy(disk_at(&d, buf.gpa, 4096), want, 4096);
		disk_post(&d, 0, 0, OUT, 0, &buf, 1);
		disk_kick(&d, 0);
		if (i % 2)
			sched_yield();
		disk_heap_free(&d, buf.gpa);
		again = disk_heap_alloc(&d, 0);
		memset(disk_at(&d, again, 4096), 0xbb, 4096);
		assert_int_equal(disk_wait(&d, 0, NULL), 0);
		if (disk_status(&d, 0, 0) == OK && again != buf.gpa) {
			assert_int_equal(pread(d.fd, got, 4096, 0), 4096);
			assert_memory_equal(got, want, 4096);
		}
		disk_heap_free(&d, again);
	}
	io_engine_pause(d.engine, IO_RECLAIM);
	io_engine_resume(d.engine, IO_RECLAIM);
	assert_int_equal(pinned_now(), 0);
}

/* An address of the heap that is nobody's is the error of its request. */
static void not_handed_out(void **state)
{
	struct buffer buf = {HEAP_BASE + (32 << 20), 4096};
	uint64_t mine;

	(void)state;
	disk_add_heap(&d, 1 << 20);
	disk_start(&d);
	assert_int_equal(disk_do(&d, IN, 0, &buf, 1, NULL), IOERR);
	assert_int_equal(disk_do(&d, OUT, 0, &buf, 1, NULL), IOERR);
	mine = disk_heap_alloc(&d, 0);
	/* Half of it is. */
	buf = (struct buffer){mine, 8192};
	if (!mm_host_ptr(d.heap, mine + 4096, 1))
		assert_int_equal(disk_do(&d, IN, 0, &buf, 1, NULL), IOERR);
	assert_int_equal(disk_do1(&d, IN, 0, mine, 4096), OK);
	io_engine_pause(d.engine, IO_RECLAIM);
	io_engine_resume(d.engine, IO_RECLAIM);
	assert_int_equal(pinned_now(), 0);
}

/* Header and status in memory that vanishes: no answer, no harm. */
static void vanishing_header(void **state)
{
	const struct vring_desc desc[] = {
		{HEAP_BASE + (40 << 20), 16, 0, 0},
		{BIG_BASE, 512, VRING_F_WRITE, 0},
		{HEAP_BASE + (40 << 20) + 16, 1, VRING_F_WRITE, 0},
	};
	uint32_t len;

	(void)state;
	disk_add_heap(&d, 1 << 20);
	disk_start(&d);
	disk_post_raw(&d, 0, 0, desc, 3);
	disk_kick(&d, 0);
	assert_int_equal(disk_wait(&d, 0, &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE, 4096), OK);
}

static void given_back(void **state)
{
	struct io_engine_stats stats;
	struct mm_stats mm;
	uint64_t run;

	(void)state;
	disk_add_heap(&d, 1 << 20);
	disk_start(&d);
	run = disk_heap_alloc(&d, 9);
	assert_int_equal(disk_do1(&d, OUT, 0, run, 4096), OK);
	io_engine_get_stats(d.engine, &stats);
	assert_int_equal(stats.window_bytes, 2 << 20);
	/* The anchor alone is left, once the request's pins are dropped. */
	while (pinned_now() > 1)
		sched_yield();
	assert_int_equal(pinned_now(), 1);
	disk_heap_free(&d, run);
	/* The next tick finds the anchor freed; what it holds goes back then. */
	do {
		sched_yield();
		mm_reclaim(d.heap);
		mm_stats(d.heap, 0, &mm);
	} while (mm.frames_backed || mm.pages_pinned);
	io_engine_get_stats(d.engine, &stats);
	assert_int_equal(stats.window_bytes, 0);
}

static void pause_lets_go(void **state)
{
	struct io_engine_stats stats;
	struct buffer buf = {0, 4096};

	(void)state;
	disk_add_heap(&d, 1 << 20);
	disk_start(&d);
	buf.gpa = disk_heap_alloc(&d, 9);
	assert_int_equal(disk_do(&d, OUT, 0, &buf, 1, NULL), OK);
	assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE, 4096), OK);
	io_engine_pause(d.engine, IO_RECLAIM);
	assert_int_equal(pinned_now(), 0);
	io_engine_get_stats(d.engine, &stats);
	assert_int_equal(stats.window_bytes, 2 << 20);
	mm_heap_reset(d.heap);
	/* What is asked meanwhile waits. */
	disk_post(&d, 0, 0, IN, 0, &buf, 1);
	disk_kick(&d, 0);
	io_engine_resume(d.engine, IO_RECLAIM);
	assert_int_equal(disk_wait(&d, 0, NULL), 0);
	assert_int_equal(disk_status(&d, 0, 0), IOERR);
	assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE, 4096), OK);
}

static void small_budget(void **state)
{
	struct io_engine_stats stats;
	uint64_t hits;

	(void)state;
	d.engine_config.pin_budget = 4 << 20;
	disk_start(&d);
	random_steps(7, BIG_BASE, 16 << 20);
	same_on_disk();
	io_engine_get_stats(d.engine, &stats);
	assert_true(stats.window_bytes > 0);
	assert_true(stats.window_bytes <= 4 << 20);
	assert_true(stats.window_misses > stats.windows_made);
	/* What is used again and again gets in: once the kernel has let go of another. */
	hits = stats.window_hits;
	do {
		for (unsigned int i = 0; i < 300; i++)
			assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE + (24 << 20), 4096), OK);
		io_engine_get_stats(d.engine, &stats);
	} while (stats.window_hits == hits);
	assert_true(stats.window_evictions > 0);
	hits = stats.window_hits;
	assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE + (24 << 20), 4096), OK);
	io_engine_get_stats(d.engine, &stats);
	assert_int_equal(stats.window_hits, hits + 1);
	assert_true(stats.window_bytes <= 4 << 20);
	assert_string_equal(d.warned, "");
}

static void queues_at_once(void **state)
{
	const struct buffer buf[4] = {{BIG_BASE, 4096},
				      {BIG_BASE + 4096, 4096},
				      {BIG_BASE + 8192, 4096},
				      {BIG_BASE + 12288, 4096}};

	(void)state;
	d.config.queues = 4;
	disk_start(&d);
	for (unsigned int q = 0; q < 4; q++)
		fill(disk_at(&d, buf[q].gpa, 4096), 4096, q);
	for (unsigned int n = 0; n < 20; n++) {
		for (unsigned int q = 0; q < 4; q++)
			for (unsigned int slot = 0; slot < 16; slot++)
				disk_post(&d, q, (uint16_t)slot, OUT, (q * 16 + slot) * 8, &buf[q],
					  1);
		for (unsigned int q = 0; q < 4; q++)
			disk_kick(&d, q);
		for (unsigned int q = 0; q < 4; q++)
			for (unsigned int slot = 0; slot < 16; slot++)
				assert_int_equal(
					disk_status(&d, q, (uint16_t)disk_wait(&d, q, NULL)), OK);
	}
	for (unsigned int q = 0; q < 4; q++)
		for (unsigned int slot = 0; slot < 16; slot++) {
			uint8_t got[4096];

			assert_int_equal(pread(d.fd, got, 4096, (q * 16 + slot) * 4096), 4096);
			assert_memory_equal(got, disk_at(&d, buf[q].gpa, 4096), 4096);
		}
}

/* Status reads 0 when nothing touches the guest's memory any more. */
static void reset_in_flight(void **state)
{
	const struct buffer buf = {BIG_BASE, 64 << 10};
	uint16_t idx;

	(void)state;
	disk_start(&d);
	fill(disk_at(&d, BIG_BASE, 64 << 10), 64 << 10, 1);
	assert_int_equal(disk_do(&d, OUT, 0, &buf, 1, NULL), OK);
	for (unsigned int round = 0; round < 50; round++) {
		for (unsigned int slot = 0; slot < 16; slot++)
			disk_post(&d, 0, (uint16_t)slot, IN, 0, &buf, 1);
		disk_kick(&d, 0);
		set_reg(d.mmio, VIRTIO_MMIO_STATUS, 0);
		assert_int_equal(reg(d.mmio, VIRTIO_MMIO_STATUS), 0);
		idx = drv_used_idx(&d.q[0]);
		memset(disk_at(&d, BIG_BASE, 64 << 10), 0x55, 64 << 10);
		drv_negotiate(d.mmio, d.features & drv_device_features(d.mmio));
		assert_int_equal(drv_used_idx(&d.q[0]), idx);
		drv_queue_init(&d.q[0], &d.g, QUEUE_SIZE, RING_BASE(0));
		assert_int_equal(drv_queue_setup(d.mmio, 0, &d.q[0]), 1);
		drv_driver_ok(d.mmio);
		for (unsigned int slot = 0; slot < 64 << 10; slot += 4096)
			assert_int_equal(*(uint8_t *)disk_at(&d, BIG_BASE + slot, 1), 0x55);
		assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE + (1 << 20), 4096), OK);
	}
}

/* The last test: it gives up a privilege for good. */
static void memlock_refused(void **state)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct caps[2];
	struct rlimit limit = {64 << 10, 64 << 10};
	struct blk_stats stats;

	(void)state;
	assert_int_equal(syscall(SYS_capget, &header, caps), 0);
	caps[0].effective &= ~(1u << CAP_IPC_LOCK);
	caps[0].permitted &= ~(1u << CAP_IPC_LOCK);
	assert_int_equal(syscall(SYS_capset, &header, caps), 0);
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	disk_start(&d);
	random_steps(8, BIG_BASE, 8 << 20);
	same_on_disk();
	blk_dev_get_stats(d.dev, &stats);
	assert_true(stats.plain_ops > 0);
	assert_non_null(strstr(d.warned, "RLIMIT_MEMLOCK is 64 KiB"));
	assert_non_null(strstr(d.warned, "KiB are required"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, disk_teardown)
		TEST(random_windows), TEST(random_packed),   TEST(random_plain),
		TEST(random_cached),  TEST(random_heap),     TEST(random_no_quota),
		TEST(freed_under_io), TEST(not_handed_out),  TEST(vanishing_header),
		TEST(given_back),     TEST(pause_lets_go),   TEST(small_budget),
		TEST(queues_at_once), TEST(reset_in_flight), TEST(memlock_refused),
	};

	return cmocka_run_group_tests_name("virtio_blk_data", tests, NULL, NULL);
}
