/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-mmio transport: queues and what is sent through them, from set-up to reset. */
#include <errno.h>

#include "mm/util.h"
#include "tests/unit/virtio/mmio/echo.h"

static void serves(void **state)
{
	struct virtio_mmio_stats stats;

	(void)state;
	echo_bring_up(FEATURE_A);
	assert_true(echo_answers());
	virtio_mmio_write(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0, 4, 7);
	assert_int_equal(f.echo.last_cpu, 7);
	assert_int_equal(f.echo.dev.features, FEATURE_A | 1ull << VIRTIO_F_VERSION_1 |
						      (f.packed ? VRING_FEATURE_PACKED : 0));
	virtio_mmio_get_stats(f.mmio, &stats);
	assert_int_equal(stats.notifies, 2);
	assert_int_equal(stats.ignored, 0);
}

/* One notification serves all there is, however little a device takes at a time. */
static void serves_all(void **state)
{
	static const struct drv_buf buf = {BUFFERS, 4, VRING_F_WRITE};
	uint32_t id;
	uint32_t len;

	(void)state;
	echo_bring_up(0);
	for (int i = 0; i < 16; i++)
		drv_put(&f.q, (uint16_t)i, &buf, 1);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	for (int i = 0; i < 16; i++)
		assert_true(drv_used(&f.q, &id, &len));
}

static void interrupts_stay_until_they_are_acknowledged(void **state)
{
	struct virtio_mmio_stats stats;

	(void)state;
	echo_bring_up(0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	assert_true(echo_answers());
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_VRING);
	assert_int_equal(f.irqs, 1);
	set_reg(f.mmio, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_CONFIG);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_VRING);
	set_reg(f.mmio, VIRTIO_MMIO_INTERRUPT_ACK, 0xffffffff);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	drv_quiet(&f.q);
	assert_true(echo_answers());
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	assert_int_equal(f.irqs, 1);
	virtio_mmio_get_stats(f.mmio, &stats);
	assert_int_equal(stats.interrupts, 1);
}

static void not_before_driver_ok(void **state)
{
	uint32_t id;
	uint32_t len;

	(void)state;
	echo_negotiate(0);
	assert_int_equal(drv_queue_setup(f.mmio, 0, &f.q), 1);
	assert_false(echo_answers());
	drv_driver_ok(f.mmio);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	assert_true(drv_used(&f.q, &id, &len));
}

static void queue_setups_refused(void **state)
{
	struct drv_queue q = f.q;

	(void)state;
	/* before FEATURES_OK */
	assert_int_equal(drv_queue_setup(f.mmio, 0, &q), 0);
	echo_negotiate(0);
	q.size = 0;
	assert_int_equal(drv_queue_setup(f.mmio, 0, &q), 0);
	q.size = 12;
	assert_int_equal(drv_queue_setup(f.mmio, 0, &q), f.packed);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	q.size = 32;
	assert_int_equal(drv_queue_setup(f.mmio, 0, &q), 0);
	q = f.q;
	q.desc += 8;
	assert_int_equal(drv_queue_setup(f.mmio, 0, &q), 0);
	q = f.q;
	q.used = f.packed ? RAM_END : RAM_END - 16;
	assert_int_equal(drv_queue_setup(f.mmio, 0, &q), 0);
	q = f.q;
	q.avail = UINT64_MAX - 1;
	assert_int_equal(drv_queue_setup(f.mmio, 0, &q), 0);
	/* queues that are not there */
	assert_int_equal(drv_queue_setup(f.mmio, 2, &f.q), 0);
	assert_int_equal(drv_queue_setup(f.mmio, 3, &f.q), 0);
	assert_int_equal(drv_queue_setup(f.mmio, 0xffffffff, &f.q), 0);
	/* a size whose low 16 bits would do */
	assert_int_equal(drv_queue_setup(f.mmio, 0, &f.q), 1);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NUM, 0x10010);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	/* the device's own refusal */
	f.echo.refuse_queue = -ENOMEM;
	assert_int_equal(drv_queue_setup(f.mmio, 0, &f.q), 0);
	assert_false(vring_running(&f.echo.dev.queue[0].ring));
	f.echo.refuse_queue = 0;
	/* neither 0 nor 1 */
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 3);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	/* and after all that the good one */
	assert_int_equal(drv_queue_setup(f.mmio, 0, &f.q), 1);
	drv_driver_ok(f.mmio);
	assert_true(echo_answers());
}

static void ready_queue_is_fixed(void **state)
{
	struct drv_queue other;

	(void)state;
	echo_bring_up(0);
	echo_queue_init(&other, 8, RING_BASE(1));
	assert_int_equal(drv_queue_setup(f.mmio, 0, &other), 1); /* still ready ... */
	assert_true(echo_answers());                             /* ... as it was */
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	assert_false(echo_answers());
	/* what was stored meanwhile was not kept for later */
	echo_queue_init(&f.q, 16, RING_BASE(0));
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_true(echo_answers());
	/* stopped, it can be moved */
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_int_equal(drv_queue_setup(f.mmio, 0, &other), 1);
	f.q = other;
	assert_true(echo_answers());
}

static void reset_is_complete(void **state)
{
	(void)state;
	echo_bring_up(FEATURE_A);
	assert_true(echo_answers());
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_SEL, 1);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(f.echo.resets, 1);
	assert_int_equal(f.echo.status_in_reset, 0xf); /* 0 only when it is over */
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_NUM_MAX), 16); /* selector too */
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	assert_int_equal(f.echo.dev.features, 0);
	/* requests pending over a reset are gone */
	assert_false(echo_answers());
	echo_bring_up(0);
	assert_true(echo_answers());
	assert_int_equal(f.echo.resets, 1); /* nothing to reset from Status 0 */
}

static void needs_reset(void **state)
{
	(void)state;
	echo_bring_up(0);
	drv_nonsense(&f.q);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	assert_true(drv_needs_reset(f.mmio));
	assert_true(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_MMIO_INT_CONFIG);
	assert_int_equal(f.irqs, 1);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, 0xf);
	assert_true(drv_needs_reset(f.mmio));
	assert_false(echo_answers());
	assert_int_equal(f.irqs, 1); /* said once */
	echo_bring_up(0);
	assert_true(echo_answers());
}

static void memory_rearranged(void **state)
{
	(void)state;
	echo_bring_up(0);
	f.g.vanished = true;
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	f.g.vanished = false;
	assert_true(drv_needs_reset(f.mmio));
	assert_false(echo_answers());
	echo_bring_up(0);
	assert_true(echo_answers());
}

static void foreign_queues(void **state)
{
	static const uint32_t wrong[] = {1, 2, 3, 0x10000, 0x7fffffff, 0xffffffff};

	(void)state;
	echo_bring_up(0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, wrong[i]);
	assert_int_equal(echo_ignored(), 4); /* 1 and 2 are queues, of no driver's */
	assert_true(echo_answers());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(serves),
		TEST(serves_all),
		TEST(interrupts_stay_until_they_are_acknowledged),
		TEST(not_before_driver_ok),
		TEST(queue_setups_refused),
		TEST(ready_queue_is_fixed),
		TEST(reset_is_complete),
		TEST(needs_reset),
		TEST(memory_rearranged),
		TEST(foreign_queues),
		PACKED(serves),
		PACKED(serves_all),
		PACKED(interrupts_stay_until_they_are_acknowledged),
		PACKED(not_before_driver_ok),
		PACKED(queue_setups_refused),
		PACKED(ready_queue_is_fixed),
		PACKED(reset_is_complete),
		PACKED(needs_reset),
		PACKED(memory_rearranged),
		PACKED(foreign_queues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
