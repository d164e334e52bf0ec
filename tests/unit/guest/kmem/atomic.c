/* SPDX-License-Identifier: BSD-2-Clause */
/* Callers that must not wait, and the last frames of a heap. */
#include "tests/unit/guest/util.h"

#define SCATTER 100000
#define FRAME   4096ul

static const gfp_t hasty[] = {GFP_ATOMIC, GFP_NOWAIT, __GFP_HIGH | GFP_NOWAIT | __GFP_ZERO,
			      GFP_NOWAIT | __GFP_NORETRY};

static void *object[SCATTER];

static int setup_small(void **state)
{
	(void)state;
	util_start(8 * MIB, 0);
	return 0;
}

static void they_are_served_while_there_is_memory(void **state)
{
	unsigned long requests;
	unsigned long patient;

	(void)state;
	requests = wire.requests;
	for (size_t n = 0; n < SCATTER; n++)
		assert_non_null(object[n] = kmalloc(64, GFP_KERNEL));
	util_free_all(object, SCATTER);
	kmem_give_back();
	patient = wire.requests - requests;
	for (size_t i = 0; i < ARRAY_SIZE(hasty); i++) {
		requests = wire.requests;
		for (size_t n = 0; n < SCATTER; n++)
			assert_non_null(object[n] = kmalloc(64, hasty[i]));
		util_free_all(object, SCATTER);
		kmem_give_back();
		/* By as few requests as others. */
		assert_in_range(wire.requests - requests, 1, patient + 10);
	}
}

static void they_have_runs_of_every_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hasty); i++) {
		for (unsigned int order = 0; order <= VIRTIO_KMEM_MAX_ORDER; order++) {
			u64 run = kmem_pages_alloc(order, hasty[i], NUMA_NO_NODE);
			void *p = kmalloc(FRAME << order, hasty[i]);

			assert_true(run);
			assert_non_null(p);
			kmem_pages_free(run, order);
			kfree(p);
			p = kmalloc(FRAME << order, hasty[i]);
			assert_non_null(p);
			kfree(p);
		}
	}
}

static void they_have_nodes(void **state)
{
	(void)state;
	for (int node = 0; node < 2; node++) {
		for (size_t size = 64; size <= 1 * MIB; size *= 2) {
			void *p = kmalloc_node(size, GFP_ATOMIC | __GFP_THISNODE, node);

			assert_non_null(p);
			assert_int_equal((kmem_to_phys(p) - BASE) / (16 * MIB), node);
			kfree(p);
		}
	}
	assert_null(kmalloc_node(64, GFP_ATOMIC | __GFP_THISNODE | __GFP_NOWARN, 5));
	/* All of it lies above 4 GiB. */
	assert_null(kmalloc(64, GFP_ATOMIC | GFP_DMA32 | __GFP_NOWARN));
}

static void they_are_served_in_debug_modes(void **state)
{
	(void)state;
	for (size_t n = 0; n < 1000; n++)
		assert_non_null(object[n] = kmalloc(100, GFP_ATOMIC));
	util_free_all(object, 1000);
	object[0] = kmalloc(1 * MIB, GFP_ATOMIC);
	assert_non_null(object[0]);
	kfree(object[0]);
}

static void they_give_back_what_is_asked_for(void **state)
{
	(void)state;
	for (size_t n = 0; n < 1000; n++)
		object[n] = kmalloc(64, GFP_ATOMIC);
	util_free_all(object, 1000);
	assert_true(util_active(4) >= 200);
	hosted_event(VIRTIO_KMEM_EVENT_GIVE_BACK, 0);
	/* Off the fast path, where events are looked for. */
	kfree(kmalloc(100000, GFP_ATOMIC));
	assert_int_equal(util_active(4), 0);
}

/* Takes all frames of the heap past the allocator. */
static size_t hog(u64 *frame)
{
	size_t n = 0;

	while (mm_pages_alloc(util_heap(), 0, 0, MM_NODE_ANY, 0, 1, (uint64_t *)&frame[n]) == 1)
		frame[n++] &= ~VIRTIO_KMEM_ADDR_FLAGS;
	return n;
}

static void unhog(const u64 *frame, size_t n)
{
	struct mm_bad bad;
	size_t nr_bad;

	while (n--)
		assert_int_equal(mm_pages_free(util_heap(), 0, 1, (const uint64_t *)&frame[n], &bad,
					       &nr_bad),
				 1);
}

static void the_last_frames_are_theirs_too(void **state)
{
	static const gfp_t gfp[] = {GFP_KERNEL, GFP_KERNEL | __GFP_NORETRY, GFP_ATOMIC, GFP_NOWAIT,
				    GFP_NOWAIT | __GFP_NORETRY};
	static const size_t sizes[] = {8, 64, 96, 200, 512, 1024, 2048, 4096};
	static u64 frame[8 * MIB / FRAME];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(gfp) * ARRAY_SIZE(sizes) * 4; i++) {
		size_t size = sizes[i / 4 % ARRAY_SIZE(sizes)];
		size_t left = (size_t[]){1, 2, 3, 40}[i % 4];
		size_t each = FRAME / kmalloc_size_roundup(size);
		gfp_t how = gfp[i / 4 / ARRAY_SIZE(sizes)] | __GFP_NOWARN;
		size_t all;
		size_t n = 0;

		kmem_give_back();
		all = hog(frame);
		/* Apart from each other, as far as that goes. */
		for (size_t k = 0; k < left; k++) {
			size_t which = (k * 191 + 7) % (all - k);
			u64 chosen = frame[which];

			frame[which] = frame[all - 1 - k];
			frame[all - 1 - k] = chosen;
		}
		unhog(frame + all - left, left);
		while (n < SCATTER && (object[n] = kmalloc(size, how)))
			n++;
		assert_int_equal(n, left * each);
		util_free_all(object, n);
		kmem_give_back();
		unhog(frame, all - left);
		assert_int_equal(util_frames(), 0);
	}
}

