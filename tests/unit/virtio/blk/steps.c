/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests that take many steps: zeroes on a file system that cannot make them by itself, so that
 * a few bytes of a request are hundreds of megabytes to write. What stops the disk gets in
 * between two steps.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/virtio/blk/fixture.h"

#define ZERO VIRTIO_BLK_T_WRITE_ZEROES

#define RANGES 16u
#define LONG   (RANGES * DISK_SIZE) /* bytes that a long request asks for */
#define TRIES  50
/* Taken and not answered at once: virtio/blk/priv.h's bound and one more. */
#define AT_ONCE ((1ull << 30) / LONG + 1)

static int setup(void **state)
{
	(void)state;
	disk_init(&d);
	/* In memory: tmpfs has no zero ranges. */
	close(d.fd);
	unlink(d.path);
	snprintf(d.path, sizeof(d.path), "/dev/shm/slabvisor-steps.XXXXXX");
	d.fd = mkstemp(d.path);
	assert_true(d.fd >= 0);
	assert_int_equal(ftruncate(d.fd, DISK_SIZE), 0);
	return 0;
}

/* The whole disk, RANGES times: what every long request asks for. */
static struct buffer ranges(uint64_t gpa)
{
	struct virtio_blk_discard_write_zeroes *range = disk_at(&d, gpa, RANGES * sizeof(*range));

	for (unsigned int i = 0; i < RANGES; i++)
		range[i] = (struct virtio_blk_discard_write_zeroes){.num_sectors = DISK_SECTORS};
	return (struct buffer){gpa, RANGES * sizeof(*range)};
}

/* Posts n requests, in slots from 0 on, and rings once: a short one, and long ones. */
static void post_long(uint16_t n)
{
	const struct buffer buf = ranges(BIG_BASE);
	const struct buffer one = {buf.gpa, buf.len / RANGES};

	for (uint16_t slot = 0; slot < n; slot++)
		disk_post(&d, 0, slot, ZERO, 0, slot ? &buf : &one, 1);
	disk_kick(&d, 0);
}

/* When the short one is answered the long ones are under way, as a rule. */
static void wait_first(void)
{
	unsigned int slot = disk_wait(&d, 0, NULL);

	assert_int_equal(disk_status(&d, 0, (uint16_t)slot), OK);
}

static unsigned int wait_rest(uint16_t answered, uint16_t n, uint8_t status)
{
	unsigned int right = 0;
	unsigned int slot;

	for (; answered < n; answered++) {
		slot = disk_wait(&d, 0, NULL);
		right += disk_status(&d, 0, (uint16_t)slot) == status;
	}
	return right;
}

/* A pause does not wait for what was asked; afterwards it is carried on with. */
static void held_while_paused(void **state)
{
	unsigned int held = 0;
	uint16_t used;
	uint16_t used_at_start;

	(void)state;
	disk_start(&d);
	/* A machine with much else to do may be through with them before the pause comes. */
	for (unsigned int i = 0; i < TRIES && !held; i++) {
		used_at_start = drv_used_idx(&d.q[0]);
		post_long(4);
		wait_first();
		io_engine_pause(d.engine, IO_HOLD);
		used = (uint16_t)(drv_used_idx(&d.q[0]) - used_at_start);
		held = 4u - used;
		/* One that pauses within a pause waits for nothing more. */
		io_engine_pause(d.engine, IO_HOLD);
		io_engine_resume(d.engine, IO_HOLD);
		assert_int_equal((uint16_t)(drv_used_idx(&d.q[0]) - used_at_start), used);
		io_engine_resume(d.engine, IO_HOLD);
		assert_int_equal(wait_rest(1, 4, OK), 3);
	}
	assert_true(held > 0);
	assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE, 4096), OK);
}

/* Who needs all answers gets them, and no more is taken than the bound allows. */
static void finished_is_bounded(void **state)
{
	uint16_t before;
	uint16_t after;

	(void)state;
	disk_start(&d);
	post_long(16);
	wait_first();
	before = drv_used_idx(&d.q[0]);
	io_engine_pause(d.engine, IO_FINISH);
	after = drv_used_idx(&d.q[0]);
	assert_true((uint64_t)(after - before) <= AT_ONCE);
	/* All that it has taken is answered: the disk can be read by another now. */
	set_reg(d.mmio, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(drv_used_idx(&d.q[0]), after);
	io_engine_resume(d.engine, IO_FINISH);
	disk_set_up(&d);
	assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE, 4096), OK);
}

