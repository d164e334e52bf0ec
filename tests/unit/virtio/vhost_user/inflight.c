/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The account of what is in flight, against a model: a driver posts, a device takes and
 * hands back in any order, and now and then is killed, between two requests or in the midst
 * of handing one back. Whatever happens, each request is answered once, and those taken
 * again come in the order they first came.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/virtio/vhost_user/inflight_track.h"
#include "tools/vhost/client.h"
#include "virtio/ring/priv.h"
#include "virtio/vhost_user/inflight.h"

#define SLOTS   24u
#define HEADERS CLIENT_RING_ROOM

struct model {
	struct client client;
	struct virtio_guest_mem mem;
	void *area;
	uint64_t area_size;
	struct vring ring;
	struct vhost_user_inflight inflight;
	struct vring_setup setup;
	/* Taken and not handed back, in the order they were taken first. */
	struct vring_chain held[SLOTS];
	struct iovec seg[SLOTS][4];
	unsigned int nr_held;
	bool posted[SLOTS];
	unsigned int answered;
	uint64_t random;
};

static unsigned int pick(struct model *m, unsigned int n)
{
	m->random ^= m->random >> 12;
	m->random ^= m->random << 25;
	m->random ^= m->random >> 27;
	return (unsigned int)((m->random * 0x2545f4914f6cdd1dull) >> 33) % n;
}

static void *door(void *opaque, uint64_t gpa, uint64_t len)
{
	struct model *m = opaque;
	uint64_t offset = gpa - CLIENT_GPA_BASE;

	if (offset >= m->client.mem_size || len > m->client.mem_size - offset)
		return NULL;
	return m->client.mem + offset;
}

static uint64_t gpa_of(const struct model *m, const void *at)
{
	return CLIENT_GPA_BASE + (uint64_t)((const uint8_t *)at - m->client.mem);
}

/* As a process that has just started. What the front end says of the base is wrong. */
static int attach(struct model *m, struct vhost_user_recovery *recovery)
{
	const struct client_ring *r = &m->client.ring[0];
	uint16_t used_idx = 0;
	uint16_t used_flags = 0;

	memset(&m->ring, 0, sizeof(m->ring));
	m->setup = (struct vring_setup){
		.size = r->size,
		.desc = gpa_of(m, r->desc),
		.avail = gpa_of(m, r->avail),
		.used = gpa_of(m, r->used),
		.indirect = true,
		.event_idx = true,
		.packed = r->packed,
		.base = vring_fresh_base(r->packed),
		.track = &inflight_track_ops,
		.track_opaque = &m->inflight,
	};
	if (r->packed) {
		const struct vring_packed_desc *desc = r->desc;

		used_flags = desc[vhost_user_inflight_peek(m->area, r->size)].flags;
	} else {
		used_idx = ((struct vring_used *)r->used)->idx;
		m->setup.base = used_idx | (uint32_t)used_idx << 16;
	}
	return vhost_user_inflight_attach(&m->inflight, m->area, r->size, &m->setup, used_idx,
					  used_flags, recovery);
}

static void start(struct model *m, bool packed, bool plain, uint64_t seed)
{
	struct vhost_user_recovery recovery;

	memset(m, 0, sizeof(*m));
	m->random = seed;
	assert_int_equal(client_init(&m->client, HEADERS + SLOTS * 4096), 0);
	m->client.wants_packed = packed;
	m->client.plain = plain;
	assert_int_equal(client_ring_init(&m->client, 0, SLOTS, 0), 0);
	m->mem = (struct virtio_guest_mem){.host_ptr = door, .opaque = m};
	m->area_size = vhost_user_inflight_size(packed, m->client.ring[0].size);
	m->area = calloc(1, m->area_size);
	assert_non_null(m->area);
	assert_int_equal(attach(m, &recovery), 0);
	assert_int_equal(vring_start(&m->ring, &m->mem, &m->setup), 0);
}

static void end(struct model *m)
{
	free(m->area);
	client_fini(&m->client);
}

static void post(struct model *m)
{
	unsigned int slot = pick(m, SLOTS);

	for (unsigned int i = 0; i < SLOTS && m->posted[slot]; i++)
		slot = (slot + 1) % SLOTS;
	if (m->posted[slot])
		return;
	m->posted[slot] = true;
	client_post(&m->client, 0, (uint16_t)slot,
		    &(struct client_request){.sector = slot,
					     .header = HEADERS + slot * 4096ull,
					     .data = HEADERS + slot * 4096ull + 512,
					     .len = pick(m, 4) ? 512 : 0});
}

