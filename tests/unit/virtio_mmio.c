/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-mmio transport, under a device that is simple enough to see through. */
#include <errno.h>
#include <string.h>

#include "tests/unit/virtio_driver.h"

#define FEATURE_A (1ull << 0)
#define FEATURE_B (1ull << 41)

/* Answers a chain with what it read; has features, a configuration, three queues
 * of which one does not exist. */
struct echo {
	struct virtio_device dev;
	_Alignas(8) uint8_t config[32];
	unsigned int resets, destroyed, config_writes;
	uint64_t refuse_features;
	int refuse_queue;
	unsigned int last_cpu;
	unsigned int status_in_reset;
};

struct fixture {
	struct guest g;
	struct echo echo;
	struct virtio_mmio *mmio;
	struct drv_queue q;
	bool packed; /* the test is of packed queues */
	unsigned int irqs;
};

static struct fixture f;

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

static void irq(void *opaque)
{
	struct fixture *fixture = opaque;

	fixture->irqs++;
}

static void queue_init(struct drv_queue *q, uint16_t size, uint64_t base)
{
	if (f.packed)
		drv_packed_init(q, &f.g, size, base);
	else
		drv_queue_init(q, &f.g, size, base);
}

static void negotiate(uint64_t features)
{
	drv_negotiate(f.mmio, features | (f.packed ? VRING_FEATURE_PACKED : 0));
}

static int setup(void **state)
{
	static const uint16_t sizes[] = {16, 8, 0};
	unsigned int i;

	memset(&f, 0, sizeof(f));
	f.packed = *state;
	guest_init(&f.g);
	for (i = 0; i < sizeof(f.echo.config); i++)
		f.echo.config[i] = (uint8_t)(i + 1);
	f.echo.dev.ops = &echo_ops;
	f.echo.dev.id = 42;
	f.echo.dev.offered = FEATURE_A | FEATURE_B | VRING_FEATURE_EVENT_IDX | VRING_FEATURE_PACKED;
	f.echo.dev.config = f.echo.config;
	f.echo.dev.config_size = sizeof(f.echo.config);
	f.echo.dev.nr_queues = 3;
	assert_int_equal(virtio_device_init(&f.echo.dev, sizes), 0);
	assert_int_equal(virtio_mmio_create(&f.echo.dev, &f.g.mem, irq, &f, &f.mmio), 0);
	queue_init(&f.q, 16, RING_BASE(0));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	virtio_mmio_destroy(f.mmio);
	virtio_device_destroy(&f.echo.dev);
	assert_int_equal(f.echo.destroyed, 1);
	guest_fini(&f.g);
	return 0;
}

static uint64_t ignored(void)
{
	struct virtio_mmio_stats stats;

	virtio_mmio_get_stats(f.mmio, &stats);
	return stats.ignored;
}

static void bring_up(uint64_t features)
{
	negotiate(features);
	queue_init(&f.q, 16, RING_BASE(0));
	assert_int_equal(drv_queue_setup(f.mmio, 0, &f.q), 1);
	drv_driver_ok(f.mmio);
}

/* Sends "ping" through queue 0; returns whether it came back. */
static bool echoes(void)
{
	static const struct drv_buf ping[] = {{BUFFERS, 4, 0}, {BUFFERS + 64, 4, VRING_F_WRITE}};
	uint32_t id, len;

	memcpy(guest_at(&f.g, BUFFERS, 4), "ping", 4);
	memset(guest_at(&f.g, BUFFERS + 64, 4), 0, 4);
	drv_put(&f.q, 0, ping, 2);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	return drv_used(&f.q, &id, &len) && id == 0 && len == 4 &&
	       !memcmp(guest_at(&f.g, BUFFERS + 64, 4), "ping", 4);
}

static void identity(void **state)
{
	(void)state;
	assert_int_equal((uintptr_t)virtio_mmio_page(f.mmio) % 4096, 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_VERSION), 2);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_DEVICE_ID), 42);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_VENDOR_ID), VIRTIO_MMIO_VENDOR);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_NUM_MAX), 16);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_CONFIG), 0x04030201);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_CONFIG + 28), 0x201f1e1d);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_CONFIG + 32), 0);
	set_reg(f.mmio, VIRTIO_MMIO_SHM_SEL, 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_SHM_LEN_LOW), 0xffffffff);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_SHM_LEN_HIGH), 0xffffffff);
}

static void feature_selectors(void **state)
{
	(void)state;
	assert_int_equal(drv_device_features(f.mmio),
			 FEATURE_A | FEATURE_B | VRING_FEATURE_EVENT_IDX | VRING_FEATURE_PACKED |
				 1ull << VIRTIO_F_VERSION_1);
	set_reg(f.mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 2);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_DEVICE_FEATURES), 0);
	set_reg(f.mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0xffffffff);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_DEVICE_FEATURES), 0);
}

