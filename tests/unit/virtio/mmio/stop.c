/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues that are stopped with work in flight: by QueueReady, by a reset of the queue or
 * the device, with the transport. The device here keeps what it takes until the test,
 * or its queue_stop, says what becomes of it.
 */
#include <errno.h>
#include <semaphore.h>
#include <string.h>

#include "tests/unit/virtio/driver.h"

#define RING_RESET (1ull << VIRTIO_F_RING_RESET)
/* Of virtio 1.2; not in every <linux/virtio_mmio.h>. */
#define QUEUE_RESET 0x0c0

enum at_stop {
	ABANDON,
	FINISH, /* in queue_stop itself */
	WAIT,   /* in queue_stop, for another thread to finish */
};

struct fixture {
	struct guest g;
	struct drv_queue q;
	struct virtio_device dev;
	struct virtio_mmio *mmio;
	bool packed;

	struct vring_chain held[16];
	struct iovec seg[16];
	unsigned int nr_held, taken;

	enum at_stop at_stop;
	unsigned int stops, resets, irqs;
	unsigned int ready_at_stop, reset_at_stop, status_at_stop;
	bool took_at_stop; /* the queue gave out a chain then */
	sem_t stopping, finished;
};

static struct fixture f;

static bool hold_notify(struct virtio_device *dev, unsigned int queue, unsigned int cpu)
{
	struct vring_chain *chain = &f.held[f.nr_held];

	(void)cpu;
	chain->seg = &f.seg[f.nr_held];
	chain->max_seg = 1;
	if (f.nr_held < 16 && virtio_queue_pop(dev, queue, chain)) {
		f.nr_held++;
		f.taken++;
		return true;
	}
	return false;
}

/* Answers what is held; the queue's lock is not. Returns what the last push did. */
static int finish(void)
{
	int ret = 0;

	virtio_queue_lock(&f.dev, 0);
	while (f.nr_held) {
		struct vring_chain *chain = &f.held[--f.nr_held];

		ret = vring_push(&f.dev.queue[0].ring, chain, 1);
	}
	virtio_queue_signal(&f.dev, 0);
	virtio_queue_unlock(&f.dev, 0);
	return ret;
}

static void hold_queue_stop(struct virtio_device *dev, unsigned int queue)
{
	struct iovec seg;
	struct vring_chain chain = {.seg = &seg, .max_seg = 1};

	f.stops++;
	f.ready_at_stop = reg(f.mmio, VIRTIO_MMIO_QUEUE_READY);
	f.reset_at_stop = reg(f.mmio, QUEUE_RESET);
	f.status_at_stop = reg(f.mmio, VIRTIO_MMIO_STATUS);
	assert_int_equal(queue, 0);
	/* Nobody holds the lock, and whoever rings now gets nothing. */
	assert_int_equal(pthread_mutex_trylock(&dev->queue[0].lock), 0);
	assert_true(vring_running(&dev->queue[0].ring));
	assert_false(virtio_queue_live(dev, 0));
	f.took_at_stop = virtio_queue_pop(dev, 0, &chain);
	virtio_queue_unlock(dev, 0);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	if (f.at_stop == FINISH)
		assert_int_equal(finish(), 0);
	if (f.at_stop == WAIT) {
		sem_post(&f.stopping);
		sem_wait(&f.finished);
	}
}

static void hold_reset(struct virtio_device *dev)
{
	f.resets++;
	assert_false(vring_running(&dev->queue[0].ring));
}

static const struct virtio_device_ops hold_ops = {
	.reset = hold_reset,
	.queue_stop = hold_queue_stop,
	.notify = hold_notify,
};

static void irq(void *opaque)
{
	(void)opaque;
	f.irqs++;
}

static void bring_up(uint64_t features)
{
	drv_bring_up(f.mmio, &f.g, &f.q, 1, 16, features | (f.packed ? VRING_FEATURE_PACKED : 0));
}

static int setup(void **state)
{
	static const uint16_t sizes[] = {16};

	memset(&f, 0, sizeof(f));
	f.packed = *state;
	guest_init(&f.g);
	f.dev.ops = &hold_ops;
	f.dev.offered = VRING_FEATURE_PACKED | RING_RESET;
	f.dev.nr_queues = 1;
	sem_init(&f.stopping, 0, 0);
	sem_init(&f.finished, 0, 0);
	assert_int_equal(virtio_device_init(&f.dev, sizes), 0);
	assert_int_equal(virtio_mmio_create(&f.dev, &f.g.mem, irq, NULL, &f.mmio), 0);
	bring_up(RING_RESET);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	virtio_mmio_destroy(f.mmio);
	virtio_device_fini(&f.dev);
	guest_fini(&f.g);
	return 0;
}

static void put(uint16_t id)
{
	const struct drv_buf buf = {BUFFERS + 64ull * id, 64, VRING_F_WRITE};

	drv_put(&f.q, id, &buf, 1);
}

/* Puts n chains and has the device take them, then one more that it does not know of. */
static void fly(uint16_t n)
{
	for (uint16_t id = 0; id < n; id++)
		put(id);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	assert_int_equal(f.nr_held, n);
	put(n);
}

static unsigned int used(void)
{
	unsigned int n = 0;
	uint32_t id;
	uint32_t len;

	while (drv_used(&f.q, &id, &len))
		n++;
	return n;
}

static void queue_ready_ends_what_is_in_flight(void **state)
{
	(void)state;
	fly(3);
	f.at_stop = FINISH;
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_int_equal(f.stops, 1);
	assert_int_equal(f.ready_at_stop, 1); /* 0 only when it is over */
	assert_false(f.took_at_stop);
	assert_int_equal(f.taken, 3);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	assert_int_equal(used(), 3);
	assert_int_equal(f.irqs, 1); /* the driver hears of what finished */
	/* stopped already: nothing to end */
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_int_equal(f.stops, 1);
}