static unsigned int slot_of(const struct model *m, const struct vring_chain *chain)
{
	const uint8_t *header = chain->seg[0].iov_base;

	return (unsigned int)((header - (m->client.mem + HEADERS)) / 4096);
}

/* Returns whether there was one. */
static bool take(struct model *m)
{
	struct vring_chain *chain = &m->held[m->nr_held];
	int ret;

	if (m->nr_held == SLOTS)
		return false;
	chain->seg = m->seg[m->nr_held];
	chain->max_seg = 4;
	ret = vring_pop(&m->ring, chain);
	assert_in_range(ret, 0, 1);
	m->nr_held += (unsigned int)ret;
	return ret;
}

static void forget(struct model *m, unsigned int i)
{
	for (m->nr_held--; i < m->nr_held; i++) {
		struct iovec *seg = m->held[i].seg;

		m->held[i] = m->held[i + 1];
		memcpy(seg, m->held[i + 1].seg, sizeof(m->seg[0]));
		m->held[i].seg = seg;
	}
}

static void reap(struct model *m)
{
	uint32_t len;
	int slot;

	while ((slot = client_reap(&m->client.ring[0], &len)) != -1) {
		assert_in_range(slot, 0, SLOTS - 1);
		assert_true(m->posted[slot]); /* not answered twice */
		m->posted[slot] = false;
		m->answered++;
	}
}

/* Killed: all but the shared memory is gone. How far it came with handing one back: */
enum kill_at {
	KILL_BETWEEN,
	KILL_RETURNING,
	KILL_USED,
	KILL_KINDS
};

static void kill_and_restart(struct model *m, enum kill_at at)
{
	struct vhost_user_recovery recovery;
	unsigned int order[SLOTS];
	unsigned int n;
	unsigned int victim;

	if (at != KILL_BETWEEN && m->nr_held) {
		victim = pick(m, m->nr_held);
		vhost_user_inflight_returning(&m->inflight, &m->ring, &m->held[victim]);
		if (at == KILL_USED) {
			m->ring.setup.track = NULL;
			assert_int_equal(vring_push(&m->ring, &m->held[victim], 1), 0);
			forget(m, victim);
		}
	} else {
		at = KILL_BETWEEN;
	}
	n = m->nr_held;
	for (unsigned int i = 0; i < n; i++)
		order[i] = slot_of(m, &m->held[i]);
	m->nr_held = 0;
	memset(&m->inflight, 0xa5, sizeof(m->inflight));
	assert_int_equal(attach(m, &recovery), 0);
	assert_int_equal(recovery.resubmitted, n);
	assert_int_equal(recovery.recovered, at == KILL_USED);
	assert_int_equal(vring_start(&m->ring, &m->mem, &m->setup), 0);
	assert_int_equal(vring_pending(&m->ring) || !n, 1);
	for (unsigned int i = 0; i < n; i++) {
		assert_true(take(m));
		assert_int_equal(slot_of(m, &m->held[i]), order[i]);
	}
}

static void run(bool packed, bool plain, uint64_t seed)
{
	unsigned int victim;
	struct model *m = malloc(sizeof(*m));

	assert_non_null(m);
	start(m, packed, plain, seed);
	for (unsigned int steps = 0; steps < 20000; steps++) {
		switch (pick(m, 16)) {
		case 0:
			kill_and_restart(m, (enum kill_at)pick(m, KILL_KINDS));
			break;
		case 1 ... 5:
			take(m);
			break;
		case 6 ... 9:
			if (!m->nr_held)
				break;
			victim = pick(m, m->nr_held);
			assert_int_equal(vring_push(&m->ring, &m->held[victim], 1), 0);
			forget(m, victim);
			break;
		case 10:
			reap(m);
			break;
		default:
			post(m);
		}
	}
	while (take(m))
		;
	while (m->nr_held) {
		assert_int_equal(vring_push(&m->ring, &m->held[0], 1), 0);
		forget(m, 0);
		while (take(m))
			;
	}
	reap(m);
	for (victim = 0; victim < SLOTS; victim++)
		assert_false(m->posted[victim]);
	assert_true(m->answered > 1000);
	end(m);
	free(m);
}

static void split_indirect(void **state)
{
	(void)state;
	run(false, false, 1);
	run(false, false, 2);
}

static void split_chains(void **state)
{
	(void)state;
	run(false, true, 3);
	run(false, true, 4);
}

