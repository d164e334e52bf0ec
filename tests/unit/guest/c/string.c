/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's own C library against the host's, and Linux's strings and numbers. */
#include "tests/unit/guest/util.h"

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/overflow.h>

/* The guest's functions under other names, so that both are there. */
void *own_memcpy(void *dst, const void *src, size_t n);
void *own_memmove(void *dst, const void *src, size_t n);
void *own_memset(void *dst, int c, size_t n);
int own_memcmp(const void *a, const void *b, size_t n);
void *own_memchr(const void *s, int c, size_t n);
#define memcpy  own_memcpy
#define memmove own_memmove
#define memset  own_memset
#define memcmp  own_memcmp
#define memchr  own_memchr
#include "guest/lib/c/string.c"
#undef memchr
size_t own_strlen(const char *s);
size_t own_strnlen(const char *s, size_t max);
int own_strcmp(const char *a, const char *b);
int own_strncmp(const char *a, const char *b, size_t n);
int own_strcasecmp(const char *a, const char *b);
int own_strncasecmp(const char *a, const char *b, size_t n);
char *own_strcpy(char *dst, const char *src);
char *own_strncpy(char *dst, const char *src, size_t n);
char *own_strcat(char *dst, const char *src);
char *own_strncat(char *dst, const char *src, size_t n);
char *own_strchr(const char *s, int c);
char *own_strrchr(const char *s, int c);
char *own_strchrnul(const char *s, int c);
char *own_strstr(const char *s, const char *what);
size_t own_strspn(const char *s, const char *accept);
size_t own_strcspn(const char *s, const char *reject);
char *own_strpbrk(const char *s, const char *accept);
char *own_strsep(char **s, const char *delimiters);
#define memcpy      own_memcpy
#define memset      own_memset
#define strlen      own_strlen
#define strnlen     own_strnlen
#define strcmp      own_strcmp
#define strncmp     own_strncmp
#define strcasecmp  own_strcasecmp
#define strncasecmp own_strncasecmp
#define strcpy      own_strcpy
#define strncpy     own_strncpy
#define strcat      own_strcat
#define strncat     own_strncat
#define strchr      own_strchr
#define strrchr     own_strrchr
#define strchrnul   own_strchrnul
#define strstr      own_strstr
#define strspn      own_strspn
#define strcspn     own_strcspn
#define strpbrk     own_strpbrk
#define strsep      own_strsep
#include "guest/lib/c/string_c.c"
#undef memcpy
#undef memset
#undef memmove
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strcasecmp
#undef strncasecmp
#undef strcpy
#undef strncpy
#undef strcat
#undef strncat
#undef strchr
#undef strrchr
#undef strchrnul
#undef strstr
#undef strspn
#undef strcspn
#undef strpbrk
#undef strsep

static const size_t sizes[] = {0,  1,  2,  3,  4,  5,  7,  8,   9,   15,  16,  17,
			       18, 24, 31, 32, 33, 63, 64, 100, 255, 256, 257, 5000};

static void blocks_are_copied_and_set(void **state)
{
	static u8 src[6000];
	static u8 dst[6000];
	static u8 want[6000];

	(void)state;
	for (size_t i = 0; i < sizeof(src); i++)
		src[i] = (u8)(i * 7 + i / 256);
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		size_t n = sizes[k];

		for (size_t at = 0; at < 9; at++) {
			memset(dst, 0xcc, sizeof(dst));
			memset(want, 0xcc, sizeof(want));
			memcpy(want + at, src + 3, n);
			assert_ptr_equal(own_memcpy(dst + at, src + 3, n), dst + at);
			assert_memory_equal(dst, want, sizeof(dst));
			assert_int_equal(own_memcmp(dst + at, src + 3, n), 0);
			memset(want + at, 0x5a, n);
			assert_ptr_equal(own_memset(dst + at, 0x15a, n), dst + at);
			assert_memory_equal(dst, want, sizeof(dst));
		}
	}
}

static void overlapping_blocks_are_moved(void **state)
{
	static u8 a[6000];
	static u8 b[6000];

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		for (int shift = -40; shift <= 40; shift++) {
			for (size_t i = 0; i < sizeof(a); i++)
				a[i] = b[i] = (u8)(i * 13 + i / 256);
			own_memmove(a + 50 + shift, a + 50, sizes[k]);
			memmove(b + 50 + shift, b + 50, sizes[k]);
			assert_memory_equal(a, b, sizeof(a));
		}
	}
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void blocks_are_compared_and_searched(void **state)
{
	u8 a[64];
	u8 b[64];

	(void)state;
	memset(a, 1, 64);
	for (int i = 0; i < 64; i++) {
		memset(b, 1, 64);
		b[i] = 200;
		assert_int_equal(sign(own_memcmp(a, b, 64)), -1);
		assert_int_equal(sign(own_memcmp(b, a, 64)), 1);
		assert_int_equal(own_memcmp(a, b, i), 0);
		assert_ptr_equal(own_memchr(b, 200, 64), b + i);
		assert_null(own_memchr(b, 200, i));
		assert_ptr_equal(memchr_inv(b, 1, 64), b + i);
		assert_null(memchr_inv(b, 1, i));
	}
}

