/* SPDX-License-Identifier: BSD-2-Clause */
/* The packed virtqueue: legal rings of every shape, and rings that are not. */
#include <errno.h>
#include <string.h>

#include "mm/util.h"
#include "tests/unit/virtio/ring/ring.h"

#define SIZE PACKED_SIZE

/* Writes entry i of an indirect table. */
static void table_desc(uint64_t table, unsigned int i, uint64_t addr, uint32_t len, uint16_t flags,
		       uint16_t id)
{
	struct vring_packed_desc desc = {.addr = addr, .len = len, .id = id, .flags = flags};

	memcpy(guest_at(&f.g, table + 16ull * i, 16), &desc, sizeof(desc));
}

/* The id of a chain is in its last descriptor; what the others say does not matter. */
static void id_is_the_last_ones(void **state)
{
	(void)state;
	drv_packed_desc(&f.q, 1, BUFFERS, 4, 5, VRING_F_AVAIL);
	drv_packed_desc(&f.q, 0, BUFFERS, 4, 0xffff, VRING_F_AVAIL | VRING_F_NEXT);
	assert_int_equal(ring_pop(), 1);
	assert_int_equal(f.chain.head, 5);
	assert_int_equal(f.chain.slots, 2);
}

/* However bytes are cut, the same bytes arrive. In a table all flags but WRITE, and
 * ids, mean nothing; it may lie at any address. */
static void any_layout(void **state)
{
	char out[24];
	char in[24] = "abcdefghijklmnopqrstuvw";
	unsigned int n;
	uint32_t id;
	uint32_t len;

	(void)state;
	for (unsigned int cut = 1; cut <= 24; cut++) {
		struct drv_buf table;

		n = 0;
		for (unsigned int i = 0; i < 24; i += cut, n += 2) {
			len = 24 - i < cut ? 24 - i : cut;
			table_desc(BUFFERS + 1, n, BUFFERS + 0x2000 + 33 * i, len,
				   VRING_F_NEXT | VRING_F_INDIRECT, 0xffff);
			table_desc(BUFFERS + 1, n + 1, 0, 0, VRING_F_USED, 77);
			memcpy(guest_at(&f.g, BUFFERS + 0x2000 + 33 * i, len), in + i, len);
		}
		for (unsigned int i = 0; i < 24; i += cut, n++)
			table_desc(BUFFERS + 1, n, HIGH_BASE + 47 * i, 24 - i < cut ? 24 - i : cut,
				   VRING_F_WRITE, 0);
		/* WRITE on the descriptor that names the table is ignored */
		table = (struct drv_buf){BUFFERS + 1, 16 * n,
					 VRING_F_INDIRECT | (cut % 2 ? VRING_F_WRITE : 0)};
		drv_put(&f.q, 3, &table, 1);
		f.chain.max_seg = 48;
		assert_int_equal(ring_pop(), 1);
		assert_int_equal(f.chain.head, 3);
		assert_int_equal(f.chain.readable, 24);
		assert_int_equal(f.chain.writable, 24);
		assert_int_equal(vring_chain_read(&f.chain, 0, out, 24), 24);
		assert_memory_equal(out, in, 24);
		assert_int_equal(vring_chain_write(&f.chain, 3, in, 24), 21);
		for (unsigned int i = 3; i < 24; i++)
			assert_int_equal(
				*(char *)guest_at(&f.g, HIGH_BASE + 47 * (i / cut * cut) + i % cut,
						  1),
				in[i - 3]);
		assert_int_equal(vring_push(&f.ring, &f.chain, 24), 0);
		assert_true(drv_used(&f.q, &id, &len));
	}
}

/* Nothing but the used descriptor itself is written over: the driver's, in the entries
 * that a chain skips, stay. */
static void only_one_descriptor_is_used(void **state)
{
	const struct drv_buf buf[] = {{BUFFERS, 4, 0}, {BUFFERS, 4, 0}, {BUFFERS, 4, 0}};
	uint8_t before[32];

	(void)state;
	drv_put(&f.q, 1, buf, 3);
	memcpy(before, guest_at(&f.g, f.q.desc + 16, 32), 32);
	assert_int_equal(ring_pop(), 1);
	assert_int_equal(vring_push(&f.ring, &f.chain, 0), 0);
	assert_memory_equal(before, guest_at(&f.g, f.q.desc + 16, 32), 32);
	assert_int_equal(f.ring.next_used, 3);
	assert_int_equal(f.ring.slots, 0);
}

