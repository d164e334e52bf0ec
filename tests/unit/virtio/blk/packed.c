/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile drivers again (hostile.c), by packed rings: what only those can be wrong in, and a
 * storm of entries that mean nothing. After each the other queue serves, and a reset heals.
 */
#include <errno.h>
#include <string.h>

#include "mm/util.h"
#include "tests/unit/virtio/blk/fixture.h"

#define AVAIL VRING_F_AVAIL

static int setup(void **state)
{
	(void)state;
	disk_init(&d);
	d.config.queues = 2;
	d.features = ~0ull;
	disk_start(&d);
	disk_set_header(&d, 0, 0, IN, 0);
	return 0;
}

static void fresh_rings(void)
{
	disk_set_up(&d);
	assert_false(drv_needs_reset(d.mmio));
}

static void reset_heals(void)
{
	fresh_rings();
	assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE, 4096), OK);
	fresh_rings();
	disk_set_header(&d, 0, 0, IN, 0);
}

/* The ring makes no sense: it dies alone. */
static void dies_alone(void)
{
	disk_kick(&d, 0);
	disk_serves(&d, 1);
	assert_true(drv_needs_reset(d.mmio));
	disk_serves(&d, 1);
	reset_heals();
}

/* (2): a chain that never ends, with and without bytes in it. */
static void next_without_end(void **state)
{
	(void)state;
	for (unsigned int len = 0; len < 2; len++) {
		for (unsigned int i = QUEUE_SIZE; i--;)
			drv_packed_desc(&d.q[0], i, BIG_BASE, len, 0, NEXT | AVAIL);
		dies_alone();
	}
}

/* (2), CVE-2026-16457: a table in the middle of a chain. */
static void tables_in_chains(void **state)
{
	(void)state;
	drv_packed_desc(&d.q[0], 0, BIG_BASE, 32, 0, VRING_F_INDIRECT | NEXT | AVAIL);
	drv_packed_desc(&d.q[0], 1, disk_status_at(0, 0), 1, 0, W | AVAIL);
	dies_alone();
	drv_packed_desc(&d.q[0], 1, BIG_BASE, 32, 0, VRING_F_INDIRECT | AVAIL);
	drv_packed_desc(&d.q[0], 0, disk_header(0, 0), 16, 0, NEXT | AVAIL);
	dies_alone();
}

/* (10): tables of no length, of odd length, of more than can be. */
static void bad_tables(void **state)
{
	static const uint32_t lengths[] = {0, 1, 15, 17, 31, 16 * 4096, ~0u, ~0u & ~15u};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		drv_packed_desc(&d.q[0], 0, BIG_BASE, lengths[i], 0, VRING_F_INDIRECT | AVAIL);
		dies_alone();
	}
}

/* (3): an answer under such an id would have no place in the driver's tables. */
static void id_beyond_the_queue(void **state)
{
	static const uint16_t ids[] = {QUEUE_SIZE, QUEUE_SIZE + 1, 0x7fff, 0xffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		drv_packed_desc(&d.q[0], 2, disk_status_at(0, 0), 1, ids[i], W | AVAIL);
		drv_packed_desc(&d.q[0], 1, BIG_BASE, 512, ids[i], W | NEXT | AVAIL);
		drv_packed_desc(&d.q[0], 0, disk_header(0, 0), 16, ids[i], NEXT | AVAIL);
		dies_alone();
	}
}

/* (4): more chains under one id, and more entries in flight than there are. */
static void same_id_twice(void **state)
{
	const struct buffer buf = {BIG_BASE, 1 << 20};

	(void)state;
	for (unsigned int i = 0; i < 8; i++)
		disk_post(&d, 0, 0, IN, 0, &buf, 1);
	disk_kick(&d, 0);
	disk_serves(&d, 1);
	reset_heals();
}

/* (6), (7): where nothing is. */
static void outside_memory(void **state)
{
	static const uint64_t bad[] = {0, RAM_END, HIGH_END - 8, ~0ull, ~0ull - 15, 1ull << 63};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		drv_packed_desc(&d.q[0], 0, bad[i], 16, 0, AVAIL);
		dies_alone();
		drv_packed_desc(&d.q[0], 0, bad[i], 32, 0, VRING_F_INDIRECT | AVAIL);
		dies_alone();
	}
}

/* Entries of any bits, the whole ring of them, again and again. */
static void a_storm_of_entries_harms_nobody(void **state)
{
	uint64_t seed = 7;
	uint64_t r;

	(void)state;
	for (unsigned int round = 0; round < 300; round++) {
		for (unsigned int i = QUEUE_SIZE; i--;) {
			r = next_random(&seed);
			drv_packed_desc(
				&d.q[0], i, r % 4 ? BIG_BASE + (r >> 8) % (BIG_SIZE / 2) : r,
				(uint32_t)(r >> 40) % (r % 3 ? 8192 : ~0u),
				(uint16_t)next_random(&seed), (uint16_t)next_random(&seed) | AVAIL);
		}
		disk_kick(&d, 0);
		disk_serves(&d, 1);
		reset_heals();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, disk_teardown)
		TEST(next_without_end),
		TEST(tables_in_chains),
		TEST(bad_tables),
		TEST(id_beyond_the_queue),
		TEST(same_id_twice),
		TEST(outside_memory),
		TEST(a_storm_of_entries_harms_nobody),
	};

	return cmocka_run_group_tests_name("virtio_blk_packed", tests, NULL, NULL);
}
