/* SPDX-License-Identifier: BSD-2-Clause */
/* Callers that must not wait, those in the middle of a request, and the last frames of a heap. */
#include "tests/unit/guest/util.h"

#include <linux/errno.h>

#define SCATTER 100000
#define FRAME   4096ul

static const gfp_t hasty[] = {GFP_ATOMIC, GFP_NOWAIT, __GFP_HIGH | GFP_NOWAIT | __GFP_ZERO,
			      GFP_NOWAIT | __GFP_NORETRY};

static void *object[SCATTER];

static int setup(void **state)
{
	(void)state;
	util_start(64 * MIB, 0);
	return 0;
}

static int setup_small(void **state)
{
	(void)state;
	util_start(8 * MIB, 0);
	return 0;
}

static int setup_nodes(void **state)
{
	(void)state;
	util_start_nodes(16 * MIB);
	return 0;
}

static int setup_debug(void **state)
{
	(void)state;
	util_start(16 * MIB, MM_DEBUG_SANITY | MM_DEBUG_REDZONE | MM_DEBUG_POISON | MM_DEBUG_OWNER);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(wire.nested, 0);
	util_stop();
	return 0;
}

static void free_all(size_t n)
{
	while (n)
		kfree(object[--n]);
}

static void they_are_served_while_there_is_memory(void **state)
{
	unsigned long requests;
	unsigned long patient;

	(void)state;
	requests = wire.requests;
	for (size_t n = 0; n < SCATTER; n++)
		assert_non_null(object[n] = kmalloc(64, GFP_KERNEL));
	free_all(SCATTER);
	kmem_give_back();
	patient = wire.requests - requests;
	for (size_t i = 0; i < ARRAY_SIZE(hasty); i++) {
		requests = wire.requests;
		for (size_t n = 0; n < SCATTER; n++)
			assert_non_null(object[n] = kmalloc(64, hasty[i]));
		free_all(SCATTER);
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
	free_all(1000);
	object[0] = kmalloc(1 * MIB, GFP_ATOMIC);
	assert_non_null(object[0]);
	kfree(object[0]);
}

static void they_give_back_what_is_asked_for(void **state)
{
	(void)state;
	for (size_t n = 0; n < 1000; n++)
		object[n] = kmalloc(64, GFP_ATOMIC);
	free_all(1000);
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
		free_all(n);
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
	free_all(300);
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

/* What a handler of interrupts got and did. */
static struct {
	unsigned int calls;
	void *small[8], *first, *large;
	void *waiting;
	void *freed[6];
} handler;

static void handle(void)
{
	if (handler.calls++)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(handler.small); i++)
		handler.small[i] = kmalloc(64, GFP_ATOMIC | __GFP_NOWARN);
	/* Whatever it asks for: it may not even if it says that it may wait. */
	handler.waiting = kmalloc(96, GFP_KERNEL | __GFP_NOWARN);
	handler.large = kmalloc(100000, GFP_ATOMIC | __GFP_NOWARN);
	for (size_t i = 0; i < ARRAY_SIZE(handler.freed); i++)
		kfree(handler.freed[i]);
	kmem_poll();
}

static void in_the_middle_of_a_request_there_is_the_reserve(void **state)
{
	void *p[64];
	u64 runs;

	(void)state;
	memset(&handler, 0, sizeof(handler));
	/* Magazines and reserves of both classes, and a lot to free in the middle. */
	handler.small[0] = kmalloc(64, GFP_KERNEL);
	kfree(handler.small[0]);
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = kmalloc(96, GFP_KERNEL);
	for (size_t i = 0; i < ARRAY_SIZE(handler.freed); i++)
		handler.freed[i] = kmalloc(i < 3 ? 200 : 70000, GFP_KERNEL);
	runs = util_frames();
	/* Of the first cache only the depot has some. */
	kmem_cpu_drain();
	wire.on_alloc = handle;
	object[0] = kmalloc(1 * MIB, GFP_KERNEL);
	wire.on_alloc = NULL;
	assert_non_null(object[0]);
	assert_true(handler.calls);
	for (size_t i = 0; i < ARRAY_SIZE(handler.small); i++)
		assert_non_null(handler.small[i]);
	assert_null(handler.large);
	/* What was freed meanwhile goes with the next call. */
	assert_int_equal(util_frames(), runs + 256);
	kfree(kmalloc(1 * MIB, GFP_KERNEL));
	assert_int_equal(util_frames(), runs + 256 - 3 * 32);
	for (size_t i = 0; i < ARRAY_SIZE(handler.small); i++)
		kfree(handler.small[i]);
	kfree(handler.waiting);
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		kfree(p[i]);
	kfree(object[0]);
}

static void the_reserve_is_filled_anew(void **state)
{
	size_t n = 0;

	(void)state;
	for (int round = 0; round < 50; round++) {
		memset(&handler, 0, sizeof(handler));
		kmem_poll();
		wire.on_alloc = handle;
		object[n] = kmalloc(50000, GFP_KERNEL);
		wire.on_alloc = NULL;
		assert_non_null(object[n++]);
		for (size_t i = 0; i < ARRAY_SIZE(handler.small); i++) {
			/* The first round finds a cache that nobody has used. */
			if (round)
				assert_non_null(handler.small[i]);
			if (handler.small[i])
				object[n++] = handler.small[i];
		}
		if (handler.waiting)
			object[n++] = handler.waiting;
		if (round % 10 == 9)
			kmem_give_back();
	}
	free_all(n);
}

static void too_many_frees_in_the_middle(void)
{
	if (handler.calls++)
		return;
	for (size_t i = 0; i <= KMEM_LATER; i++)
		kfree(object[i]);
}

static void frees_in_the_middle_have_a_bound(void **state)
{
	unsigned int warnings;
	u64 frames;

	(void)state;
	memset(&handler, 0, sizeof(handler));
	for (size_t i = 0; i <= KMEM_LATER; i++)
		assert_non_null(object[i] = kmalloc(65536, GFP_KERNEL));
	warnings = util_warnings;
	wire.on_free = too_many_frees_in_the_middle;
	kfree(kmalloc(1 * MIB, GFP_KERNEL));
	wire.on_free = NULL;
	assert_int_equal(util_warnings, warnings + 1);
	assert_non_null(strstr(util_warn, "is lost"));
	kfree(kmalloc(1 * MIB, GFP_KERNEL));
	frames = util_frames();
	assert_int_equal(frames, 16);
	/* Which the test has back. */
	kfree(object[KMEM_LATER]);
	assert_int_equal(util_frames(), 0);
}

/* Objects of two who take turns: the second comes in the middle of the first's every request. */
static struct side {
	u64 *p[600];
	size_t size[600];
	size_t n;
	u64 mark;
} sides[2];

static void side_takes(struct side *s, gfp_t gfp)
{
	static const size_t sizes[] = {8, 64, 64, 64, 192, 2048, 8192, 70000};
	size_t size = sizes[below(ARRAY_SIZE(sizes))];
	u64 *p = kmalloc(size, gfp | __GFP_NOWARN);

	if (!p)
		return;
	p[0] = p[size / sizeof(u64) - 1] = s->mark + s->n;
	s->size[s->n] = size;
	s->p[s->n++] = p;
}

static void side_gives(struct side *s)
{
	u64 *p = s->p[--s->n];

	assert_int_equal(p[0], s->mark + s->n);
	assert_int_equal(p[s->size[s->n] / sizeof(u64) - 1], s->mark + s->n);
	kfree(p);
}

/* Fills or empties by and by, so that magazines and depots overflow and run dry. */
static void side_goes_on(struct side *s, unsigned int steps, bool fill, gfp_t gfp)
{
	while (steps--) {
		if (s->n < ARRAY_SIZE(s->p) && (!s->n || below(8) < (fill ? 6 : 2)))
			side_takes(s, gfp);
		else
			side_gives(s);
	}
}

static bool second_fills;

static void second_goes_on(void)
{
	side_goes_on(&sides[1], 1 + below(30), second_fills, GFP_ATOMIC);
}

static void whoever_comes_in_the_middle_finds_all_in_order(void **state)
{
	(void)state;
	memset(sides, 0, sizeof(sides));
	sides[0].mark = 1ull << 32;
	sides[1].mark = 2ull << 32;
	srand(2);
	wire.on_alloc = wire.on_free = second_goes_on;
	for (unsigned int round = 0; round < 400; round++) {
		second_fills = below(2);
		side_goes_on(&sides[0], 400, below(2), GFP_KERNEL);
		/* Frees that wait have a bound, and go with the next call. */
		if (below(4) == 0)
			kmem_poll();
		if (below(40) == 0)
			kmem_give_back();
	}
	wire.on_alloc = wire.on_free = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		while (sides[i].n)
			side_gives(&sides[i]);
	}
	assert_int_equal(util_warnings, 0);
	kmem_poll();
	assert_false(kmem_is_due());
	kmem_give_back();
	for (u32 cache = 1; cache <= VIRTIO_KMEM_CLASSES; cache++)
		assert_int_equal(util_active(cache), 0);
}

