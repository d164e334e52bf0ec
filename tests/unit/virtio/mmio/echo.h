/* SPDX-License-Identifier: BSD-2-Clause */
/* A device that is simple enough to see through, under the virtio-mmio transport. */
#ifndef VIRTIO_ECHO_H
#define VIRTIO_ECHO_H

#include "tests/unit/virtio/driver.h"

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

struct echo_fixture {
	struct guest g;
	struct echo echo;
	struct virtio_mmio *mmio;
	struct drv_queue q;
	bool packed; /* the test is of packed queues */
	unsigned int irqs;
};

extern struct echo_fixture f;

/* Of a test: the device and its transport, before any driver. *state set: packed queues. */
int echo_setup(void **state);
int echo_teardown(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, echo_setup, echo_teardown)
/* The same with packed queues. */
#define PACKED(name)                                                   \
	{                                                              \
#name " (packed)", name, echo_setup, echo_teardown, &f \
	}

/* Lays a queue out in the format of the test. */
void echo_queue_init(struct drv_queue *q, uint16_t size, uint64_t base);
/* Reset to FEATURES_OK, with these features and the format. */
void echo_negotiate(uint64_t features);
/* The same up to DRIVER_OK, with queue 0 of 16 entries ready. */
void echo_bring_up(uint64_t features);
/* Sends "ping" through queue 0; returns whether it came back. */
bool echo_answers(void);
/* Stores to registers that meant nothing, so far. */
uint64_t echo_ignored(void);
/* The transport's interrupt: counts in the fixture that it is given. */
void echo_irq(void *opaque);

#endif
