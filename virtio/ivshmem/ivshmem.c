/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/ivshmem/ivshmem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "virtio/ivshmem/priv.h"

_Static_assert(IVSHMEM_KMEM_MAX_QUEUES <= MM_MAX_CPUS, "a queue is a CPU's");
_Static_assert(IVSHMEM_KMEM_EVENTS == VIRTIO_KMEM_EVENT_QUOTA, "each type has a slot");

uint64_t ivshmem_reserve(unsigned int queues, uint64_t window)
{
	uint64_t bytes = MM_FRAME_SIZE + queues * sizeof(struct ivshmem_kmem_mailbox) +
			 mm_page_map_bytes(window);

	return (bytes + MM_HUGE_SIZE - 1) & ~(MM_HUGE_SIZE - 1);
}

void ivshmem_interrupt(struct ivshmem *ivs, unsigned int vector)
{
	const uint64_t one = 1;

	ivshmem_count(&ivs->counts.interrupts);
	/* A counter that is full will be seen. */
	if (write(ivs->irq[vector], &one, sizeof(one)) < 0)
		return;
}

void ivshmem_show_config(struct ivshmem *ivs)
{
	struct virtio_kmem_config config;

	memcpy(&config, ivs->config.dev->config, sizeof(config));
	/* A driver looks at it when an event or reset_done says so, which follows with release. */
	memcpy(&ivs->control->config, &config, sizeof(config));
	ivshmem_put(&ivs->control->generation, config.generation);
}

void ivshmem_tell(void *opaque, uint32_t type, uint64_t value)
{
	struct ivshmem *ivs = *(struct ivshmem **)opaque;
	struct ivshmem_kmem_event *event;
	uint32_t *number;

	if (!ivs)
		return;
	event = &ivs->control->event[type - 1];
	number = &ivs->event[type - 1];
	*number = *number + 1 ? *number + 1 : 1;
	/* Relaxed, then release: with the number comes the value, or a later one. */
	atomic_store_explicit((_Atomic uint64_t *)&event->value, value, memory_order_relaxed);
	atomic_store_explicit(ivshmem_word(&event->number), *number, memory_order_release);
	ivshmem_count(&ivs->counts.events);
	ivshmem_interrupt(ivs, ivs->config.queues);
}

static void used_buffer(void *opaque, unsigned int queue)
{
	/* There are no rings here. */
	(void)opaque;
	(void)queue;
}

static void config_changed(void *opaque, uint32_t offset, uint32_t size)
{
	(void)offset;
	(void)size;
	ivshmem_show_config(opaque);
}

static void needs_reset(void *opaque)
{
	(void)opaque;
}

static const struct virtio_transport_ops transport_ops = {
	.used_buffer = used_buffer,
	.config_changed = config_changed,
	.needs_reset = needs_reset,
};

void ivshmem_set_state(struct ivshmem *ivs, enum ivshmem_kmem_state state)
{
	/* Release: what was laid out is there before it is UP. */
	atomic_store_explicit(ivshmem_word(&ivs->control->state), state, memory_order_release);
	ivshmem_interrupt(ivs, ivs->config.queues);
}

static void lay_out(struct ivshmem *ivs)
{
	struct ivshmem_kmem_control *control = ivs->control;

	control->magic = IVSHMEM_KMEM_MAGIC;
	control->version = IVSHMEM_KMEM_VERSION;
	control->queues = ivs->config.queues;
	control->mailbox_stride = sizeof(struct ivshmem_kmem_mailbox);
	control->mailbox_offset = MM_FRAME_SIZE;
	control->page_map_offset = mm_heap_shown_map(ivs->config.heap);
	control->window_size = mm_heap_size(ivs->config.heap);
	control->features = ivs->config.dev->offered & IVSHMEM_FEATURES;
	ivshmem_show_config(ivs);
}

static void close_all(struct ivshmem *ivs)
{
	if (ivs->bell >= 0)
		close(ivs->bell);
	for (unsigned int i = 0; i <= ivs->config.queues; i++)
		if (ivs->irq[i] >= 0)
			close(ivs->irq[i]);
}

/* All doorbells are one eventfd: whatever is rung for, all mailboxes are looked at. */
static int open_eventfds(struct ivshmem *ivs)
{
	bool failed;

	ivs->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	failed = ivs->bell < 0;
	for (unsigned int i = 0; i <= ivs->config.queues; i++) {
		ivs->irq[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		failed |= ivs->irq[i] < 0;
	}
	return failed ? -EMFILE : 0;
}

static bool fits(const struct ivshmem_config *config)
{
	uint64_t size = mm_heap_size(config->heap);
	struct virtio_kmem_config said;

	if (!config->queues || config->queues > IVSHMEM_KMEM_MAX_QUEUES || size & (size - 1) ||
	    mm_heap_base(config->heap) || mm_heap_fd(config->heap) < 0 ||
	    config->dev->config_size < sizeof(said))
		return false;
	memcpy(&said, config->dev->config, sizeof(said));
	return said.num_request_queues == config->queues &&
	       said.page_map_base == mm_heap_shown_map(config->heap) &&
	       said.page_map_base >=
		       MM_FRAME_SIZE + config->queues * sizeof(struct ivshmem_kmem_mailbox);
}

int ivshmem_create(const struct ivshmem_config *config, struct ivshmem **out)
{
	struct ivshmem *ivs;
	int ret;

	if (!fits(config))
		return -EINVAL;
	ivs = calloc(1, sizeof(*ivs));
	if (!ivs)
		return -ENOMEM;
	ivs->config = *config;
	ivs->window = mm_heap_host(config->heap);
	ivs->control = (struct ivshmem_kmem_control *)(void *)ivs->window;
	ivs->poll.max_ns = config->poll_us * 1000ull;
	ret = open_eventfds(ivs);
	if (ret) {
		close_all(ivs);
		free(ivs);
		return ret;
	}
	lay_out(ivs);
	config->dev->transport = &transport_ops;
	config->dev->transport_opaque = ivs;
	ivshmem_set_state(ivs, IVSHMEM_KMEM_UP);
	*out = ivs;
	return 0;
}

void ivshmem_destroy(struct ivshmem *ivs)
{
	if (!ivs)
		return;
	ivshmem_set_state(ivs, IVSHMEM_KMEM_DEAD);
	ivs->config.dev->transport = NULL;
	close_all(ivs);
	free(ivs);
}

int ivshmem_bell_fd(const struct ivshmem *ivs)
{
	return ivs->bell;
}

void ivshmem_get_stats(const struct ivshmem *ivs, struct ivshmem_stats *stats)
{
	/* Relaxed: each is right by itself, together they are of about now. */
#define COPY(name, shown, ...) \
	stats->name = atomic_load_explicit(&ivs->counts.name, memory_order_relaxed);
	IVSHMEM_COUNTERS(COPY)
#undef COPY
}
