/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/serve/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "virtio/io/engine.h"
#include "virtio/ivshmem/ivshmem.h"
#include "virtio/kmem/kmem.h"
#include "vmm/sandbox/sandbox.h"
#include "vmm/serve/memory_priv.h"

static void quiesce(void *opaque, bool begin)
{
	struct served_memory *m = opaque;

	/* The disks first: what they finish ends waits, and those look at memory. */
	for (unsigned int i = 0; begin && i < m->nr_engines; i++)
		io_engine_pause(m->engine[i], IO_RECLAIM);
	memory_quiesce(&m->mem, begin);
	for (unsigned int i = 0; !begin && i < m->nr_engines; i++)
		io_engine_resume(m->engine[i], IO_RECLAIM);
}

/* What the machine has at once at most, as a heap has it: 0, all of the window. */
static uint64_t bound_of(const struct serve_memory *config)
{
	return config->max == config->size ? 0 : config->max;
}

/* The window: what the service itself needs, then the guest kernel's part, then its programs'. */
static void place(struct served_memory *m)
{
	const struct serve_memory *config = m->config;
	uint64_t kernel = config->size - config->user;

	m->mem.range[0] = (struct mm_range){.size = kernel, .host_node = -1};
	m->mem.nr_ranges = 1;
	if (!config->user)
		return;
	m->mem.range[1] =
		(struct mm_range){.base = kernel, .size = config->user, .node = 1, .host_node = -1};
	m->mem.nr_ranges = 2;
	m->mem.user_nodes = 1u << 1;
}

static enum exit_status create_heap(struct served_memory *m)
{
	const struct serve_memory *config = m->config;
	struct mm_config heap = {
		.nr_ranges = m->mem.nr_ranges,
		.user_nodes = m->mem.user_nodes,
		.reserve = ivshmem_reserve(config->queues, config->size),
		.backed_max = bound_of(config),
		.cpus = config->queues,
		.backing = MM_BACKING_MEMFD,
		.reclaim_delay_ms = MEMORY_RECLAIM_MS,
		.pin_quota = config->size >> MM_FRAME_SHIFT,
	};
	const char *why = NULL;
	char size[32];
	int ret;

	memcpy(heap.range, m->mem.range, sizeof(heap.range));
	ret = mm_heap_create(&heap, &m->mem.heap, &why);
	if (ret)
		return cli_fail(STATUS_NO_MEMORY, "--kmem-size %s: the host cannot give it: %s",
				cli_format_size(size, sizeof(size), config->size),
				why ? why : strerror(-ret));
	/* What is the machine's stays out of a dump of ours. */
	(void)madvise(mm_heap_host(m->mem.heap), mm_heap_size(m->mem.heap), MADV_DONTDUMP);
	return 0;
}

static int create_device(struct served_memory *m)
{
	const struct serve_memory *config = m->config;
	const uint64_t reserve = ivshmem_reserve(config->queues, config->size);
	struct mm_range range[MM_MAX_RANGES];
	struct kmem_dev_config kmem = {
		.heap = m->mem.heap,
		.cpus = config->queues,
		.page_map_gpa = mm_heap_shown_map(m->mem.heap),
		.pin_quota = config->size >> MM_FRAME_SHIFT,
		.range = range,
		.nr_ranges = m->mem.nr_ranges,
		.user_nodes = m->mem.user_nodes,
		.quiesce = quiesce,
		.quiesce_opaque = m,
		.tell = ivshmem_tell,
		.tell_opaque = &m->ivs,
		.high = true,
		.backed_max = bound_of(config),
	};
	struct ivshmem_config mailboxes = {
		.heap = m->mem.heap,
		.queues = config->queues,
		.poll_us = config->poll_us,
	};
	int ret;

	/* What frames are made of. */
	memcpy(range, m->mem.range, sizeof(range));
	range[0].base += reserve;
	range[0].size -= reserve;
	ret = kmem_dev_create(&kmem, &m->dev);
	if (ret)
		return ret;
	mailboxes.dev = m->dev;
	return ivshmem_create(&mailboxes, &m->ivs);
}

static enum exit_status open_socket(struct served_memory *m, unsigned int *next)
{
	struct serve_disk place = m->config->place;
	bool listening;
	enum exit_status status;
	int fd;

