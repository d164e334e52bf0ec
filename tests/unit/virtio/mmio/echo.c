/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/virtio/mmio/echo.h"

#include <errno.h>
#include <string.h>

struct echo_fixture f;

static void echo_reset(struct virtio_device *dev)
{
	(void)dev;
	f.echo.resets++;
	f.echo.status_in_reset = reg(f.mmio, VIRTIO_MMIO_STATUS);
	assert_false(vring_running(&dev->queue[0].ring));
}

static int echo_features_ok(struct virtio_device *dev, uint64_t features)
{
	(void)dev;
	return features & f.echo.refuse_features ? -EINVAL : 0;
}

static int echo_queue_ready(struct virtio_device *dev, unsigned int queue)
{
	(void)dev;
	(void)queue;
	return f.echo.refuse_queue;
}

static bool echo_notify(struct virtio_device *dev, unsigned int queue, unsigned int cpu)
{
	struct iovec seg[8];
	struct vring_chain chain = {.seg = seg, .max_seg = 8};
	char buf[64];

	f.echo.last_cpu = cpu;
	/* One chain a call: the transport comes back for the rest. */
	if (virtio_queue_pop(dev, queue, &chain)) {
		size_t n = vring_chain_read(&chain, 0, buf, sizeof(buf));

		n = vring_chain_write(&chain, 0, buf, n);
		vring_push(&dev->queue[queue].ring, &chain, (uint32_t)n);
	}
	virtio_queue_signal(dev, queue);
	return virtio_queue_live(dev, queue) && vring_enable_notify(&dev->queue[queue].ring);
}

static void echo_config_write(struct virtio_device *dev, uint32_t offset, uint64_t value,
			      unsigned int len)
{
	f.echo.config_writes++;
	assert_true(offset + len <= dev->config_size);
	if (len == 8)
		virtio_device_set_config64(dev, offset, value);
}

static void echo_destroy(struct virtio_device *dev)
{
	f.echo.destroyed++;
	virtio_device_fini(dev);
}

static const struct virtio_device_ops echo_ops = {
	.reset = echo_reset,
	.features_ok = echo_features_ok,
	.queue_ready = echo_queue_ready,
	.notify = echo_notify,
	.config_write = echo_config_write,
	.destroy = echo_destroy,
};

void echo_irq(void *opaque)
{
	struct echo_fixture *fixture = opaque;

	fixture->irqs++;
}

void echo_queue_init(struct drv_queue *q, uint16_t size, uint64_t base)
{
	drv_lay_out(q, &f.g, size, base, f.packed ? VRING_FEATURE_PACKED : 0);
}

void echo_negotiate(uint64_t features)
{
	drv_negotiate(f.mmio, features | (f.packed ? VRING_FEATURE_PACKED : 0));
}

int echo_setup(void **state)
{
	static const uint16_t sizes[] = {16, 8, 0};

	memset(&f, 0, sizeof(f));
	f.packed = *state;
	guest_init(&f.g);
	for (unsigned int i = 0; i < sizeof(f.echo.config); i++)
		f.echo.config[i] = (uint8_t)(i + 1);
	f.echo.dev.ops = &echo_ops;
	f.echo.dev.id = 42;
	f.echo.dev.offered = FEATURE_A | FEATURE_B | VRING_FEATURE_EVENT_IDX | VRING_FEATURE_PACKED;
	f.echo.dev.config = f.echo.config;
	f.echo.dev.config_size = sizeof(f.echo.config);
	f.echo.dev.nr_queues = 3;
	assert_int_equal(virtio_device_init(&f.echo.dev, sizes), 0);
	assert_int_equal(virtio_mmio_create(&f.echo.dev, &f.g.mem, echo_irq, &f, &f.mmio), 0);
	echo_queue_init(&f.q, 16, RING_BASE(0));
	return 0;
}

int echo_teardown(void **state)
{
	(void)state;
	virtio_mmio_destroy(f.mmio);
	virtio_device_destroy(&f.echo.dev);
	assert_int_equal(f.echo.destroyed, 1);
	guest_fini(&f.g);
	return 0;
}

uint64_t echo_ignored(void)
{
	struct virtio_mmio_stats stats;

	virtio_mmio_get_stats(f.mmio, &stats);
	return stats.ignored;
}

void echo_bring_up(uint64_t features)
{
	drv_bring_up(f.mmio, &f.g, &f.q, 1, 16, features | (f.packed ? VRING_FEATURE_PACKED : 0));
}

bool echo_answers(void)
{
	static const struct drv_buf ping[] = {{BUFFERS, 4, 0}, {BUFFERS + 64, 4, VRING_F_WRITE}};
	uint32_t id;
	uint32_t len;

	memcpy(guest_at(&f.g, BUFFERS, 4), "ping", 4);
	memset(guest_at(&f.g, BUFFERS + 64, 4), 0, 4);
	drv_put(&f.q, 0, ping, 2);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	return drv_used(&f.q, &id, &len) && id == 0 && len == 4 &&
	       !memcmp(guest_at(&f.g, BUFFERS + 64, 4), "ping", 4);
}
