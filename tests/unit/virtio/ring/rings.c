/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must hold of virtqueues in either format, by drivers and devices that do as they
 * like: where rings go on, what comes back in which order, who hears of it.
 */
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#include "mm/util.h"
#include "tests/unit/virtio/ring/ring.h"

static void start_at(uint32_t base)
{
	struct vring_setup setup = drv_setup(&f.q);

	setup.indirect = true;
	setup.event_idx = true;
	setup.base = base;
	assert_int_equal(vring_start(&f.ring, &f.g.mem, &setup), 0);
}

static void begin(bool packed, uint16_t size)
{
	drv_lay_out(&f.q, &f.g, size, RING_BASE(0), packed ? VRING_FEATURE_PACKED : 0);
	start_at(vring_fresh_base(packed));
}

/* A ring that is stopped anywhere and started there does not notice. */
static void base_goes_on(void **state)
{
	uint32_t base;

	(void)state;
	for (unsigned int packed = 0; packed < 2; packed++) {
		uint16_t size = packed ? 12 : 16;

		begin(packed, size);
		for (unsigned int i = 0; i < 5u * size; i++) {
			ring_turn((uint16_t)(i * 5 % size));
			base = vring_stop(&f.ring);
			assert_int_equal(ring_pop(), 0);
			if (packed)
				assert_int_equal(base, ((i + 1) % size |
							((i + 1) / size % 2 ? 0u : 0x8000u)) *
							       0x10001u);
			else
				assert_int_equal(base, (i + 1) * 0x10001u);
			start_at(base);
		}
	}
}

/* The two sides of a ring need not be at the same place when it starts. */
static void each_side_has_its_base(void **state)
{
	(void)state;
	begin(true, 12);
	f.q.put = 14; /* round once, so with the other wrap counter */
	f.q.taken = 10;
	start_at(0x800a0002);
	for (uint16_t i = 0; i < 4; i++)
		ring_turn(i);
	assert_int_equal(vring_stop(&f.ring), 0x00020006);
	begin(false, 16);
	f.q.avail_idx = 0xffff;
	f.q.used_idx = 0xfffd;
	start_at(0xfffdffff);
	for (uint16_t i = 0; i < 4; i++)
		ring_turn(i);
	assert_int_equal(vring_stop(&f.ring), 0x00010003);
}

/*
 * A driver that puts chains of any length in any order, against a device that gives
 * them back in any order and now and then asks whether to signal. Counted without
 * end, what each side waits for is simple to say: the model.
 */
static uint32_t seed;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

struct model {
	uint16_t size;
	struct vring_chain held[64];
	struct iovec seg[4]; /* nobody looks at them */
	unsigned int nr_held, nr_free;
	uint16_t free[64];             /* ids, for split queues each with four entries */
	uint64_t put, used, signalled; /* entries: packed descriptors, split chains */
	uint64_t wish;                 /* the driver waits for this one to be used */
	unsigned int slots[64], len[64];
	unsigned int order[64], order_at, order_end; /* ids in the order of their pushes */
};

static void model_put(struct model *m)
{
	unsigned int n = 1 + any(4);
	struct drv_buf buf[4];
	uint16_t id;

	if (!m->nr_free || (f.q.packed && m->put - f.q.taken + n > m->size))
		return;
	id = m->free[--m->nr_free];
	for (unsigned int i = 0; i < n; i++)
		buf[i] = (struct drv_buf){BUFFERS + id * 64ull + i, 1, VRING_F_WRITE};
	drv_put(&f.q, id, buf, n);
	m->slots[id] = f.q.packed ? n : 1;
	m->len[id] = n;
	m->put += m->slots[id];
}

static void model_pop(struct model *m)
{
	struct vring_chain *chain = &m->held[m->nr_held];
	int ret;

	chain->seg = m->seg;
	chain->max_seg = 4;
	ret = vring_pop(&f.ring, chain);
	assert_true(ret >= 0);
	if (!ret)
		return;
	assert_int_equal(chain->writable, m->len[chain->head]);
	m->nr_held++;
}

static void model_push(struct model *m)
{
	struct vring_chain chain;
	unsigned int i;

	if (!m->nr_held)
		return;
	i = any(m->nr_held);
	chain = m->held[i];
	m->held[i] = m->held[--m->nr_held];
	assert_int_equal(vring_push(&f.ring, &chain, chain.writable), 0);
	m->used += m->slots[chain.head];
	m->order[m->order_end++ % 64] = chain.head;
}

static void model_take(struct model *m)
{
	uint32_t id;
	uint32_t len;

	if (!drv_used(&f.q, &id, &len)) {
		assert_int_equal(m->order_at, m->order_end);
		return;
	}
	assert_true(m->order_at != m->order_end);
	assert_int_equal(id, m->order[m->order_at++ % 64]);
	assert_int_equal(len, m->len[id]);
	m->free[m->nr_free++] = (uint16_t)id;
}

static void model_wish(struct model *m)
{
	/* As a driver may: of the entries from the next it looks at. */
	m->wish = m->used + any(m->size);
	if (f.q.packed)
		drv_set_event(&f.q, VRING_EVENT_DESC | (uint32_t)(m->wish % m->size) |
					    (m->wish / m->size % 2 ? 0 : VRING_EVENT_WRAP));
	else
		drv_set_used_event(&f.q, (uint16_t)m->wish);
}

