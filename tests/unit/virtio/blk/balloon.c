/* SPDX-License-Identifier: BSD-2-Clause */
/* A balloon under disks: what its driver gives is let go of first, and the driver waits for that
 * instead of its vCPU. */
#include <endian.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/virtio/blk/fixture.h"
#include "virtio/balloon/balloon.h"

#define REPORT  2u /* Linux's queue */
#define INFLATE 0u

static _Atomic unsigned int discards;
static _Atomic uint64_t discarded; /* bytes */
static uint64_t registered_then;
/* Set within the third step: what a pause, or a reset, sets before it waits. */
static atomic_bool *at_third;

static void discard(void *opaque, const struct iovec *range, unsigned int n)
{
	uint64_t bytes = 0;

	(void)opaque;
	registered_then = disk_registered(&d);
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(madvise(range[i].iov_base, range[i].iov_len, MADV_DONTNEED), 0);
		bytes += range[i].iov_len;
	}
	assert_in_range(bytes, 1, BALLOON_STEP);
	atomic_fetch_add(&discarded, bytes);
	if (atomic_fetch_add(&discards, 1) == 2 && at_third)
		atomic_store(at_third, true);
}

static void *host_ptr(void *opaque, uint64_t gpa, uint64_t len)
{
	(void)opaque;
	return d.mem.host_ptr(d.mem.opaque, gpa, len);
}

static void irq(void *opaque)
{
	(void)opaque;
}

struct balloon {
	struct virtio_device *dev;
	struct virtio_mmio *mmio;
	struct drv_queue q;
	bool alone; /* without an engine */
};

/* Its ring lies behind those of the disk. */
static void balloon_set_up(struct balloon *b, unsigned int queue)
{
	drv_negotiate(b->mmio, drv_device_features(b->mmio) & (1ull << 5 | VRING_FEATURE_INDIRECT));
	drv_queue_init(&b->q, &d.g, 16, RING_BASE(8));
	assert_int_equal(drv_queue_setup(b->mmio, queue, &b->q), 1);
	drv_driver_ok(b->mmio);
}

static void balloon_start_as(struct balloon *b, unsigned int queue, bool stays)
{
	const struct balloon_dev_config config = {.engine = b->alone ? NULL : d.engine,
						  .discard = stays ? NULL : discard,
						  .host_ptr = host_ptr};

	atomic_store(&discards, 0);
	atomic_store(&discarded, 0);
	assert_int_equal(balloon_dev_create(&config, &b->dev), 0);
	assert_int_equal(virtio_mmio_create(b->dev, &d.mem, irq, NULL, &b->mmio), 0);
	balloon_set_up(b, queue);
}

static void balloon_start(struct balloon *b, unsigned int queue)
{
	balloon_start_as(b, queue, false);
}

static void balloon_stop(struct balloon *b)
{
	virtio_mmio_destroy(b->mmio);
	virtio_device_destroy(b->dev);
}

static void balloon_used(struct balloon *b)
{
	uint32_t id;
	uint32_t len;

	while (!drv_used(&b->q, &id, &len))
		sched_yield();
	assert_int_equal(len, 0);
}

static void reports(void **state)
{
	const struct drv_buf buf = {BIG_BASE + (8 << 20), 2 << 20, VRING_F_WRITE};
	uint8_t *page = d.big + (9 << 20);
	struct balloon b = {.alone = false};

	(void)state;
	disk_start(&d);
	balloon_start(&b, REPORT);
	for (unsigned int i = 0; i < 10; i++) {
		*page = 0xff;
		assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE + (9 << 20), 4096), OK);
		assert_true(disk_registered(&d) > 0);
		drv_put(&b.q, 0, &buf, 1);
		/* More than one at once: the next is taken when the first is answered. */
		drv_put(&b.q, 4, &buf, 1);
		set_reg(b.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, REPORT);
		balloon_used(&b);
		balloon_used(&b);
		assert_int_equal(registered_then, 0);
		assert_int_equal(*page, 0);
		assert_int_equal(atomic_load(&discards), 2 * i + 2);
		disk_sound(&d, BIG_BASE + (9 << 20), i);
	}
	balloon_stop(&b);
}

