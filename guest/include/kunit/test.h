/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of a program's parts, by the names of Linux's KUnit. A suite is a table of functions that
 * state what they expect; an expectation that does not hold is printed and fails the test, which
 * goes on; an assertion ends it. kunit_test_suite() has a suite run when the program starts, after
 * what <linux/init.h> has; results are printed as KTAP.
 *
 * What Linux has beyond this (resources, static stubs, deferred actions) is not here.
 */
#ifndef GUEST_KUNIT_TEST_H
#define GUEST_KUNIT_TEST_H

#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#define KUNIT_PARAM_DESC_SIZE 128

enum kunit_status {
	KUNIT_SUCCESS,
	KUNIT_FAILURE,
	KUNIT_SKIPPED,
};

/* A test that runs. priv and param_value are for the test; the rest is the runner's. */
struct kunit {
	void *priv;
	const char *name;
	const void *param_value; /* of a KUNIT_CASE_PARAM() */
	enum kunit_status status;
	char status_comment[KUNIT_PARAM_DESC_SIZE];
	struct list_head memory; /* of kunit_kmalloc() */
	void *escape[5];         /* where an assertion goes, see kunit.c */
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	/* The parameter after prev, of which NULL is before the first, or NULL; its name in desc. */
	const void *(*generate_params)(const void *prev, char *desc);
	enum kunit_status status;
};

/* Its functions may be NULL. suite_init() runs before all tests, init() before each; their
 * failure, an errno, fails what they are for. test_cases ends with an empty one. */
struct kunit_suite {
	const char name[256];
	int (*suite_init)(struct kunit_suite *suite);
	void (*suite_exit)(struct kunit_suite *suite);
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(fn)                      \
	{                                   \
		.run_case = fn, .name = #fn \
	}
#define KUNIT_CASE_SLOW(fn)                 \
	{                                   \
		.run_case = fn, .name = #fn \
	}
#define KUNIT_CASE_PARAM(fn, gen)                                   \
	{                                                           \
		.run_case = fn, .name = #fn, .generate_params = gen \
	}
/* Defines NAME_gen_params(), which goes through an array. */
#define KUNIT_ARRAY_PARAM(nm, array, get_desc)                                                  \
	static const void *nm##_gen_params(const void *prev, char *desc)                        \
	{                                                                                       \
		__typeof__((array)[0]) *__next = prev ? (__typeof__(__next))prev + 1 : (array); \
		if (__next - (array) >= (long)ARRAY_SIZE(array))                                \
			return NULL;                                                            \
		if (get_desc)                                                                   \
			((void (*)(__typeof__(__next), char *))(get_desc))(__next, desc);       \
		return __next;                                                                  \
	}

/* Runs n suites. Returns how many tests failed. */
int kunit_run_suites(struct kunit_suite *const *suites, size_t n);

/* Pointers to suites: all of them are run. */
#define kunit_test_suites(...)                                              \
	static struct kunit_suite *const __UNIQUE_ID(kunit_suites)[] __used \
		__attribute__((__section__(".grt_kunit"), __aligned__(8))) = {__VA_ARGS__}
#define kunit_test_suite(suite) kunit_test_suites(&(suite))

/* Memory that goes with the test; kunit_kfree() is for before. NULL: there is none. */
void *kunit_kmalloc_array(struct kunit *test, size_t n, size_t size, gfp_t gfp);
void kunit_kfree(struct kunit *test, const void *ptr);

static inline void *kunit_kmalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	return kunit_kmalloc_array(test, 1, size, gfp);
}

static inline void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	return kunit_kmalloc_array(test, 1, size, gfp | __GFP_ZERO);
}

static inline void *kunit_kcalloc(struct kunit *test, size_t n, size_t size, gfp_t gfp)
{
	return kunit_kmalloc_array(test, n, size, gfp | __GFP_ZERO);
}

/* Tells the reader of the results something. */
#define kunit_log(level, test, fmt, ...)    printk("# %s: " fmt "\n", (test)->name, ##__VA_ARGS__)
#define kunit_printk(level, test, fmt, ...) kunit_log(level, test, fmt, ##__VA_ARGS__)
#define kunit_info(test, fmt, ...)          kunit_log("", test, fmt, ##__VA_ARGS__)
#define kunit_warn(test, fmt, ...)          kunit_log("", test, fmt, ##__VA_ARGS__)
#define kunit_err(test, fmt, ...)           kunit_log("", test, fmt, ##__VA_ARGS__)

/* Ends the test at once; the caller has set its status. */
void __noreturn kunit_abort(struct kunit *test);