static void queue_selector(void **state)
{
	static const uint32_t max[] = {16, 8, 0, 0, 0};
	uint32_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		set_reg(f.mmio, VIRTIO_MMIO_QUEUE_SEL, i == 4 ? 0xffffffff : i);
		assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_NUM_MAX), max[i]);
		assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	}
	negotiate(0);
	assert_int_equal(drv_queue_setup(f.mmio, 0, &f.q), 1);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_SEL, 1);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_SEL, 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 1);
}

static void serves(void **state)
{
	struct virtio_mmio_stats stats;

	(void)state;
	bring_up(FEATURE_A);
	assert_true(echoes());
	virtio_mmio_write(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0, 4, 7);
	assert_int_equal(f.echo.last_cpu, 7);
	assert_int_equal(f.echo.dev.features, FEATURE_A | 1ull << VIRTIO_F_VERSION_1 |
						      (f.packed ? VRING_FEATURE_PACKED : 0));
	virtio_mmio_get_stats(f.mmio, &stats);
	assert_int_equal(stats.notifies, 2);
	assert_int_equal(stats.ignored, 0);
}

/* One notification serves all there is, however little a device takes at a time. */
static void serves_all(void **state)
{
	static const struct drv_buf buf = {BUFFERS, 4, VRING_F_WRITE};
	uint32_t id, len;
	int i;

	(void)state;
	bring_up(0);
	for (i = 0; i < 16; i++)
		drv_put(&f.q, (uint16_t)i, &buf, 1);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	for (i = 0; i < 16; i++)
		assert_true(drv_used(&f.q, &id, &len));
}

static void interrupts(void **state)
{
	(void)state;
	bring_up(0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	assert_true(echoes());
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_VRING);
	assert_int_equal(f.irqs, 1);
	set_reg(f.mmio, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_CONFIG);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_VRING);
	set_reg(f.mmio, VIRTIO_MMIO_INTERRUPT_ACK, 0xffffffff);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	drv_quiet(&f.q);
	assert_true(echoes());
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	assert_int_equal(f.irqs, 1);
}

static void features_refused(void **state)
{
	const uint32_t s = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	(void)state;
	/* without VERSION_1 */
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, s);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, s | VIRTIO_CONFIG_S_FEATURES_OK);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), s);
	/* one not offered */
	set_reg(f.mmio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set_reg(f.mmio, VIRTIO_MMIO_DRIVER_FEATURES, 1u | 1u << 10);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, s | VIRTIO_CONFIG_S_FEATURES_OK);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), s);
	/* one the device does not want */
	f.echo.refuse_features = FEATURE_B;
	set_reg(f.mmio, VIRTIO_MMIO_DRIVER_FEATURES, 1u | 1u << 9);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, s | VIRTIO_CONFIG_S_FEATURES_OK);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), s);
	/* and DRIVER_OK does not go round it */
	set_reg(f.mmio, VIRTIO_MMIO_STATUS,
		s | VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), s);
	set_reg(f.mmio, VIRTIO_MMIO_DRIVER_FEATURES, 1u);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, s | VIRTIO_CONFIG_S_FEATURES_OK);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), s | VIRTIO_CONFIG_S_FEATURES_OK);
	/* too late to change */
	set_reg(f.mmio, VIRTIO_MMIO_DRIVER_FEATURES, 0);
	assert_int_equal(f.echo.dev.features, 1ull << VIRTIO_F_VERSION_1);
	/* a selector beyond 63 takes only 0, without a trace */
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, 0);
	set_reg(f.mmio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 2);
	set_reg(f.mmio, VIRTIO_MMIO_DRIVER_FEATURES, 0xffffffff);
	negotiate(0);
}

static void status_order(void **state)
{
	(void)state;
	/* no stage without those before it */
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_DRIVER_OK);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), 0);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_FEATURES_OK);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), 0);
	/* NEEDS_RESET and unknown bits are not the driver's */
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, 0xffffff00 | VIRTIO_CONFIG_S_NEEDS_RESET | 0x30);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), 0);
	/* bits do not go away but by reset */
	bring_up(0);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), 0xf);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_FAILED);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), 0xf | VIRTIO_CONFIG_S_FAILED);
}

static void not_before_driver_ok(void **state)
{
	uint32_t id, len;

	(void)state;
	negotiate(0);
	assert_int_equal(drv_queue_setup(f.mmio, 0, &f.q), 1);
	assert_false(echoes());
	drv_driver_ok(f.mmio);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	assert_true(drv_used(&f.q, &id, &len));
}

