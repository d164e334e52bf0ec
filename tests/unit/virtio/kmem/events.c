/* SPDX-License-Identifier: BSD-2-Clause */
/* The queues of the virtio-kmem device: events and requests by either format, and queues
 * that are reset by themselves. */
#include <errno.h>
#include <string.h>

#include "tests/unit/virtio/kmem/driver.h"
#include "tests/unit/virtio/kmem/fake_mm.h"

#define RING_RESET  (1ull << VIRTIO_F_RING_RESET)
#define QUEUE_RESET 0x0c0

static struct mm_heap heap;
static struct kmem_guest k;

static uint64_t packed = KMEM_FEATURES | VRING_FEATURE_PACKED | RING_RESET;
static uint64_t split = KMEM_FEATURES | RING_RESET;

/* The features that a test runs with. */
static uint64_t format(void **state)
{
	return *(const uint64_t *)*state;
}

static int setup(void **state)
{
	static const struct mm_range range = {.base = FAKE_BASE, .size = FAKE_SIZE};

	fake_mm_init(&heap);
	kmem_guest_init(&k, &heap, &range, 1);
	kmem_bring_up(&k, format(state));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kmem_guest_fini(&k);
	return 0;
}

/* Tells whether the device asks not to be told of buffers for events. */
static bool notify_is_off(void)
{
	struct drv_queue *q = &k.q[KMEM_EVENTS];

	if (q->packed)
		return drv_device_event(q) == VRING_EVENT_DISABLE;
	return drv_used_flags(q) & VRING_USED_NO_NOTIFY;
}

static void post_buffer(unsigned int i, uint32_t len)
{
	const struct drv_buf buf = {HIGH_BASE + 64ull * i, len, VRING_F_WRITE};

	drv_put(&k.q[KMEM_EVENTS], (uint16_t)i, &buf, 1);
}

static void expect_event(uint32_t type, uint64_t value)
{
	struct virtio_kmem_event *event;
	uint32_t id;
	uint32_t len;

	assert_true(drv_used(&k.q[KMEM_EVENTS], &id, &len));
	assert_int_equal(len, sizeof(*event));
	event = guest_at(&k.g, HIGH_BASE + 64 * id, sizeof(*event));
	assert_int_equal(event->type, type);
	assert_int_equal(event->reserved, 0);
	assert_int_equal(event->value, value);
}

static void events_reach_the_driver(void **state)
{
	struct kmem_dev_stats stats;
	uint32_t id;
	uint32_t len;

	(void)state;
	post_buffer(0, 16);
	post_buffer(1, 64);
	set_reg(k.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, KMEM_EVENTS);
	assert_int_equal(k.irqs, 0);
	assert_int_equal(kmem_dev_post_event(k.dev, VIRTIO_KMEM_EVENT_GIVE_BACK, 0), 0);
	expect_event(VIRTIO_KMEM_EVENT_GIVE_BACK, 0);
	assert_int_equal(k.irqs, 1);
	assert_int_equal(kmem_dev_post_event(k.dev, VIRTIO_KMEM_EVENT_PRESSURE, 2), 0);
	expect_event(VIRTIO_KMEM_EVENT_PRESSURE, 2);
	/* nothing posted: they wait, in order, the latest of each type */
	kmem_dev_post_event(k.dev, VIRTIO_KMEM_EVENT_PRESSURE, 1);
	kmem_dev_post_event(k.dev, VIRTIO_KMEM_EVENT_QUOTA, 5);
	kmem_dev_post_event(k.dev, VIRTIO_KMEM_EVENT_PRESSURE, 0);
	assert_false(drv_used(&k.q[KMEM_EVENTS], &id, &len));
	/* the device asks to be told of buffers now */
	assert_false(notify_is_off());
	post_buffer(2, 16);
	post_buffer(3, 16);
	post_buffer(4, 16);
	set_reg(k.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, KMEM_EVENTS);
	expect_event(VIRTIO_KMEM_EVENT_PRESSURE, 0);
	expect_event(VIRTIO_KMEM_EVENT_QUOTA, 5);
	assert_false(drv_used(&k.q[KMEM_EVENTS], &id, &len));
	assert_true(notify_is_off());
	kmem_dev_get_stats(k.dev, -1, &stats);
	assert_int_equal(stats.events, 4);
	assert_int_equal(stats.merged, 1);
	assert_int_equal(kmem_dev_post_event(k.dev, 0, 0), -EINVAL);
	assert_int_equal(kmem_dev_post_event(k.dev, 4, 0), -EINVAL);
}

