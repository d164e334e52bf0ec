/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-mmio transport: its registers, features and configuration. */
#include <errno.h>
#include <string.h>

#include "mm/util.h"
#include "tests/unit/virtio/mmio/echo.h"

static void the_device_says_what_it_is(void **state)
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

static void no_features_lie_beyond_64_bits(void **state)
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

static void each_queue_has_registers_of_its_own(void **state)
{
	static const uint32_t max[] = {16, 8, 0, 0, 0};

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		set_reg(f.mmio, VIRTIO_MMIO_QUEUE_SEL, i == 4 ? 0xffffffff : i);
		assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_NUM_MAX), max[i]);
		assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	}
	echo_negotiate(0);
	assert_int_equal(drv_queue_setup(f.mmio, 0, &f.q), 1);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_SEL, 1);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 0);
	set_reg(f.mmio, VIRTIO_MMIO_QUEUE_SEL, 0);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_QUEUE_READY), 1);
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
	echo_negotiate(0);
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
	echo_bring_up(0);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), 0xf);
	set_reg(f.mmio, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_FAILED);
	assert_int_equal(reg(f.mmio, VIRTIO_MMIO_STATUS), 0xf | VIRTIO_CONFIG_S_FAILED);
}

static void config_space(void **state)
{
	uint32_t generation = reg(f.mmio, VIRTIO_MMIO_CONFIG_GENERATION);

	(void)state;
	echo_bring_up(0);
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

/* Every offset, in every width, with values that mean something somewhere. */
static void any_register_any_width(void **state)
{
	static const uint64_t values[] = {0, 1, 3, 0x10, 0xffffffff, UINT64_MAX};
	static const unsigned int widths[] = {0, 1, 2, 3, 4, 5, 8, 16, 0xffffffff};

	(void)state;
	for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
		for (size_t w = 0; w < ARRAY_SIZE(widths); w++) {
			echo_bring_up(0);
			for (uint64_t offset = 0; offset < 4100; offset++)
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
	echo_bring_up(0);
	assert_true(echo_answers());
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
	assert_int_equal(virtio_mmio_create(&f.echo.dev, &f.g.mem, echo_irq, &f, &mmio), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_device_says_what_it_is),
		TEST(no_features_lie_beyond_64_bits),
		TEST(each_queue_has_registers_of_its_own),
		TEST(features_refused),
		TEST(status_order),
		TEST(config_space),
		TEST(any_register_any_width),
		TEST(creation_refused),
		PACKED(each_queue_has_registers_of_its_own),
		PACKED(config_space),
		PACKED(any_register_any_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