static void inflates(void **state)
{
	struct drv_buf buf = {BUFFERS, 8, 0};
	uint32_t pfns[] = {htole32((BIG_BASE >> 12) + 7), htole32(0xffffffff)};
	struct balloon b = {.alone = false};

	(void)state;
	disk_start(&d);
	balloon_start(&b, INFLATE);
	memcpy(guest_at(&d.g, BUFFERS, sizeof(pfns)), pfns, sizeof(pfns));
	d.big[7 << 12] = 0xff;
	assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE, 4096), OK);
	drv_put(&b.q, 0, &buf, 1);
	set_reg(b.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, INFLATE);
	balloon_used(&b);
	assert_int_equal(d.big[7 << 12], 0);
	disk_sound(&d, BIG_BASE, 1);
	/* None of its frames is the guest's. */
	memcpy(guest_at(&d.g, BUFFERS, 4), &pfns[1], 4);
	buf.len = 4;
	drv_put(&b.q, 0, &buf, 1);
	set_reg(b.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, INFLATE);
	balloon_used(&b);
	assert_int_equal(atomic_load(&discards), 1);
	balloon_stop(&b);
}

/* Memory that was wanted to be there at start is not given back, and need not be let go of. */
static void memory_that_stays(void **state)
{
	const struct drv_buf buf = {BUFFERS, 4, 0};
	const uint32_t pfn = htole32((BIG_BASE >> 12) + 7);
	struct balloon b = {.alone = false};

	(void)state;
	disk_start(&d);
	balloon_start_as(&b, INFLATE, true);
	assert_false(drv_device_features(b.mmio) >> 5 & 1);
	memcpy(guest_at(&d.g, BUFFERS, sizeof(pfn)), &pfn, sizeof(pfn));
	disk_sound(&d, BIG_BASE, 1);
	d.big[7 << 12] = 0xa7;
	drv_put(&b.q, 0, &buf, 1);
	set_reg(b.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, INFLATE);
	balloon_used(&b);
	assert_int_equal(d.big[7 << 12], 0xa7);
	assert_true(disk_registered(&d) > 0);
	disk_sound(&d, BIG_BASE, 2);
	balloon_stop(&b);
}

/* Status reads 0 when nothing of the driver's is under way any more. */
static void reset_under_way(void **state)
{
	const struct drv_buf buf = {BIG_BASE + (8 << 20), 2 << 20, VRING_F_WRITE};
	struct balloon b = {.alone = false};
	unsigned int before;
	uint16_t idx;

	(void)state;
	disk_start(&d);
	balloon_start(&b, REPORT);
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE + (9 << 20), 4096), OK);
		drv_put(&b.q, 0, &buf, 1);
		drv_put(&b.q, 4, &buf, 1);
		set_reg(b.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, REPORT);
		set_reg(b.mmio, VIRTIO_MMIO_STATUS, 0);
		assert_int_equal(reg(b.mmio, VIRTIO_MMIO_STATUS), 0);
		before = atomic_load(&discards);
		idx = drv_used_idx(&b.q);
		assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE + (9 << 20), 4096), OK);
		assert_int_equal(atomic_load(&discards), before);
		assert_int_equal(drv_used_idx(&b.q), idx);
		balloon_set_up(&b, REPORT);
	}
	balloon_stop(&b);
}

/* What is under way is answered when the pause begins, and the rest when it ends, without another
 * doorbell. */
