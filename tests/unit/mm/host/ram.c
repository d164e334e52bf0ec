/* SPDX-License-Identifier: BSD-2-Clause */
/* RAM: as it is touched, taken at once, of the hugetlb pool, and what the host cannot give. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mm/host/ram.h"
#include "tests/unit/mm/util.h"

#define ADVICE_POPULATE 23 /* MADV_POPULATE_WRITE */

/* Of the call with that advice that is refused (0: none, -1: each), and with what. */
static atomic_int refuse_nth;
static int refuse_with;

/* The C library's, which lets a kernel be told of that lacks an advice, or memory. */
int madvise(void *addr, size_t length, int advice)
{
	int nth = atomic_load(&refuse_nth);

	if (advice == ADVICE_POPULATE && nth &&
	    (nth < 0 || atomic_fetch_sub(&refuse_nth, 1) == 1)) {
		errno = refuse_with;
		return -1;
	}
	return (int)syscall(SYS_madvise, addr, length, advice);
}

static const struct mm_range parts[] = {
	{.size = 128 * MIB, .host_node = -1},
	{.size = 70 * MIB, .host_node = 0},
};

static struct mm_ram_config two_parts(void)
{
	return (struct mm_ram_config){.range = parts, .nr_ranges = 2};
}

static void refused(const struct mm_ram_config *config, int status, const char *says)
{
	struct mm_ram ram;
	const char *why = NULL;

	assert_int_equal(mm_ram_create(config, &ram, &why), status);
	assert_non_null(why);
	if (!strstr(why, says))
		fail_msg("\"%s\" does not say \"%s\"", why, says);
}

static void create(const struct mm_ram_config *config, struct mm_ram *ram)
{
	const char *why = NULL;

	if (mm_ram_create(config, ram, &why))
		fail_msg("%s", why);
}

/* Pages that are there. */
static uint64_t resident(const struct mm_ram *ram)
{
	uint64_t pages = ram->size / MM_FRAME_SIZE;
	uint64_t sum = 0;
	unsigned char *state = malloc(pages);

	assert_non_null(state);
	assert_int_equal(mincore(ram->host, ram->size, state), 0);
	for (uint64_t i = 0; i < pages; i++)
		sum += state[i] & 1;
	free(state);
	return sum;
}

static void it_comes_as_it_is_touched(void **state)
{
	struct mm_ram_config config = two_parts();
	struct mm_ram ram;

	(void)state;
	create(&config, &ram);
	assert_int_equal(ram.size, 198 * MIB);
	assert_int_equal((uintptr_t)ram.host % MM_HUGE_SIZE, 0);
	assert_int_equal(resident(&ram), 0);
	ram.host[ram.size - 1] = 1;
	assert_in_range(resident(&ram), 1, 512);
	mm_ram_destroy(&ram);
}

static void all_there(const struct mm_ram_config *config)
{
	struct mm_ram ram;

	create(config, &ram);
	assert_int_equal(resident(&ram), ram.size / MM_FRAME_SIZE);
	assert_true(util_is_zero(ram.host, ram.size));
	memset(ram.host, 0xa5, ram.size);
	mm_ram_destroy(&ram);
}

static void it_is_taken_at_once(void **state)
{
	struct mm_ram_config config = two_parts();

	(void)state;
	config.populate = true;
	all_there(&config);
}

/* Linux before 5.14. */
static void it_is_taken_without_the_advice(void **state)
{
	struct mm_ram_config config = two_parts();

	(void)state;
	config.populate = true;
	refuse_with = EINVAL;
	atomic_store(&refuse_nth, -1);
	all_there(&config);
	atomic_store(&refuse_nth, 0);
}

static void a_dry_run_takes_nothing(void **state)
{
	struct mm_ram_config config = two_parts();
	struct mm_ram ram;

	(void)state;
	config.populate = config.dry_run = true;
	create(&config, &ram);
	assert_int_equal(resident(&ram), 0);
	mm_ram_destroy(&ram);
}