static void model_signal(struct model *m)
{
	bool want = m->signalled <= m->wish && m->wish < m->used;

	/* Both formats count round: an old wish comes again after long. */
	if (m->used - m->wish < m->size || m->wish >= m->used)
		assert_int_equal(vring_should_signal(&f.ring), want);
	else
		vring_should_signal(&f.ring);
	m->signalled = m->used;
	if (m->wish < m->used)
		model_wish(m);
}

static void any_order(void **state)
{
	/* A split chain has four descriptors to itself. */
	static const struct {
		uint16_t size, ids;
		bool packed;
	} rings[] = {{1, 1, true},   {2, 2, true},   {3, 3, true},    {5, 5, true},
		     {12, 12, true}, {37, 16, true}, {64, 16, false}, {4, 1, false}};
	static struct model m;

	(void)state;
	seed = 1;
	for (unsigned int n = 0; n < ARRAY_SIZE(rings); n++) {
		m = (struct model){.size = rings[n].size};
		begin(rings[n].packed, m.size);
		for (unsigned int i = 0; i < rings[n].ids; i++)
			m.free[m.nr_free++] = (uint16_t)(rings[n].packed ? m.size - 1 - i : 4 * i);
		model_wish(&m);
		for (unsigned int i = 0; i < 100000; i++) {
			switch (any(8)) {
			case 0:
			case 1:
				model_put(&m);
				break;
			case 2:
			case 3:
				model_pop(&m);
				break;
			case 4:
			case 5:
				model_push(&m);
				break;
			case 6:
				model_take(&m);
				break;
			default:
				model_signal(&m);
			}
		}
		assert_true(m.used > 1000);
	}
}

/*
 * Two threads that sleep whenever the ring tells them nothing: a wake-up that is lost
 * stops them for good.
 */
#define TRIPS 20000

static sem_t kick, interrupt;

/* As a fence, which ThreadSanitizer does not take. */
static void full_barrier(void)
{
	static atomic_uint word;

	atomic_fetch_add(&word, 1);
}

static bool driver_wants(struct drv_queue *q, uint64_t old, uint64_t new)
{
	uint32_t event;

	full_barrier();
	if (!q->packed) {
		uint16_t at = drv_avail_event(q);

		return (uint16_t)(new - at - 1) < (uint16_t)(new - old);
	}
	event = drv_device_event(q);
	if ((event & VRING_EVENT_FLAGS) != VRING_EVENT_DESC)
		return !(event & VRING_EVENT_DISABLE);
	for (; old < new; old++)
		if (old % q->size == (event & VRING_EVENT_OFFSET) &&
		    !(old / q->size % 2) == !!(event & VRING_EVENT_WRAP))
			return true;
	return false;
}

static void *driver(void *opaque)
{
	struct drv_queue *q = opaque;
	const struct drv_buf buf[] = {{BUFFERS, 4, 0}, {BUFFERS + 64, 8, VRING_F_WRITE}};
	unsigned int done = 0;
	unsigned int flying = 0;
	unsigned int sent = 0;
	uint64_t put = 0;
	uint64_t taken = 0;
	uint32_t id;
	uint32_t len;

	while (done < TRIPS) {
		uint64_t old = put;

		/* One to three at once, as ids 0, 2, 4. */
		while (sent < TRIPS && flying < 3) {
			drv_put(q, (uint16_t)(sent % 3 * 2), buf, 2);
			put += q->packed ? 2 : 1;
			sent++;
			flying++;
		}
		if (put != old && driver_wants(q, old, put))
			sem_post(&kick);
		if (q->packed)
			drv_set_event(q, VRING_EVENT_DESC | (uint32_t)(taken % q->size) |
						 (taken / q->size % 2 ? 0 : VRING_EVENT_WRAP));
		else
			drv_set_used_event(q, (uint16_t)taken);
		full_barrier();
		if (!drv_used(q, &id, &len)) {
			sem_wait(&interrupt);
			continue;
		}
		taken += q->packed ? 2 : 1;
		done++;
		flying--;
	}
	return NULL;
}

static void nobody_sleeps_on_work(void **state)
{
	pthread_t thread;

	(void)state;
	for (unsigned int packed = 0; packed < 2; packed++) {
		begin(packed, packed ? 7 : 8);
		sem_init(&kick, 0, 0);
		sem_init(&interrupt, 0, 0);
		assert_false(vring_enable_notify(&f.ring));
		assert_int_equal(pthread_create(&thread, NULL, driver, &f.q), 0);
		for (unsigned int served = 0; served < TRIPS;) {
			int ret = ring_pop();

			assert_true(ret >= 0);
			if (ret) {
				vring_disable_notify(&f.ring);
				assert_int_equal(f.chain.readable, 4);
				assert_int_equal(vring_push(&f.ring, &f.chain, 8), 0);
				served++;
				if (vring_should_signal(&f.ring))
					sem_post(&interrupt);
			} else if (!vring_enable_notify(&f.ring)) {
				sem_wait(&kick);
			}
		}
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ring_setup, ring_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(base_goes_on),
		TEST(each_side_has_its_base),
		TEST(any_order),
		TEST(nobody_sleeps_on_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