static void queue_setups_refused(void **state)
{
	struct drv_queue q = f.q;

	(void)state;
	/* before FEATURES_OK */
	assert_int_equal(drv_queue_setup(f.mmio, 0, &q), 0);
	negotiate(0);
	q.size = 0;
	assert_int_equal(drv_queue_setup(f.mmio, 0, &q), 0);
	q.size = 12;
	assert_int_equal(drv_queue_setup(f.mmio, 0, &q), f.packed);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	q.size = 32;
	assert_int_equal(drv_queue_setup(f.mmio, 0, &q), 0);
	q = f.q;
	q.desc += 8;
	assert_int_equal(drv_queue_setup(f.mmio, 0, &q), 0);
	q = f.q;
	q.used = f.packed ? RAM_END : RAM_END - 16;
	assert_int_equal(drv_queue_setup(f.mmio, 0, &q), 0);
	q = f.q;
	q.avail = UINT64_MAX - 1;
	assert_int_equal(drv_queue_setup(f.mmio, 0, &q), 0);
	/* queues that are not there */
	assert_int_equal(drv_queue_setup(f.mmio, 2, &f.q), 0);
	assert_int_equal(drv_queue_setup(f.mmio, 3, &f.q), 0);
	assert_int_equal(drv_queue_setup(f.mmio, 0xffffffff, &f.q), 0);
	/* a size whose low 16 bits would do */
	assert_int_equal(drv_queue_setup(f.mmio, 0, &f.q), 1);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NUM, 0x10010);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	/* the device's own refusal */
	f.echo.refuse_queue = -ENOMEM;
	assert_int_equal(drv_queue_setup(f.mmio, 0, &f.q), 0);
	assert_false(vring_running(&f.echo.dev.queue[0].ring));
	f.echo.refuse_queue = 0;
	/* neither 0 nor 1 */
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 3);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	/* and after all that the good one */
	assert_int_equal(drv_queue_setup(f.mmio, 0, &f.q), 1);
	drv_driver_ok(f.mmio);
	assert_true(echoes());
}

static void ready_queue_is_fixed(void **state)
{
	struct drv_queue other;

	(void)state;
	bring_up(0);
	queue_init(&other, 8, RING_BASE(1));
	assert_int_equal(drv_queue_setup(f.mmio, 0, &other), 1); /* still ready ... */
	assert_true(echoes());                                   /* ... as it was */
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	assert_false(echoes());
	/* what was stored meanwhile was not kept for later */
	queue_init(&f.q, 16, RING_BASE(0));
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 1);
	assert_true(echoes());
	/* stopped, it can be moved */
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_int_equal(drv_queue_setup(f.mmio, 0, &other), 1);
	f.q = other;
	assert_true(echoes());
}

static void reset_is_complete(void **state)
{
	(void)state;
	bring_up(FEATURE_A);
	assert_true(echoes());
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_SEL, 1);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(f.echo.resets, 1);
	assert_int_equal(f.echo.status_in_reset, 0xf); /* 0 only when it is over */
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_NUM_MAX), 16); /* selector too */
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	assert_int_equal(f.echo.dev.features, 0);
	/* requests pending over a reset are gone */
	assert_false(echoes());
	bring_up(0);
	assert_true(echoes());
	assert_int_equal(f.echo.resets, 1); /* nothing to reset from Status 0 */
}

static void config_space(void **state)
{
	uint32_t generation = reg(f.mmio, VIRTIO_MMIO_CONFIG_GENERATION);

	(void)state;
	bring_up(0);
	virtio_mmio_write(f.mmio, VIRTIO_MMIO_CONFIG + 8, 0x1122334455667788ull, 8, 0);
	assert_int_equal(f.echo.config_writes, 1);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_CONFIG + 8), 0x55667788);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_CONFIG + 12), 0x11223344);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_CONFIG + 16), 0x14131211);
	assert_true(reg(f.mmio, VIRTIO_MMIO_CONFIG_GENERATION) != generation);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_MMIO_INT_CONFIG);
	assert_int_equal(f.irqs, 1);
	/* at its end and over it */
	virtio_mmio_write(f.mmio, VIRTIO_MMIO_CONFIG + 31, 0, 1, 0);
	assert_int_equal(f.echo.config_writes, 2);
	virtio_mmio_write(f.mmio, VIRTIO_MMIO_CONFIG + 32, 0, 1, 0);
	virtio_mmio_write(f.mmio, VIRTIO_MMIO_CONFIG + 30, 0, 4, 0);
	virtio_mmio_write(f.mmio, 4095, 0, 1, 0);
	virtio_mmio_write(f.mmio, 4095, 0, 8, 0);
	assert_int_equal(f.echo.config_writes, 2);
}

