/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio-balloon under a driver. */
#include <endian.h>
#include <errno.h>
#include <semaphore.h>
#include <string.h>

#include "tests/unit/virtio/driver.h"

#include "mm/util.h"
#include "virtio/balloon/balloon.h"

#define Q_SIZE 16

static struct guest g;
static sem_t interrupts;

static void irq(void *opaque)
{
	(void)opaque;
	sem_post(&interrupts);
}

static int setup(void **state)
{
	(void)state;
	guest_init(&g);
	sem_init(&interrupts, 0, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sem_destroy(&interrupts);
	guest_fini(&g);
	return 0;
}

/* Queues of a balloon. */
#define INFLATE 0
#define REPORT  2

static struct iovec discarded[4];
static unsigned int discards;

static void discard(void *opaque, const struct iovec *range, unsigned int n)
{
	(void)opaque;
	assert_true(discards + n <= 4);
	memcpy(discarded + discards, range, n * sizeof(*range));
	discards += n;
}

static void *host_ptr(void *opaque, uint64_t gpa, uint64_t len)
{
	return g.mem.host_ptr(opaque, gpa, len);
}

/* The frames that begin at an address of this process at or above the guest's. */
static uint8_t *frame_above(uint64_t gpa)
{
	uintptr_t at = (uintptr_t)guest_at(&g, gpa, 1);

	return (uint8_t *)((at + 4095) & ~(uintptr_t)4095);
}

static void what_is_given_is_discarded(void **state)
{
	const struct balloon_dev_config config = {
		.discard = discard, .host_ptr = host_ptr, .opaque = g.mem.opaque};
	struct virtio_device *dev;
	struct virtio_mmio *mmio;
	struct drv_queue q[REPORT + 1];
	uint32_t id;
	uint32_t len;
	const struct drv_buf report[] = {
		{.addr = BUFFERS, .len = 0x3000, .flags = VRING_F_WRITE},
		/* Not a whole frame. */
		{.addr = BUFFERS + 0x4001, .len = 100, .flags = VRING_F_WRITE},
	};
	const struct drv_buf inflate = {.addr = BUFFERS, .len = 12};
	/* Two of these are the guest's. */
	const uint32_t pfns[] = {htole32(RAM_BASE >> 12), htole32(0xffffffff),
				 htole32((RAM_BASE >> 12) + 1)};

	(void)state;
	discards = 0;
	assert_int_equal(balloon_dev_create(&config, &dev), 0);
	assert_int_equal(virtio_mmio_create(dev, &g.mem, irq, NULL, &mmio), 0);
	drv_bring_up(mmio, &g, q, REPORT + 1, Q_SIZE, 1ull << 5);
	drv_put(&q[REPORT], 0, report, 2);
	set_reg(mmio, VIRTIO_MMIO_QUEUE_NOTIFY, REPORT);
	assert_true(drv_used(&q[REPORT], &id, &len));
	assert_int_equal(len, 0);
	assert_int_equal(discards, 1);
	assert_ptr_equal(discarded[0].iov_base, frame_above(BUFFERS));
	assert_true(discarded[0].iov_len >= 0x2000 && discarded[0].iov_len <= 0x3000);
	memcpy(guest_at(&g, BUFFERS, sizeof(pfns)), pfns, sizeof(pfns));
	drv_put(&q[INFLATE], 0, &inflate, 1);
	set_reg(mmio, VIRTIO_MMIO_QUEUE_NOTIFY, INFLATE);
	assert_true(drv_used(&q[INFLATE], &id, &len));
	assert_int_equal(discards, 3);
	assert_ptr_equal(discarded[1].iov_base, guest_at(&g, RAM_BASE, 1));
	assert_ptr_equal(discarded[2].iov_base, guest_at(&g, RAM_BASE + 4096, 1));
	virtio_mmio_destroy(mmio);
	virtio_device_destroy(dev);
}

/* One whose guest keeps its RAM: a driver that reports and inflates all the same is answered. */
static void a_driver_is_answered_that_gives_in_vain(void **state)
{
	const struct balloon_dev_config config = {.host_ptr = host_ptr, .opaque = g.mem.opaque};
	const struct drv_buf report = {.addr = BUFFERS, .len = 0x3000, .flags = VRING_F_WRITE};
	const struct drv_buf inflate = {.addr = BUFFERS, .len = 4};
	struct virtio_device *dev;
	struct virtio_mmio *mmio;
	struct drv_queue q[REPORT + 1];
	uint32_t id;
	uint32_t len;

	(void)state;
	assert_int_equal(balloon_dev_create(&config, &dev), 0);
	assert_false(dev->offered & 1ull << 5);
	assert_int_equal(balloon_dev_set_target(dev, 4096), -EOPNOTSUPP);
	assert_int_equal(virtio_mmio_create(dev, &g.mem, irq, NULL, &mmio), 0);
	drv_bring_up(mmio, &g, q, REPORT + 1, Q_SIZE, 0);
	memset(guest_at(&g, BUFFERS, 0x3000), 0x77, 0x3000);
	drv_put(&q[REPORT], 0, &report, 1);
	set_reg(mmio, VIRTIO_MMIO_QUEUE_NOTIFY, REPORT);
	assert_true(drv_used(&q[REPORT], &id, &len));
	*(uint32_t *)guest_at(&g, BUFFERS, 4) = htole32(RAM_BASE >> 12);
	drv_put(&q[INFLATE], 0, &inflate, 1);
	set_reg(mmio, VIRTIO_MMIO_QUEUE_NOTIFY, INFLATE);
	assert_true(drv_used(&q[INFLATE], &id, &len));
	assert_int_equal(*(uint8_t *)guest_at(&g, BUFFERS + 0x2fff, 1), 0x77);
	virtio_mmio_destroy(mmio);
	virtio_device_destroy(dev);
}

/* How far the balloon is asked to grow, and what the driver says that it has. */
static void a_driver_is_asked_and_taken_at_its_word(void **state)
{
	const uint64_t ram = 64 << 20;
	const struct balloon_dev_config config = {
		.discard = discard, .host_ptr = host_ptr, .opaque = g.mem.opaque, .ram = ram};
	const struct {
		uint64_t bytes;
		uint32_t pages;
	} target[] = {
		{48 << 20, 4096}, /* a quarter is asked for */
		{1, 16383},       /* all but a page */
		{4097, 16382},    /* what is no whole page is the guest's */
		{ram, 0},         /* nothing */
		{32 << 20, 8192}, /* and again */
		{UINT64_MAX, 0},  /* more than there is */
	};
	uint32_t generation;
	struct virtio_device *dev;
	struct virtio_mmio *mmio;

	(void)state;
	assert_int_equal(balloon_dev_create(&config, &dev), 0);
	/* A driver may come later. */
	assert_int_equal(balloon_dev_set_target(dev, ram - 4096), 0);
	assert_int_equal(virtio_mmio_create(dev, &g.mem, irq, NULL, &mmio), 0);
	assert_int_equal(reg(mmio, VIRTIO_MMIO_CONFIG), htole32(1));
	drv_negotiate(mmio, 0);
	drv_driver_ok(mmio);
	assert_int_equal(sem_trywait(&interrupts), -1);
	for (unsigned int i = 0; i < ARRAY_SIZE(target); i++) {
		generation = reg(mmio, VIRTIO_MMIO_CONFIG_GENERATION);
		assert_int_equal(balloon_dev_set_target(dev, target[i].bytes), 0);
		assert_int_equal(reg(mmio, VIRTIO_MMIO_CONFIG), htole32(target[i].pages));
		assert_int_not_equal(reg(mmio, VIRTIO_MMIO_CONFIG_GENERATION), generation);
		assert_int_equal(sem_trywait(&interrupts), 0);
		assert_int_equal(reg(mmio, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_CONFIG);
		set_reg(mmio, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_CONFIG);
	}
	assert_int_equal(balloon_dev_set_target(dev, 0), -EINVAL);
	assert_int_equal(reg(mmio, VIRTIO_MMIO_CONFIG), 0);
	/* The driver reads back what it said, and is not interrupted for it. */
	assert_int_equal(balloon_dev_actual(dev), ram);
	set_reg(mmio, VIRTIO_MMIO_CONFIG + 4, htole32(4096));
	assert_int_equal(balloon_dev_actual(dev), 48 << 20);
	assert_int_equal(reg(mmio, VIRTIO_MMIO_CONFIG + 4), htole32(4096));
	/* One that lies is taken to have no more than there is, and cannot ask itself. */
	set_reg(mmio, VIRTIO_MMIO_CONFIG + 4, UINT32_MAX);
	assert_int_equal(balloon_dev_actual(dev), 0);
	assert_int_equal(reg(mmio, VIRTIO_MMIO_CONFIG + 4), htole32(16384));
	set_reg(mmio, VIRTIO_MMIO_CONFIG, 7);
	virtio_mmio_write(mmio, VIRTIO_MMIO_CONFIG, UINT64_MAX, 8, 0);
	virtio_mmio_write(mmio, VIRTIO_MMIO_CONFIG + 4, 1, 1, 0);
	assert_int_equal(reg(mmio, VIRTIO_MMIO_CONFIG), 0);
	assert_int_equal(reg(mmio, VIRTIO_MMIO_CONFIG + 4), htole32(16384));
	assert_int_equal(sem_trywait(&interrupts), -1);
	/* One that starts over has nothing in the balloon, and is asked for as much. */
	assert_int_equal(balloon_dev_set_target(dev, 32 << 20), 0);
	set_reg(mmio, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(balloon_dev_actual(dev), ram);
	assert_int_equal(reg(mmio, VIRTIO_MMIO_CONFIG), htole32(8192));
	assert_int_equal(reg(mmio, VIRTIO_MMIO_CONFIG + 4), 0);
	virtio_mmio_destroy(mmio);
	virtio_device_destroy(dev);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_given_is_discarded),
		TEST(a_driver_is_answered_that_gives_in_vain),
		TEST(a_driver_is_asked_and_taken_at_its_word),
	};

	return cmocka_run_group_tests_name("virtio_balloon_requests", tests, NULL, NULL);
}
