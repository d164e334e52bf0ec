/* SPDX-License-Identifier: BSD-2-Clause */
/* The split virtqueue: legal rings of every shape, and rings that are not. */
#include <errno.h>
#include <string.h>

#include "mm/util.h"
#include "tests/unit/virtio/ring/ring.h"

#define SIZE SPLIT_SIZE

static void links_go_anywhere(void **state)
{
	(void)state;
	drv_desc(&f.q, 3, BUFFERS, 4, VRING_F_NEXT, SIZE - 1);
	drv_desc(&f.q, SIZE - 1, BUFFERS + 0x200, 5, VRING_F_NEXT, 0);
	drv_desc(&f.q, 0, BUFFERS + 0x100, 8, VRING_F_WRITE, 0);
	drv_avail(&f.q, 3);
	assert_int_equal(ring_pop(), 1);
	assert_int_equal(f.chain.head, 3);
	assert_int_equal(f.chain.nr_readable, 2);
	assert_ptr_equal(f.seg[1].iov_base, guest_at(&f.g, BUFFERS + 0x200, 5));
	assert_int_equal(f.chain.readable, 9);
	assert_int_equal(f.chain.writable, 8);
}

/* However bytes are cut, the same bytes arrive. */
static void any_layout(void **state)
{
	char out[24];
	char in[24] = "abcdefghijklmnopqrstuvw";
	unsigned int n;

	(void)state;
	for (unsigned int cut = 1; cut <= 24; cut++) {
		drv_queue_init(&f.q, &f.g, SIZE, RING_BASE(0));
		ring_start(true, false);
		/* cut-sized pieces through an indirect table of odd address, each in
		 * its own page-unfriendly place; zero-length ones between. */
		n = 0;
		for (unsigned int i = 0; i < 24; i += cut, n += 2) {
			unsigned int len = 24 - i < cut ? 24 - i : cut;

			drv_indirect(&f.q, BUFFERS + 1, n, BUFFERS + 0x2000 + 33 * i, len,
				     VRING_F_NEXT, (uint16_t)(n + 1));
			drv_indirect(&f.q, BUFFERS + 1, n + 1, 0, 0, VRING_F_NEXT,
				     (uint16_t)(n + 2));
			memcpy(guest_at(&f.g, BUFFERS + 0x2000 + 33 * i, len), in + i, len);
		}
		for (unsigned int i = 0; i < 24; i += cut, n++)
			drv_indirect(&f.q, BUFFERS + 1, n, HIGH_BASE + 47 * i,
				     24 - i < cut ? 24 - i : cut,
				     VRING_F_WRITE | (i + cut < 24 ? VRING_F_NEXT : 0),
				     (uint16_t)(n + 1));
		/* n plain descriptors, then one indirect, WRITE on it ignored */
		drv_desc(&f.q, 0, BUFFERS, 0, VRING_F_NEXT, 1);
		drv_desc(&f.q, 1, BUFFERS + 1, 16 * n, VRING_F_INDIRECT | VRING_F_WRITE, 0);
		drv_avail(&f.q, 0);
		f.chain.max_seg = 48;
		f.chain.seg = test_calloc(48, sizeof(struct iovec));
		assert_int_equal(ring_pop(), 1);
		assert_int_equal(f.chain.readable, 24);
		assert_int_equal(f.chain.writable, 24);
		assert_int_equal(vring_chain_read(&f.chain, 0, out, 24), 24);
		assert_memory_equal(out, in, 24);
		assert_int_equal(vring_chain_read(&f.chain, 5, out, 24), 19);
		assert_memory_equal(out, in + 5, 19);
		assert_int_equal(vring_chain_write(&f.chain, 3, in, 24), 21);
		for (unsigned int i = 3; i < 24; i++)
			assert_int_equal(
				*(char *)guest_at(&f.g, HIGH_BASE + 47 * (i / cut * cut) + i % cut,
						  1),
				in[i - 3]);
		assert_int_equal(vring_chain_read(&f.chain, 24, out, 1), 0);
		test_free(f.chain.seg);
	}
}

