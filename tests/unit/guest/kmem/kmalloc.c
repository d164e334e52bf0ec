/* SPDX-License-Identifier: BSD-2-Clause */
/* Every call of the kmalloc family, with its edges. */
#include "tests/unit/guest/util.h"

/* Sizes that the compiler does not know. */
static size_t vary(size_t size)
{
	__asm__("" : "+r"(size));
	return size;
}

static bool all_bytes(const void *p, u8 value, size_t n)
{
	return memchr_inv(p, value, n) == NULL;
}

static void kmalloc_of_every_size_is_aligned_and_usable(void **state)
{
	static void *p[9000];

	(void)state;
	for (size_t size = 1; size < 9000; size++) {
		p[size] = kmalloc(vary(size), GFP_KERNEL);
		assert_non_null(p[size]);
		assert_true(ksize(p[size]) >= size);
		assert_int_equal(ksize(p[size]), kmalloc_size_roundup(size));
		assert_int_equal((uintptr_t)p[size] % 8, 0);
		if ((size & (size - 1)) == 0)
			assert_int_equal(kmem_to_phys(p[size]) % size, 0);
		memset(p[size], (int)size, ksize(p[size]));
	}
	for (size_t size = 1; size < 9000; size++) {
		assert_true(all_bytes(p[size], (u8)size, ksize(p[size])));
		kfree(p[size]);
	}
}

static void constant_sizes_take_the_same_classes(void **state)
{
	(void)state;
#define CHECK(size)                                                           \
	do {                                                                  \
		void *p = kmalloc(size, GFP_KERNEL);                          \
                                                                              \
		assert_non_null(p);                                           \
		assert_int_equal(ksize(p), kmalloc_size_roundup(vary(size))); \
		kfree(p);                                                     \
	} while (0)
	CHECK(1);
	CHECK(8);
	CHECK(9);
	CHECK(16);
	CHECK(17);
	CHECK(33);
	CHECK(64);
	CHECK(65);
	CHECK(96);
	CHECK(97);
	CHECK(128);
	CHECK(129);
	CHECK(192);
	CHECK(193);
	CHECK(256);
	CHECK(257);
	CHECK(513);
	CHECK(1024);
	CHECK(1025);
	CHECK(2049);
	CHECK(4096);
	CHECK(4097);
	CHECK(8192);
	CHECK(8193);
#undef CHECK
}

static void large_sizes_are_runs(void **state)
{
	(void)state;
	for (size_t size = 8193; size <= KMALLOC_MAX_SIZE; size = size * 2 - 1) {
		u8 *p = kzalloc(vary(size), GFP_KERNEL);

		assert_non_null(p);
		assert_int_equal(ksize(p), kmalloc_size_roundup(size));
		assert_int_equal(kmem_to_phys(p) % ksize(p), 0);
		assert_true(all_bytes(p, 0, ksize(p)));
		memset(p, 0xff, ksize(p));
		kfree(p);
	}
	for (int i = 0; i < 2; i++) {
		void *p = kmalloc(vary(KMALLOC_MAX_SIZE), GFP_KERNEL);

		assert_int_equal(ksize(p), KMALLOC_MAX_SIZE);
		kfree(p);
	}
	assert_null(kmalloc(vary(KMALLOC_MAX_SIZE + 1), GFP_KERNEL));
	assert_null(kmalloc(KMALLOC_MAX_SIZE + 1, GFP_KERNEL));
	assert_null(kmalloc(vary(SIZE_MAX), GFP_KERNEL));
}