static void what_the_host_lacks_is_said(void **state)
{
	const struct mm_range huge = {.size = 4ull << 40, .host_node = -1};
	const struct mm_range node = {.size = 4ull << 40, .host_node = 0};
	struct mm_ram_config config = {.range = &huge, .nr_ranges = 1, .populate = true};

	(void)state;
	refused(&config, -ENOMEM, "4096.0 GiB are needed, ");
	refused(&config, -ENOMEM, " are missing");
	config.dry_run = true;
	refused(&config, -ENOMEM, "4096.0 GiB are needed, ");
	config.range = &node;
	refused(&config, -ENOMEM, "4096.0 GiB are needed, ");
	config.page = MM_HUGE_SIZE;
	refused(&config, -ENOMEM, "free pages of 2 MiB, 2097152 are needed: ");
	config.page = MM_GIANT_SIZE;
	refused(&config, -ENOMEM, "hugetlb pool");
}

/* Half-way: two chunks of 64 MiB, and a third of which nothing is there. */
static void what_cannot_be_had_is_said(void **state)
{
	struct mm_ram_config config = two_parts();

	(void)state;
	config.populate = true;
	refuse_with = ENOMEM;
	atomic_store(&refuse_nth, 3);
	refused(&config, -ENOMEM, "of 198.0 MiB, 70.0 MiB cannot be had: Cannot allocate memory");
	atomic_store(&refuse_nth, 0);
}

static void nodes_that_are_not_there(void **state)
{
	struct mm_range range = {.size = 2 * MIB, .host_node = 1000};
	const struct mm_ram_config config = {.range = &range, .nr_ranges = 1};

	(void)state;
	refused(&config, -EINVAL, "host node 1000");
	range.host_node = 5000;
	refused(&config, -EINVAL, "host node 5000");
	assert_int_equal(mm_node_check(0), 0);
	assert_int_equal(mm_node_check(1000), -EINVAL);
	assert_int_equal(mm_node_check(-1), -EINVAL);
	assert_int_equal(mm_node_check(1 << 20), -EINVAL);
}

/* Of pages that are reserved nobody else has one; pages of a node are there at once. */
static void pages_of_the_pool(void **state)
{
	struct mm_range range = {.size = 16 * MIB, .host_node = -1};
	const struct mm_ram_config config = {.range = &range, .nr_ranges = 1, .page = MM_HUGE_SIZE};
	struct mm_ram ram;
	struct mm_ram other;
	const char *why = NULL;
	int64_t room;

	(void)state;
	if (!util_pool_grow(8)) {
		print_message("# left out: the pool cannot be made larger\n");
		skip();
	}
	room = mm_ram_room(MM_HUGE_SIZE);
	create(&config, &ram);
	assert_int_equal((uintptr_t)ram.host % MM_HUGE_SIZE, 0);
	assert_int_equal(resident(&ram), 0);
	assert_in_range(room, 16 * MIB, INT64_MAX);
	assert_int_equal(mm_ram_room(3 * MIB), -ENOENT);
	assert_in_range(mm_ram_room(0), 1, INT64_MAX);
	if (!mm_ram_create(&config, &other, &why))
		mm_ram_destroy(&other); /* somebody has left pages there */
	else
		assert_non_null(strstr(why, "8 are needed: "));
	memset(ram.host, 0x5a, ram.size);
	mm_ram_destroy(&ram);

	range.host_node = 0;
	create(&config, &ram);
	assert_int_equal(resident(&ram), ram.size / MM_FRAME_SIZE);
	assert_true(util_is_zero(ram.host, ram.size));
	mm_ram_destroy(&ram);
	assert_true(util_pool_grow(-8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_comes_as_it_is_touched),
		cmocka_unit_test(it_is_taken_at_once),
		cmocka_unit_test(it_is_taken_without_the_advice),
		cmocka_unit_test(a_dry_run_takes_nothing),
		cmocka_unit_test(what_the_host_lacks_is_said),
		cmocka_unit_test(what_cannot_be_had_is_said),
		cmocka_unit_test(nodes_that_are_not_there),
		cmocka_unit_test(pages_of_the_pool),
	};

	return cmocka_run_group_tests_name("mm_host_ram", tests, NULL, NULL);
}