/* The longest run of frames that the page map shows as nobody's, by its order; -1: none. */
static int longest_free(void)
{
	const struct kmem_channel *channel = kmem_channel();
	u64 frames = channel->heap_size / FRAME;

	for (int order = VIRTIO_KMEM_MAX_ORDER; order >= 0; order--) {
		for (u64 first = 0; first < frames; first += 1ull << order) {
			if (!memchr_inv(channel->page_map + first, VIRTIO_KMEM_PM_NONE,
					1ul << order))
				return order;
		}
	}
	return -1;
}

static unsigned int below(unsigned int n)
{
	return (unsigned int)rand() % n;
}

static void they_get_null_when_the_host_has_no_such_run(void **state)
{
	static u64 frame[8 * MIB / FRAME];
	static u8 order_of[8 * MIB / FRAME];
	size_t hogged = hog(frame);
	unsigned int nulls = 0;
	size_t n = 0;

	(void)state;
	srand(1);
	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int order = below(VIRTIO_KMEM_MAX_ORDER + 1);
		int before;

		/* There is ever more to be had, up to nearly all. */
		if (step % 40 == 0 && hogged > 4) {
			size_t which = below((unsigned int)hogged);

			unhog(&frame[which], 1);
			frame[which] = frame[--hogged];
		}
		if (n && below(2)) {
			size_t which = below((unsigned int)n);

			kmem_pages_free((u64)object[which], order_of[which]);
			object[which] = object[--n];
			order_of[which] = order_of[n];
			continue;
		}
		before = longest_free();
		object[n] = (void *)kmem_pages_alloc(order, hasty[below(2)] | __GFP_NOWARN,
						     NUMA_NO_NODE);
		if (object[n]) {
			order_of[n++] = order;
			continue;
		}
		nulls++;
		assert_true(before < (int)order);
		assert_true(longest_free() < (int)order);
	}
	assert_in_range(nulls, 1000, 15000);
	while (n--)
		kmem_pages_free((u64)object[n], order_of[n]);
	unhog(frame, hogged);
}

static void what_is_at_hand_is_memory_too(void **state)
{
	static u64 frame[8 * MIB / FRAME];
	size_t all;
	size_t n;
	void *p;
	void *q;

	(void)state;
	for (n = 0; n < 300; n++)
		object[n] = kmalloc(64, GFP_KERNEL);
	all = hog(frame);
	util_free_all(object, 300);
	assert_true(util_active(4) >= 200);
	/* Whoever would rather do without takes nothing from others. */
	assert_null(kmalloc(2048, GFP_NOWAIT | __GFP_NORETRY | __GFP_NOWARN));
	assert_true(util_active(4) >= 200);
	p = kmalloc(2048, GFP_NOWAIT);
	assert_non_null(p);
	q = kmalloc(4096, GFP_ATOMIC);
	assert_non_null(q);
	kfree(p);
	kfree(q);
	unhog(frame, all);
}

static void what_others_have_comes_with_their_rest(void **state)
{
	static u64 frame[8 * MIB / FRAME];
	size_t all = hog(frame);
	unsigned int asked;

	(void)state;
	kmem_poll();
	asked = kmem_hosted_cpu.seen_give_back;
	assert_null(kmalloc(64, GFP_ATOMIC | __GFP_NOWARN));
	assert_int_equal(kmem_hosted_cpu.seen_give_back, asked);
	kmem_poll();
	assert_int_equal(kmem_hosted_cpu.seen_give_back, asked + 1);
	kmem_poll();
	assert_int_equal(kmem_hosted_cpu.seen_give_back, asked + 1);
	unhog(frame, all);
}

int main(void)
{
#define TEST_WITH(f, s) cmocka_unit_test_setup_teardown(f, s, util_teardown)
#define TEST(f)         TEST_WITH(f, util_setup)
	const struct CMUnitTest tests[] = {
		TEST(they_are_served_while_there_is_memory),
		TEST(they_have_runs_of_every_order),
		TEST_WITH(they_have_nodes, util_setup_nodes),
		TEST_WITH(they_are_served_in_debug_modes, util_setup_debug),
		TEST(they_give_back_what_is_asked_for),
		TEST_WITH(the_last_frames_are_theirs_too, setup_small),
		TEST_WITH(they_get_null_when_the_host_has_no_such_run, setup_small),
		TEST_WITH(what_is_at_hand_is_memory_too, setup_small),
		TEST_WITH(what_others_have_comes_with_their_rest, setup_small),
	};

	return cmocka_run_group_tests_name("guest_kmem_atomic", tests, NULL, NULL);
}