	place.blk_file = (char *)(uintptr_t) "the memory service";
	status = serve_socket(&place, next, &fd, &listening);
	if (status)
		return status;
	if (listening)
		m->socket = fd;
	else
		served_memory_take(m, fd);
	return 0;
}

static enum exit_status start(struct served_memory *m, struct sandbox *sandbox)
{
	int ret = 0;

	m->sandbox = sandbox;
	m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->wake_fd < 0)
		ret = -errno;
	if (!ret) {
		sandbox_expect(sandbox);
		ret = -pthread_create(&m->thread, NULL, served_memory_run, m);
	}
	if (ret)
		return cli_fail(STATUS_HOST_ERROR,
				"no thread can be made for the memory service: %s", strerror(-ret));
	m->started = true;
	return 0;
}

enum exit_status served_memory_open(const struct serve_memory *config, struct sandbox *sandbox,
				    int over_fd, unsigned int *next, struct served_memory **out)
{
	struct served_memory *m = calloc(1, sizeof(*m));
	enum exit_status status;
	int ret;

	if (!m)
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	m->config = config;
	m->socket = m->client = m->wake_fd = -1;
	m->over_fd = over_fd;
	memory_init_lock(&m->mem);
	pressure_init(&m->pressure);
	if (log_limit_init(&m->log, "memory service", LOG_LIMIT_BURST)) {
		free(m);
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	}
	place(m);
	status = create_heap(m);
	if (!status) {
		ret = create_device(m);
		if (ret)
			status = cli_fail(STATUS_HOST_ERROR,
					  "the memory service cannot be set up: %s",
					  strerror(-ret));
	}
	if (!status)
		status = open_socket(m, next);
	if (!status) {
		pressure_open(&m->pressure, &pressure_paths, monotonic_ms());
		status = start(m, sandbox);
	}
	if (status)
		served_memory_close(m);
	else
		*out = m;
	return status;
}

void served_memory_add_engine(struct served_memory *m, struct io_engine *engine)
{
	m->engine[m->nr_engines++] = engine;
}

void served_memory_go(struct served_memory *m)
{
	atomic_store(&m->go, true);
	eventfd_write(m->wake_fd, 1);
}

bool served_memory_is_over(const struct served_memory *m)
{
	return !m || atomic_load(&m->over);
}

void served_memory_stop(struct served_memory *m)
{
	if (!m)
		return;
	atomic_store(&m->stop, true);
	eventfd_write(m->wake_fd, 1);
}

void served_memory_close(struct served_memory *m)
{
	if (!m)
		return;
	if (m->started) {
		served_memory_stop(m);
		pthread_join(m->thread, NULL);
	}
	ivshmem_destroy(m->ivs);
	virtio_device_destroy(m->dev);
	mm_heap_destroy(m->mem.heap);
	pthread_rwlock_destroy(&m->mem.reset);
	pressure_close(&m->pressure);
	if (m->client >= 0)
		close(m->client);
	if (m->socket >= 0)
		close(m->socket);
	if (m->wake_fd >= 0)
		close(m->wake_fd);
	log_limit_settle(&m->log, true);
	log_limit_fini(&m->log);
	free(m);
}

void served_memory_settle(struct served_memory *m)
{
	if (m)
		log_limit_settle(&m->log, false);
}

struct memory *served_memory_heap(struct served_memory *m)
{
	return &m->mem;
}

struct virtio_device *served_memory_dev(struct served_memory *m)
{
	return m->dev;
}

void served_memory_show(const struct served_memory *m, qmp_counter_fn add, void *to)
{
	struct ivshmem_stats mailboxes;

	ivshmem_get_stats(m->ivs, &mailboxes);
	/* Relaxed: each is right by itself, together they are of about now. */
#define ADD(name, shown, kind, metric, help) \
	add(to, #shown, metric, help, atomic_load_explicit(&m->counts.name, memory_order_relaxed));
	SERVED_MEMORY_COUNTERS(ADD)
#undef ADD
#define ADD(name, shown, kind, metric, help) add(to, #shown, metric, help, mailboxes.name);
	IVSHMEM_COUNTERS(ADD)
#undef ADD
}