static void quota_is_configuration(void **state)
{
	const volatile struct virtio_kmem_config *c =
		(const volatile void *)((const char *)virtio_mmio_page(k.mmio) +
					VIRTIO_MMIO_CONFIG);
	uint32_t generation = reg(k.mmio, VIRTIO_MMIO_CONFIG_GENERATION);

	(void)state;
	kmem_dev_post_event(k.dev, VIRTIO_KMEM_EVENT_QUOTA, 0x1234567890ull);
	assert_int_equal(c->pin_quota, 0x1234567890ull);
	assert_true(reg(k.mmio, VIRTIO_MMIO_CONFIG_GENERATION) != generation);
	assert_true(reg(k.mmio, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_MMIO_INT_CONFIG);
	assert_int_equal(c->page_map_base, KMEM_PAGE_MAP);
}

static void short_event_buffers(void **state)
{
	uint32_t id;
	uint32_t len;

	(void)state;
	for (unsigned int i = 0; i < 16; i++)
		post_buffer(i, i == 15 ? 16 : 15);
	kmem_dev_post_event(k.dev, VIRTIO_KMEM_EVENT_PRESSURE, 2);
	for (unsigned int i = 0; i < 15; i++) {
		assert_true(drv_used(&k.q[KMEM_EVENTS], &id, &len));
		assert_int_equal(len, 0);
	}
	expect_event(VIRTIO_KMEM_EVENT_PRESSURE, 2);
	assert_int_equal(kmem_alloc(&k, 0, 1, 1), 0);
}

static void events_need_the_feature(void **state)
{
	uint32_t id;
	uint32_t len;

	kmem_bring_up(&k, format(state) & ~(1ull << VIRTIO_KMEM_F_EVENTS));
	post_buffer(0, 16);
	kmem_dev_post_event(k.dev, VIRTIO_KMEM_EVENT_PRESSURE, 2);
	set_reg(k.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, KMEM_EVENTS);
	assert_false(drv_used(&k.q[KMEM_EVENTS], &id, &len));
	/* and what waited does not outlive the driver it was for */
	kmem_bring_up(&k, format(state));
	post_buffer(0, 16);
	set_reg(k.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, KMEM_EVENTS);
	assert_false(drv_used(&k.q[KMEM_EVENTS], &id, &len));
}

/* More than the ring has entries, so that both wrap counters turn. */
static void requests_go_round_the_ring(void **state)
{
	uint64_t addr;

	(void)state;
	for (unsigned int i = 0; i < 50; i++) {
		assert_int_equal(kmem_alloc(&k, i % KMEM_CPUS, 4, 1), 0);
		assert_int_equal(k.resp[i % KMEM_CPUS].count, 1);
		memcpy(&addr, kmem_reply(&k, i % KMEM_CPUS), sizeof(addr));
		assert_int_equal(kmem_free(&k, i % KMEM_CPUS, 4, 1, &addr), 0);
		assert_int_equal(k.resp[i % KMEM_CPUS].value, 0);
	}
	assert_false(drv_needs_reset(k.mmio));
}

static void reset_queue(unsigned int queue)
{
	set_reg(k.mmio, VIRTIO_MMIO_QUEUE_SEL, queue);
	set_reg(k.mmio, QUEUE_RESET, 1);
	assert_int_equal(reg(k.mmio, QUEUE_RESET), 0);
	assert_int_equal(reg(k.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
}

/* It goes on from its start; the heap and the other queues notice nothing. */
static void a_queue_that_is_reset_serves_again(void **state)
{
	(void)state;
	assert_int_equal(kmem_alloc(&k, 0, 4, 1), 0);
	reset_queue(0);
	assert_int_equal(heap.resets, 0);
	assert_int_equal(kmem_alloc(&k, 0, 4, 1), NOT_ANSWERED);
	assert_int_equal(kmem_alloc(&k, 1, 4, 1), 0);
	kmem_queue_up(&k, 0, format(state));
	assert_int_equal(kmem_alloc(&k, 0, 4, 1), 0);
	assert_int_equal(kmem_alloc(&k, 1, 4, 1), 0);
	assert_int_equal(heap.resets, 0);
}

/* Events wait for a queue that is away, and its buffers of before are nobody's. */
static void event_queue_reset(void **state)
{
	uint32_t id;
	uint32_t len;

	post_buffer(0, 16);
	reset_queue(KMEM_EVENTS);
	kmem_dev_post_event(k.dev, VIRTIO_KMEM_EVENT_PRESSURE, 2);
	assert_false(drv_used(&k.q[KMEM_EVENTS], &id, &len));
	kmem_queue_up(&k, KMEM_EVENTS, format(state));
	assert_false(notify_is_off());
	post_buffer(3, 16);
	set_reg(k.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, KMEM_EVENTS);
	expect_event(VIRTIO_KMEM_EVENT_PRESSURE, 2);
}

#define TEST(name, format)                                        \
	{                                                         \
#name " " #format, name, setup, teardown, &format \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_go_round_the_ring, split),
		TEST(requests_go_round_the_ring, packed),
		TEST(events_reach_the_driver, split),
		TEST(events_reach_the_driver, packed),
		TEST(quota_is_configuration, split),
		TEST(quota_is_configuration, packed),
		TEST(short_event_buffers, split),
		TEST(short_event_buffers, packed),
		TEST(events_need_the_feature, split),
		TEST(events_need_the_feature, packed),
		TEST(a_queue_that_is_reset_serves_again, split),
		TEST(a_queue_that_is_reset_serves_again, packed),
		TEST(event_queue_reset, split),
		TEST(event_queue_reset, packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
