/* SPDX-License-Identifier: BSD-2-Clause */
/* Ranges of addresses in use, beside a model that has a byte for each page. */
#include "tests/unit/guest/util.h"

#include <linux/errno.h>

#include "guest/lib/vm/vspace.h"

#define PAGES 512ul
#define PAGE  4096ul
#define FIRST 16ul /* page that the space begins at */

/* By page: 0, or 1 and the flags of the range it is in, with RANGE_START where one begins. */
static u8 model[FIRST + PAGES + 1];
#define RANGE_START 0x80

static struct vspace space;

static int setup(void **state)
{
	(void)state;
	util_start(4 * MIB, 0);
	space = (struct vspace){.lo = FIRST * PAGE, .hi = (FIRST + PAGES) * PAGE};
	memset(model, 0, sizeof(model));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	util_stop();
	return 0;
}

/* Every lookup says what the model does. */
static void same_as_the_model(void)
{
	for (unsigned long page = FIRST; page < FIRST + PAGES; page++) {
		const struct vrange *at = vspace_at(&space, page * PAGE + 1);
		const struct vrange *found = vspace_find(&space, page * PAGE);
		unsigned long next = page;

		while (next < FIRST + PAGES && !model[next])
			next++;
		if (next == FIRST + PAGES) {
			assert_null(found);
		} else {
			assert_non_null(found);
			assert_true(found->end > page * PAGE);
			if (next > page)
				assert_int_equal(found->start, next * PAGE);
		}
		assert_int_equal(!at, !model[page]);
		if (!at)
			continue;
		assert_ptr_equal(at, found);
		assert_int_equal(at->flags + 1, model[page] & ~RANGE_START);
		assert_int_equal(at->start == page * PAGE, model[page] >= RANGE_START);
		assert_int_equal(at->end == (page + 1) * PAGE,
				 !model[page + 1] || model[page + 1] >= RANGE_START);
	}
}

static unsigned long model_gap(unsigned long pages)
{
	unsigned long room = 0;

	for (unsigned long page = FIRST + PAGES; page-- > FIRST;) {
		room = model[page] ? 0 : room + 1;
		if (room == pages)
			return page * PAGE;
	}
	return 0;
}

static bool model_free(unsigned long first, unsigned long end)
{
	for (; first < end; first++)
		if (model[first])
			return false;
	return true;
}

static void insert(unsigned long first, unsigned long end, u8 flags)
{
	struct vrange range = {.start = first * PAGE, .end = end * PAGE, .flags = flags};

	assert_int_equal(vspace_reserve(&space, 1), 0);
	vspace_insert(&space, &range);
	memset(model + first, flags + 1, end - first);
	model[first] |= RANGE_START;
}

static void split(unsigned long page)
{
	assert_int_equal(vspace_reserve(&space, 1), 0);
	vspace_split(&space, page * PAGE);
	if (model[page])
		model[page] |= RANGE_START;
}

static void remove_between(unsigned long first, unsigned long end)
{
	struct vrange *range;

	split(first);
	split(end);
	while ((range = vspace_find(&space, first * PAGE)) && range->start < end * PAGE)
		vspace_remove(&space, range);
	memset(model + first, 0, end - first);
}

/* The page that the range begins at which holds a page. */
static unsigned long model_start(unsigned long page)
{
	while (model[page] < RANGE_START)
		page--;
	return page;
}

static void merge(unsigned long first, unsigned long end)
{
	vspace_merge(&space, first * PAGE, end * PAGE);
	for (unsigned long page = max(first, FIRST + 1); page < FIRST + PAGES; page++) {
		if (model[page] >= RANGE_START && model[page - 1] &&
		    (model[page - 1] & ~RANGE_START) == (model[page] & ~RANGE_START) &&
		    model_start(page - 1) < end)
			model[page] &= ~RANGE_START;
	}
}

static unsigned long below(unsigned long n)
{
	return (unsigned long)rand() % n;
}

static void any_order_of_calls_agrees_with_the_model(void **state)
{
	(void)state;
	srand(1);
	for (int step = 0; step < 20000; step++) {
		unsigned long first = FIRST + below(PAGES - 1);
		unsigned long end = first + 1 + below(min(40ul, FIRST + PAGES - first - 1) + 1);
		unsigned long size = 1 + below(50);
		u8 flags = (u8)below(2);

		end = min(end, FIRST + PAGES);
		assert_int_equal(vspace_is_free(&space, first * PAGE, end * PAGE),
				 model_free(first, end));
		assert_int_equal(vspace_gap(&space, size * PAGE), model_gap(size));
		if (model_free(first, end))
			insert(first, end, flags);
		else if (below(3))
			remove_between(first, end);
		else
			split(first);
		if (!below(4))
			merge(first, end);
		if (step % 50 == 0)
			same_as_the_model();
	}
	remove_between(FIRST, FIRST + PAGES);
	same_as_the_model();
}

static void an_empty_space_holds_no_memory(void **state)
{
	struct vrange range = {.start = FIRST * PAGE, .end = (FIRST + 1) * PAGE};

	(void)state;
	assert_int_equal(vspace_reserve(&space, 3), 0);
	vspace_insert(&space, &range);
	vspace_remove(&space, vspace_at(&space, range.start));
	assert_null(space.spare);
	kmem_give_back();
	assert_int_equal(util_active(4), 0);
}

static void each_range_is_a_small_object(void **state)
{
	(void)state;
	/* A run of frames is what may not be there. */
	for (unsigned long page = 0; page < PAGES; page += 2)
		insert(FIRST + page, FIRST + page + 1, 0);
	assert_int_equal(util_active(4) >= PAGES / 2, 1);
	for (u32 cache = 5; cache <= VIRTIO_KMEM_CLASSES; cache++)
		assert_int_equal(util_active(cache), 0);
	remove_between(FIRST, FIRST + PAGES);
}

static void without_memory_there_is_no_room(void **state)
{
	(void)state;
	kmem_give_back();
	wire.fail_from = (long)wire.allocs;
	wire.fail_for = 1 << 30;
	assert_int_equal(vspace_reserve(&space, 1), -ENOMEM);
	wire.fail_from = -1;
	assert_int_equal(vspace_reserve(&space, 1), 0);
	insert(FIRST, FIRST + 1, 0);
	remove_between(FIRST, FIRST + 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(any_order_of_calls_agrees_with_the_model),
		TEST(an_empty_space_holds_no_memory),
		TEST(each_range_is_a_small_object),
		TEST(without_memory_there_is_no_room),
	};

	return cmocka_run_group_tests_name("guest_vm_vspace", tests, NULL, NULL);
}
