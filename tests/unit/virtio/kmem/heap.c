/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-kmem device over the real mm: memory goes out and comes back, and what a
 * guest makes up is refused. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "tests/unit/virtio/kmem/driver.h"

#define BASE 0x100000000ull
#define SIZE (32ull << 20)

static struct mm_heap *heap;
static struct kmem_guest k;

static int setup(void **state)
{
	struct mm_config config = {
		.range = {{.base = BASE, .size = SIZE, .node = 0, .host_node = -1}},
		.nr_ranges = 1,
		.cpus = KMEM_CPUS,
		.pin_quota = KMEM_QUOTA,
	};

	(void)state;
	assert_int_equal(mm_heap_create(&config, &heap, NULL), 0);
	kmem_guest_init(&k, heap, config.range, 1);
	kmem_bring_up(&k, KMEM_FEATURES);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kmem_guest_fini(&k);
	mm_heap_destroy(heap);
	return 0;
}

static struct mm_stats stats_of(int cache)
{
	struct mm_stats stats;

	assert_int_equal(mm_stats(heap, cache, &stats), 0);
	return stats;
}

static void take_addrs(uint64_t *addr, unsigned int n)
{
	memcpy(addr, kmem_reply(&k, 0), n * sizeof(*addr));
	for (unsigned int i = 0; i < n; i++)
		addr[i] &= ~VIRTIO_KMEM_ADDR_FLAGS;
}

static void objects_go_and_come(void **state)
{
	uint64_t addr[VIRTIO_KMEM_MAX_BATCH];
	uint32_t n;

	(void)state;
	for (uint32_t cache = 1; cache <= VIRTIO_KMEM_CLASSES; cache++) {
		assert_int_equal(kmem_alloc(&k, 0, cache, VIRTIO_KMEM_MAX_BATCH), 0);
		n = k.resp[0].count;
		assert_in_range(n, 1, VIRTIO_KMEM_MAX_BATCH);
		take_addrs(addr, n);
		assert_int_equal(stats_of((int)cache).objects_active, n);
		assert_int_equal(kmem_free(&k, 1, cache, n, addr), 0);
		assert_int_equal(k.resp[1].count, n);
		assert_int_equal(k.resp[1].value, 0);
		assert_int_equal(stats_of((int)cache).objects_active, 0);
	}
}

/* One FREE with everything that can be wrong of an address; the good one goes. */
static void addresses_are_judged_each(void **state)
{
	struct virtio_kmem_bad *bad = kmem_reply(&k, 0);
	uint64_t good;
	uint64_t addr[7];
	static const struct virtio_kmem_bad want[] = {
		{1, (uint32_t)-ENOENT}, {2, (uint32_t)-EINVAL}, {3, (uint32_t)-EFAULT},
		{4, (uint32_t)-EFAULT}, {5, (uint32_t)-EFAULT}, {6, (uint32_t)-EFAULT},
	};

	(void)state;
	assert_int_equal(kmem_alloc(&k, 0, 4, 1), 0);
	take_addrs(&good, 1);
	addr[0] = good;
	addr[1] = good; /* twice in one request */
	addr[2] = good + 1;
	addr[3] = BASE + SIZE;
	addr[4] = BASE - 8;
	addr[5] = BUFFERS; /* the guest's own RAM */
	addr[6] = UINT64_MAX - 7;
	assert_int_equal(kmem_free(&k, 0, 4, 7, addr), 0);
	assert_int_equal(k.resp[0].count, 1);
	assert_int_equal(k.resp[0].value, 6);
	for (unsigned int i = 0; i < 6; i++) {
		assert_int_equal(bad[i].index, want[i].index);
		assert_int_equal(bad[i].status, want[i].status);
	}
	assert_int_equal(stats_of(4).objects_active, 0);
	/* and again: now it is nobody's */
	assert_int_equal(kmem_free(&k, 0, 0, 1, &good), 0);
	assert_int_equal(k.resp[0].count, 0);
	assert_int_equal((int32_t)bad[0].status, -ENOENT);
}

