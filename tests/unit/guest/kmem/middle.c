/* SPDX-License-Identifier: BSD-2-Clause */
/* Those who come in the middle of a request. */
#include "tests/unit/guest/util.h"

#define SCATTER 100000

static void *object[SCATTER];

static unsigned int below(unsigned int n)
{
	return (unsigned int)rand() % n;
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
	util_free_all(object, n);
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

static void many_frees_in_the_middle(void)
{
	if (handler.calls++)
		return;
	for (size_t i = 0; i < MIDDLE; i++)
		kfree(object[i]);
}

static void what_they_give_beyond_the_limit_goes_later(void **state)
{
	u64 kept;

	(void)state;
	memset(&handler, 0, sizeof(handler));
	for (size_t i = 0; i < SCATTER; i++)
		assert_non_null(object[i] = kmalloc(64, GFP_KERNEL));
	/* Magazines for as many. */
	for (size_t i = MIDDLE; i < SCATTER; i++)
		kfree(object[i]);
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
#define TEST_WITH(f, s) cmocka_unit_test_setup_teardown(f, s, util_teardown)
#define TEST(f)         TEST_WITH(f, util_setup)
	const struct CMUnitTest tests[] = {
		TEST(in_the_middle_of_a_request_there_is_the_reserve),
		TEST(the_reserve_is_filled_anew),
		TEST(frees_in_the_middle_have_a_bound),
		TEST(whoever_comes_in_the_middle_finds_all_in_order),
		TEST_WITH(sizes_are_had_in_the_middle_too, util_setup_debug),
		TEST(nobody_gives_back_for_those_who_could_not_ask),
		TEST(what_they_give_beyond_the_limit_goes_later),
	};

	return cmocka_run_group_tests_name("guest_kmem_middle", tests, NULL, NULL);
}
