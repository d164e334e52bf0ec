/* SPDX-License-Identifier: BSD-2-Clause */
/* What a driver that keeps to the contract gets: handshake, requests, resets, events, and a server
 * that sleeps and is woken. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/virtio/ivshmem/machine.h"
#include "virtio/ring/barrier.h"

static struct machine m;

static int setup(void **state)
{
	(void)state;
	machine_init(&m, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	machine_fini(&m);
	return 0;
}

static struct ivshmem_stats stats_of(void)
{
	struct ivshmem_stats stats;

	ivshmem_get_stats(m.ivs, &stats);
	return stats;
}

static struct virtio_kmem_req ask_for(uint16_t type, uint32_t count, uint32_t cache)
{
	return (struct virtio_kmem_req){
		.type = type, .count = count, .cache = cache, .node = VIRTIO_KMEM_NODE_ANY};
}

static uint64_t addr_of(unsigned int queue, unsigned int i)
{
	uint64_t addr;

	memcpy(&addr,
	       machine_box(&m, queue)->reply + sizeof(struct virtio_kmem_resp) + i * sizeof(addr),
	       sizeof(addr));
	return addr & ~VIRTIO_KMEM_ADDR_FLAGS;
}

static void the_handshake_gives_window_and_vectors(void **state)
{
	(void)state;
	assert_int_equal(m.version, 0);
	assert_int_equal(m.position, IVSHMEM_KMEM_GUEST);
	assert_int_equal(m.server_vectors, MACHINE_QUEUES + 1);
	assert_int_equal(m.own_vectors, MACHINE_QUEUES + 1);
	assert_int_equal(m.control->magic, IVSHMEM_KMEM_MAGIC);
	assert_int_equal(m.control->version, IVSHMEM_KMEM_VERSION);
	assert_int_equal(m.control->queues, MACHINE_QUEUES);
	assert_int_equal(m.control->state, IVSHMEM_KMEM_UP);
	assert_int_equal(m.control->window_size, MACHINE_WINDOW);
	assert_int_equal(m.control->config.num_request_queues, MACHINE_QUEUES);
	assert_int_equal(m.control->config.page_map_base, m.control->page_map_offset);
	assert_int_equal(m.control->config.backed_max, MACHINE_WINDOW);
	assert_int_equal(m.control->generation, m.control->config.generation);
}

static void a_refused_client_is_told_a_version_that_there_is_none_of(void **state)
{
	int pair[2];
	int64_t said = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ivshmem_refuse(pair[0]);
	assert_int_equal(read(pair[1], &said, sizeof(said)), sizeof(said));
	assert_int_equal(said, -1);
	close(pair[0]);
	close(pair[1]);
}

static void memory_goes_out_and_comes_back(void **state)
{
	struct virtio_kmem_req req = ask_for(VIRTIO_KMEM_ALLOC_PAGES, 4, 0);
	struct mm_stats stats;
	uint64_t addr[4];

	(void)state;
	machine_reset(&m, MACHINE_FEATURES);
	assert_int_equal(machine_ask(&m, 1, &req, NULL, 0), 0);
	assert_int_equal(machine_resp(&m, 1).count, 4);
	assert_int_equal(machine_box(&m, 1)->length, 16 + 4 * 8);
	for (unsigned int i = 0; i < 4; i++) {
		addr[i] = addr_of(1, i);
		assert_true(addr[i] >= m.control->config.range[0].base);
		/* The machine reads the page map, and writes its page. */
		assert_int_equal(m.window[m.control->page_map_offset + addr[i] / 4096],
				 VIRTIO_KMEM_PM_RUN);
		memset(m.window + addr[i], 0x11, 4096);
	}
	req = ask_for(VIRTIO_KMEM_FREE_PAGES, 4, 0);
	assert_int_equal(machine_ask(&m, 0, &req, addr, sizeof(addr)), 0);
	assert_int_equal(machine_resp(&m, 0).count, 4);
	assert_int_equal(mm_stats(m.heap, 0, &stats), 0);
	assert_int_equal(stats.frames_in_use, 0);
	assert_int_equal(m.window[m.control->page_map_offset + addr[0] / 4096],
			 VIRTIO_KMEM_PM_NONE);
}