static void pages_and_pins(void **state)
{
	struct virtio_kmem_req req = {
		.type = VIRTIO_KMEM_ALLOC_PAGES, .count = 2, .order = 1, .node = 0};
	uint64_t run[2];
	uint64_t frame[4];

	(void)state;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, RESP_SIZE), 0);
	assert_int_equal(k.resp[0].count, 2);
	take_addrs(run, 2);
	frame[0] = run[0];
	frame[1] = run[0] + 4096;
	frame[2] = run[1];
	frame[3] = BASE + SIZE;
	req = (struct virtio_kmem_req){.type = VIRTIO_KMEM_PIN, .count = 4};
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), frame, 32, 16), 0);
	assert_int_equal(k.resp[0].count, 3);
	assert_int_equal(stats_of(0).pages_pinned, 3);
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), frame, 32, 16), 0);
	req = (struct virtio_kmem_req){.type = VIRTIO_KMEM_PIN, .count = 1};
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), &frame[3], 8, 16), -EFAULT);
	req = (struct virtio_kmem_req){.type = VIRTIO_KMEM_UNPIN, .count = 4};
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), frame, 32, RESP_SIZE), 0);
	assert_int_equal(k.resp[0].count, 3);
	assert_int_equal(k.resp[0].value, 1);
	/* runs freed under the second pins: a reset drops those too */
	req = (struct virtio_kmem_req){.type = VIRTIO_KMEM_FREE_PAGES, .count = 2};
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), run, 16, RESP_SIZE), 0);
	assert_int_equal(k.resp[0].count, 2);
}

static void a_new_quota_is_the_heaps(void **state)
{
	struct virtio_kmem_req req = {
		.type = VIRTIO_KMEM_ALLOC_PAGES, .count = 1, .order = 1, .node = 0};
	uint64_t frame[2];

	(void)state;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, RESP_SIZE), 0);
	take_addrs(frame, 1);
	frame[1] = frame[0] + 4096;
	assert_int_equal(kmem_dev_post_event(k.dev, VIRTIO_KMEM_EVENT_QUOTA, 1), 0);
	req = (struct virtio_kmem_req){.type = VIRTIO_KMEM_PIN, .count = 2};
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), frame, 16, 16), 0);
	assert_int_equal(k.resp[0].count, 1);
	req.count = 1;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), frame, 8, 16), -EAGAIN);
}

static void all_of_the_heap(void **state)
{
	unsigned int got = 0;
	int32_t status;

	(void)state;
	for (;;) {
		status = kmem_alloc(&k, 0, VIRTIO_KMEM_CLASSES, VIRTIO_KMEM_MAX_BATCH);
		if (status)
			break;
		assert_in_range(k.resp[0].count, 1, VIRTIO_KMEM_MAX_BATCH);
		got += k.resp[0].count;
		assert_true(got <= SIZE / 8192);
	}
	assert_int_equal(status, -ENOMEM);
	assert_true(got > SIZE / 8192 / 2);
	/* the host answers on, and a reset has it all back */
	kmem_bring_up(&k, KMEM_FEATURES);
	assert_int_equal(stats_of(0).frames_in_use, 0);
	assert_int_equal(kmem_alloc(&k, 0, VIRTIO_KMEM_CLASSES, 1), 0);
}

static void caches_of_the_guest(void **state)
{
	struct virtio_kmem_req req = {
		.type = VIRTIO_KMEM_CACHE_CREATE, .size = 100, .flags = VIRTIO_KMEM_CACHE_NOMERGE};
	uint64_t addr;
	uint32_t cache;

	(void)state;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), "mine", 4, 16), 0);
	cache = (uint32_t)k.resp[0].value;
	assert_in_range(cache, VIRTIO_KMEM_CLASSES + 1, VIRTIO_KMEM_PM_CACHE_MAX);
	assert_int_equal(kmem_alloc(&k, 0, cache, 1), 0);
	take_addrs(&addr, 1);
	req = (struct virtio_kmem_req){.type = VIRTIO_KMEM_CACHE_DESTROY, .cache = cache};
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, 16), -EBUSY);
	assert_int_equal(kmem_free(&k, 0, cache, 1, &addr), 0);
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, 16), 0);
	assert_int_equal(kmem_alloc(&k, 0, cache, 1), -ENOENT);
	req.cache = 1;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, 16), -EPERM);
}