static void setups_refused(void **state)
{
	struct vring_setup s;
	static const struct {
		uint16_t size;
		uint64_t desc;
		uint64_t avail;
		uint64_t used;
		uint32_t base;
		int error;
	} bad[] = {
		{0, 0, 0, 0, 0x80008000, -EINVAL},
		{VRING_MAX_SIZE + 1, 0, 0, 0, 0x80008000, -EINVAL},
		{65535, 0, 0, 0, 0x80008000, -EINVAL},
		{12, 8, 0, 0, 0x80008000, -EINVAL},
		{12, 0, 2, 0, 0x80008000, -EINVAL},
		{12, 0, 0, 2, 0x80008000, -EINVAL},
		{12, 0, 0, 0, 0x8000800c, -EINVAL},
		{12, 0, 0, 0, 0x800c8000, -EINVAL},
		{12, 0, 0, 0, 0x7fff0000, -EINVAL},
		{12, RAM_END - 16, 0, 0, 0x80008000, -EFAULT},
		{12, 0, RAM_END, 0, 0x80008000, -EFAULT},
		{12, 0, 0, RAM_END, 0x80008000, -EFAULT},
		{12, 0xfffffffffffffff0ull, 0, 0, 0x80008000, -EFAULT},
		{12, 0, 0xfffffffffffffffcull, 0, 0x80008000, -EFAULT},
		{12, 0, 0, 0xfffffffffffffffcull, 0x80008000, -EFAULT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		s = drv_setup(&f.q);
		s.size = bad[i].size;
		/* 0 and small: keep, with the misalignment; else the address itself */
		s.desc = bad[i].desc < 16 ? s.desc + bad[i].desc : bad[i].desc;
		s.avail = bad[i].avail < 16 ? s.avail + bad[i].avail : bad[i].avail;
		s.used = bad[i].used < 16 ? s.used + bad[i].used : bad[i].used;
		s.base = bad[i].base;
		assert_int_equal(vring_start(&f.ring, &f.g.mem, &s), bad[i].error);
		assert_false(vring_running(&f.ring));
	}
	/* The last byte of memory is enough for a ring's last byte. */
	s = drv_setup(&f.q);
	s.desc = RAM_END - 16 * SIZE;
	s.used = RAM_END - 4;
	assert_int_equal(vring_start(&f.ring, &f.g.mem, &s), 0);
	assert_int_equal(vring_revalidate(&f.ring), 0);
	f.g.vanished = true;
	assert_int_equal(vring_revalidate(&f.ring), -EFAULT);
}

static void signal_by_flags(void **state)
{
	(void)state;
	ring_turn(0);
	assert_true(vring_should_signal(&f.ring));
	assert_false(vring_should_signal(&f.ring));
	drv_set_event(&f.q, VRING_EVENT_DISABLE | 3);
	ring_turn(1);
	assert_false(vring_should_signal(&f.ring));
	/* not negotiated, reserved: rather one interrupt too many */
	drv_set_event(&f.q, VRING_EVENT_DESC | VRING_EVENT_WRAP | 9);
	ring_turn(2);
	assert_true(vring_should_signal(&f.ring));
	drv_set_event(&f.q, VRING_EVENT_FLAGS);
	ring_turn(3);
	assert_true(vring_should_signal(&f.ring));
	vring_disable_notify(&f.ring);
	assert_int_equal(drv_device_event(&f.q), VRING_EVENT_DISABLE);
	assert_false(vring_enable_notify(&f.ring));
	assert_int_equal(drv_device_event(&f.q), VRING_EVENT_ENABLE);
	ring_put(0);
	assert_true(vring_enable_notify(&f.ring));
}

static void signal_by_event(void **state)
{
	(void)state;
	ring_start(true, true);
	drv_set_event(&f.q, VRING_EVENT_DESC | VRING_EVENT_WRAP | 2);
	for (uint16_t i = 0; i < 6; i++) {
		ring_turn(i);
		/* exactly when the entry that is waited for is used */
		assert_int_equal(vring_should_signal(&f.ring), i == 2);
	}
	assert_false(vring_enable_notify(&f.ring));
	assert_int_equal(drv_device_event(&f.q), VRING_EVENT_DESC | VRING_EVENT_WRAP | 6);
	/* in the next turn of the ring */
	drv_set_event(&f.q, VRING_EVENT_DESC | 1);
	for (uint16_t i = 6; i < SIZE; i++) {
		ring_turn(i);
		assert_false(vring_should_signal(&f.ring));
	}
	assert_false(vring_enable_notify(&f.ring));
	assert_int_equal(drv_device_event(&f.q), VRING_EVENT_DESC | 0);
	ring_turn(0);
	assert_false(vring_should_signal(&f.ring));
	ring_turn(1);
	assert_true(vring_should_signal(&f.ring));
	/* an entry that does not exist */
	drv_set_event(&f.q, VRING_EVENT_DESC | SIZE);
	ring_turn(2);
	assert_true(vring_should_signal(&f.ring));
	vring_disable_notify(&f.ring);
	assert_int_equal(drv_device_event(&f.q), VRING_EVENT_DISABLE);
	ring_put(3);
	assert_true(vring_enable_notify(&f.ring));
	assert_int_equal(drv_device_event(&f.q), VRING_EVENT_DESC | 3);
}

/* Chains that are none: the first entries of the ring, with AVAIL implied, and the error
 * they get. */
struct bad_chain {
	const char *name;
	int error;
	bool no_indirect;           /* not negotiated */
	struct vring_desc desc[3];  /* next is the id */
	struct vring_desc table[2]; /* at BUFFERS */
};

#define GOOD  BUFFERS + 0x1000, 16
#define NEXT  VRING_F_NEXT
#define WRITE VRING_F_WRITE
#define TABLE BUFFERS
#define INDIR VRING_F_INDIRECT

static const struct bad_chain bad_chains[] = {
	{"id out of range", -EBADMSG, .desc = {{GOOD, 0, SIZE}}},
	{"id far out of range", -EBADMSG, .desc = {{GOOD, 0, 0xffff}}},
	{"id of a chain out of range", -EBADMSG, .desc = {{GOOD, NEXT, 0}, {GOOD, 0, SIZE}}},
	{"id of a table out of range", -EBADMSG, .desc = {{TABLE, 16, INDIR, 64}},
	 .table = {{GOOD, 0, 0}}},
	{"below memory", -EFAULT, .desc = {{0, 16, 0, 0}}},
	{"above memory", -EFAULT, .desc = {{HIGH_END, 1, 0, 0}}},
	{"across the end", -EFAULT, .desc = {{HIGH_END - 8, 9, 0, 0}}},
	{"across a hole", -EFAULT, .desc = {{RAM_END - 8, 0x30000, 0, 0}}},
	{"wraps", -EFAULT, .desc = {{0xfffffffffffffff0ull, 0x20, 0, 0}}},
	{"second one above memory", -EFAULT, .desc = {{GOOD, NEXT, 0}, {HIGH_END, 1, WRITE, 0}}},
	{"readable after writable", -EPROTO, .desc = {{GOOD, NEXT | WRITE, 0}, {GOOD, 0, 0}}},
	{"indirect, not negotiated", -EPROTO, true, {{TABLE, 16, INDIR, 0}}, {{GOOD, 0, 0}}},
	{"indirect with NEXT", -EPROTO, .desc = {{TABLE, 16, INDIR | NEXT, 0}, {GOOD, 0, 0}},
	 .table = {{GOOD, 0, 0}}},
	{"indirect in a chain", -EPROTO, .desc = {{GOOD, NEXT, 0}, {TABLE, 16, INDIR, 0}},
	 .table = {{GOOD, 0, 0}}},
	{"empty indirect", -EPROTO, .desc = {{TABLE, 0, INDIR, 0}}},
	{"odd indirect", -EPROTO, .desc = {{TABLE, 17, INDIR, 0}}},
	{"indirect outside memory", -EFAULT, .desc = {{RAM_END, 16, INDIR, 0}}},
	{"indirect across the end", -EFAULT, .desc = {{RAM_END - 16, 32, INDIR, 0}}},
	{"indirect too long", -E2BIG, .desc = {{TABLE, 16 * (VRING_MAX_SEGS + 1), INDIR, 0}}},
	{"indirect of 4 GiB", -E2BIG, .desc = {{TABLE, 0xfffffff0, INDIR, 0}}},
	{"indirect entry outside memory", -EFAULT, .desc = {{TABLE, 16, INDIR, 0}},
	 .table = {{RAM_END, 1, WRITE, 0}}},
	{"readable after writable in a table", -EPROTO, .desc = {{TABLE, 32, INDIR, 0}},
	 .table = {{GOOD, WRITE, 0}, {GOOD, 0, 0}}},
};

static void bad_chains_are_errors(void **state)
{
	uint32_t id;
	uint32_t len;
	int ret;

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(bad_chains); n++) {
		const struct bad_chain *bad = &bad_chains[n];

		drv_packed_init(&f.q, &f.g, SIZE, RING_BASE(0));
		ring_start(true, false);
		ring_start(!bad->no_indirect, false);
		for (unsigned int i = 3; i--;)
			drv_packed_desc(&f.q, i, bad->desc[i].addr, bad->desc[i].len,
					bad->desc[i].next, bad->desc[i].flags | VRING_F_AVAIL);
		for (unsigned int i = 0; i < 2; i++)
			table_desc(TABLE, i, bad->table[i].addr, bad->table[i].len,
				   bad->table[i].flags, bad->table[i].next);
		ret = ring_pop();
		if (ret != bad->error)
			fail_msg("%s: %d, want %d", bad->name, ret, bad->error);
		assert_int_equal(f.ring.inflight, 0);
		assert_int_equal(f.ring.slots, 0);
		assert_int_equal(f.ring.next_avail, 0);
		assert_false(drv_used(&f.q, &id, &len));
	}
}