static void measures(void)
{
	if (!handler.calls++)
		handler.large = (void *)ksize(object[0]);
}

static void sizes_are_had_in_the_middle_too(void **state)
{
	(void)state;
	memset(&handler, 0, sizeof(handler));
	object[0] = kmalloc(100, GFP_KERNEL);
	wire.on_alloc = measures;
	kfree(kmalloc(64, GFP_KERNEL));
	wire.on_alloc = NULL;
	assert_int_equal((size_t)handler.large, 128);
	assert_int_equal(wire.nested, 0);
	kfree(object[0]);
}

static void hasty_in_the_middle(void)
{
	if (!handler.calls++)
		handler.large = kmalloc(100000, GFP_ATOMIC | __GFP_NOWARN);
}

/* That there was nothing says nothing of others, who are left in peace. */
static void nobody_gives_back_for_those_who_could_not_ask(void **state)
{
	unsigned int asked;

	(void)state;
	memset(&handler, 0, sizeof(handler));
	asked = kmem_hosted_cpu.seen_give_back;
	wire.on_alloc = hasty_in_the_middle;
	kfree(kmalloc(64, GFP_KERNEL));
	wire.on_alloc = NULL;
	assert_true(handler.calls);
	assert_null(handler.large);
	kmem_poll();
	assert_int_equal(kmem_hosted_cpu.seen_give_back, asked);
}