/* Numbers that the page map cannot say go to those who have said that they know. */
static void far_caches_are_for_drivers_that_know_them(void **state)
{
	const uint8_t *map = mm_heap_page_map(heap, &(size_t){0});
	struct virtio_kmem_req req = {
		.type = VIRTIO_KMEM_CACHE_CREATE, .size = 100, .flags = VIRTIO_KMEM_CACHE_NOMERGE};
	uint64_t addr;
	uint32_t last = VIRTIO_KMEM_CLASSES;

	(void)state;
	while (!(int32_t)kmem_send(&k, 0, &req, sizeof(req), "near", 4, 16))
		assert_int_equal(k.resp[0].value, ++last);
	assert_int_equal((int32_t)k.resp[0].status, -ENOSPC);
	assert_int_equal(last, VIRTIO_KMEM_PM_CACHE_MAX);
	kmem_bring_up(&k, KMEM_FEATURES | 1ull << VIRTIO_KMEM_F_CACHES);
	last = VIRTIO_KMEM_CLASSES;
	while (!(int32_t)kmem_send(&k, 0, &req, sizeof(req), "far", 3, 16))
		assert_int_equal(k.resp[0].value, ++last);
	assert_int_equal((int32_t)k.resp[0].status, -ENOSPC);
	assert_int_equal(last, mm_cache_max(heap));
	assert_true(last > 2 * VIRTIO_KMEM_PM_CACHE_MAX);
	for (uint32_t cache = last; cache >= VIRTIO_KMEM_PM_FAR; cache = cache / 3 * 2) {
		assert_int_equal(kmem_alloc(&k, 0, cache, 1), 0);
		take_addrs(&addr, 1);
		assert_int_equal(map[(addr - BASE) / 4096], VIRTIO_KMEM_PM_FAR);
		assert_int_equal(stats_of((int)cache).objects_active, 1);
		assert_int_equal(kmem_free(&k, 0, 0, 1, &addr), 0);
		assert_int_equal(stats_of((int)cache).objects_active, 0);
	}
	assert_int_equal(kmem_alloc(&k, 0, last + 1, 1), -ENOENT);
	assert_int_equal(kmem_alloc(&k, 0, 0xffffffffu, 1), -ENOENT);
	req = (struct virtio_kmem_req){.type = VIRTIO_KMEM_CACHE_DESTROY, .cache = last};
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, 16), 0);
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, 16), -ENOENT);
}

/* A guest drops its own pins only: what the monitor copies, or a disk reads into, is not
 * taken away under it. */
static void pins_of_others_stay(void **state)
{
	struct virtio_kmem_req alloc = {
		.type = VIRTIO_KMEM_ALLOC_PAGES, .count = 1, .node = VIRTIO_KMEM_NODE_ANY};
	struct virtio_kmem_req free_pages = {.type = VIRTIO_KMEM_FREE_PAGES, .count = 1};
	struct virtio_kmem_req pin = {.type = VIRTIO_KMEM_PIN, .count = 1};
	struct virtio_kmem_req unpin = {.type = VIRTIO_KMEM_UNPIN, .count = 1};
	struct virtio_kmem_bad *bad = kmem_reply(&k, 0);
	struct mm_bad none;
	uint64_t addr;
	size_t nr_bad;

	(void)state;
	assert_int_equal(kmem_send(&k, 0, &alloc, sizeof(alloc), NULL, 0, RESP_SIZE), 0);
	take_addrs(&addr, 1);
	assert_int_equal(mm_pin(heap, 1, &addr), 1);
	assert_int_equal(kmem_send(&k, 0, &unpin, sizeof(unpin), &addr, 8, RESP_SIZE), 0);
	assert_int_equal(k.resp[0].count, 0);
	assert_int_equal(bad[0].status, (uint32_t)-ENOENT);
	/* one of its own comes and goes beside it */
	assert_int_equal(kmem_send(&k, 0, &pin, sizeof(pin), &addr, 8, RESP_SIZE), 0);
	assert_int_equal(kmem_send(&k, 0, &unpin, sizeof(unpin), &addr, 8, RESP_SIZE), 0);
	assert_int_equal(k.resp[0].count, 1);
	assert_int_equal(kmem_send(&k, 0, &unpin, sizeof(unpin), &addr, 8, RESP_SIZE), 0);
	assert_int_equal(k.resp[0].count, 0);
	/* and the memory outlives its free */
	assert_int_equal(kmem_send(&k, 0, &free_pages, sizeof(free_pages), &addr, 8, RESP_SIZE), 0);
	assert_int_equal(stats_of(0).pages_pinned, 1);
	assert_true(stats_of(0).frames_backed > 0);
	assert_int_equal(mm_unpin(heap, 1, &addr, &none, &nr_bad), 1);
	assert_int_equal(stats_of(0).frames_in_use, 0);
	/* those of before a reset are forgotten */
	assert_int_equal(kmem_send(&k, 0, &alloc, sizeof(alloc), NULL, 0, RESP_SIZE), 0);
	take_addrs(&addr, 1);
	assert_int_equal(kmem_send(&k, 0, &pin, sizeof(pin), &addr, 8, RESP_SIZE), 0);
	kmem_bring_up(&k, KMEM_FEATURES);
	assert_int_equal(kmem_send(&k, 0, &alloc, sizeof(alloc), NULL, 0, RESP_SIZE), 0);
	take_addrs(&addr, 1);
	assert_int_equal(mm_pin(heap, 1, &addr), 1);
	assert_int_equal(kmem_send(&k, 0, &unpin, sizeof(unpin), &addr, 8, RESP_SIZE), 0);
	assert_int_equal(k.resp[0].count, 0);
	assert_int_equal(mm_unpin(heap, 1, &addr, &none, &nr_bad), 1);
}