/* An account has copies of descriptors, since used ones are written over them. */
static void copies_make_the_chain_that_was_popped(void **state)
{
	const struct drv_buf buf[] = {{BUFFERS, 4, 0}, {BUFFERS + 8, 0, 0}, {HIGH_BASE, 6, WRITE}};
	struct vring_packed_desc copy[3];
	struct iovec seg[2];

	(void)state;
	drv_put(&f.q, 7, buf, 3);
	memcpy(copy, guest_at(&f.g, f.q.desc, sizeof(copy)), sizeof(copy));
	assert_int_equal(ring_pop(), 1);
	memcpy(seg, f.seg, sizeof(seg));
	assert_int_equal(vring_push(&f.ring, &f.chain, 0), 0);
	memset(guest_at(&f.g, f.q.desc, sizeof(copy)), 0xff, sizeof(copy));
	memset(f.seg, 0, sizeof(seg));
	copy[0].id = 0xffff;
	copy[1].flags = 0;
	assert_int_equal(vring_gather_packed(&f.ring, copy, 3, &f.chain), 1);
	assert_int_equal(f.chain.head, 7);
	assert_int_equal(f.chain.slots, 3);
	assert_int_equal(f.chain.nr_readable, 1);
	assert_int_equal(f.chain.nr_writable, 1);
	assert_int_equal(f.chain.readable, 4);
	assert_int_equal(f.chain.writable, 6);
	assert_memory_equal(f.seg, seg, sizeof(seg));
	assert_int_equal(f.ring.inflight, 0);
	assert_int_equal(f.ring.slots, 0);
}