static void full_ring_out_of_order(void **state)
{
	struct vring_chain chain[SIZE];
	struct iovec seg[SIZE];
	uint32_t id;
	uint32_t len;

	(void)state;
	/* Twice round the 16-bit index: it wraps where it should. */
	for (uint32_t round = 0; round < 2 * 65536 / SIZE; round++) {
		for (int i = 0; i < SIZE; i++) {
			drv_desc(&f.q, i, BUFFERS + 64 * i, 64, VRING_F_WRITE, 0);
			drv_avail(&f.q, (uint16_t)i);
		}
		for (int i = 0; i < SIZE; i++) {
			chain[i] = (struct vring_chain){.seg = &seg[i], .max_seg = 1};
			assert_int_equal(vring_pop(&f.ring, &chain[i]), 1);
		}
		assert_int_equal(f.ring.inflight, SIZE);
		for (int i = SIZE; i--;)
			assert_int_equal(vring_push(&f.ring, &chain[i], i), 0);
		for (int i = SIZE; i--;) {
			assert_true(drv_used(&f.q, &id, &len));
			assert_int_equal(id, i);
			assert_int_equal(len, i);
		}
		assert_int_equal(f.ring.inflight, 0);
	}
}

static void setups_refused(void **state)
{
	struct vring_setup s;
	static const struct {
		uint16_t size;
		uint64_t desc;
		uint64_t avail;
		uint64_t used;
		int error;
	} bad[] = {
		{0, 0, 0, 0, -EINVAL},
		{3, 0, 0, 0, -EINVAL},
		{65535, 0, 0, 0, -EINVAL},
		{2 * VRING_MAX_SIZE, 0, 0, 0, -EINVAL},
		{16, 8, 0, 0, -EINVAL},
		{16, 0, 1, 0, -EINVAL},
		{16, 0, 0, 2, -EINVAL},
		{16, RAM_END - 16, 0, 0, -EFAULT},
		{16, 0, RAM_END - 32, 0, -EFAULT},
		{16, 0, 0, RAM_END - 128, -EFAULT},
		{16, 0xfffffffffffffff0ull, 0, 0, -EFAULT},
		{16, 0, 0xfffffffffffffffeull, 0, -EFAULT},
		{16, 0, 0, 0xfffffffffffffffcull, -EFAULT},
		{16, 1ull << 63, 0, 0, -EFAULT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		s = drv_setup(&f.q);
		s.size = bad[i].size;
		/* 0 and small: keep, with the misalignment; else the address itself */
		s.desc = bad[i].desc < 16 ? s.desc + bad[i].desc : bad[i].desc;
		s.avail = bad[i].avail < 16 ? s.avail + bad[i].avail : bad[i].avail;
		s.used = bad[i].used < 16 ? s.used + bad[i].used : bad[i].used;
		assert_int_equal(vring_start(&f.ring, &f.g.mem, &s), bad[i].error);
		assert_false(vring_running(&f.ring));
	}
	/* The last byte of memory is enough for a ring's last byte. */
	s = drv_setup(&f.q);
	s.used = RAM_END - (6 + 8 * SIZE) - 2;
	assert_int_equal(vring_start(&f.ring, &f.g.mem, &s), 0);
}

static void revalidate(void **state)
{
	(void)state;
	assert_int_equal(vring_revalidate(&f.ring), 0);
	f.g.vanished = true;
	assert_int_equal(vring_revalidate(&f.ring), -EFAULT);
}

static void signal_by_flags(void **state)
{
	(void)state;
	drv_desc(&f.q, 0, BUFFERS, 16, VRING_F_WRITE, 0);
	drv_avail(&f.q, 0);
	assert_int_equal(ring_pop(), 1);
	assert_false(vring_should_signal(&f.ring));
	vring_push(&f.ring, &f.chain, 0);
	assert_true(vring_should_signal(&f.ring));
	assert_false(vring_should_signal(&f.ring));
	drv_set_avail_flags(&f.q, VRING_AVAIL_NO_INTERRUPT);
	drv_avail(&f.q, 0);
	assert_int_equal(ring_pop(), 1);
	vring_push(&f.ring, &f.chain, 0);
	assert_false(vring_should_signal(&f.ring));
	vring_disable_notify(&f.ring);
	assert_int_equal(drv_used_flags(&f.q), VRING_USED_NO_NOTIFY);
	assert_false(vring_enable_notify(&f.ring));
	assert_int_equal(drv_used_flags(&f.q), 0);
	drv_avail(&f.q, 0);
	assert_true(vring_enable_notify(&f.ring));
}

static void signal_by_event(void **state)
{
	(void)state;
	ring_start(true, true);
	/* flags mean nothing now */
	drv_set_avail_flags(&f.q, VRING_AVAIL_NO_INTERRUPT);
	drv_desc(&f.q, 0, BUFFERS, 16, VRING_F_WRITE, 0);
	drv_set_used_event(&f.q, 2);
	for (uint16_t i = 0; i < 6; i++) {
		drv_avail(&f.q, 0);
		assert_int_equal(ring_pop(), 1);
		vring_push(&f.ring, &f.chain, 0);
		/* exactly when used.idx steps past used_event */
		assert_int_equal(vring_should_signal(&f.ring), i == 2);
	}
	drv_set_used_event(&f.q, 7);
	for (uint16_t i = 0; i < 4; i++) {
		drv_avail(&f.q, 0);
		assert_int_equal(ring_pop(), 1);
		vring_push(&f.ring, &f.chain, 0);
	}
	assert_true(vring_should_signal(&f.ring)); /* a batch that crossed it */
	assert_false(vring_enable_notify(&f.ring));
	assert_int_equal(drv_avail_event(&f.q), 10);
	assert_int_equal(drv_used_flags(&f.q), 0);
	vring_disable_notify(&f.ring);
	assert_int_equal(drv_used_flags(&f.q), 0);
	drv_avail(&f.q, 0);
	assert_true(vring_enable_notify(&f.ring));
	assert_int_equal(drv_avail_event(&f.q), 10);
}

/* Chains that are none: each a table of descriptors and the error it gets. */
struct bad_chain {
	const char *name;
	int error;
	bool no_indirect; /* not negotiated */
	uint16_t head;
	struct vring_desc desc[4];
	struct vring_desc table[3]; /* at BUFFERS */
};

#define GOOD  BUFFERS + 0x1000, 16
#define NEXT  VRING_F_NEXT
#define WRITE VRING_F_WRITE
#define TABLE BUFFERS
#define INDIR VRING_F_INDIRECT

static const struct bad_chain bad_chains[] = {
	{"head out of range", -EBADMSG, .head = SIZE},
	{"head far out of range", -EBADMSG, .head = 0xffff},
	{"self-loop", -ELOOP, .desc = {{GOOD, NEXT, 0}}},
	{"loop of two", -ELOOP, .desc = {{GOOD, NEXT, 1}, {GOOD, NEXT, 0}}},
	{"loop of empty descriptors", -ELOOP, .desc = {{0, 0, NEXT, 1}, {0, 0, NEXT, 0}}},
	{"next out of range", -EBADMSG, .desc = {{GOOD, NEXT, SIZE}}},
	{"below memory", -EFAULT, .desc = {{0, 16, 0, 0}}},
	{"above memory", -EFAULT, .desc = {{HIGH_END, 1, 0, 0}}},
	{"across the end", -EFAULT, .desc = {{HIGH_END - 8, 9, 0, 0}}},
	{"across a hole", -EFAULT, .desc = {{RAM_END - 8, 0x30000, 0, 0}}},
	{"wraps", -EFAULT, .desc = {{0xfffffffffffffff0ull, 0x20, 0, 0}}},
	{"wraps into memory", -EFAULT, .desc = {{0xfffffffffffffff0ull, 0x20000, 0, 0}}},
	{"all of it", -EFAULT, .desc = {{RAM_BASE, 0xffffffff, 0, 0}}},
	{"readable after writable", -EPROTO, .desc = {{GOOD, NEXT | WRITE, 1}, {GOOD, 0, 0}}},
	{"indirect, not negotiated", -EPROTO, true, 0, {{TABLE, 16, INDIR, 0}}, {{GOOD, 0, 0}}},
	{"indirect with NEXT", -EPROTO, .desc = {{TABLE, 16, INDIR | NEXT, 1}, {GOOD, 0, 0}},
	 .table = {{GOOD, 0, 0}}},
	{"empty indirect", -EPROTO, .desc = {{TABLE, 0, INDIR, 0}}},
	{"odd indirect", -EPROTO, .desc = {{TABLE, 17, INDIR, 0}}},
	{"indirect outside memory", -EFAULT, .desc = {{RAM_END, 16, INDIR, 0}}},
	{"indirect across the end", -EFAULT, .desc = {{RAM_END - 16, 32, INDIR, 0}}},
	{"indirect too long", -E2BIG, .desc = {{TABLE, 16 * (VRING_MAX_SEGS + 1), INDIR, 0}}},
	{"indirect of 4 GiB", -E2BIG, .desc = {{TABLE, 0xfffffff0, INDIR, 0}}},
	{"nested indirect", -EPROTO, .desc = {{TABLE, 32, INDIR, 0}},
	 .table = {{TABLE, 16, INDIR, 0}}},
	{"loop in indirect", -ELOOP, .desc = {{TABLE, 32, INDIR, 0}},
	 .table = {{GOOD, NEXT, 1}, {GOOD, NEXT, 0}}},
	{"indirect next out of range", -EBADMSG, .desc = {{TABLE, 32, INDIR, 0}},
	 .table = {{GOOD, NEXT, 2}}},
	{"indirect entry outside memory", -EFAULT, .desc = {{TABLE, 16, INDIR, 0}},
	 .table = {{RAM_END, 1, WRITE, 0}}},
	{"readable in a table after a plain writable", -EPROTO,
	 .desc = {{GOOD, NEXT | WRITE, 1}, {TABLE, 16, INDIR, 0}}, .table = {{GOOD, 0, 0}}},
};

static void bad_chains_are_errors(void **state)
{
	int ret;

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(bad_chains); n++) {
		const struct bad_chain *bad = &bad_chains[n];

		drv_queue_init(&f.q, &f.g, SIZE, RING_BASE(0));
		for (unsigned int i = 0; i < 4; i++)
			drv_desc(&f.q, i, bad->desc[i].addr, bad->desc[i].len, bad->desc[i].flags,
				 bad->desc[i].next);
		for (unsigned int i = 0; i < 3; i++)
			drv_indirect(&f.q, TABLE, i, bad->table[i].addr, bad->table[i].len,
				     bad->table[i].flags, bad->table[i].next);
		ring_start(!bad->no_indirect, false);
		drv_avail(&f.q, bad->head);
		ret = ring_pop();
		if (ret != bad->error)
			fail_msg("%s: %d, want %d", bad->name, ret, bad->error);
		assert_int_equal(f.ring.inflight, 0);
		assert_int_equal(drv_used_idx(&f.q), 0);
	}
}