static void *ring(void *opaque)
{
	bool *all = opaque;

	*all = virtio_mmio_write(k.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0, 4, 0);
	return NULL;
}

static uint64_t requests(void)
{
	struct kmem_dev_stats stats;

	kmem_dev_get_stats(k.dev, 0, &stats);
	return stats.requests;
}

/* Rings queue 0 by a thread, and returns when it has been served n more times. */
static pthread_t ring_endlessly(bool *all, uint64_t n)
{
	uint64_t start = requests();
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, ring, all), 0);
	while (requests() < start + n)
		sched_yield();
	return thread;
}

/* A queue that feeds itself: the reply to STATS puts the number of requests where the
 * available index is, one ahead each time. */
static void lay_out_endless_work(void)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_STATS};
	const uint32_t before = sizeof(struct virtio_kmem_resp);
	struct drv_queue *q = &k.q[0];

	/* The requests of another queue are the lead. */
	assert_int_equal(kmem_send(&k, 1, &req, sizeof(req), NULL, 0, RESP_SIZE), 0);
	assert_int_equal(kmem_send(&k, 1, &req, sizeof(req), NULL, 0, RESP_SIZE), 0);
	memcpy(guest_at(&k.g, REQ_AT(0), sizeof(req)), &req, sizeof(req));
	drv_desc(q, 0, REQ_AT(0), sizeof(req), VRING_F_NEXT, 1);
	drv_desc(q, 1, RESP_AT(0), before, VRING_F_WRITE | VRING_F_NEXT, 2);
	drv_desc(q, 2, q->avail + offsetof(struct vring_avail, idx), 2,
		 VRING_F_WRITE | VRING_F_NEXT, 3);
	drv_desc(q, 3, RESP_AT(0) + before, RESP_SIZE - before, VRING_F_WRITE, 0);
	drv_avail(q, 0);
}

static void endless_work_ends(void **state)
{
	pthread_t thread;
	bool all;

	(void)state;
	lay_out_endless_work();
	thread = ring_endlessly(&all, 100);
	virtio_device_halt(k.dev);
	pthread_join(thread, NULL);
	assert_true(all);
	assert_false(drv_needs_reset(k.mmio));
}

static void endless_work_pauses_and_goes_on(void **state)
{
	pthread_t thread;
	uint64_t served;
	bool all;

	(void)state;
	lay_out_endless_work();
	thread = ring_endlessly(&all, 100);
	virtio_device_pause(k.dev);
	served = requests();
	/* The doorbell is cut short, and one that is rung meanwhile does nothing. */
	pthread_join(thread, NULL);
	assert_false(all);
	assert_false(virtio_mmio_write(k.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0, 4, 0));
	assert_int_equal(requests(), served);
	virtio_device_resume(k.dev);
	thread = ring_endlessly(&all, 100);
	virtio_device_halt(k.dev);
	pthread_join(thread, NULL);
	assert_true(all);
	assert_false(drv_needs_reset(k.mmio));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(objects_go_and_come),
		TEST(addresses_are_judged_each),
		TEST(pages_and_pins),
		TEST(all_of_the_heap),
		TEST(far_caches_are_for_drivers_that_know_them),
		TEST(caches_of_the_guest),
		TEST(pins_of_others_stay),
		TEST(endless_work_ends),
		TEST(endless_work_pauses_and_goes_on),
		TEST(a_new_quota_is_the_heaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