static void nothing_is_zero_size_ptr(void **state)
{
	(void)state;
	assert_ptr_equal(kmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	assert_ptr_equal(kmalloc(vary(0), GFP_KERNEL), ZERO_SIZE_PTR);
	assert_ptr_equal(kzalloc(vary(0), GFP_ATOMIC), ZERO_SIZE_PTR);
	assert_ptr_equal(kmalloc_array(vary(0), 8, GFP_KERNEL), ZERO_SIZE_PTR);
	assert_ptr_equal(kcalloc(8, vary(0), GFP_KERNEL), ZERO_SIZE_PTR);
	assert_ptr_equal(kzalloc_node(vary(0), GFP_KERNEL, 0), ZERO_SIZE_PTR);
	kfree(ZERO_SIZE_PTR);
	kfree(NULL);
	kfree_sensitive(NULL);
	kfree_const(NULL);
	assert_int_equal(ksize(NULL), 0);
	assert_int_equal(ksize(ZERO_SIZE_PTR), 0);
	assert_int_equal(kmalloc_size_roundup(0), 0);
	assert_int_equal(kmalloc_size_roundup(KMALLOC_MAX_SIZE + 1), KMALLOC_MAX_SIZE + 1);
}

static void products_that_overflow_give_null(void **state)
{
	(void)state;
	assert_null(kmalloc_array(vary(SIZE_MAX / 2), 3, GFP_KERNEL));
	assert_null(kcalloc(vary(1ul << 33), 1ul << 33, GFP_KERNEL));
	assert_null(kcalloc_node(vary(1ul << 33), 1ul << 33, GFP_KERNEL, 0));
	assert_null(krealloc_array(NULL, vary(SIZE_MAX), 2, GFP_KERNEL));
}

static void zeroed_means_the_whole_usable_size(void **state)
{
	(void)state;
	/* Dirty objects first, so that a later one is not zero by luck. */
	for (int round = 0; round < 3; round++) {
		void *p[200];

		for (int i = 0; i < 200; i++) {
			p[i] = round % 2 ? kzalloc(vary(100), GFP_KERNEL)
					 : kcalloc(4, 25, GFP_KERNEL);
			assert_true(all_bytes(p[i], 0, 128));
			memset(p[i], 0xa5, 128);
		}
		for (int i = 0; i < 200; i++)
			kfree(p[i]);
	}
	u8 *p = kzalloc(24, GFP_KERNEL);

	assert_true(all_bytes(p, 0, 32));
	kfree(p);
}

static void krealloc_grows_shrinks_and_frees(void **state)
{
	u8 *p = krealloc(NULL, vary(10), GFP_KERNEL);
	u8 *q;

	(void)state;
	assert_non_null(p);
	memset(p, 7, 10);
	assert_ptr_equal(krealloc(p, vary(16), GFP_KERNEL), p);
	q = krealloc(p, vary(5000), GFP_KERNEL);
	assert_non_null(q);
	assert_true(all_bytes(q, 7, 10));
	memset(q, 9, 5000);
	q = krealloc(q, vary(100000), GFP_KERNEL);
	assert_true(all_bytes(q, 9, 5000));
	assert_ptr_equal(krealloc(q, vary(1), GFP_KERNEL), q);
	assert_int_equal(q[0], 9);
	assert_null(krealloc(q, vary(KMALLOC_MAX_SIZE + 1), GFP_KERNEL));
	assert_int_equal(q[0], 9);
	assert_ptr_equal(krealloc(q, vary(0), GFP_KERNEL), ZERO_SIZE_PTR);
	p = krealloc(ZERO_SIZE_PTR, vary(10), GFP_KERNEL);
	assert_non_null(p);
	p = krealloc_array(p, 8, vary(8), GFP_KERNEL);
	assert_true(ksize(p) >= 64);
	kfree(p);
	/* What a shrink leaves behind and a growth brings back is zero. */
	p = kzalloc(vary(64), GFP_KERNEL);
	memset(p, 1, 64);
	p = krealloc(p, vary(16), GFP_KERNEL | __GFP_ZERO);
	p = krealloc(p, vary(64), GFP_KERNEL | __GFP_ZERO);
	assert_true(all_bytes(p, 1, 16));
	assert_true(all_bytes(p + 16, 0, 48));
	kfree(p);
}

static void kfree_sensitive_leaves_nothing(void **state)
{
	u8 *p = kmalloc(vary(200), GFP_KERNEL);

	(void)state;
	memset(p, 0x55, ksize(p));
	kfree_sensitive(p);
	/* The same object comes back. */
	assert_ptr_equal(kmalloc(vary(200), GFP_KERNEL), p);
	assert_true(all_bytes(p, 0, 256));
	kfree(p);
}

static void strings_are_copied(void **state)
{
	char text[] = "of some length";
	char *s;

	(void)state;
	s = kstrdup(text, GFP_KERNEL);
	assert_string_equal(s, text);
	assert_ptr_not_equal(s, text);
	kfree(s);
	assert_null(kstrdup(NULL, GFP_KERNEL));
	assert_null(kstrndup(NULL, 3, GFP_KERNEL));
	s = kstrndup(text, 7, GFP_KERNEL);
	assert_string_equal(s, "of some");
	kfree(s);
	s = kstrndup(text, 100, GFP_KERNEL);
	assert_string_equal(s, text);
	kfree(s);
	s = kmemdup_nul("abcdef", 3, GFP_KERNEL);
	assert_string_equal(s, "abc");
	kfree(s);
	assert_null(kmemdup_nul(NULL, 3, GFP_KERNEL));
	s = kmemdup(text, sizeof(text), GFP_KERNEL);
	assert_string_equal(s, text);
	kfree(s);
	assert_ptr_equal(kmemdup(text, vary(0), GFP_KERNEL), ZERO_SIZE_PTR);
}

/* The last byte before a page that cannot be read. */
static void kstrndup_reads_no_byte_past_max(void **state)
{
	char *edge = malloc(8);
	char *s;

	(void)state;
	/* ASan guards what is behind. */
	memset(edge, 'x', 8);
	s = kstrndup(edge, 8, GFP_KERNEL);
	assert_memory_equal(s, "xxxxxxxx", 9);
	kfree(s);
	free(edge);
}

static void constants_are_not_copied(void **state)
{
	static const char constant[] = "in .rodata";
	char variable[] = "on the stack";
	const char *s = kstrdup_const(constant, GFP_KERNEL);

	(void)state;
	assert_ptr_equal(s, constant);
	kfree_const(s);
	s = kstrdup_const("literal", GFP_KERNEL);
	assert_true(kmem_is_rodata(s));
	kfree_const(s);
	s = kstrdup_const(variable, GFP_KERNEL);
	assert_ptr_not_equal(s, variable);
	assert_string_equal(s, variable);
	kfree_const(s);
	assert_null(kstrdup_const(NULL, GFP_KERNEL));
}

static void user_memory_is_copied_or_refused(void **state)
{
	char text[] = "user's";
	void *hole = (void *)16;
	char *p;

	(void)state;
	p = memdup_user(text, sizeof(text));
	assert_string_equal(p, text);
	kfree(p);
	p = memdup_user_nul(text, 4);
	assert_string_equal(p, "user");
	kfree(p);
	p = strndup_user(text, 100);
	assert_string_equal(p, text);
	kfree(p);
	assert_int_equal(PTR_ERR(strndup_user(text, 6)), -EINVAL);
	assert_int_equal(PTR_ERR(strndup_user(hole, 6)), -EFAULT);
	assert_int_equal(PTR_ERR(memdup_user(hole, 8)), -EFAULT);
	assert_int_equal(PTR_ERR(memdup_user_nul(hole, 8)), -EFAULT);
	assert_int_equal(PTR_ERR(memdup_user(text, KMALLOC_MAX_SIZE + 1)), -ENOMEM);
	assert_int_equal(PTR_ERR(memdup_user(text, SIZE_MAX)), -ENOMEM);
	assert_int_equal(PTR_ERR(memdup_user_nul(text, SIZE_MAX)), -ENOMEM);
	assert_int_equal(PTR_ERR(memdup_user((void *)(1ul << 63), 8)), -EFAULT);
	/* Nothing leaked on a fault: util_stop() counts frames, this counts objects. */
	kmem_give_back();
	assert_int_equal(util_active(1), 0);
}

static void free_inline(const void *p)
{
	kfree(p);
}

static void size_of(const void *p)
{
	ksize(p);
}

static void give_back(const void *p)
{
	(void)p;
	kmem_give_back();
}

static void misuse_is_named(void **state)
{
	char *p = kmalloc(64, GFP_KERNEL);
	char *run = kmalloc(vary(100000), GFP_KERNEL);
	static int foreign;

	(void)state;
	kfree(p);
	util_expect_bug(free_inline, p, "kfree: double free of 0x");
	assert_non_null(strstr(util_bug, "(kmalloc-64)"));
	util_expect_bug(kfree, p, "kfree: double free of 0x");
	util_expect_bug(free_inline, &foreign, "is not in the heap");
	util_expect_bug(free_inline, (void *)0x18, "kfree: 0x18 is not in the heap");
	p = kmalloc(64, GFP_KERNEL);
	util_expect_bug(free_inline, p + 4, "is not the start of an object");
	util_expect_bug(free_inline, run + 64, "is not the start of an object");
	util_expect_bug(free_inline, run + 4096, "is not the start of an object");
	kfree(p);
	kfree(run);
	util_expect_bug(free_inline, run, "kfree: ");
	util_expect_bug(free_inline, (char *)kmem_to_virt(BASE) + 60 * MIB, "is not allocated");
	util_expect_bug(size_of, (char *)kmem_to_virt(BASE) + 60 * MIB, "is not allocated");
}

static void a_double_free_is_found_when_the_magazine_is_drained(void **state)
{
	char *p = kmalloc(64, GFP_KERNEL);
	char *q = kmalloc(64, GFP_KERNEL);

	(void)state;
	kfree(p);
	kfree(q);
	kfree(p);
	util_expect_bug(give_back, NULL, "kfree: double free of 0x");
	p = kmalloc(64, GFP_KERNEL);
	kfree(p + 8);
	util_expect_bug(give_back, NULL, "is not the start of an object");
	kfree(p);
}

static void without_an_allocator_there_is_no_memory(void **state)
{
	(void)state;
	assert_null(kmalloc(64, GFP_KERNEL));
	assert_null(kmalloc(vary(100000), GFP_KERNEL));
	assert_null(kmem_cache_create("early", 8, 0, 0, NULL));
	assert_int_equal(kmem_pages_alloc(0, GFP_KERNEL, NUMA_NO_NODE), 0);
	assert_null(kmem_channel());
	kfree(NULL);
	kmem_give_back();
	kmem_poll();
	kmem_exit();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, util_setup, util_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_an_allocator_there_is_no_memory),
		TEST(kmalloc_of_every_size_is_aligned_and_usable),
		TEST(constant_sizes_take_the_same_classes),
		TEST(nothing_is_zero_size_ptr),
		TEST(products_that_overflow_give_null),
		TEST(zeroed_means_the_whole_usable_size),
		TEST(krealloc_grows_shrinks_and_frees),
		TEST(kfree_sensitive_leaves_nothing),
		TEST(strings_are_copied),
		TEST(kstrndup_reads_no_byte_past_max),
		TEST(constants_are_not_copied),
		TEST(user_memory_is_copied_or_refused),
		TEST(misuse_is_named),
		TEST(a_double_free_is_found_when_the_magazine_is_drained),
		TEST(large_sizes_are_runs),
	};

	return cmocka_run_group_tests_name("guest_kmem_kmalloc", tests, NULL, NULL);
}
