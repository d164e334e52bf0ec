/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drivers that mean harm, or know no better. After each: the other queue serves, a reset
 * makes the first one good again, and nothing outside the guest was touched (that is
 * the sanitizers' to say).
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "mm/util.h"
#include "tests/unit/virtio/blk/fixture.h"

static int setup(void **state)
{
	(void)state;
	disk_init(&d);
	d.config.queues = 2;
	disk_start(&d);
	disk_set_header(&d, 0, 0, IN, 0);
	return 0;
}

static void reset_heals(void)
{
	disk_set_up(&d);
	assert_false(drv_needs_reset(d.mmio));
	assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE, 4096), OK);
}

/* The ring makes no sense: it dies alone. */
static void dies_alone(void)
{
	uint16_t used = drv_used_idx(&d.q[0]);

	disk_kick(&d, 0);
	/* By the time the other queue has answered, this one was looked at: the thread
	 * takes the queues in turn. */
	disk_serves(&d, 1);
	assert_true(drv_needs_reset(d.mmio));
	disk_serves(&d, 1);
	assert_int_equal(drv_used_idx(&d.q[0]), used);
	reset_heals();
}

/* The request is wrong, and answered so: nothing dies. */
static void fails_alone(const struct vring_desc *desc, unsigned int n, uint64_t status)
{
	uint32_t len;

	*(uint8_t *)disk_at(&d, status, 1) = 0xee;
	disk_post_raw(&d, 0, 0, desc, n);
	disk_kick(&d, 0);
	assert_int_equal(disk_wait(&d, 0, &len), 0);
	assert_int_equal(len, 1);
	assert_int_equal(*(uint8_t *)disk_at(&d, status, 1), IOERR);
	assert_false(drv_needs_reset(d.mmio));
	assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE, 4096), OK);
	disk_serves(&d, 1);
}

/* (1) */
static void descriptor_loops(void **state)
{
	(void)state;
	drv_desc(&d.q[0], 0, disk_header(0, 0), 16, NEXT, 0);
	drv_avail(&d.q[0], 0);
	dies_alone();
	drv_desc(&d.q[0], 0, BIG_BASE, 512, W | NEXT, 1);
	drv_desc(&d.q[0], 1, BIG_BASE, 512, W | NEXT, 0);
	drv_avail(&d.q[0], 0);
	dies_alone();
}

/* (4) */
static void same_head_twice(void **state)
{
	const struct buffer buf = {BIG_BASE, 1 << 20};

	(void)state;
	disk_post(&d, 0, 0, IN, 0, &buf, 1);
	drv_avail(&d.q[0], 0);
	disk_kick(&d, 0);
	/* Legal if the first was answered before the second was looked at. */
	assert_int_equal(disk_wait(&d, 0, NULL), 0);
	disk_serves(&d, 1);
	reset_heals();
}

/* (5) */
static void out_of_range(void **state)
{
	(void)state;
	drv_avail(&d.q[0], QUEUE_SIZE);
	dies_alone();
	drv_avail(&d.q[0], 0xffff);
	dies_alone();
	drv_set_avail_idx(&d.q[0], (uint16_t)(d.q[0].avail_idx + QUEUE_SIZE + 1));
	dies_alone();
	drv_desc(&d.q[0], 0, BIG_BASE, 16, NEXT, QUEUE_SIZE);
	drv_avail(&d.q[0], 0);
	dies_alone();
}

/* (6), (7) */
static void outside_memory(void **state)
{
	static const struct {
		uint64_t addr;
		uint32_t len;
	} bad[] = {
		{0, 512},
		{RAM_END, 512},
		{RAM_END - 256, 512},
		{BIG_BASE - 1, 512},
		{BIG_BASE + BIG_SIZE - 256, 512},
		{0xd0000000, 4096},
		{~0ull - 100, 512},
		{~0ull, 1},
		{BIG_BASE, 0xffffffff},
		{1ull << 63, 512},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct buffer buf = {bad[i].addr, bad[i].len};

		disk_post(&d, 0, 0, i % 2 ? IN : OUT, 0, &buf, 1);
		dies_alone();
	}
}