#define kunit_mark_skipped(test, fmt, ...)                                             \
	do {                                                                           \
		(test)->status = KUNIT_SKIPPED;                                        \
		scnprintf((test)->status_comment, sizeof((test)->status_comment), fmt, \
			  ##__VA_ARGS__);                                              \
	} while (0)
#define kunit_skip(test, fmt, ...)                            \
	do {                                                  \
		kunit_mark_skipped(test, fmt, ##__VA_ARGS__); \
		kunit_abort(test);                            \
	} while (0)

/* What does not hold: prints it, with fmt's text unless fmt is NULL, and fails the test; ends it
 * if fatal. left and right are the values, for a comparison. */
void kunit_fail(struct kunit *test, bool fatal, const char *file, int line, const char *what,
		bool compared, long long left, long long right, const char *fmt, ...);

#define __kunit_check(test, fatal, holds, what, compared, left, right, ...)                      \
	do {                                                                                     \
		if (!(holds))                                                                    \
			kunit_fail(test, fatal, __FILE__, __LINE__, what, compared, left, right, \
				   __VA_ARGS__);                                                 \
	} while (0)
/* Both sides are evaluated once. */
#define __kunit_compare(test, fatal, a, op, b, ...)                                                \
	do {                                                                                       \
		const __auto_type __ka = (a);                                                      \
		const __auto_type __kb = (b);                                                      \
		__kunit_check(test, fatal, __ka op __kb, #a " " #op " " #b, true, (long long)__ka, \
			      (long long)__kb, __VA_ARGS__);                                       \
	} while (0)
#define __kunit_pointers(test, fatal, a, op, b, ...)                                      \
	do {                                                                              \
		const void *__ka = (const void *)(a);                                     \
		const void *__kb = (const void *)(b);                                     \
		__kunit_check(test, fatal, __ka op __kb, #a " " #op " " #b, true,         \
			      (long long)(long)__ka, (long long)(long)__kb, __VA_ARGS__); \
	} while (0)
#define __kunit_strings(test, fatal, a, op, b, ...)                                              \
	__kunit_check(test, fatal, strcmp(a, b) op 0, "strcmp(" #a ", " #b ") " #op " 0", false, \
		      0, 0, __VA_ARGS__)
#define __kunit_bytes(test, fatal, a, op, b, n, ...)     \
	__kunit_check(test, fatal, memcmp(a, b, n) op 0, \
		      "memcmp(" #a ", " #b ", " #n ") " #op " 0", false, 0, 0, __VA_ARGS__)

#define KUNIT_SUCCEED(test) ((void)(test))
#define KUNIT_FAIL(test, fmt, ...) \
	kunit_fail(test, false, __FILE__, __LINE__, "KUNIT_FAIL()", false, 0, 0, fmt, ##__VA_ARGS__)
#define KUNIT_FAIL_AND_ABORT(test, fmt, ...) \
	kunit_fail(test, true, __FILE__, __LINE__, "KUNIT_FAIL()", false, 0, 0, fmt, ##__VA_ARGS__)

#define KUNIT_EXPECT_EQ(test, a, b)          __kunit_compare(test, false, a, ==, b, NULL)
#define KUNIT_EXPECT_EQ_MSG(test, a, b, ...) __kunit_compare(test, false, a, ==, b, __VA_ARGS__)
#define KUNIT_EXPECT_NE(test, a, b)          __kunit_compare(test, false, a, !=, b, NULL)
#define KUNIT_EXPECT_NE_MSG(test, a, b, ...) __kunit_compare(test, false, a, !=, b, __VA_ARGS__)
#define KUNIT_EXPECT_LT(test, a, b)          __kunit_compare(test, false, a, <, b, NULL)
#define KUNIT_EXPECT_LT_MSG(test, a, b, ...) __kunit_compare(test, false, a, <, b, __VA_ARGS__)
#define KUNIT_EXPECT_LE(test, a, b)          __kunit_compare(test, false, a, <=, b, NULL)
#define KUNIT_EXPECT_LE_MSG(test, a, b, ...) __kunit_compare(test, false, a, <=, b, __VA_ARGS__)
#define KUNIT_EXPECT_GT(test, a, b)          __kunit_compare(test, false, a, >, b, NULL)
#define KUNIT_EXPECT_GT_MSG(test, a, b, ...) __kunit_compare(test, false, a, >, b, __VA_ARGS__)
#define KUNIT_EXPECT_GE(test, a, b)          __kunit_compare(test, false, a, >=, b, NULL)
#define KUNIT_EXPECT_GE_MSG(test, a, b, ...) __kunit_compare(test, false, a, >=, b, __VA_ARGS__)
#define KUNIT_EXPECT_PTR_EQ(test, a, b)      __kunit_pointers(test, false, a, ==, b, NULL)
#define KUNIT_EXPECT_PTR_EQ_MSG(test, a, b, ...) \
	__kunit_pointers(test, false, a, ==, b, __VA_ARGS__)
#define KUNIT_EXPECT_PTR_NE(test, a, b) __kunit_pointers(test, false, a, !=, b, NULL)
#define KUNIT_EXPECT_PTR_NE_MSG(test, a, b, ...) \
	__kunit_pointers(test, false, a, !=, b, __VA_ARGS__)
#define KUNIT_EXPECT_STREQ(test, a, b)           __kunit_strings(test, false, a, ==, b, NULL)
#define KUNIT_EXPECT_STREQ_MSG(test, a, b, ...)  __kunit_strings(test, false, a, ==, b, __VA_ARGS__)
#define KUNIT_EXPECT_STRNEQ(test, a, b)          __kunit_strings(test, false, a, !=, b, NULL)
#define KUNIT_EXPECT_STRNEQ_MSG(test, a, b, ...) __kunit_strings(test, false, a, !=, b, __VA_ARGS__)
#define KUNIT_EXPECT_MEMEQ(test, a, b, n)        __kunit_bytes(test, false, a, ==, b, n, NULL)
#define KUNIT_EXPECT_MEMEQ_MSG(test, a, b, n, ...) \
	__kunit_bytes(test, false, a, ==, b, n, __VA_ARGS__)
#define KUNIT_EXPECT_MEMNEQ(test, a, b, n) __kunit_bytes(test, false, a, !=, b, n, NULL)
#define KUNIT_EXPECT_MEMNEQ_MSG(test, a, b, n, ...) \
	__kunit_bytes(test, false, a, !=, b, n, __VA_ARGS__)
#define KUNIT_EXPECT_TRUE(test, c) __kunit_check(test, false, (c), #c " is true", false, 0, 0, NULL)
#define KUNIT_EXPECT_TRUE_MSG(test, c, ...) \
	__kunit_check(test, false, (c), #c " is true", false, 0, 0, __VA_ARGS__)
#define KUNIT_EXPECT_FALSE(test, c) \
	__kunit_check(test, false, !(c), #c " is false", false, 0, 0, NULL)
#define KUNIT_EXPECT_FALSE_MSG(test, c, ...) \
	__kunit_check(test, false, !(c), #c " is false", false, 0, 0, __VA_ARGS__)
#define KUNIT_EXPECT_NULL(test, c) \
	__kunit_check(test, false, !(c), #c " is NULL", false, 0, 0, NULL)
#define KUNIT_EXPECT_NULL_MSG(test, c, ...) \
	__kunit_check(test, false, !(c), #c " is NULL", false, 0, 0, __VA_ARGS__)
#define KUNIT_EXPECT_NOT_NULL(test, c) \
	__kunit_check(test, false, (c), #c " is not NULL", false, 0, 0, NULL)
#define KUNIT_EXPECT_NOT_NULL_MSG(test, c, ...) \
	__kunit_check(test, false, (c), #c " is not NULL", false, 0, 0, __VA_ARGS__)
#define KUNIT_EXPECT_NOT_ERR_OR_NULL(test, c)                                                    \
	__kunit_check(test, false, !IS_ERR_OR_NULL(c), #c " is no error, nor NULL", false, 0, 0, \
		      NULL)
#define KUNIT_EXPECT_NOT_ERR_OR_NULL_MSG(test, c, ...)                                           \
	__kunit_check(test, false, !IS_ERR_OR_NULL(c), #c " is no error, nor NULL", false, 0, 0, \
		      __VA_ARGS__)

#define KUNIT_ASSERT_EQ(test, a, b)              __kunit_compare(test, true, a, ==, b, NULL)
#define KUNIT_ASSERT_EQ_MSG(test, a, b, ...)     __kunit_compare(test, true, a, ==, b, __VA_ARGS__)
#define KUNIT_ASSERT_NE(test, a, b)              __kunit_compare(test, true, a, !=, b, NULL)
#define KUNIT_ASSERT_NE_MSG(test, a, b, ...)     __kunit_compare(test, true, a, !=, b, __VA_ARGS__)
#define KUNIT_ASSERT_LT(test, a, b)              __kunit_compare(test, true, a, <, b, NULL)
#define KUNIT_ASSERT_LT_MSG(test, a, b, ...)     __kunit_compare(test, true, a, <, b, __VA_ARGS__)
#define KUNIT_ASSERT_LE(test, a, b)              __kunit_compare(test, true, a, <=, b, NULL)
#define KUNIT_ASSERT_LE_MSG(test, a, b, ...)     __kunit_compare(test, true, a, <=, b, __VA_ARGS__)
#define KUNIT_ASSERT_GT(test, a, b)              __kunit_compare(test, true, a, >, b, NULL)
#define KUNIT_ASSERT_GT_MSG(test, a, b, ...)     __kunit_compare(test, true, a, >, b, __VA_ARGS__)
#define KUNIT_ASSERT_GE(test, a, b)              __kunit_compare(test, true, a, >=, b, NULL)
#define KUNIT_ASSERT_GE_MSG(test, a, b, ...)     __kunit_compare(test, true, a, >=, b, __VA_ARGS__)
#define KUNIT_ASSERT_PTR_EQ(test, a, b)          __kunit_pointers(test, true, a, ==, b, NULL)
#define KUNIT_ASSERT_PTR_EQ_MSG(test, a, b, ...) __kunit_pointers(test, true, a, ==, b, __VA_ARGS__)
#define KUNIT_ASSERT_PTR_NE(test, a, b)          __kunit_pointers(test, true, a, !=, b, NULL)
#define KUNIT_ASSERT_PTR_NE_MSG(test, a, b, ...) __kunit_pointers(test, true, a, !=, b, __VA_ARGS__)
#define KUNIT_ASSERT_STREQ(test, a, b)           __kunit_strings(test, true, a, ==, b, NULL)
#define KUNIT_ASSERT_STREQ_MSG(test, a, b, ...)  __kunit_strings(test, true, a, ==, b, __VA_ARGS__)
#define KUNIT_ASSERT_STRNEQ(test, a, b)          __kunit_strings(test, true, a, !=, b, NULL)
#define KUNIT_ASSERT_STRNEQ_MSG(test, a, b, ...) __kunit_strings(test, true, a, !=, b, __VA_ARGS__)
#define KUNIT_ASSERT_MEMEQ(test, a, b, n)        __kunit_bytes(test, true, a, ==, b, n, NULL)
#define KUNIT_ASSERT_MEMEQ_MSG(test, a, b, n, ...) \
	__kunit_bytes(test, true, a, ==, b, n, __VA_ARGS__)
#define KUNIT_ASSERT_MEMNEQ(test, a, b, n) __kunit_bytes(test, true, a, !=, b, n, NULL)
#define KUNIT_ASSERT_MEMNEQ_MSG(test, a, b, n, ...) \
	__kunit_bytes(test, true, a, !=, b, n, __VA_ARGS__)
#define KUNIT_ASSERT_TRUE(test, c) __kunit_check(test, true, (c), #c " is true", false, 0, 0, NULL)
#define KUNIT_ASSERT_TRUE_MSG(test, c, ...) \
	__kunit_check(test, true, (c), #c " is true", false, 0, 0, __VA_ARGS__)
#define KUNIT_ASSERT_FALSE(test, c) \
	__kunit_check(test, true, !(c), #c " is false", false, 0, 0, NULL)
#define KUNIT_ASSERT_FALSE_MSG(test, c, ...) \
	__kunit_check(test, true, !(c), #c " is false", false, 0, 0, __VA_ARGS__)
#define KUNIT_ASSERT_NULL(test, c) __kunit_check(test, true, !(c), #c " is NULL", false, 0, 0, NULL)
#define KUNIT_ASSERT_NULL_MSG(test, c, ...) \
	__kunit_check(test, true, !(c), #c " is NULL", false, 0, 0, __VA_ARGS__)
#define KUNIT_ASSERT_NOT_NULL(test, c) \
	__kunit_check(test, true, (c), #c " is not NULL", false, 0, 0, NULL)
#define KUNIT_ASSERT_NOT_NULL_MSG(test, c, ...) \
	__kunit_check(test, true, (c), #c " is not NULL", false, 0, 0, __VA_ARGS__)
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c)                                                   \
	__kunit_check(test, true, !IS_ERR_OR_NULL(c), #c " is no error, nor NULL", false, 0, 0, \
		      NULL)
#define KUNIT_ASSERT_NOT_ERR_OR_NULL_MSG(test, c, ...)                                          \
	__kunit_check(test, true, !IS_ERR_OR_NULL(c), #c " is no error, nor NULL", false, 0, 0, \
		      __VA_ARGS__)

#endif