/* A driver that starts over is not waited for. */
static void dropped_by_reset(void **state)
{
	unsigned int left = 0;

	(void)state;
	disk_start(&d);
	for (unsigned int i = 0; i < TRIES && !left; i++) {
		post_long(16);
		wait_first();
		set_reg(d.mmio, VIRTIO_MMIO_STATUS, 0);
		left = 16u - drv_used_idx(&d.q[0]);
		disk_set_up(&d);
		assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE, 4096), OK);
		disk_set_up(&d);
	}
	/* Some were taken and some were not: with the bound of what is taken alone it would be
	 * so, too. */
	assert_true(left > 16u - AT_ONCE);
}

/* ... nor is one whose machine ends, not even by who waits for all answers. */
static void dropped_by_end(void **state)
{
	uint16_t used;

	(void)state;
	disk_start(&d);
	post_long(8);
	wait_first();
	io_engine_pause(d.engine, IO_HOLD);
	used = drv_used_idx(&d.q[0]);
	virtio_device_halt(d.dev);
	io_engine_pause(d.engine, IO_FINISH);
	assert_int_equal(drv_used_idx(&d.q[0]), used);
	io_engine_resume(d.engine, IO_FINISH);
	io_engine_resume(d.engine, IO_HOLD);
	disk_detach(&d);
	disk_attach(&d);
	assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE, 4096), OK);
}

/* A heap that takes its memory back: what lies there ends with an error, and its pins with it,
 * while what lies elsewhere is held. */
static void failed_by_reclaim(void **state)
{
	struct buffer buf;
	struct mm_stats mm;
	unsigned int failed = 0;
	uint64_t page;

	(void)state;
	disk_add_heap(&d, 1 << 20);
	disk_start(&d);
	for (unsigned int i = 0; i < TRIES && !failed; i++) {
		page = disk_heap_alloc(&d, 0);
		buf = ranges(page);
		disk_post(&d, 0, 2, ZERO, 0, &buf, 1);
		post_long(2);
		wait_first();
		io_engine_pause(d.engine, IO_HOLD);
		io_engine_pause(d.engine, IO_RECLAIM);
		failed = disk_status(&d, 0, 2) == IOERR;
		mm_stats(d.heap, 0, &mm);
		assert_int_equal(mm.pages_pinned, 0);
		mm_heap_reset(d.heap);
		io_engine_resume(d.engine, IO_RECLAIM);
		io_engine_resume(d.engine, IO_HOLD);
		assert_int_equal(wait_rest(1, 3, OK), 2 - failed);
		assert_int_equal(disk_status(&d, 0, 1), OK);
	}
	assert_int_equal(failed, 1);
}

/* The disk is made smaller under a request: it ends, and does not make it larger again. */
static void cut_by_resize(void **state)
{
	unsigned int cut = 0;
	struct stat st;

	(void)state;
	disk_start(&d);
	for (unsigned int i = 0; i < TRIES && !cut; i++) {
		assert_int_equal(blk_dev_set_size(d.dev, DISK_SIZE), 0);
		post_long(4);
		wait_first();
		assert_int_equal(blk_dev_set_size(d.dev, DISK_SIZE / 2), 0);
		cut = wait_rest(1, 4, IOERR);
		assert_int_equal(fstat(d.fd, &st), 0);
		assert_int_equal(st.st_size, DISK_SIZE / 2);
	}
	assert_true(cut > 0);
}

/* Bytes of stack: what the thread needs. Sanitizers need more, and say nothing here. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define STACK (2u << 20)
#else
#define STACK (48u << 10)
#endif
#define QUEUES 16
#define SLOTS  63
#define LARGE  8u /* as many as there are buffers, and of many steps each */

/* Fills all rings: LARGE unaligned writes of 4 MiB, then such of one sector. */
static void post_unaligned(void)
{
	struct vring_desc *table;
	uint64_t at;

	for (unsigned int queue = 0; queue < QUEUES; queue++) {
		for (unsigned int slot = 0; slot < SLOTS; slot++) {
			at = BIG_BASE + (queue * SLOTS + slot) * 128ull;
			table = disk_at(&d, at, 128);
			memset(table, 0, 128);
			memcpy(table + 4, &(struct virtio_blk_outhdr){.type = OUT, .sector = 8},
			       16);
			table[0] = (struct vring_desc){at + 64, 16, VRING_F_NEXT, 1};
			table[1] = (struct vring_desc){BIG_BASE + (1 << 20) + 1,
						       queue || slot >= LARGE ? 512 : 4 << 20,
						       VRING_F_NEXT, 2};
			table[2] = (struct vring_desc){at + 80, 1, VRING_F_WRITE, 0};
			drv_put(&d.q[queue], (uint16_t)slot,
				&(struct drv_buf){at, 48, VRING_F_INDIRECT}, 1);
		}
	}
}