#define MIDDLE 8000

static void *middle[SCATTER];

static void many_frees_in_the_middle(void)
{
	if (handler.calls++)
		return;
	for (size_t i = 0; i < MIDDLE; i++)
		kfree(middle[i]);
}

static void what_they_give_beyond_the_limit_goes_later(void **state)
{
	u64 kept;

	(void)state;
	memset(&handler, 0, sizeof(handler));
	for (size_t i = 0; i < SCATTER; i++)
		assert_non_null(middle[i] = kmalloc(64, GFP_KERNEL));
	/* Magazines for as many. */
	for (size_t i = MIDDLE; i < SCATTER; i++)
		kfree(middle[i]);
	wire.on_free = many_frees_in_the_middle;
	kfree(kmalloc(1 * MIB, GFP_KERNEL));
	wire.on_free = NULL;
	assert_true(handler.calls);
	kept = util_active(4);
	assert_true(kmem_is_due());
	kmem_poll();
	assert_false(kmem_is_due());
	assert_true(util_active(4) < kept);
	assert_int_equal(util_warnings, 0);
}

int main(void)
{
#define TEST_WITH(f, s) cmocka_unit_test_setup_teardown(f, s, teardown)
#define TEST(f)         TEST_WITH(f, setup)
	const struct CMUnitTest tests[] = {
		TEST(they_are_served_while_there_is_memory),
		TEST(they_have_runs_of_every_order),
		TEST_WITH(they_have_nodes, setup_nodes),
		TEST_WITH(they_are_served_in_debug_modes, setup_debug),
		TEST(they_give_back_what_is_asked_for),
		TEST_WITH(the_last_frames_are_theirs_too, setup_small),
		TEST_WITH(they_get_null_when_the_host_has_no_such_run, setup_small),
		TEST_WITH(what_is_at_hand_is_memory_too, setup_small),
		TEST_WITH(what_others_have_comes_with_their_rest, setup_small),
		TEST(in_the_middle_of_a_request_there_is_the_reserve),
		TEST(the_reserve_is_filled_anew),
		TEST(frees_in_the_middle_have_a_bound),
		TEST(whoever_comes_in_the_middle_finds_all_in_order),
		TEST_WITH(sizes_are_had_in_the_middle_too, setup_debug),
		TEST(nobody_gives_back_for_those_who_could_not_ask),
		TEST(what_they_give_beyond_the_limit_goes_later),
	};

	return cmocka_run_group_tests_name("guest_kmem_atomic", tests, NULL, NULL);
}