/* (7): more than 32 bits in all. */
static void lengths_wrap(void **state)
{
	struct vring_desc desc[200];
	unsigned int i;

	(void)state;
	desc[0] = (struct vring_desc){disk_header(0, 0), 16, 0, 0};
	for (i = 1; i < 199; i++)
		desc[i] = (struct vring_desc){BIG_BASE, 31 << 20, W, 0};
	desc[i] = (struct vring_desc){disk_status_at(0, 0), 1, W, 0};
	disk_post_raw(&d, 0, 0, desc, 200);
	dies_alone();
}

/* (18): a flood, and a request beyond all bounds that the arithmetic still holds. */
static void huge_request(void **state)
{
	struct vring_desc desc[20];
	unsigned int i;

	(void)state;
	desc[0] = (struct vring_desc){disk_header(0, 0), 16, 0, 0};
	for (i = 1; i < 19; i++)
		desc[i] = (struct vring_desc){BIG_BASE, 30 << 20, W, 0};
	desc[i] = (struct vring_desc){disk_status_at(0, 0), 1, W, 0};
	fails_alone(desc, 20, disk_status_at(0, 0));
}

/* (9) */
static void empty_descriptors(void **state)
{
	const struct vring_desc desc[] = {
		{0, 0, 0, 0},
		{disk_header(0, 0), 16, 0, 0},
		{~0ull, 0, 0, 0},
		{0, 0, W, 0},
		{BIG_BASE, 512, W, 0},
		{0, 0, W, 0},
		{disk_status_at(0, 0), 1, W, 0},
	};

	(void)state;
	disk_post_raw(&d, 0, 0, desc, 7);
	disk_kick(&d, 0);
	assert_int_equal(disk_wait(&d, 0, NULL), 0);
	assert_int_equal(disk_status(&d, 0, 0), OK);
	/* Nothing but those. */
	drv_desc(&d.q[0], 0, 0, 0, 0, 0);
	drv_avail(&d.q[0], 0);
	disk_kick(&d, 0);
	assert_int_equal(disk_wait(&d, 0, NULL), 0);
	disk_serves(&d, 1);
}

/* (10) */
static void bad_tables(void **state)
{
	const uint64_t table = BIG_BASE + 0x1000;

	(void)state;
	drv_desc(&d.q[0], 0, table, 24, VRING_F_INDIRECT, 0);
	drv_avail(&d.q[0], 0);
	dies_alone();
	drv_desc(&d.q[0], 0, table, 0, VRING_F_INDIRECT, 0);
	drv_avail(&d.q[0], 0);
	dies_alone();
	*(struct vring_desc *)disk_at(&d, table, 16) =
		(struct vring_desc){table, 16, VRING_F_INDIRECT, 0};
	drv_desc(&d.q[0], 0, table, 16, VRING_F_INDIRECT, 0);
	drv_avail(&d.q[0], 0);
	dies_alone();
	drv_desc(&d.q[0], 0, table, 16 * (VRING_MAX_SEGS + 1), VRING_F_INDIRECT, 0);
	drv_avail(&d.q[0], 0);
	dies_alone();
	drv_desc(&d.q[0], 0, table, 16, VRING_F_INDIRECT | NEXT, 1);
	drv_avail(&d.q[0], 0);
	dies_alone();
	d.features &= ~VRING_FEATURE_INDIRECT;
	reset_heals();
	*(struct vring_desc *)disk_at(&d, table, 16) = (struct vring_desc){BIG_BASE, 16, 0, 0};
	drv_desc(&d.q[0], 0, table, 16, VRING_F_INDIRECT, 0);
	drv_avail(&d.q[0], 0);
	dies_alone();
}