/*
 * Requests that wait for a buffer and fail as soon as they have it, one giving it to the next: on
 * a stack that has no room for a call for each.
 */
static void buffers_handed_on(void **state)
{
	unsigned int failed = 0;
	unsigned int i;
	pthread_attr_t attr;
	pthread_attr_t old;
	struct blk_stats stats;
	uint64_t taken = 0;

	(void)state;
	/* Direct I/O cannot take an odd address; tmpfs has none. */
	close(d.fd);
	unlink(d.path);
	snprintf(d.path, sizeof(d.path), "build/tests/disk.XXXXXX");
	d.fd = mkstemp(d.path);
	assert_int_equal(ftruncate(d.fd, DISK_SIZE), 0);
	d.config.queues = QUEUES;
	assert_int_equal(pthread_getattr_default_np(&old), 0);
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstacksize(&attr, STACK), 0);
	assert_int_equal(pthread_setattr_default_np(&attr), 0);
	disk_start(&d);
	assert_int_equal(pthread_setattr_default_np(&old), 0);
	for (unsigned int tries = 1; tries <= TRIES && failed < QUEUES * SLOTS / 2; tries++) {
		assert_int_equal(blk_dev_set_size(d.dev, DISK_SIZE), 0);
		io_engine_pause(d.engine, IO_HOLD);
		post_unaligned();
		io_engine_resume(d.engine, IO_HOLD);
		taken += QUEUES * SLOTS;
		do
			blk_dev_get_stats(d.dev, &stats);
		while (stats.writes < taken);
		/* All are taken, and most wait for what the first few have. */
		assert_int_equal(blk_dev_set_size(d.dev, 4096), 0);
		for (unsigned int queue = 0; queue < QUEUES; queue++)
			while (drv_used_idx(&d.q[queue]) != (uint16_t)(tries * SLOTS))
				sched_yield();
		for (i = 0, failed = 0; i < QUEUES * SLOTS; i++)
			failed += *(uint8_t *)disk_at(&d, BIG_BASE + i * 128ull + 80, 1) == IOERR;
	}
	assert_true(failed >= QUEUES * SLOTS / 2);
}

/* What is offered is what is accepted, and a request of it is within the bound. */
static void offered_ranges(void **state)
{
	struct virtio_blk_discard_write_zeroes *range;
	struct virtio_blk_config config;
	struct buffer buf = {BIG_BASE, sizeof(*range)};

	(void)state;
	assert_int_equal(ftruncate(d.fd, 1 << 30), 0);
	disk_start(&d);
	memcpy(&config, d.dev->config, sizeof(config));
	assert_int_equal(config.max_write_zeroes_seg, RANGES);
	assert_int_equal(config.max_discard_seg, RANGES);
	assert_int_equal(config.max_write_zeroes_sectors, (64 << 20) / 512);
	assert_int_equal(config.max_discard_sectors, (64 << 20) / 512);
	range = disk_at(&d, BIG_BASE, sizeof(*range));
	*range = (struct virtio_blk_discard_write_zeroes){.num_sectors =
								  config.max_write_zeroes_sectors};
	assert_int_equal(disk_do(&d, ZERO, 0, &buf, 1, NULL), OK);
	range->num_sectors++;
	assert_int_equal(disk_do(&d, ZERO, 0, &buf, 1, NULL), IOERR);
	assert_int_equal(disk_do(&d, VIRTIO_BLK_T_DISCARD, 0, &buf, 1, NULL), IOERR);
	range->num_sectors--;
	assert_int_equal(disk_do(&d, VIRTIO_BLK_T_DISCARD, 0, &buf, 1, NULL), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(held_while_paused, setup, disk_teardown),
		cmocka_unit_test_setup_teardown(finished_is_bounded, setup, disk_teardown),
		cmocka_unit_test_setup_teardown(dropped_by_reset, setup, disk_teardown),
		cmocka_unit_test_setup_teardown(dropped_by_end, setup, disk_teardown),
		cmocka_unit_test_setup_teardown(failed_by_reclaim, setup, disk_teardown),
		cmocka_unit_test_setup_teardown(cut_by_resize, setup, disk_teardown),
		cmocka_unit_test_setup_teardown(buffers_handed_on, setup, disk_teardown),
		cmocka_unit_test_setup_teardown(offered_ranges, setup, disk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
