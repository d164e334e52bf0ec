/* SPDX-License-Identifier: BSD-2-Clause */
/* The runner of KUnit's suites, devices that own resources, and algorithms by their names. */
#include "tests/unit/guest/util.h"

#include <kunit/test.h>
#include <linux/device.h>
#include <linux/textsearch.h>

static unsigned int ran, after, ended;

static void passes(struct kunit *test)
{
	u8 *p = kunit_kzalloc(test, 100, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, p[99], 0);
	KUNIT_EXPECT_STREQ(test, "a", "a");
	kunit_kfree(test, kunit_kmalloc_array(test, 2, 8, GFP_KERNEL));
	ran++;
}

static void expects_wrongly(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, 1, 2);
	ran++;
}

static void asserts_wrongly(struct kunit *test)
{
	KUNIT_ASSERT_TRUE_MSG(test, false, "number %d", 7);
	after++;
}

static void is_skipped(struct kunit *test)
{
	kunit_skip(test, "nothing to do");
	after++;
}

static const int numbers[] = {1, 2, 3};
KUNIT_ARRAY_PARAM(number, numbers, (void *)NULL)

static void has_parameters(struct kunit *test)
{
	KUNIT_EXPECT_LE(test, *(const int *)test->param_value, 3);
	ran++;
}

static void each_ends(struct kunit *test)
{
	(void)test;
	ended++;
}

static void a_suite_tells_what_holds(void **state)
{
	static struct kunit_case cases[] = {
		KUNIT_CASE(passes),
		KUNIT_CASE(expects_wrongly),
		KUNIT_CASE(asserts_wrongly),
		KUNIT_CASE(is_skipped),
		KUNIT_CASE_PARAM(has_parameters, number_gen_params),
		{},
	};
	static struct kunit_suite suite = {
		.name = "suite",
		.exit = each_ends,
		.test_cases = cases,
	};
	struct kunit_suite *suites[] = {&suite};

	(void)state;
	util_start(16 * MIB, 0);
	assert_int_equal(kunit_run_suites(suites, 1), 2);
	assert_int_equal(cases[0].status, KUNIT_SUCCESS);
	assert_int_equal(cases[1].status, KUNIT_FAILURE);
	assert_int_equal(cases[2].status, KUNIT_FAILURE);
	assert_int_equal(cases[3].status, KUNIT_SKIPPED);
	assert_int_equal(ran, 5);
	assert_int_equal(after, 0);
	assert_int_equal(ended, 7);
	assert_int_equal(kunit_run_suites(NULL, 0), 0);
	util_stop();
}

static char trace[16];

static void note(void *data)
{
	strcat(trace, data);
}

static void note_resource(struct device *dev, void *res)
{
	(void)dev;
	strcat(trace, res);
}

static void what_a_device_owns_goes_with_it_in_reverse(void **state)
{
	struct device *dev;
	struct device own = {.init_name = "own"};
	volatile size_t many = SIZE_MAX;
	char *res;
	char *p;

	(void)state;
	util_start(16 * MIB, 0);
	dev = root_device_register("root");
	assert_false(IS_ERR(dev));
	assert_int_equal(devm_add_action(dev, note, "a"), 0);
	p = devm_kasprintf(dev, GFP_KERNEL, "%d-%s", 7, dev_name(dev));
	assert_string_equal(p, "7-root");
	devm_kfree(dev, p);
	assert_string_equal(devm_kstrdup(dev, "text", GFP_KERNEL), "text");
	assert_non_null(devm_kmalloc(dev, 100, GFP_KERNEL));
	assert_ptr_equal(devm_kmalloc(dev, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	assert_null(devm_kmalloc_array(dev, many, 2, GFP_KERNEL));
	assert_non_null(devm_kmemdup(dev, "abc", 3, GFP_KERNEL));
	res = devres_alloc(note_resource, 2, GFP_KERNEL);
	strcpy(res, "r");
	devres_add(dev, res);
	assert_ptr_equal(devres_find(dev, note_resource, NULL, NULL), res);
	assert_ptr_equal(devres_remove(dev, note_resource, NULL, NULL), res);
	assert_int_equal(devres_destroy(dev, note_resource, NULL, NULL), -ENOENT);
	devres_add(dev, res);
	assert_int_equal(devm_add_action_or_reset(dev, note, "b"), 0);
	assert_int_equal(devm_add_action(dev, note, "c"), 0);
	assert_int_equal(devm_add_action(dev, note, "d"), 0);
	devm_remove_action(dev, note, "c");
	devm_release_action(dev, note, "d");
	assert_string_equal(trace, "d");
	device_unregister(dev);
	assert_string_equal(trace, "dbra");

	device_initialize(&own);
	devres_free(devres_alloc(note_resource, 2, GFP_KERNEL));
	res = devres_alloc(note_resource, 2, GFP_KERNEL);
	devres_add(&own, res);
	assert_int_equal(devres_release(&own, note_resource, NULL, NULL), 0);
	assert_int_equal(devres_release_all(&own), 0);
	util_stop();
}

static struct ts_config *one_init(const void *pattern, unsigned int len, gfp_t gfp, int flags)
{
	struct ts_config *conf = alloc_ts_config(1, gfp);

	(void)len;
	(void)flags;
	if (!IS_ERR(conf))
		*(u8 *)ts_config_priv(conf) = *(const u8 *)pattern;
	return conf;
}

/* The first character of the pattern, by the block. */
static unsigned int one_find(struct ts_config *conf, struct ts_state *state)
{
	const u8 *text;
	unsigned int at = state->offset;
	unsigned int len;

	while ((len = conf->get_next_block(at, &text, conf, state))) {
		const u8 *found = memchr(text, *(u8 *)ts_config_priv(conf), len);

		if (found) {
			state->offset = at + (unsigned int)(found - text) + 1;
			return state->offset - 1;
		}
		at += len;
	}
	return UINT_MAX;
}

static void *one_pattern(struct ts_config *conf)
{
	return ts_config_priv(conf);
}

static unsigned int one_len(struct ts_config *conf)
{
	(void)conf;
	return 1;
}

static void algorithms_are_found_by_their_names(void **state)
{
	static struct ts_ops one = {
		.name = "one",
		.init = one_init,
		.find = one_find,
		.get_pattern = one_pattern,
		.get_pattern_len = one_len,
	};
	struct ts_config *conf;
	struct ts_state search;

	(void)state;
	util_start(16 * MIB, 0);
	assert_int_equal(textsearch_register(&one), 0);
	assert_int_equal(textsearch_register(&one), -EEXIST);
	assert_ptr_equal(textsearch_prepare("two", "x", 1, GFP_KERNEL, 0), ERR_PTR(-ENOENT));
	assert_ptr_equal(textsearch_prepare("one", "x", 0, GFP_KERNEL, 0), ERR_PTR(-EINVAL));
	conf = textsearch_prepare("one", "x", 1, GFP_KERNEL, 0);
	assert_int_equal(textsearch_find_continuous(conf, &search, "abxcx", 5), 2);
	assert_int_equal(textsearch_next(conf, &search), 4);
	assert_int_equal(textsearch_next(conf, &search), UINT_MAX);
	assert_int_equal(textsearch_get_pattern_len(conf), 1);
	textsearch_destroy(conf);
	textsearch_destroy(NULL);
	assert_int_equal(textsearch_unregister(&one), 0);
	assert_int_equal(textsearch_unregister(&one), -ENOENT);
	util_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_suite_tells_what_holds),
		cmocka_unit_test(what_a_device_owns_goes_with_it_in_reverse),
		cmocka_unit_test(algorithms_are_found_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