/* An account has the number of a head, whose descriptors stay in the table. */
static void a_head_makes_the_chain_that_was_popped(void **state)
{
	struct iovec seg[2];

	(void)state;
	drv_desc(&f.q, 5, BUFFERS, 4, VRING_F_NEXT, 2);
	drv_desc(&f.q, 2, HIGH_BASE, 6, VRING_F_WRITE, 0);
	drv_avail(&f.q, 5);
	assert_int_equal(ring_pop(), 1);
	memcpy(seg, f.seg, sizeof(seg));
	assert_int_equal(vring_push(&f.ring, &f.chain, 0), 0);
	memset(f.seg, 0, sizeof(seg));
	f.chain.head = 0;
	assert_int_equal(vring_gather_split(&f.ring, 5, &f.chain), 1);
	assert_int_equal(f.chain.head, 5);
	assert_int_equal(f.chain.slots, 1);
	assert_int_equal(f.chain.nr_readable, 1);
	assert_int_equal(f.chain.nr_writable, 1);
	assert_memory_equal(f.seg, seg, sizeof(seg));
	assert_int_equal(f.ring.inflight, 0);
	assert_int_equal(vring_gather_split(&f.ring, SIZE, &f.chain), -EBADMSG);
}

/* One piece of memory, named again and again: less than 4 GiB, so legal. */
static void sum_of_lengths(void **state)
{
	const uint32_t len = RAM_END - RAM_BASE;

	(void)state;
	f.chain.seg = test_calloc(VRING_MAX_SEGS, sizeof(struct iovec));
	f.chain.max_seg = VRING_MAX_SEGS;
	for (unsigned int i = 0; i < VRING_MAX_SEGS; i++)
		drv_indirect(&f.q, BUFFERS, i, RAM_BASE, len,
			     i + 1 < VRING_MAX_SEGS ? VRING_F_NEXT : 0, (uint16_t)(i + 1));
	drv_desc(&f.q, 0, BUFFERS, 16 * VRING_MAX_SEGS, VRING_F_INDIRECT, 0);
	drv_avail(&f.q, 0);
	assert_int_equal(ring_pop(), 1);
	assert_int_equal(f.chain.readable, (uint64_t)len * VRING_MAX_SEGS);
	assert_int_equal(f.chain.nr_readable, VRING_MAX_SEGS);
	test_free(f.chain.seg);
}