/* (11) */
static void wrong_direction(void **state)
{
	const uint64_t header = disk_header(0, 0);
	const uint64_t status = disk_status_at(0, 0);
	const struct vring_desc read_to_readable[] = {
		{header, 16, 0, 0}, {BIG_BASE, 512, 0, 0}, {status, 1, W, 0}};
	const struct vring_desc write_from_writable[] = {
		{header, 16, 0, 0}, {BIG_BASE, 512, W, 0}, {status, 1, W, 0}};
	const struct vring_desc short_header[] = {{header, 15, 0, 0}, {status, 1, W, 0}};
	const struct vring_desc writable_header[] = {{header, 16, W, 0}, {status, 1, W, 0}};
	const struct vring_desc no_status[] = {{header, 16, 0, 0}, {BIG_BASE, 512, 0, 0}};
	const struct vring_desc disorder[] = {
		{BIG_BASE, 512, W, 0}, {header, 16, 0, 0}, {status, 1, W, 0}};
	uint32_t len;

	(void)state;
	fails_alone(read_to_readable, 3, status);
	disk_set_header(&d, 0, 0, OUT, 0);
	fails_alone(write_from_writable, 3, status);
	fails_alone(short_header, 2, status);
	fails_alone(writable_header, 2, status);
	/* Nobody to tell; the chain comes back all the same. */
	disk_post_raw(&d, 0, 0, no_status, 2);
	disk_kick(&d, 0);
	assert_int_equal(disk_wait(&d, 0, &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE, 4096), OK);
	disk_post_raw(&d, 0, 0, disorder, 3);
	dies_alone();
}

/* (8), (13) */
static void sectors_and_lengths(void **state)
{
	const uint32_t length[] = {1, 511, 513, 4095};
	const uint64_t sector[] = {DISK_SECTORS, ~0ull, 1ull << 55, ~0ull >> 9};

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE, length[i]), IOERR);
		assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE, length[i]), IOERR);
		assert_int_equal(disk_do1(&d, IN, sector[i], BIG_BASE, 512), IOERR);
		assert_int_equal(disk_do1(&d, OUT, sector[i], BIG_BASE, 512), IOERR);
	}
	assert_false(drv_needs_reset(d.mmio));
	disk_serves(&d, 1);
}

/* (14): what a buffer held before is not shown when the file gives less. */
static void no_leak_by_buffers(void **state)
{
	struct buffer buf = {BIG_BASE + 1, 8192};
	uint32_t len;

	(void)state;
	memset(disk_at(&d, BIG_BASE, 16384), 0x77, 16384);
	assert_int_equal(disk_do(&d, OUT, 0, &buf, 1, NULL), OK);
	memset(disk_at(&d, BIG_BASE, 16384), 0x33, 16384);
	assert_int_equal(ftruncate(d.fd, 4096), 0);
	assert_int_equal(disk_do(&d, IN, 8, &buf, 1, &len), IOERR);
	assert_int_equal(len, 1);
	for (unsigned int i = 0; i < 16384; i++)
		assert_int_equal(*(uint8_t *)disk_at(&d, BIG_BASE + i, 1), 0x33);
}

/* (15): queues that cannot be; (16): a doorbell of no queue. */
static void bad_queues(void **state)
{
	struct drv_queue q = d.q[0];
	const uint16_t size[] = {0, 3, 65535, 2 * QUEUE_SIZE};

	(void)state;
	drv_negotiate(d.mmio, d.features & drv_device_features(d.mmio));
	for (unsigned int i = 0; i < 4; i++) {
		q.size = size[i];
		assert_int_equal(drv_queue_setup(d.mmio, 0, &q), 0);
	}
	q = d.q[0];
	q.desc = RAM_END;
	assert_int_equal(drv_queue_setup(d.mmio, 0, &q), 0);
	q = d.q[0];
	q.used += 2;
	assert_int_equal(drv_queue_setup(d.mmio, 0, &q), 0);
	drv_driver_ok(d.mmio);
	disk_kick(&d, 0);
	disk_kick(&d, 2);
	disk_kick(&d, 0xffffffff);
	reset_heals();
}

/* (17): memory re-arranged under a ring. */
static void memory_vanishes(void **state)
{
	const struct buffer buf = {BIG_BASE, 4096};

	(void)state;
	disk_post(&d, 0, 0, IN, 0, &buf, 1);
	d.g.vanished = true;
	disk_kick(&d, 0);
	d.g.vanished = false;
	reset_heals();
}

