/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine that keeps to nothing: lengths, numbers and payloads that no driver sends, that change
 * while they are looked at, and bytes all over the window. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>

#include "tests/unit/virtio/ivshmem/machine.h"

static struct machine m;

static int setup(void **state)
{
	(void)state;
	machine_init(&m, 0);
	machine_reset(&m, MACHINE_FEATURES);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	machine_fini(&m);
	return 0;
}

static const struct virtio_kmem_req want_stats = {.type = VIRTIO_KMEM_STATS};

/* Sends a request of these lengths. Returns the mailbox's error. */
static int32_t error_of(uint32_t out, uint32_t in)
{
	struct ivshmem_kmem_mailbox *box = machine_box(&m, 0);

	machine_prepare(&m, 0, &want_stats, NULL, 0, in);
	box->out = out;
	machine_send(&m, 0);
	assert_true(ivshmem_work(m.ivs));
	assert_true(machine_answered(&m, 0));
	if (box->error)
		assert_int_equal(box->length, 0);
	return (int32_t)box->error;
}

static void lengths_beyond_a_mailbox_are_refused(void **state)
{
	static const uint32_t large[] = {1, 4096, UINT32_MAX / 2, UINT32_MAX};
	struct ivshmem_stats stats;

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(
			error_of(IVSHMEM_KMEM_REQUEST_MAX + large[i], IVSHMEM_KMEM_REPLY_MAX),
			large[i] == UINT32_MAX ? 0 : -EINVAL);
	assert_int_equal(error_of(64, IVSHMEM_KMEM_REPLY_MAX + 1), -EINVAL);
	assert_int_equal(error_of(64, UINT32_MAX), -EINVAL);
	assert_int_equal(error_of(64, 15), -EINVAL);
	assert_int_equal(error_of(64, 0), -EINVAL);
	ivshmem_get_stats(m.ivs, &stats);
	assert_int_equal(stats.refusals, 7);
}

static void a_short_request_is_answered_as_one(void **state)
{
	(void)state;
	assert_int_equal(error_of(0, 16), 0);
	assert_int_equal((int32_t)machine_resp(&m, 0).status, -EINVAL);
	assert_int_equal(error_of(63, 16), 0);
	assert_int_equal((int32_t)machine_resp(&m, 0).status, -EINVAL);
	assert_int_equal(error_of(64, 16), 0);
	assert_int_equal((int32_t)machine_resp(&m, 0).status, -ENOSPC);
	/* Nothing is written beyond what it has room for. */
	memset(machine_box(&m, 0)->reply, 0xee, IVSHMEM_KMEM_REPLY_MAX);
	assert_int_equal(error_of(64, 20), 0);
	for (unsigned int i = 16; i < IVSHMEM_KMEM_REPLY_MAX; i++)
		assert_int_equal(machine_box(&m, 0)->reply[i], 0xee);
}

/* Any number is another request than the last, once. */
static void numbers_may_be_any(void **state)
{
	static const uint32_t number[] = {7, 6, UINT32_MAX, 0, 1u << 31};
	struct ivshmem_kmem_mailbox *box = machine_box(&m, 0);
	struct ivshmem_stats before;
	struct ivshmem_stats after;

	(void)state;
	machine_prepare(&m, 0, &want_stats, NULL, 0, IVSHMEM_KMEM_REPLY_MAX);
	for (unsigned int i = 0; i < 5; i++) {
		ivshmem_get_stats(m.ivs, &before);
		box->request = number[i];
		assert_true(ivshmem_work(m.ivs));
		assert_true(ivshmem_work(m.ivs));
		ivshmem_get_stats(m.ivs, &after);
		assert_int_equal(after.requests, before.requests + 1);
		assert_int_equal(box->answer, number[i]);
	}
	/* The server's own account decides, and not what is written over its answer. */
	box->answer = 12345;
	assert_true(ivshmem_work(m.ivs));
	ivshmem_get_stats(m.ivs, &before);
	assert_int_equal(after.requests, before.requests);
}