static void abandoned_chains_come_back_to_nobody(void **state)
{
	(void)state;
	fly(3);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_int_equal(f.stops, 1);
	assert_int_equal(f.nr_held, 3);
	assert_int_equal(finish(), -ESTALE);
	assert_int_equal(used(), 0);
	assert_int_equal(f.irqs, 0);
}

/* Not even when the queue lives again, and has the same heads in flight. */
static void late_pushes_do_no_harm(void **state)
{
	struct vring_chain late;

	(void)state;
	fly(3);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	late = f.held[0];
	f.nr_held = 0;
	bring_up(0);
	fly(3);
	assert_int_equal(f.held[0].head, late.head);
	assert_int_equal(vring_push(&f.dev.queue[0].ring, &late, 1), -ESTALE);
	assert_int_equal(used(), 0);
	assert_int_equal(f.dev.queue[0].ring.inflight, 3);
	assert_int_equal(finish(), 0);
	assert_int_equal(used(), 3);
}

static void reset_ends_what_is_in_flight(void **state)
{
	(void)state;
	fly(2);
	f.at_stop = FINISH;
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(f.stops, 1);
	assert_int_equal(f.resets, 1);
	assert_int_equal(f.status_at_stop, 0xf);
	assert_false(f.took_at_stop);
	assert_int_equal(used(), 2);
	assert_int_equal(f.irqs, 0); /* nobody is there to hear */
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), 0);
}

static void *finisher(void *opaque)
{
	(void)opaque;
	sem_wait(&f.stopping);
	/* The thread that resets waits in queue_stop, and holds no lock that this needs. */
	finish();
	virtio_device_break(&f.dev);
	sem_post(&f.finished);
	return NULL;
}

static void another_thread_finishes(void **state)
{
	pthread_t thread;

	(void)state;
	fly(5);
	f.at_stop = WAIT;
	assert_int_equal(pthread_create(&thread, NULL, finisher, NULL), 0);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(f.nr_held, 0);
	assert_int_equal(used(), 5);
	/* What it broke was of the life that ended. */
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), 0);
	assert_false(atomic_load(&f.dev.broken));
}

static void queue_reset(void **state)
{
	(void)state;
	assert_int_equal(drv_device_features(f.mmio) & RING_RESET, RING_RESET);
	fly(4);
	f.at_stop = FINISH;
	set_reg(f.mmio, QUEUE_RESET, 1);
	assert_int_equal(f.stops, 1);
	assert_int_equal(f.resets, 0); /* of the device: none */
	assert_int_equal(f.reset_at_stop, 1);
	assert_int_equal(reg(f.mmio, QUEUE_RESET), 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), 0xf);
	assert_int_equal(used(), 4);
	/* nothing is left of the set-up */
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	/* a smaller queue elsewhere */
	drv_lay_out(&f.q, &f.g, 8, RING_BASE(1), f.packed ? VRING_FEATURE_PACKED : 0);
	assert_int_equal(drv_queue_setup(f.mmio, 0, &f.q), 1);
	fly(2);
	assert_int_equal(finish(), 0);
	assert_int_equal(used(), 2);
}

static void queue_reset_refused(void **state)
{
	struct virtio_mmio_stats stats;

	(void)state;
	fly(1);
	set_reg(f.mmio, QUEUE_RESET, 0);
	set_reg(f.mmio, QUEUE_RESET, 2);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_SEL, 1); /* no such queue */
	set_reg(f.mmio, QUEUE_RESET, 1);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_SEL, 0);
	virtio_mmio_get_stats(f.mmio, &stats);
	assert_int_equal(stats.ignored, 3);
	assert_int_equal(f.stops, 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 1);
	f.at_stop = FINISH;
	bring_up(0); /* without the feature */
	assert_int_equal(f.stops, 1);
	set_reg(f.mmio, QUEUE_RESET, 1);
	assert_int_equal(f.stops, 1);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 1);
	assert_int_equal(reg(f.mmio, QUEUE_RESET), 0);
}

/* Where a queue was when it stopped is where it goes on: what was put and not taken is
 * taken then. */
static void stopped_queue_goes_on(void **state)
{
	struct vring_setup s = drv_setup(&f.q);

	(void)state;
	fly(3);
	f.at_stop = FINISH;
	s.base = virtio_queue_stop(&f.dev, 0);
	assert_int_equal(s.base, f.packed ? 0x80038003 : 0x00030003);
	assert_int_equal(f.stops, 1);
	assert_int_equal(vring_start(&f.dev.queue[0].ring, &f.g.mem, &s), 0);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	assert_int_equal(f.nr_held, 1);
	assert_int_equal(f.held[0].head, 3);
	assert_int_equal(finish(), 0);
	assert_int_equal(used(), 4);
	/* a queue that is not running has reached nothing */
	virtio_queue_stop(&f.dev, 0);
	assert_int_equal(virtio_queue_stop(&f.dev, 0), 0);
	assert_int_equal(f.stops, 2);
}

#define TEST(name)                                           \
	{#name " (split)", name, setup, teardown, NULL},     \
	{                                                    \
#name " (packed)", name, setup, teardown, &f \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(queue_ready_ends_what_is_in_flight),
		TEST(abandoned_chains_come_back_to_nobody),
		TEST(late_pushes_do_no_harm),
		TEST(reset_ends_what_is_in_flight),
		TEST(another_thread_finishes),
		TEST(queue_reset),
		TEST(queue_reset_refused),
		TEST(stopped_queue_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