static void paused(void **state)
{
	const struct drv_buf buf = {BIG_BASE + (8 << 20), 2 << 20, VRING_F_WRITE};
	struct balloon b = {.alone = false};
	unsigned int before;
	uint16_t idx;

	(void)state;
	disk_start(&d);
	balloon_start(&b, REPORT);
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE + (9 << 20), 4096), OK);
		for (unsigned int n = 0; n < 12; n++)
			drv_put(&b.q, (uint16_t)n, &buf, 1);
		set_reg(b.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, REPORT);
		virtio_device_pause(b.dev);
		before = atomic_load(&discards);
		idx = drv_used_idx(&b.q);
		assert_int_equal((uint16_t)before, idx);
		/* The I/O thread goes round. */
		assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE + (9 << 20), 4096), OK);
		assert_int_equal(atomic_load(&discards), before);
		assert_int_equal(drv_used_idx(&b.q), idx);
		virtio_device_resume(b.dev);
		for (unsigned int n = 0; n < 12; n++)
			balloon_used(&b);
	}
	balloon_stop(&b);
}

/* Ranges that each are all of the memory, so that together they are far more of it. */
#define NAMED     100u /* a chain has less than 4 GiB */
#define ALL_NAMED (NAMED * BIG_SIZE)
#define STEPS     ((unsigned int)((ALL_NAMED + BALLOON_STEP - 1) / BALLOON_STEP))

static void put_all_memory(struct balloon *b)
{
	const uint64_t table = BUFFERS + 0x8000;

	for (unsigned int i = 0; i < NAMED; i++)
		drv_indirect(&b->q, table, i, BIG_BASE, (uint32_t)BIG_SIZE,
			     VRING_F_WRITE | (i + 1 < NAMED ? VRING_F_NEXT : 0), (uint16_t)(i + 1));
	drv_desc(&b->q, 0, table, NAMED * sizeof(struct vring_desc), VRING_F_INDIRECT, 0);
	drv_avail(&b->q, 0);
}

/* However much a request names, a step gives back no more than its bound; without an engine a step
 * is a call of notify, between which others have the queue's lock. */
static void large_requests_go_in_steps(void **state)
{
	struct balloon b = {.alone = *state != NULL};

	disk_start(&d);
	balloon_start(&b, REPORT);
	/* Something registered, which the first step waits for. */
	assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE, 4096), OK);
	put_all_memory(&b);
	set_reg(b.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, REPORT);
	balloon_used(&b);
	assert_int_equal(atomic_load(&discards), STEPS);
	assert_int_equal(atomic_load(&discarded), ALL_NAMED);
	balloon_stop(&b);
}

/* A request that a pause meets between two steps goes on where it was; a reset does not wait for
 * what is left of one. */
static void large_requests_pause(void **state)
{
	struct balloon b = {.alone = false};

	(void)state;
	disk_start(&d);
	balloon_start(&b, REPORT);
	at_third = &b.dev->paused;
	put_all_memory(&b);
	set_reg(b.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, REPORT);
	while (atomic_load(&discards) < 3)
		sched_yield();
	virtio_device_pause(b.dev);
	/* The I/O thread goes round. */
	assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE, 4096), OK);
	assert_int_equal(atomic_load(&discards), 3);
	assert_int_equal(drv_used_idx(&b.q), 0);
	virtio_device_resume(b.dev);
	balloon_used(&b);
	assert_int_equal(atomic_load(&discards), STEPS);
	assert_int_equal(atomic_load(&discarded), ALL_NAMED);
	atomic_store(&discards, 0);
	at_third = &b.dev->queue[REPORT].stopping;
	put_all_memory(&b);
	set_reg(b.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, REPORT);
	while (atomic_load(&discards) < 3)
		sched_yield();
	set_reg(b.mmio, VIRTIO_MMIO_STATUS, 0);
	balloon_set_up(&b, REPORT);
	assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE, 4096), OK);
	assert_int_equal(atomic_load(&discards), 3);
	at_third = NULL;
	balloon_stop(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, disk_setup, disk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reports),
		TEST(inflates),
		TEST(memory_that_stays),
		TEST(reset_under_way),
		TEST(paused),
		TEST(large_requests_go_in_steps),
		{"large_requests_go_in_steps (no engine)", large_requests_go_in_steps, disk_setup,
		 disk_teardown, &d},
		TEST(large_requests_pause),
	};

	return cmocka_run_group_tests_name("virtio_blk_balloon", tests, NULL, NULL);
}