static void bad_copies_are_the_errors_of_bad_chains(void **state)
{
	struct vring_packed_desc copy[3];
	uint16_t k;
	int ret;

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(bad_chains); n++) {
		const struct bad_chain *bad = &bad_chains[n];

		drv_packed_init(&f.q, &f.g, SIZE, RING_BASE(0));
		ring_start(!bad->no_indirect, false);
		for (uint16_t i = 0; i < 2; i++)
			table_desc(TABLE, i, bad->table[i].addr, bad->table[i].len,
				   bad->table[i].flags, bad->table[i].next);
		for (k = 0; !k || bad->desc[k - 1].flags & VRING_F_NEXT; k++)
			copy[k] = (struct vring_packed_desc){
				.addr = bad->desc[k].addr,
				.len = bad->desc[k].len,
				.id = bad->desc[k].next,
				.flags = bad->desc[k].flags,
			};
		ret = vring_gather_packed(&f.ring, copy, k, &f.chain);
		if (ret != bad->error)
			fail_msg("%s: %d, want %d", bad->name, ret, bad->error);
	}
}

/* All of the ring says NEXT: the walk ends after one turn, empty descriptors or not. */
static void next_without_end(void **state)
{
	(void)state;
	for (unsigned int empty = 0; empty < 2; empty++) {
		drv_packed_init(&f.q, &f.g, SIZE, RING_BASE(0));
		ring_start(true, false);
		for (unsigned int i = SIZE; i--;)
			drv_packed_desc(&f.q, i, BUFFERS, empty ? 0 : 1, 0,
					VRING_F_NEXT | VRING_F_AVAIL);
		assert_int_equal(ring_pop(), -ELOOP);
	}
	/* all but the last: as long as a chain can be */
	drv_packed_desc(&f.q, SIZE - 1, BUFFERS, 1, 4, VRING_F_AVAIL);
	assert_int_equal(ring_pop(), 1);
	assert_int_equal(f.chain.slots, SIZE);
	assert_int_equal(vring_push(&f.ring, &f.chain, 0), 0);
	assert_int_equal(f.ring.next_used, 0);
	assert_false(f.ring.used_wrap);
}