static void *huge_door(void *opaque, uint64_t gpa, uint64_t len)
{
	struct guest *g = opaque;

	/* Claims a buffer of 3 GiB, which nobody touches. */
	if (gpa == 1ull << 40 && len == 3ull << 30)
		return g->high;
	return g->mem.host_ptr(g, gpa, len);
}

static void sum_overflows(void **state)
{
	struct virtio_guest_mem mem = {.host_ptr = huge_door, .opaque = &f.g};
	struct vring_setup s = drv_setup(&f.q);

	(void)state;
	assert_int_equal(vring_start(&f.ring, &mem, &s), 0);
	drv_desc(&f.q, 0, 1ull << 40, 3u << 30, VRING_F_NEXT, 1);
	drv_desc(&f.q, 1, 1ull << 40, 3u << 30, VRING_F_NEXT | VRING_F_WRITE, 2);
	drv_desc(&f.q, 2, BUFFERS, 16, VRING_F_WRITE, 3);
	drv_avail(&f.q, 0);
	assert_int_equal(ring_pop(), 1); /* 3 GiB each way is not too much */
	assert_int_equal(f.chain.readable, 3ull << 30);
	assert_int_equal(f.chain.writable, (3ull << 30) + 16);
	drv_desc(&f.q, 4, 1ull << 40, 3u << 30, VRING_F_NEXT, 5);
	drv_desc(&f.q, 5, 1ull << 40, 3u << 30, 0, 0);
	drv_avail(&f.q, 4);
	assert_int_equal(ring_pop(), -EOVERFLOW);
}