/* A machine has nothing of the window below 4 GiB, wherever in the window it lies. */
static void low_memory_is_not_to_be_had(void **state)
{
	struct virtio_kmem_req req = ask_for(VIRTIO_KMEM_ALLOC, 1, 4);

	(void)state;
	machine_reset(&m, MACHINE_FEATURES);
	req.gfp = VIRTIO_KMEM_GFP_DMA32;
	assert_int_equal(machine_ask(&m, 0, &req, NULL, 0), -ENOMEM);
	req = ask_for(VIRTIO_KMEM_ALLOC_PAGES, 1, 0);
	req.gfp = VIRTIO_KMEM_GFP_DMA32;
	assert_int_equal(machine_ask(&m, 0, &req, NULL, 0), -ENOMEM);
}

static void a_reset_takes_everything_back(void **state)
{
	struct virtio_kmem_req req = ask_for(VIRTIO_KMEM_ALLOC, 100, 4);
	struct mm_stats stats;
	uint32_t generation;

	(void)state;
	machine_reset(&m, MACHINE_FEATURES);
	generation = m.control->generation;
	assert_int_equal(machine_ask(&m, 0, &req, NULL, 0), 0);
	assert_int_equal(kmem_dev_post_event(m.dev, VIRTIO_KMEM_EVENT_PRESSURE, 1), 0);
	machine_reset(&m, MACHINE_FEATURES);
	assert_int_equal(m.quiesced, 2);
	assert_int_equal(mm_stats(m.heap, 0, &stats), 0);
	assert_int_equal(stats.objects_active, 0);
	assert_int_not_equal(m.control->generation, generation);
	assert_int_equal(m.control->generation, m.control->config.generation);
	assert_int_equal(m.control->event[VIRTIO_KMEM_EVENT_PRESSURE - 1].number, 0);
	assert_int_equal(machine_box(&m, 0)->request, 0);
	assert_int_equal(machine_box(&m, 0)->answer, 0);
	assert_int_equal(machine_ask(&m, 0, &req, NULL, 0), 0);
}

static void features_are_those_of_both(void **state)
{
	struct virtio_kmem_req req = ask_for(VIRTIO_KMEM_ALLOC_PAGES, 1, 0);
	uint64_t addr;

	(void)state;
	machine_reset(&m, 1ull << VIRTIO_KMEM_F_EVENTS);
	assert_int_equal(machine_ask(&m, 0, &req, NULL, 0), 0);
	addr = addr_of(0, 0);
	req = ask_for(VIRTIO_KMEM_PIN, 1, 0);
	assert_int_equal(machine_ask(&m, 0, &req, &addr, sizeof(addr)), -EOPNOTSUPP);
	machine_reset(&m, UINT64_MAX);
	assert_int_equal(m.dev->features & ~m.control->features, 0);
	req = ask_for(VIRTIO_KMEM_ALLOC_PAGES, 1, 0);
	assert_int_equal(machine_ask(&m, 0, &req, NULL, 0), 0);
	addr = addr_of(0, 0);
	req = ask_for(VIRTIO_KMEM_PIN, 1, 0);
	assert_int_equal(machine_ask(&m, 0, &req, &addr, sizeof(addr)), 0);
}