/* More entries in flight than there are: those of before, made available again. */
static void entries_in_flight(void **state)
{
	const struct drv_buf buf[] = {{BUFFERS, 4, 0}, {BUFFERS, 4, 0}};
	struct vring_chain chain;

	(void)state;
	for (uint16_t id = 0; id < SIZE - 1; id++) {
		ring_put(id);
		assert_int_equal(ring_pop(), 1);
	}
	chain = f.chain;
	drv_put(&f.q, SIZE - 1, buf, 2); /* its second entry is that of id 0 */
	assert_int_equal(ring_pop(), -EBADMSG);
	assert_int_equal(f.ring.slots, SIZE - 1);
	/* which is different once an entry came back */
	assert_int_equal(vring_push(&f.ring, &chain, 0), 0);
	f.q.put -= 2;
	drv_put(&f.q, SIZE - 1, buf, 2);
	assert_int_equal(ring_pop(), 1);
	assert_int_equal(f.ring.slots, SIZE);
	ring_put(chain.head);
	assert_int_equal(ring_pop(), -EBADMSG);
}

/* Flags of the last turn, of the next but one, of none: not available. */
static void stale_flags_are_not_available(void **state)
{
	(void)state;
	drv_packed_desc(&f.q, 0, BUFFERS, 1, 0, VRING_F_USED);
	assert_int_equal(ring_pop(), 0);
	drv_packed_desc(&f.q, 0, BUFFERS, 1, 0, VRING_F_USED | VRING_F_AVAIL);
	assert_int_equal(ring_pop(), 0);
	for (uint16_t i = 0; i < SIZE; i++)
		ring_turn(i);
	drv_packed_desc(&f.q, 0, BUFFERS, 1, 0, VRING_F_AVAIL);
	assert_int_equal(ring_pop(), 0);
	drv_packed_desc(&f.q, 0, BUFFERS, 1, 0, 0);
	assert_int_equal(ring_pop(), 0);
	drv_packed_desc(&f.q, 0, BUFFERS, 1, 0, VRING_F_USED);
	assert_int_equal(ring_pop(), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ring_setup_packed, ring_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(id_is_the_last_ones),
		TEST(any_layout),
		TEST(only_one_descriptor_is_used),
		TEST(setups_refused),
		TEST(signal_by_flags),
		TEST(signal_by_event),
		TEST(bad_chains_are_errors),
		TEST(copies_make_the_chain_that_was_popped),
		TEST(bad_copies_are_the_errors_of_bad_chains),
		TEST(next_without_end),
		TEST(entries_in_flight),
		TEST(stale_flags_are_not_available),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