/* (12): headers that change while they are looked at; whichever is seen is checked. */
static void changing_header(void **state)
{
	struct virtio_blk_outhdr *header;
	const struct buffer buf = {BIG_BASE, 512};

	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		disk_post(&d, 0, 0, IN, 0, &buf, 1);
		header = disk_at(&d, disk_header(0, 0), 16);
		disk_kick(&d, 0);
		__atomic_store_n(&header->sector, ~0ull - i, __ATOMIC_RELAXED);
		assert_int_equal(disk_wait(&d, 0, NULL), 0);
		assert_in_range(disk_status(&d, 0, 0), OK, IOERR);
	}
	disk_serves(&d, 1);
}

/* Of AddressSanitizer's: what is allocated now and was at most, in blocks of a request's lists. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
					      void (*on_free)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *p);

#define LIST_LEAST (16u << 10)
static _Atomic size_t lists, most_lists;

static void on_malloc(const volatile void *p, size_t size)
{
	size_t now;

	(void)p;
	if (size < LIST_LEAST)
		return;
	/* Only the I/O thread allocates such blocks: no two raise the most at once. */
	now = atomic_fetch_add(&lists, size) + size;
	if (now > atomic_load(&most_lists))
		atomic_store(&most_lists, now);
}

static void on_free(const volatile void *p)
{
	size_t size = p ? __sanitizer_get_allocated_size(p) : 0;

	if (size >= LIST_LEAST)
		atomic_fetch_sub(&lists, size);
}

/* All queues full of the longest chains there are, which have hardly a byte. */
static void long_chains_wait_for_each_other(void **state)
{
	enum {
		SEGS = 1024,
		SLOTS = QUEUE_SIZE / 4,
		ROUNDS = 8
	};
	static struct vring_desc desc[SEGS];
	size_t before;
	uint32_t len;

	(void)state;
	desc[0] = (struct vring_desc){disk_header(0, 0), 16, 0, 0};
	for (unsigned int i = 1; i < SEGS; i++)
		desc[i] = (struct vring_desc){BIG_BASE + i, 1, W, 0};
	disk_set_header(&d, 0, 0, VIRTIO_BLK_T_GET_ID, 0);
	assert_int_equal(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) != 0, 1);
	before = atomic_load(&lists);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		io_engine_pause(d.engine, IO_HOLD);
		for (unsigned int q = 0; q < BLK_MAX_QUEUES; q++)
			for (uint16_t slot = 0; slot < SLOTS; slot++)
				disk_post_raw(&d, q, slot, desc, SEGS);
		for (unsigned int q = 0; q < BLK_MAX_QUEUES; q++)
			disk_kick(&d, q);
		io_engine_resume(d.engine, IO_HOLD);
		for (unsigned int q = 0; q < BLK_MAX_QUEUES; q++)
			for (unsigned int i = 0; i < SLOTS; i++)
				disk_wait(&d, q, &len);
	}
	/* Without a bound it is 8 MiB; and what was used shows that all of it was seen. */
	if (most_lists - before > BLK_DEV_MOST / 3 || most_lists - before < (1u << 20))
		fail_msg("%zu bytes of lists at once", most_lists - before);
}

static int setup_wide(void **state)
{
	(void)state;
	disk_init(&d);
	d.config.queues = BLK_MAX_QUEUES;
	disk_start(&d);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, disk_teardown)
		TEST(descriptor_loops),
		TEST(same_head_twice),
		TEST(out_of_range),
		TEST(outside_memory),
		TEST(lengths_wrap),
		TEST(huge_request),
		TEST(empty_descriptors),
		TEST(bad_tables),
		TEST(wrong_direction),
		TEST(sectors_and_lengths),
		TEST(no_leak_by_buffers),
		TEST(bad_queues),
		TEST(memory_vanishes),
		TEST(changing_header),
		cmocka_unit_test_setup_teardown(long_chains_wait_for_each_other, setup_wide,
						disk_teardown),
	};

	return cmocka_run_group_tests_name("virtio_blk_hostile", tests, NULL, NULL);
}
