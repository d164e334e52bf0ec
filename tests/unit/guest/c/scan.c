/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's sscanf() against the host's. */
#include "tests/unit/guest/util.h"

#include <linux/kernel.h>
#include <linux/rculist.h>

/* The guest's functions under other names, so that both are there. */
int own_vsscanf(const char *buf, const char *fmt, va_list args);
int own_sscanf(const char *buf, const char *fmt, ...);
#define vsscanf own_vsscanf
#define sscanf  own_sscanf
#include "guest/lib/c/vsscanf.c"
#undef vsscanf
#undef sscanf

/* Two targets of any type: what each of the two makes of a text. */
static void same(const char *text, const char *fmt)
{
	u64 own[4] = {0};
	u64 host[4] = {0};
	int count = own_sscanf(text, fmt, &own[0], &own[1], &own[2], &own[3]);
	int want = sscanf(text, fmt, &host[0], &host[1], &host[2], &host[3]);

	if (count != (want < 0 ? 0 : want) || memcmp(own, host, sizeof(own)))
		fail_msg("\"%s\" by \"%s\": %d, %llx %llx; the host: %d, %llx %llx", text, fmt,
			 count, (unsigned long long)own[0], (unsigned long long)own[1], want,
			 (unsigned long long)host[0], (unsigned long long)host[1]);
}

static void values_come_out_of_text(void **state)
{
	static const char *const cases[][2] = {
		{"12 -7", "%d%d"},
		{"12,-7", "%d , %d"},
		{"0x1f 017 9", "%i %i %i"},
		{"ff0x10", "%2x%x"},
		{"123456", "%3d%d"},
		{"-5", "%ld"},
		{"-5", "%hhd"},
		{"65535", "%hu"},
		{"18446744073709551615", "%llu"},
		{"777", "%o"},
		{" word next", "%3s%s"},
		{"abc", "%c%c"},
		{"abcd", "%2c%c"},
		{"abc-9", "%4[a-c]%d"},
		{"]x", "%1[]x]%c"},
		{"hello", "%7[^l]%n"},
		{"5%6", "%d%%%d"},
		{"1 2 3", "%*d%d%n"},
		{"x", "%d"},
		{"", "%d"},
		{"12", "%d%d"},
		{"a b", "a b%n"},
		{"-", "%d"},
		{"0", "%i"},
		{"09", "%i%d"},
		{"0xa7", "%3x%x"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		same(cases[i][0], cases[i][1]);
}

struct element {
	struct list_head link;
	struct hlist_node node;
	int value;
};

static void lists_change_while_they_are_read(void **state)
{
	struct element e[4] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};
	struct hlist_head table = HLIST_HEAD_INIT;
	struct element *at;
	LIST_HEAD(head);
	int sum = 0;

	(void)state;
	assert_null(list_first_or_null_rcu(&head, struct element, link));
	list_add_rcu(&e[0].link, &head);
	list_add_tail_rcu(&e[1].link, &head);
	list_add_tail_rcu(&e[2].link, &head);
	list_for_each_entry_rcu(at, &head, link)
	{
		sum = sum * 10 + at->value;
		/* A reader goes on from what is removed. */
		if (at == &e[1])
			list_del_rcu(&e[1].link);
	}
	assert_int_equal(sum, 123);
	list_replace_rcu(&e[0].link, &e[3].link);
	assert_ptr_equal(list_first_or_null_rcu(&head, struct element, link), &e[3]);
	hlist_add_head_rcu(&e[0].node, &table);
	hlist_add_head_rcu(&e[1].node, &table);
	hlist_del_rcu(&e[0].node);
	sum = 0;
	hlist_for_each_entry_rcu(at, &table, node) sum += at->value;
	assert_int_equal(sum, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_out_of_text),
		cmocka_unit_test(lists_change_while_they_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