/* What the server has said on the control page is not read back. */
static void the_control_page_is_not_believed(void **state)
{
	const struct virtio_kmem_req req = {
		.type = VIRTIO_KMEM_ALLOC_PAGES, .count = 1, .node = VIRTIO_KMEM_NODE_ANY};
	struct ivshmem_kmem_control good = *m.control;
	struct ivshmem_kmem_driver driver = m.control->driver;
	struct ivshmem_kmem_mailbox *box = machine_box(&m, 1);

	(void)state;
	memset(m.control, 0xff, sizeof(*m.control));
	m.control->driver = driver;
	memcpy(box->data, &req, sizeof(req));
	box->out = sizeof(req);
	box->in = IVSHMEM_KMEM_REPLY_MAX;
	box->request++;
	assert_true(ivshmem_work(m.ivs));
	assert_int_equal(box->answer, box->request);
	assert_int_equal(((struct virtio_kmem_resp *)(void *)box->reply)->status, 0);
	assert_int_equal(kmem_dev_post_event(m.dev, VIRTIO_KMEM_EVENT_GIVE_BACK, 0), 0);
	assert_int_equal(m.control->event[0].number, 1);
	*m.control = good;
	/* Features that nobody offers are not had for the asking either. */
	m.control->features = UINT64_MAX;
	machine_reset(&m, UINT64_MAX);
	assert_int_equal(m.dev->features & ~good.features, 0);
}

/* Asks without end; the server leaves off for others. */
static atomic_bool stop;
static atomic_uint_fast64_t random_state = 88172645463325252ull;

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Another CPU of the machine, in a mailbox that is being served. */
static void *scribble(void *arg)
{
	uint64_t x = atomic_fetch_add(&random_state, 12345);
	struct ivshmem_kmem_mailbox *box = machine_box(&m, (unsigned int)(uintptr_t)arg);
	_Atomic uint32_t *word = (_Atomic uint32_t *)(void *)box;

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		uint64_t r = next_random(&x);
		/* The two lines, or the head of the request, or its addresses. */
		uint32_t at = r % 3 == 0   ? r >> 8 & 31
			      : r % 3 == 1 ? 256 + (r >> 8 & 15)
					   : 256 + (r >> 8 & 1023);

		atomic_store_explicit(&word[at],
				      r & 1ull << 40 ? (uint32_t)(r >> 41 & 4095)
						     : (uint32_t)(r >> 32),
				      memory_order_relaxed);
	}
	return NULL;
}

static void what_changes_while_it_is_read_harms_nobody(void **state)
{
	pthread_t thread[MACHINE_QUEUES];
	struct ivshmem_stats stats;

	(void)state;
	atomic_store(&stop, false);
	for (uintptr_t i = 0; i < MACHINE_QUEUES; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, scribble, (void *)i), 0);
	do {
		(void)ivshmem_work(m.ivs);
		ivshmem_get_stats(m.ivs, &stats);
	} while (stats.requests < 20000);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < MACHINE_QUEUES; i++)
		pthread_join(thread[i], NULL);
	/* A driver that begins anew finds all in order. */
	machine_reset(&m, MACHINE_FEATURES);
	assert_int_equal(machine_ask(&m, 0, &want_stats, NULL, 0), 0);
}

static void random_bytes_all_over_harm_nobody(void **state)
{
	uint64_t x = 0x9e3779b97f4a7c15ull;
	const uint64_t reserve = m.control->config.range[0].base;
	struct ivshmem_kmem_control good = *m.control;
	struct mm_stats stats;

	(void)state;
	for (unsigned int round = 0; round < 200; round++) {
		for (uint64_t at = 0; at < reserve; at += 8) {
			uint64_t r = next_random(&x);

			/* The page map and most of a request's payload are less worth a byte. */
			if (at < 4096 || at % 16384 < 8192)
				memcpy(m.window + at, &r, sizeof(r));
		}
		for (unsigned int i = 0; i < 64; i++)
			m.window[next_random(&x) % MACHINE_WINDOW] = (uint8_t)x;
		for (unsigned int i = 0; i <= MACHINE_QUEUES; i++)
			assert_int_equal(eventfd_write(m.bell[i], 1), 0);
		(void)ivshmem_work(m.ivs);
	}
	assert_int_equal(mm_stats(m.heap, 0, &stats), 0);
	(void)mm_strays_punch(m.heap);
	assert_int_equal(mm_strays(m.heap), 0);
	*m.control = good;
	/* Not the one that was obeyed last, whichever that was. */
	for (unsigned int i = 0; i < 2; i++) {
		m.control->driver.reset = i;
		(void)ivshmem_work(m.ivs);
	}
	machine_reset(&m, MACHINE_FEATURES);
	assert_int_equal(machine_ask(&m, 1, &want_stats, NULL, 0), 0);
	assert_int_equal(mm_stats(m.heap, 0, &stats), 0);
	assert_int_equal(stats.frames_in_use, 0);
}

int main(void)
{
#define WITH_MACHINE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_MACHINE(lengths_beyond_a_mailbox_are_refused),
		WITH_MACHINE(a_short_request_is_answered_as_one),
		WITH_MACHINE(numbers_may_be_any),
		WITH_MACHINE(the_control_page_is_not_believed),
		WITH_MACHINE(what_changes_while_it_is_read_harms_nobody),
		WITH_MACHINE(random_bytes_all_over_harm_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
