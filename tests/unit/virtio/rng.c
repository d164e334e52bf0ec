/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio-rng under a driver. */
#include <semaphore.h>
#include <string.h>

#include "tests/unit/virtio/driver.h"

#include "virtio/rng.h"

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

static void buffers_are_filled(void **state)
{
	static const uint8_t zeros[64];
	struct virtio_device *dev;
	struct virtio_mmio *mmio;
	struct drv_queue q;
	uint32_t id;
	uint32_t len;
	struct drv_buf buf[] = {
		{.addr = BUFFERS, .len = 8},
		{.addr = BUFFERS + 0x100, .len = 64, .flags = VRING_F_WRITE},
		{.addr = BUFFERS + 0x200, .len = 64, .flags = VRING_F_WRITE},
	};

	(void)state;
	assert_int_equal(rng_dev_create(&dev), 0);
	assert_int_equal(virtio_mmio_create(dev, &g.mem, irq, NULL, &mmio), 0);
	drv_bring_up(mmio, &g, &q, 1, Q_SIZE, 0);
	drv_put(&q, 0, buf, 3);
	set_reg(mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	/* Answered when the notification returns. */
	assert_true(drv_used(&q, &id, &len));
	assert_int_equal(len, 128);
	assert_memory_not_equal(guest_at(&g, BUFFERS + 0x100, 64), zeros, 64);
	assert_memory_not_equal(guest_at(&g, BUFFERS + 0x200, 64), zeros, 64);
	/* Not while it is paused: the doorbell is to be rung again. */
	virtio_device_pause(dev);
	drv_put(&q, 4, buf, 3);
	assert_false(virtio_mmio_write(mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0, 4, 0));
	assert_false(drv_used(&q, &id, &len));
	virtio_device_resume(dev);
	assert_true(virtio_mmio_write(mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0, 4, 0));
	assert_true(drv_used(&q, &id, &len));
	/* Nothing to fill. */
	drv_put(&q, 4, buf, 1);
	set_reg(mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	assert_true(drv_used(&q, &id, &len));
	assert_int_equal(len, 0);
	/* Elsewhere than in memory. */
	buf[1].addr = RAM_END - 8;
	drv_put(&q, 8, buf, 2);
	set_reg(mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	assert_true(drv_needs_reset(mmio));
	virtio_mmio_destroy(mmio);
	virtio_device_destroy(dev);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(buffers_are_filled),
	};

	return cmocka_run_group_tests_name("virtio_rng", tests, NULL, NULL);
}