static void *careless_door(void *opaque, uint64_t gpa, uint64_t len)
{
	struct guest *g = opaque;

	return gpa + len <= RAM_END ? g->ram + (gpa % 4096) : NULL;
}

/* A door that forgets to look for a wrap or an empty range is not asked. */
static void wraps_never_reach_the_door(void **state)
{
	struct virtio_guest_mem mem = {.host_ptr = careless_door, .opaque = &f.g};

	(void)state;
	assert_non_null(vring_guest_ptr(&mem, RAM_BASE, 1));
	assert_null(vring_guest_ptr(&mem, UINT64_MAX, 2));
	assert_null(vring_guest_ptr(&mem, UINT64_MAX - 15, 0xffffffff));
	assert_null(vring_guest_ptr(&mem, RAM_BASE, UINT64_MAX));
	assert_null(vring_guest_ptr(&mem, RAM_BASE, 0));
}

static void avail_index_jumps(void **state)
{
	(void)state;
	drv_desc(&f.q, 0, BUFFERS, 1, 0, 0);
	drv_set_avail_idx(&f.q, SIZE + 1);
	assert_int_equal(ring_pop(), -EBADMSG);
	drv_set_avail_idx(&f.q, 0xffff); /* back by one */
	assert_int_equal(ring_pop(), -EBADMSG);
	drv_set_avail_idx(&f.q, SIZE);
	assert_int_equal(ring_pop(), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ring_setup_split, ring_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(links_go_anywhere),
		TEST(any_layout),
		TEST(full_ring_out_of_order),
		TEST(setups_refused),
		TEST(revalidate),
		TEST(signal_by_flags),
		TEST(signal_by_event),
		TEST(bad_chains_are_errors),
		TEST(a_head_makes_the_chain_that_was_popped),
		TEST(sum_of_lengths),
		TEST(sum_overflows),
		TEST(wraps_never_reach_the_door),
		TEST(avail_index_jumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