static void needs_reset(void **state)
{
	(void)state;
	bring_up(0);
	drv_nonsense(&f.q);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	assert_true(reg(f.mmio, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET);
	assert_true(reg(f.mmio, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_MMIO_INT_CONFIG);
	assert_int_equal(f.irqs, 1);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, 0xf);
	assert_true(reg(f.mmio, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET);
	assert_false(echoes());
	assert_int_equal(f.irqs, 1); /* said once */
	bring_up(0);
	assert_true(echoes());
}

static void memory_rearranged(void **state)
{
	(void)state;
	bring_up(0);
	f.g.vanished = true;
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	f.g.vanished = false;
	assert_true(reg(f.mmio, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET);
	assert_false(echoes());
	bring_up(0);
	assert_true(echoes());
}

static void foreign_queues(void **state)
{
	static const uint32_t wrong[] = {1, 2, 3, 0x10000, 0x7fffffff, 0xffffffff};
	size_t i;

	(void)state;
	bring_up(0);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		set_reg(f.mmio, VIRTIO_MMIO_QUEUE_NOTIFY, wrong[i]);
	assert_int_equal(ignored(), 4); /* 1 and 2 are queues, of no driver's */
	assert_true(echoes());
}

/* Every offset, in every width, with values that mean something somewhere. */
static void any_register_any_width(void **state)
{
	static const uint64_t values[] = {0, 1, 3, 0x10, 0xffffffff, UINT64_MAX};
	static const unsigned int widths[] = {0, 1, 2, 3, 4, 5, 8, 16, 0xffffffff};
	uint64_t offset;
	size_t v, w;

	(void)state;
	for (v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
		for (w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
			bring_up(0);
			for (offset = 0; offset < 4100; offset++)
				virtio_mmio_write(f.mmio, offset, values[v], widths[w], 0);
			virtio_mmio_write(f.mmio, UINT64_MAX, values[v], widths[w], 0);
			virtio_mmio_write(f.mmio, 1ull << 32 | VIRTIO_MMIO_STATUS, values[v],
					  widths[w], 0);
			/* what is read-only is as it was */
			assert_int_equal(reg(f.mmio, VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
			assert_int_equal(reg(f.mmio, VIRTIO_MMIO_VERSION), 2);
			assert_int_equal(reg(f.mmio, VIRTIO_MMIO_DEVICE_ID), 42);
			assert_int_equal(reg(f.mmio, VIRTIO_MMIO_SHM_LEN_LOW), 0xffffffff);
			assert_int_equal(reg(f.mmio, VIRTIO_MMIO_CONFIG + 24),
					 widths[w] == 8 ? (uint32_t)values[v] : 0x1c1b1a19);
			memset(f.echo.config + 24, 0, 8);
			virtio_device_set_config64(&f.echo.dev, 24, 0x201f1e1d1c1b1a19ull);
		}
	}
	bring_up(0);
	assert_true(echoes());
}

static void creation_refused(void **state)
{
	static const uint16_t odd[] = {3, 0, 0};
	static const uint16_t big[] = {2 * VRING_MAX_SIZE, 0, 0};
	struct virtio_device dev = f.echo.dev;
	struct virtio_mmio *mmio;

	(void)state;
	assert_int_equal(virtio_device_init(&dev, odd), -EINVAL);
	assert_int_equal(virtio_device_init(&dev, big), -EINVAL);
	dev.config_size = VIRTIO_CONFIG_MAX + 4;
	assert_int_equal(virtio_device_init(&dev, odd), -EINVAL);
	/* one transport a device */
	assert_int_equal(virtio_mmio_create(&f.echo.dev, &f.g.mem, irq, &f, &mmio), -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
/* The same with packed queues. */
#define PACKED(name)                                         \
	{                                                    \
#name " (packed)", name, setup, teardown, &f \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(identity),
		TEST(feature_selectors),
		TEST(queue_selector),
		TEST(serves),
		TEST(serves_all),
		TEST(interrupts),
		TEST(features_refused),
		TEST(status_order),
		TEST(not_before_driver_ok),
		TEST(queue_setups_refused),
		TEST(ready_queue_is_fixed),
		TEST(reset_is_complete),
		TEST(config_space),
		TEST(needs_reset),
		TEST(memory_rearranged),
		TEST(foreign_queues),
		TEST(any_register_any_width),
		TEST(creation_refused),
		PACKED(queue_selector),
		PACKED(serves),
		PACKED(serves_all),
		PACKED(interrupts),
		PACKED(not_before_driver_ok),
		PACKED(queue_setups_refused),
		PACKED(ready_queue_is_fixed),
		PACKED(reset_is_complete),
		PACKED(config_space),
		PACKED(needs_reset),
		PACKED(memory_rearranged),
		PACKED(foreign_queues),
		PACKED(any_register_any_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
