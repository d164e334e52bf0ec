/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/virtio/ring/ring.h"

#include <string.h>

#include "mm/util.h"

struct ring_fixture f;

int ring_setup(void **state)
{
	(void)state;
	memset(&f, 0, sizeof(f));
	guest_init(&f.g);
	f.chain.seg = f.seg;
	f.chain.max_seg = ARRAY_SIZE(f.seg);
	return 0;
}

int ring_setup_split(void **state)
{
	ring_setup(state);
	drv_queue_init(&f.q, &f.g, SPLIT_SIZE, RING_BASE(0));
	ring_start(true, false);
	return 0;
}

int ring_setup_packed(void **state)
{
	ring_setup(state);
	drv_packed_init(&f.q, &f.g, PACKED_SIZE, RING_BASE(0));
	ring_start(true, false);
	return 0;
}

int ring_teardown(void **state)
{
	(void)state;
	guest_fini(&f.g);
	return 0;
}

void ring_start(bool indirect, bool event_idx)
{
	struct vring_setup setup = drv_setup(&f.q);

	setup.indirect = indirect;
	setup.event_idx = event_idx;
	assert_int_equal(vring_start(&f.ring, &f.g.mem, &setup), 0);
}

int ring_pop(void)
{
	return vring_pop(&f.ring, &f.chain);
}

void ring_put(uint16_t id)
{
	const struct drv_buf buf = {BUFFERS + 64ull * id, 64, VRING_F_WRITE};

	drv_put(&f.q, id, &buf, 1);
}

void ring_turn(uint16_t id)
{
	uint32_t used;
	uint32_t len;

	ring_put(id);
	assert_int_equal(ring_pop(), 1);
	assert_int_equal(f.chain.head, id);
	assert_int_equal(vring_push(&f.ring, &f.chain, id), 0);
	assert_true(drv_used(&f.q, &used, &len));
	assert_int_equal(used, id);
	assert_int_equal(len, id);
}
