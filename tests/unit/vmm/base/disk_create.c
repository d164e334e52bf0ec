/* SPDX-License-Identifier: BSD-2-Clause */
/* How long an image is waited for that somebody has locked. No time goes by here: both the device
 * and the clock are this file's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "vmm/base/disk_create.h"

static int result;              /* of blk_dev_create() */
static unsigned int free_at_ms; /* when it becomes 0 */
static unsigned int now_ms, tries;

int blk_dev_create(const struct blk_dev_config *config, struct io_engine *engine,
		   struct virtio_device **dev)
{
	(void)config;
	(void)engine;
	(void)dev;
	tries++;
	return now_ms < free_at_ms ? result : 0;
}

int nanosleep(const struct timespec *pause, struct timespec *left)
{
	(void)left;
	now_ms += (unsigned int)(pause->tv_sec * 1000 + pause->tv_nsec / 1000000);
	return 0;
}

static int create(int first, unsigned int until_ms)
{
	result = first;
	free_at_ms = until_ms;
	now_ms = 0;
	tries = 0;
	return disk_create(NULL, NULL, NULL);
}

static void an_image_that_nobody_has_is_not_waited_for(void **state)
{
	(void)state;
	assert_int_equal(create(-EBUSY, 0), 0);
	assert_int_equal(tries, 1);
	assert_int_equal(now_ms, 0);
}

static void a_lock_that_goes_within_two_seconds_is_waited_for(void **state)
{
	(void)state;
	assert_int_equal(create(-EBUSY, 2000), 0);
	assert_true(now_ms >= 2000 && now_ms < 2100);
}

static void a_lock_that_stays_is_an_error_in_the_end(void **state)
{
	(void)state;
	assert_int_equal(create(-EBUSY, 3600000), -EBUSY);
	assert_true(now_ms < 5000);
}

static void another_error_is_told_at_once(void **state)
{
	(void)state;
	assert_int_equal(create(-ENOENT, 3600000), -ENOENT);
	assert_int_equal(tries, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_that_nobody_has_is_not_waited_for),
		cmocka_unit_test(a_lock_that_goes_within_two_seconds_is_waited_for),
		cmocka_unit_test(a_lock_that_stays_is_an_error_in_the_end),
		cmocka_unit_test(another_error_is_told_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
