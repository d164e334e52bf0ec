/* SPDX-License-Identifier: BSD-2-Clause */
/* The runner of KUnit's suites. */
#include <kunit/test.h>

#ifdef SLABVISOR_HOSTED
#include <setjmp.h>
/* A process of the host has the C library's way out of a function. */
static jmp_buf hosted_escape;
#define escape_here(test) setjmp(hosted_escape)
#define escape_to(test)   longjmp(hosted_escape, 1)
#else
#define escape_here(test) __builtin_setjmp((test)->escape)
#define escape_to(test)   __builtin_longjmp((test)->escape, 1)
#endif

struct kunit_memory {
	struct list_head link;
	u64 data[];
};

void *kunit_kmalloc_array(struct kunit *test, size_t n, size_t size, gfp_t gfp)
{
	struct kunit_memory *memory = kmalloc(size_add(sizeof(*memory), array_size(n, size)), gfp);

	if (!memory)
		return NULL;
	list_add(&memory->link, &test->memory);
	return memory->data;
}

void kunit_kfree(struct kunit *test, const void *ptr)
{
	struct kunit_memory *memory;

	(void)test;
	if (!ptr)
		return;
	memory = container_of((u64 *)ptr, struct kunit_memory, data[0]);
	list_del(&memory->link);
	kfree(memory);
}

void kunit_abort(struct kunit *test)
{
	(void)test;
	escape_to(test);
}

void kunit_fail(struct kunit *test, bool fatal, const char *file, int line, const char *what,
		bool compared, long long left, long long right, const char *fmt, ...)
{
	char text[KUNIT_PARAM_DESC_SIZE];
	va_list args;

	test->status = KUNIT_FAILURE;
	printk("    # %s: %s:%d: does not hold: %s\n", test->name, file, line, what);
	if (compared)
		printk("    #   %lld (0x%llx) and %lld (0x%llx)\n", left, left, right, right);
	if (fmt) {
		va_start(args, fmt);
		vsnprintf(text, sizeof(text), fmt, args);
		va_end(args);
		printk("    #   %s\n", text);
	}
	if (fatal)
		kunit_abort(test);
}

/* In functions of their own, so that nothing in a register is lost to an assertion. */
static noinline void run_guarded(struct kunit *test, void (*run)(struct kunit *test))
{
	if (!escape_here(test))
		run(test);
}

static enum kunit_status run_once(const struct kunit_suite *suite, const struct kunit_case *kase,
				  const void *param, char *comment)
{
	struct kunit test = {.name = kase->name, .param_value = param};
	struct kunit_memory *memory;
	struct kunit_memory *next;
	int err = 0;

	INIT_LIST_HEAD(&test.memory);
	if (suite->init)
		err = suite->init(&test);
	if (err)
		kunit_fail(&test, false, __FILE__, __LINE__, "the suite's init()", true, err, 0,
			   NULL);
	else
		run_guarded(&test, kase->run_case);
	if (suite->exit)
		run_guarded(&test, suite->exit);
	list_for_each_entry_safe(memory, next, &test.memory, link)
		kfree(memory);
	strscpy(comment, test.status_comment, KUNIT_PARAM_DESC_SIZE);
	return test.status;
}

static void say(const char *indent, enum kunit_status status, size_t number, const char *name,
		const char *comment)
{
	printk("%s%s %zu %s%s%s\n", indent, status == KUNIT_FAILURE ? "not ok" : "ok", number, name,
	       status == KUNIT_SKIPPED ? " # SKIP " : "", status == KUNIT_SKIPPED ? comment : "");
}

static enum kunit_status run_params(const struct kunit_suite *suite, const struct kunit_case *kase,
				    char *comment)
{
	enum kunit_status all = KUNIT_SKIPPED;
	const void *param = NULL;

	for (size_t n = 1;; n++) {
		char desc[KUNIT_PARAM_DESC_SIZE] = "";
		enum kunit_status status;

		param = kase->generate_params(param, desc);
		if (!param)
			return all;
		status = run_once(suite, kase, param, comment);
		say("        ", status, n, desc, comment);
		if (status == KUNIT_FAILURE || all == KUNIT_SKIPPED)
			all = status;
	}
}

/* Returns how many failed. */
static int run_suite(struct kunit_suite *suite, size_t number)
{
	char comment[KUNIT_PARAM_DESC_SIZE] = "";
	size_t cases = 0;
	int failed = 0;
	int err = 0;

	while (suite->test_cases[cases].run_case)
		cases++;
	printk("    # Subtest: %s\n    1..%zu\n", suite->name, cases);
	if (suite->suite_init)
		err = suite->suite_init(suite);
	for (size_t i = 0; i < cases && !err; i++) {
		struct kunit_case *kase = &suite->test_cases[i];

		kase->status = kase->generate_params ? run_params(suite, kase, comment)
						     : run_once(suite, kase, NULL, comment);
		say("    ", kase->status, i + 1, kase->name, comment);
		failed += kase->status == KUNIT_FAILURE;
	}
	if (err)
		printk("    # %s: suite_init() returned %d\n", suite->name, err);
	else if (suite->suite_exit)
		suite->suite_exit(suite);
	failed += err != 0;
	say("", failed ? KUNIT_FAILURE : KUNIT_SUCCESS, number, suite->name, "");
	return failed;
}

int kunit_run_suites(struct kunit_suite *const *suites, size_t n)
{
	int failed = 0;

	if (n)
		printk("KTAP version 1\n1..%zu\n", n);
	for (size_t i = 0; i < n; i++)
		failed += run_suite(suites[i], i + 1);
	return failed;
}