static void strings_behave_as_the_hosts(void **state)
{
	static const char *const text[] = {"",    "a",       "b",     "ab",    "abc", "abd",
					   "ABC", "abcabcd", "cabab", "a,b;c", "\xff"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		const char *s = text[i];

		assert_int_equal(own_strlen(s), strlen(s));
		for (size_t n = 0; n < 9; n++)
			assert_int_equal(own_strnlen(s, n), strnlen(s, n));
		for (int c = 0; c < 128; c++) {
			assert_ptr_equal(own_strchr(s, c), strchr(s, c));
			assert_ptr_equal(own_strrchr(s, c), strrchr(s, c));
			assert_ptr_equal(own_strchrnul(s, c), strchrnul(s, c));
		}
		for (size_t k = 0; k < ARRAY_SIZE(text); k++) {
			const char *t = text[k];
			char x[32];
			char y[32];

			assert_int_equal(sign(own_strcmp(s, t)), sign(strcmp(s, t)));
			assert_int_equal(sign(own_strcasecmp(s, t)), sign(strcasecmp(s, t)));
			assert_ptr_equal(own_strstr(s, t), strstr(s, t));
			assert_int_equal(own_strspn(s, t), strspn(s, t));
			assert_int_equal(own_strcspn(s, t), strcspn(s, t));
			assert_ptr_equal(own_strpbrk(s, t), strpbrk(s, t));
			for (size_t n = 0; n < 9; n++) {
				assert_int_equal(sign(own_strncmp(s, t, n)),
						 sign(strncmp(s, t, n)));
				memset(x, 'x', 32);
				memset(y, 'x', 32);
				own_strncpy(x, s, n);
				for (size_t m = 0; m < n; m++)
					y[m] = m < strlen(s) ? s[m] : '\0';
				assert_memory_equal(x, y, 32);
				own_strcpy(x, s);
				own_strncat(x, t, n);
				assert_int_equal(strlen(x), strlen(s) + strnlen(t, n));
			}
			own_strcpy(x, s);
			own_strcat(x, t);
			snprintf(y, sizeof(y), "%s%s", s, t);
			assert_string_equal(x, y);
		}
	}
	char list[] = "a,b;;c", *rest = list;

	assert_string_equal(own_strsep(&rest, ",;"), "a");
	assert_string_equal(own_strsep(&rest, ",;"), "b");
	assert_string_equal(own_strsep(&rest, ",;"), "");
	assert_string_equal(own_strsep(&rest, ",;"), "c");
	assert_null(own_strsep(&rest, ",;"));
}

static void linux_strings(void **state)
{
	static const char *const names[] = {"one", "two", NULL};
	char buf[8];
	char text[] = "  words \n";

	(void)state;
	assert_int_equal(strscpy(buf, "short", sizeof(buf)), 5);
	assert_string_equal(buf, "short");
	assert_int_equal(strscpy(buf, "exactly", sizeof(buf)), 7);
	assert_int_equal(strscpy(buf, "too long a text", sizeof(buf)), -E2BIG);
	assert_string_equal(buf, "too lon");
	assert_int_equal(strscpy(buf, "x", 0), -E2BIG);
	assert_int_equal(strscpy_pad(buf, "ab", sizeof(buf)), 2);
	assert_memory_equal(buf, "ab\0\0\0\0\0", 8);
	assert_string_equal(strim(text), "words");
	assert_string_equal(skip_spaces(" \t\nx "), "x ");
	assert_int_equal(str_has_prefix("prefix-rest", "prefix-"), 7);
	assert_int_equal(str_has_prefix("pre", "prefix"), 0);
	assert_true(strstarts("anything", ""));
	assert_true(sysfs_streq("on", "on\n"));
	assert_false(sysfs_streq("on", "onn"));
	assert_int_equal(match_string(names, 3, "two"), 1);
	assert_int_equal(match_string(names, 3, "three"), -EINVAL);
	assert_string_equal(kbasename("/a/b"), "b");
	assert_string_equal(kbasename("b"), "b");
}

