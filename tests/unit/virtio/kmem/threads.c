/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many vCPUs at once, for ThreadSanitizer and for the order of things: each sends
 * requests on its own queue, one rings everybody's doorbells, one posts events, and
 * the main thread resets the device and brings it up again all the while.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "tests/unit/virtio/kmem/driver.h"
#include "tests/unit/virtio/kmem/fake_mm.h"

#define RESETS  300
#define ANSWERS 2000 /* each worker sees at least so many */

static struct mm_heap heap;
static struct kmem_guest k;

static const struct mm_range range = {.base = FAKE_BASE, .size = FAKE_SIZE};

/* The driver's side of each queue: its rings and which life of the device they belong
 * to. The lock is never held while the device is rung. */
static struct {
	pthread_mutex_t lock;
	unsigned int life;
} side[KMEM_CPUS + 1];

static atomic_uint wrong; /* assertions of cmocka are the main thread's only */
static atomic_uint working;
static atomic_bool over;

/* Puts a request into the queue; returns the life that it is in. */
static unsigned int put_request(unsigned int queue)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_ALLOC, .count = 8, .cache = 1};
	struct drv_queue *q = &k.q[queue];
	unsigned int life;

	pthread_mutex_lock(&side[queue].lock);
	life = side[queue].life;
	memcpy(guest_at(&k.g, REQ_AT(queue), sizeof(req)), &req, sizeof(req));
	drv_desc(q, 0, REQ_AT(queue), sizeof(req), VRING_F_NEXT, 1);
	drv_desc(q, 1, RESP_AT(queue), RESP_SIZE, VRING_F_WRITE, 0);
	drv_avail(q, 0);
	pthread_mutex_unlock(&side[queue].lock);
	return life;
}

/* 1: answered. -1: lost to a reset. 0: neither yet. */
static int take_answer(unsigned int queue, unsigned int life)
{
	struct virtio_kmem_resp resp;
	uint32_t id;
	uint32_t len;
	int ret = 0;

	pthread_mutex_lock(&side[queue].lock);
	if (side[queue].life != life) {
		ret = -1;
	} else if (drv_used(&k.q[queue], &id, &len)) {
		memcpy(&resp, guest_at(&k.g, RESP_AT(queue), sizeof(resp)), sizeof(resp));
		if (id || len != 16 + 64 || resp.status || resp.count != 8)
			atomic_fetch_add(&wrong, 1);
		ret = 1;
	}
	pthread_mutex_unlock(&side[queue].lock);
	return ret;
}

static void *worker(void *opaque)
{
	unsigned int queue = (unsigned int)(uintptr_t)opaque;
	unsigned int answers = 0;
	unsigned int life;
	int got;

	while (answers < ANSWERS || !atomic_load(&over)) {
		life = put_request(queue);
		/* Rung again while the device is down or coming up. */
		for (;;) {
			virtio_mmio_write(k.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, queue, 4, queue);
			got = take_answer(queue, life);
			if (got)
				break;
			sched_yield();
		}
		answers += got > 0;
	}
	atomic_fetch_sub(&working, 1);
	return NULL;
}

static void *noise(void *opaque)
{
	unsigned int i = 0;

	(void)opaque;
	for (; atomic_load(&working); i++) {
		virtio_mmio_write(k.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, i % 5, 4, 3);
		virtio_mmio_write(k.mmio, VIRTIO_MMIO_INTERRUPT_ACK, 3, 4, 3);
		virtio_mmio_write(k.mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, i & 3, 4, 3);
		virtio_mmio_write(k.mmio, VIRTIO_MMIO_CONFIG + i % 600, i, 1, 3);
		sched_yield();
	}
	return NULL;
}

static void *events(void *opaque)
{
	unsigned int i = 0;

	(void)opaque;
	for (; atomic_load(&working); i++) {
		kmem_dev_post_event(k.dev, 1 + i % 3, i);
		sched_yield();
	}
	return NULL;
}

/* As kmem_bring_up(), minding those who hold a side. */
static void bring_up(void)
{
	struct drv_queue *q;

	drv_negotiate(k.mmio, KMEM_FEATURES);
	for (unsigned int i = 0; i <= KMEM_CPUS; i++) {
		q = &k.q[i];
		pthread_mutex_lock(&side[i].lock);
		side[i].life++;
		drv_queue_init(q, &k.g, KMEM_QUEUE_SIZE, RING_BASE(i));
		if (i == KMEM_EVENTS)
			for (unsigned int n = 0; n < 16; n++) {
				drv_desc(q, n, HIGH_BASE + 16 * n, 16, VRING_F_WRITE, 0);
				drv_avail(q, (uint16_t)n);
			}
		pthread_mutex_unlock(&side[i].lock);
		assert_int_equal(drv_queue_setup(k.mmio, i, q), 1);
	}
	drv_driver_ok(k.mmio);
}

static void serve_reset_and_tell(void **state)
{
	pthread_t thread[KMEM_CPUS + 2];
	struct kmem_dev_stats stats;
	unsigned int i;

	(void)state;
	fake_mm_init(&heap);
	kmem_guest_init(&k, &heap, &range, 1);
	for (i = 0; i <= KMEM_CPUS; i++)
		pthread_mutex_init(&side[i].lock, NULL);
	bring_up();
	atomic_store(&working, KMEM_CPUS);
	for (i = 0; i < KMEM_CPUS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, worker, (void *)(uintptr_t)i), 0);
	assert_int_equal(pthread_create(&thread[i++], NULL, noise, NULL), 0);
	assert_int_equal(pthread_create(&thread[i++], NULL, events, NULL), 0);
	for (i = 0; i < RESETS; i++) {
		bring_up();
		assert_false(drv_needs_reset(k.mmio));
		sched_yield();
	}
	atomic_store(&over, true);
	for (i = 0; i < KMEM_CPUS + 2; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_int_equal(atomic_load(&wrong), 0);
	assert_false(drv_needs_reset(k.mmio));
	assert_int_equal(heap.resets, RESETS);
	kmem_dev_get_stats(k.dev, -1, &stats);
	assert_true(stats.requests >= KMEM_CPUS * ANSWERS);
	assert_int_equal(stats.errors, 0);
	kmem_guest_fini(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serve_reset_and_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