static void packed_indirect(void **state)
{
	(void)state;
	run(true, false, 5);
	run(true, false, 6);
}

static void packed_chains(void **state)
{
	(void)state;
	run(true, true, 7);
	run(true, true, 8);
}

/* A ring that is further on than a new account: killed before the first answer, head 0 is
 * in flight and must not be taken for the last batch (last_batch_head is 0 by default). */
static void new_account_on_an_old_ring(void **state)
{
	struct vhost_user_recovery recovery;
	struct model *m = malloc(sizeof(*m));

	(void)state;
	assert_non_null(m);
	start(m, false, false, 9);
	post(m);
	assert_true(take(m));
	assert_int_equal(vring_push(&m->ring, &m->held[0], 1), 0);
	forget(m, 0);
	reap(m);
	memset(m->area, 0, m->area_size);
	assert_int_equal(attach(m, &recovery), 0);
	assert_int_equal(vring_start(&m->ring, &m->mem, &m->setup), 0);
	m->posted[0] = true;
	client_post(&m->client, 0, 0,
		    &(struct client_request){.header = HEADERS, .data = HEADERS + 512, .len = 512});
	assert_true(take(m));
	kill_and_restart(m, KILL_BETWEEN);
	assert_int_equal(m->nr_held, 1);
	assert_int_equal(m->held[0].head, 0);
	end(m);
	free(m);
}

/* Whatever the shared memory holds, it is refused or gives chains that are in memory. */
static void garbage_is_refused_or_harmless(void **state)
{
	struct vhost_user_recovery recovery;
	struct model *m = malloc(sizeof(*m));
	unsigned int refused = 0;

	(void)state;
	assert_non_null(m);
	for (unsigned int round = 0; round < 4000; round++) {
		bool packed = round & 1;
		uint16_t *version;

		start(m, packed, round & 2, round + 10);
		for (unsigned int i = 0; i < 10; i++)
			post(m);
		for (unsigned int i = 0; i < 6; i++)
			take(m);
		/* A few bytes, or all. */
		if (round & 4)
			for (unsigned int i = 0; i < m->area_size; i++)
				((uint8_t *)m->area)[i] = (uint8_t)pick(m, 256);
		else
			for (unsigned int i = 0; i < 4; i++)
				((uint8_t *)m->area)[pick(m, (unsigned int)m->area_size)] =
					(uint8_t)pick(m, 256);
		version = (uint16_t *)((uint8_t *)m->area + 8);
		version[0] = 1;
		version[1] = m->client.ring[0].size;
		m->nr_held = 0;
		if (attach(m, &recovery) || vring_start(&m->ring, &m->mem, &m->setup)) {
			refused++;
		} else {
			for (unsigned int i = 0; i < SLOTS; i++) {
				m->held[0].seg = m->seg[0];
				m->held[0].max_seg = 4;
				if (vring_pop(&m->ring, &m->held[0]) <= 0)
					break;
				vring_push(&m->ring, &m->held[0], 1);
			}
		}
		end(m);
	}
	assert_in_range(refused, 1000, 3999);
	free(m);
}

/* A free list that ends early: the next chain's copies would go beyond the account. */
static void short_free_list(void **state)
{
	struct vhost_user_packed_inflight *area;
	struct vhost_user_recovery recovery;
	struct model *m = malloc(sizeof(*m));
	uint16_t free_head;
	uint16_t next;

	(void)state;
	assert_non_null(m);
	start(m, true, true, 10);
	post(m);
	assert_true(take(m));
	area = m->area;
	free_head = area->old_free_head;
	area->old_free_head = UINT16_MAX;
	assert_int_equal(attach(m, &recovery), -EBADMSG);
	area->old_free_head = free_head;
	next = area->desc[free_head].next;
	area->desc[free_head].next = UINT16_MAX;
	assert_int_equal(attach(m, &recovery), -EBADMSG);
	area->desc[free_head].next = next;
	assert_int_equal(attach(m, &recovery), 0);
	end(m);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(split_indirect),
		cmocka_unit_test(split_chains),
		cmocka_unit_test(packed_indirect),
		cmocka_unit_test(packed_chains),
		cmocka_unit_test(new_account_on_an_old_ring),
		cmocka_unit_test(garbage_is_refused_or_harmless),
		cmocka_unit_test(short_free_list),
	};

	return cmocka_run_group_tests_name("virtio_vhost_user_inflight", tests, NULL, NULL);
}