static void numbers_out_of_strings(void **state)
{
	unsigned long long ull;
	long long ll;
	int i;
	u8 byte;
	bool b;
	char *end;

	(void)state;
	assert_int_equal(kstrtoull("18446744073709551615\n", 10, &ull), 0);
	assert_true(ull == ~0ull);
	assert_int_equal(kstrtoull("18446744073709551616", 10, &ull), -ERANGE);
	assert_int_equal(kstrtoull("0x1F", 0, &ull), 0);
	assert_int_equal(ull, 31);
	assert_int_equal(kstrtoull("1f", 16, &ull), 0);
	assert_int_equal(kstrtoull("017", 0, &ull), 0);
	assert_int_equal(ull, 15);
	assert_int_equal(kstrtoull("+7", 0, &ull), 0);
	assert_int_equal(kstrtoull("", 10, &ull), -EINVAL);
	assert_int_equal(kstrtoull("-1", 10, &ull), -EINVAL);
	assert_int_equal(kstrtoull("12x", 10, &ull), -EINVAL);
	assert_int_equal(kstrtoull("12\n\n", 10, &ull), -EINVAL);
	assert_int_equal(kstrtoull("0x", 16, &ull), -EINVAL);
	assert_int_equal(kstrtoll("-9223372036854775808", 10, &ll), 0);
	assert_true(ll == LLONG_MIN);
	assert_int_equal(kstrtoll("-9223372036854775809", 10, &ll), -ERANGE);
	assert_int_equal(kstrtoll("9223372036854775808", 10, &ll), -ERANGE);
	assert_int_equal(kstrtoint("-2147483648", 10, &i), 0);
	assert_int_equal(kstrtoint("2147483648", 10, &i), -ERANGE);
	assert_int_equal(kstrtou8("255", 10, &byte), 0);
	assert_int_equal(kstrtou8("256", 10, &byte), -ERANGE);
	assert_int_equal(kstrtobool("yes", &b), 0);
	assert_true(b);
	assert_int_equal(kstrtobool("off", &b), 0);
	assert_false(b);
	assert_int_equal(kstrtobool("maybe", &b), -EINVAL);
	assert_int_equal(simple_strtoull("42 apples", &end, 10), 42);
	assert_string_equal(end, " apples");
	assert_int_equal(simple_strtol("-0x10", NULL, 0), -16);
}

struct item {
	int value;
	struct list_head link;
	struct hlist_node hash;
};

static void headers_mean_what_they_mean_in_linux(void **state)
{
	struct item items[3];
	struct item *pos;
	struct item *next;
	LIST_HEAD(list);
	HLIST_HEAD(bucket);
	size_t bytes;
	int sum = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		items[i].value = i + 1;
		list_add_tail(&items[i].link, &list);
		hlist_add_head(&items[i].hash, &bucket);
	}
	list_for_each_entry(pos, &list, link)
		sum = sum * 10 + pos->value;
	assert_int_equal(sum, 123);
	sum = 0;
	hlist_for_each_entry(pos, &bucket, hash) sum = sum * 10 + pos->value;
	assert_int_equal(sum, 321);
	list_move(&items[2].link, &list);
	list_for_each_entry_safe(pos, next, &list, link) {
		if (pos->value == 1)
			list_del(&pos->link);
	}
	assert_int_equal(list_first_entry(&list, struct item, link)->value, 3);
	assert_int_equal(list_last_entry(&list, struct item, link)->value, 2);
	assert_ptr_equal(container_of(&items[1].value, struct item, value), &items[1]);

	assert_true(check_mul_overflow(1ul << 40, 1ul << 40, &bytes));
	assert_false(check_add_overflow(1ul, 2ul, &bytes));
	assert_int_equal(bytes, 3);
	assert_true(array_size(1ul << 40, 1ul << 40) == SIZE_MAX);
	assert_true(size_add(SIZE_MAX, 1) == SIZE_MAX);
	assert_int_equal(array3_size(2, 3, 4), 24);

	assert_true(IS_ERR(ERR_PTR(-ENOMEM)));
	assert_false(IS_ERR(NULL));
	assert_true(IS_ERR_OR_NULL(NULL));
	assert_int_equal(PTR_ERR(ERR_PTR(-EFAULT)), -EFAULT);
	assert_int_equal(min(3, max(1, 2)), 2);
	assert_int_equal(clamp(10, 0, 5), 5);
	assert_int_equal(min_t(long, -1, 50u), -1);
	assert_int_equal(ALIGN(13, 8), 16);
	assert_int_equal(DIV_ROUND_UP(13, 8), 2);
	assert_int_equal(roundup(13, 6), 18);
	assert_int_equal(roundup_pow_of_two(65), 128);
	assert_int_equal(order_base_2(65), 7);
	assert_true(GENMASK(7, 4) == 0xf0);
	assert_true(GENMASK_ULL(63, 0) == ~0ull);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_copied_and_set),
		cmocka_unit_test(overlapping_blocks_are_moved),
		cmocka_unit_test(blocks_are_compared_and_searched),
		cmocka_unit_test(strings_behave_as_the_hosts),
		cmocka_unit_test(linux_strings),
		cmocka_unit_test(numbers_out_of_strings),
		cmocka_unit_test(headers_mean_what_they_mean_in_linux),
	};

	return cmocka_run_group_tests_name("guest_c_string", tests, NULL, NULL);
}