static void an_event_has_a_slot_and_rings_the_last_vector(void **state)
{
	const struct ivshmem_kmem_event *event;

	(void)state;
	machine_reset(&m, MACHINE_FEATURES);
	event = &m.control->event[VIRTIO_KMEM_EVENT_PRESSURE - 1];
	assert_int_equal(kmem_dev_post_event(m.dev, VIRTIO_KMEM_EVENT_PRESSURE, 2), 0);
	assert_int_equal(event->number, 1);
	assert_int_equal(event->value, 2);
	assert_int_equal(machine_take(m.irq[MACHINE_QUEUES]), 1);
	assert_int_equal(kmem_dev_post_event(m.dev, VIRTIO_KMEM_EVENT_PRESSURE, 0), 0);
	assert_int_equal(event->number, 2);
	assert_int_equal(event->value, 0);
	/* The configuration is shown before its event is. */
	assert_int_equal(kmem_dev_post_event(m.dev, VIRTIO_KMEM_EVENT_QUOTA, 7), 0);
	assert_int_equal(m.control->config.pin_quota, 7);
	assert_int_equal(m.control->event[VIRTIO_KMEM_EVENT_QUOTA - 1].number, 1);
	assert_int_equal(stats_of().events, 3);
}

static void who_waits_is_interrupted_and_who_does_not_is_not(void **state)
{
	struct virtio_kmem_req req = ask_for(VIRTIO_KMEM_STATS, 0, 0);

	(void)state;
	machine_reset(&m, MACHINE_FEATURES);
	assert_int_equal(machine_ask(&m, 0, &req, NULL, 0), 0);
	assert_int_equal(machine_take(m.irq[0]), 0);
	machine_box(&m, 0)->interrupt = 1;
	assert_int_equal(machine_ask(&m, 0, &req, NULL, 0), 0);
	assert_int_equal(machine_take(m.irq[0]), 1);
	assert_int_equal(machine_take(m.irq[1]), 0);
}

static void one_that_sleeps_says_so_and_is_rung(void **state)
{
	struct virtio_kmem_req req = ask_for(VIRTIO_KMEM_STATS, 0, 0);
	struct pollfd bell = {.fd = ivshmem_bell_fd(m.ivs), .events = POLLIN};
	struct ivshmem_stats before;

	(void)state;
	machine_reset(&m, MACHINE_FEATURES);
	assert_int_equal(machine_box(&m, 0)->awake, 0);
	before = stats_of();
	assert_int_equal(poll(&bell, 1, 0), 0);
	machine_prepare(&m, 0, &req, NULL, 0, IVSHMEM_KMEM_REPLY_MAX);
	machine_send(&m, 0);
	assert_int_equal(poll(&bell, 1, 0), 1);
	assert_true(ivshmem_work(m.ivs));
	assert_int_equal(poll(&bell, 1, 0), 0);
	assert_int_equal(stats_of().bells, before.bells + 1);
	assert_int_equal(stats_of().sleeps, before.sleeps + 1);
	assert_int_equal(stats_of().requests, before.requests + 1);
}

static void the_end_is_told(void **state)
{
	(void)state;
	ivshmem_set_state(m.ivs, IVSHMEM_KMEM_RESTARTING);
	assert_int_equal(m.control->state, IVSHMEM_KMEM_RESTARTING);
	assert_int_equal(machine_take(m.irq[MACHINE_QUEUES]), 1);
	ivshmem_destroy(m.ivs);
	m.ivs = NULL;
	assert_int_equal(m.control->state, IVSHMEM_KMEM_DEAD);
	assert_int_equal(machine_take(m.irq[MACHINE_QUEUES]), 1);
}

/* The two sides at once, with sleeps of both: no request is lost. */
static atomic_bool stop;

static void *serve(void *arg)
{
	struct machine *all = arg;
	struct pollfd bell = {.fd = ivshmem_bell_fd(all->ivs), .events = POLLIN};

	while (!atomic_load(&stop))
		if (ivshmem_work(all->ivs))
			poll(&bell, 1, -1);
	return NULL;
}

struct vcpu {
	struct machine *all;
	unsigned int queue;
};

static void *drive(void *arg)
{
	const struct vcpu *cpu = arg;
	struct ivshmem_kmem_mailbox *box = machine_box(cpu->all, cpu->queue);
	struct pollfd irq = {.fd = cpu->all->irq[cpu->queue], .events = POLLIN};
	struct virtio_kmem_req req = ask_for(VIRTIO_KMEM_ALLOC, 8, 4);
	struct virtio_kmem_resp resp;
	uint64_t addr[8];

	for (unsigned int i = 0; i < 2000; i++) {
		machine_prepare(cpu->all, cpu->queue, &req, addr,
				req.type == VIRTIO_KMEM_FREE ? sizeof(addr) : 0,
				IVSHMEM_KMEM_REPLY_MAX);
		__atomic_store_n(&box->interrupt, 0, __ATOMIC_RELAXED);
		machine_send(cpu->all, cpu->queue);
		__atomic_store_n(&box->interrupt, 1, __ATOMIC_RELAXED);
		vring_full_barrier();
		while (!machine_answered(cpu->all, cpu->queue)) {
			poll(&irq, 1, -1);
			(void)machine_take(irq.fd);
		}
		resp = machine_resp(cpu->all, cpu->queue);
		assert_int_equal(resp.status, 0);
		assert_int_equal(resp.count, 8);
		memcpy(addr, box->reply + sizeof(resp), sizeof(addr));
		for (unsigned int k = 0; k < 8; k++)
			addr[k] &= ~VIRTIO_KMEM_ADDR_FLAGS;
		req.type = req.type == VIRTIO_KMEM_ALLOC ? VIRTIO_KMEM_FREE : VIRTIO_KMEM_ALLOC;
	}
	return NULL;
}

static void both_sides_sleep(uint32_t poll_us)
{
	struct machine all;
	struct vcpu cpu[MACHINE_QUEUES];
	pthread_t thread[MACHINE_QUEUES];
	pthread_t server;
	struct mm_stats stats;

	machine_init(&all, poll_us);
	machine_reset(&all, MACHINE_FEATURES);
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&server, NULL, serve, &all), 0);
	for (unsigned int i = 0; i < MACHINE_QUEUES; i++) {
		cpu[i] = (struct vcpu){&all, i};
		assert_int_equal(pthread_create(&thread[i], NULL, drive, &cpu[i]), 0);
	}
	for (unsigned int i = 0; i < MACHINE_QUEUES; i++)
		pthread_join(thread[i], NULL);
	atomic_store(&stop, true);
	assert_int_equal(write(all.bell[0], &(uint64_t){1}, 8), 8);
	pthread_join(server, NULL);
	assert_int_equal(mm_stats(all.heap, 0, &stats), 0);
	assert_int_equal(stats.objects_active, 0);
	machine_fini(&all);
}

static void no_request_is_lost_where_the_server_sleeps(void **state)
{
	(void)state;
	both_sides_sleep(0);
}

static void nor_where_it_polls(void **state)
{
	(void)state;
	both_sides_sleep(50);
}

int main(void)
{
#define WITH_MACHINE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_MACHINE(the_handshake_gives_window_and_vectors),
		WITH_MACHINE(a_refused_client_is_told_a_version_that_there_is_none_of),
		WITH_MACHINE(memory_goes_out_and_comes_back),
		WITH_MACHINE(low_memory_is_not_to_be_had),
		WITH_MACHINE(a_reset_takes_everything_back),
		WITH_MACHINE(features_are_those_of_both),
		WITH_MACHINE(an_event_has_a_slot_and_rings_the_last_vector),
		WITH_MACHINE(who_waits_is_interrupted_and_who_does_not_is_not),
		WITH_MACHINE(one_that_sleeps_says_so_and_is_rung),
		WITH_MACHINE(the_end_is_told),
		cmocka_unit_test(no_request_is_lost_where_the_server_sleeps),
		cmocka_unit_test(nor_where_it_polls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
