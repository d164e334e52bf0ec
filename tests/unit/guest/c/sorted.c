/* SPDX-License-Identifier: BSD-2-Clause */
/* What keeps an order: sorting, trees, lists, heaps, tables. */
#include "tests/unit/guest/util.h"

#include <linux/bsearch.h>
#include <linux/hashtable.h>
#include <linux/interval_tree.h>
#include <linux/list_sort.h>
#include <linux/llist.h>
#include <linux/min_heap.h>
#include <linux/prandom.h>
#include <linux/rbtree_augmented.h>
#include <linux/sort.h>

#define COUNT 500

static int by_number(const void *a, const void *b)
{
	const u32 x = *(const u32 *)a;
	const u32 y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static unsigned int swaps;

static void swap_counted(void *a, void *b, int size)
{
	u8 t[8];

	memcpy(t, a, size);
	memcpy(a, b, size);
	memcpy(b, t, size);
	swaps++;
}

static int by_number_down(const void *a, const void *b, const void *priv)
{
	assert_ptr_equal(priv, &swaps);
	return by_number(b, a);
}

static void arrays_are_sorted(void **state)
{
	static u32 words[COUNT];
	static u64 wide[COUNT];
	struct rnd_state rnd;
	u32 key;

	(void)state;
	prandom_seed_state(&rnd, 1);
	for (unsigned int n = 0; n < COUNT; n += 7) {
		for (unsigned int i = 0; i < n; i++)
			words[i] = prandom_u32_state(&rnd) % 300;
		sort(words, n, sizeof(words[0]), by_number, n % 2 ? swap_counted : NULL);
		for (unsigned int i = 1; i < n; i++)
			assert_true(words[i - 1] <= words[i]);
		sort_r(words, n, sizeof(words[0]), by_number_down, NULL, &swaps);
		for (unsigned int i = 1; i < n; i++)
			assert_true(words[i - 1] >= words[i]);
	}
	assert_true(swaps > 0);
	for (u32 i = 0; i < COUNT; i++)
		wide[i] = (u64)(i * 7 % COUNT) | 5ull << 32;
	sort(wide, COUNT, sizeof(wide[0]), by_number, NULL);
	for (u32 i = 0; i < COUNT; i++)
		assert_int_equal(wide[i], i | 5ull << 32);
	for (key = 0; key < COUNT; key++)
		assert_ptr_equal(__inline_bsearch(&key, wide, COUNT, 8, by_number), &wide[key]);
	assert_null(__inline_bsearch(&key, wide, COUNT, 8, by_number));
	assert_ptr_equal(bsearch(&words[0], words, 1, 4, by_number), words);
}

struct item {
	struct list_head link;
	u32 key, order;
};

static int by_key(void *priv, const struct list_head *a, const struct list_head *b)
{
	(void)priv;
	return (int)list_entry(a, struct item, link)->key -
	       (int)list_entry(b, struct item, link)->key;
}

static void lists_are_sorted_and_equals_keep_their_order(void **state)
{
	static struct item items[COUNT];
	struct rnd_state rnd;

	(void)state;
	prandom_seed_state(&rnd, 2);
	for (unsigned int n = 0; n < COUNT; n += 31) {
		const struct item *prev = NULL;
		struct item *item;
		unsigned int seen = 0;
		LIST_HEAD(head);

		for (unsigned int i = 0; i < n; i++) {
			items[i].key = prandom_u32_state(&rnd) % 50;
			items[i].order = i;
			list_add_tail(&items[i].link, &head);
		}
		list_sort(NULL, &head, by_key);
		list_for_each_entry(item, &head, link) {
			assert_true(!prev || prev->key < item->key ||
				    (prev->key == item->key && prev->order < item->order));
			assert_ptr_equal(item->link.next->prev, &item->link);
			prev = item;
			seen++;
		}
		assert_int_equal(seen, n);
	}
}

static void list_is(const struct list_head *head, const char *want)
{
	const struct item *item;

	list_for_each_entry(item, head, link)
		assert_int_equal(item->key, *want++ - '0');
	assert_int_equal(*want, 0);
}

static void lists_are_cut_turned_and_joined(void **state)
{
	struct item items[6];
	struct item *item;
	struct item *next;
	LIST_HEAD(head);
	LIST_HEAD(other);
	char seen[8] = "";

	(void)state;
	for (u32 i = 0; i < 6; i++) {
		items[i].key = i;
		list_add_tail(&items[i].link, &head);
	}
	list_is(&head, "012345");
	assert_int_equal(list_count_nodes(&head), 6);
	list_rotate_left(&head);
	list_is(&head, "123450");
	list_rotate_to_front(&items[4].link, &head);
	list_is(&head, "450123");
	list_swap(&items[4].link, &items[5].link);
	list_is(&head, "540123");
	list_cut_before(&other, &head, &items[0].link);
	list_is(&other, "54");
	list_is(&head, "0123");
	list_splice_tail_init(&other, &head);
	list_cut_position(&other, &head, &items[1].link);
	list_is(&other, "01");
	list_is(&head, "2354");
	list_bulk_move_tail(&other, &items[3].link, &items[5].link);
	list_is(&other, "0135");
	list_is(&head, "24");
	list_splice_tail(&head, &other);
	list_is(&other, "013524");
	INIT_LIST_HEAD(&head);
	list_for_each_entry_safe_reverse(item, next, &other, link)
	{
		if (item->key % 2)
			list_del_init_careful(&item->link);
	}
	list_is(&other, "024");
	assert_true(list_empty_careful(&items[3].link));
	assert_true(list_is_first(&items[0].link, &other) && list_is_head(&other, &other));
	assert_ptr_equal(list_next_entry_circular(&items[4], &other, link), &items[0]);
	assert_ptr_equal(list_prev_entry_circular(&items[0], &other, link), &items[4]);
	item = &items[0];
	list_for_each_entry_continue(item, &other, link)
		seen[strlen(seen)] = (char)('0' + item->key);
	list_for_each_entry_continue_reverse(item, &other, link)
		seen[strlen(seen)] = (char)('0' + item->key);
	assert_string_equal(seen, "24420");
	list_replace_init(&items[2].link, &items[5].link);
	list_is(&other, "054");
}

struct hitem {
	struct hlist_node node;
	u32 key;
};

static void tables_find_what_has_a_key(void **state)
{
	DEFINE_HASHTABLE(table, 4);
	struct hitem items[100];
	struct hlist_node *tmp;
	struct hitem *item;
	unsigned int n = 0;
	unsigned int bkt;

	(void)state;
	assert_true(hash_empty(table));
	for (u32 i = 0; i < 100; i++) {
		items[i].key = i * 977;
		hash_add(table, &items[i].node, items[i].key);
	}
	for (u32 i = 0; i < 100; i++) {
		struct hitem *found = NULL;

		hash_for_each_possible(table, item, node, i * 977)
		{
			if (item->key == i * 977)
				found = item;
		}
		assert_ptr_equal(found, &items[i]);
	}
	hash_for_each_safe(table, bkt, tmp, item, node)
	{
		hash_del(&item->node);
		assert_false(hash_hashed(&item->node));
		n++;
	}
	assert_int_equal(n, 100);
	assert_true(hash_empty(table));
}

static void lists_without_locks_give_all_that_was_added(void **state)
{
	struct llist_node nodes[4];
	LLIST_HEAD(head);
	struct llist_node *all;

	(void)state;
	assert_true(llist_add(&nodes[0], &head));
	assert_false(llist_add(&nodes[1], &head));
	nodes[2].next = &nodes[3];
	assert_false(llist_add_batch(&nodes[2], &nodes[3], &head));
	assert_ptr_equal(llist_del_first(&head), &nodes[2]);
	all = llist_reverse_order(llist_del_all(&head));
	assert_true(llist_empty(&head));
	assert_null(llist_del_first(&head));
	assert_ptr_equal(all, &nodes[0]);
	assert_ptr_equal(all->next->next, &nodes[3]);
	assert_null(all->next->next->next);
}

struct leaf {
	struct rb_node rb;
	u32 key;
	u32 largest; /* of all below */
	bool in;
};

#define KEY(leaf) ((leaf)->key)
RB_DECLARE_CALLBACKS_MAX(static, keep_largest, struct leaf, rb, u32, largest, KEY)

/* Checks the rules of a tree below node, and returns the black nodes on each way down. */
static int check_tree(const struct rb_node *node, bool red_above, unsigned int *count)
{
	const struct leaf *leaf = rb_entry_safe(node, const struct leaf, rb);
	u32 largest;
	int left;
	int right;

	if (!node)
		return 1;
	assert_false(red_above && rb_is_red(node));
	left = check_tree(node->rb_left, rb_is_red(node), count);
	right = check_tree(node->rb_right, rb_is_red(node), count);
	assert_int_equal(left, right);
	largest = leaf->key;
	if (node->rb_left)
		largest = max(largest, rb_entry(node->rb_left, const struct leaf, rb)->largest);
	if (node->rb_right)
		largest = max(largest, rb_entry(node->rb_right, const struct leaf, rb)->largest);
	assert_int_equal(leaf->largest, largest);
	assert_true(!rb_parent(node) || rb_parent(node)->rb_left == node ||
		    rb_parent(node)->rb_right == node);
	(*count)++;
	return left + rb_is_black(node);
}

static void insert(struct leaf *leaf, struct rb_root *root)
{
	struct rb_node **link = &root->rb_node;
	struct rb_node *parent = NULL;

	while (*link) {
		struct leaf *at = rb_entry(*link, struct leaf, rb);

		parent = *link;
		at->largest = max(at->largest, leaf->key);
		link = leaf->key < at->key ? &parent->rb_left : &parent->rb_right;
	}
	leaf->largest = leaf->key;
	rb_link_node(&leaf->rb, parent, link);
	rb_insert_augmented(&leaf->rb, root, &keep_largest);
}

static void trees_stay_balanced_whatever_comes_and_goes(void **state)
{
	static struct leaf leaves[COUNT];
	struct rb_root root = RB_ROOT;
	struct rnd_state rnd;
	unsigned int in = 0;

	(void)state;
	prandom_seed_state(&rnd, 3);
	for (int step = 0; step < 5000; step++) {
		struct leaf *leaf = &leaves[prandom_u32_state(&rnd) % COUNT];
		unsigned int count = 0;

		if (leaf->in) {
			rb_erase_augmented(&leaf->rb, &root, &keep_largest);
		} else {
			leaf->key = prandom_u32_state(&rnd) % 1000;
			insert(leaf, &root);
		}
		leaf->in = !leaf->in;
		in += leaf->in ? 1 : -1;
		if (step % 16)
			continue;
		check_tree(root.rb_node, true, &count);
		assert_int_equal(count, in);
		count = 0;
		for (struct rb_node *at = rb_first(&root); at; at = rb_next(at), count++) {
			struct rb_node *prev = rb_prev(at);

			assert_true(!prev || rb_entry(prev, struct leaf, rb)->key <=
						     rb_entry(at, struct leaf, rb)->key);
		}
		assert_int_equal(count, in);
		count = 0;
		for (struct rb_node *at = rb_first_postorder(&root); at; at = rb_next_postorder(at))
			count++;
		assert_int_equal(count, in);
	}
	assert_ptr_equal(rb_prev(rb_first(&root)), NULL);
	assert_ptr_equal(rb_next(rb_last(&root)), NULL);
}

static bool less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct leaf, rb)->key < rb_entry(b, const struct leaf, rb)->key;
}

static int cmp_key(const void *key, const struct rb_node *node)
{
	return (int)*(const u32 *)key - (int)rb_entry(node, const struct leaf, rb)->key;
}

static int cmp_nodes(struct rb_node *a, const struct rb_node *b)
{
	return cmp_key(&rb_entry(a, struct leaf, rb)->key, b);
}

static void trees_know_their_first_and_find_by_key(void **state)
{
	struct leaf leaves[40] = {{.key = 0}};
	struct leaf other = {.key = 11};
	struct rb_root_cached root = RB_ROOT_CACHED;
	struct rb_root plain = RB_ROOT;
	struct rb_node *node;
	struct leaf *next;
	struct leaf *leaf;
	unsigned int n = 0;
	u32 key = 11;

	(void)state;
	for (u32 i = 0; i < 40; i++) {
		leaves[i].key = (i * 17 + 1) % 40 / 2;
		node = rb_add_cached(&leaves[i].rb, &root, less);
		assert_int_equal(node != NULL, rb_first_cached(&root) == &leaves[i].rb);
	}
	rb_for_each(node, &key, &root.rb_root, cmp_key) n++;
	assert_int_equal(n, 2);
	node = rb_find(&key, &root.rb_root, cmp_key);
	assert_int_equal(rb_entry(node, struct leaf, rb)->key, 11);
	rb_replace_node_cached(node, &other.rb, &root);
	n = 0;
	rb_for_each(node, &key, &root.rb_root, cmp_key) n += node == &other.rb;
	assert_int_equal(n, 1);
	node = rb_first_cached(&root);
	rb_erase_cached(node, &root);
	assert_ptr_equal(rb_first_cached(&root), rb_first(&root.rb_root));
	n = 0;
	rbtree_postorder_for_each_entry_safe(leaf, next, &root.rb_root, rb) n++;
	assert_int_equal(n, 39);

	assert_null(rb_find_add(&leaves[0].rb, &plain, cmp_nodes));
	leaves[1].key = leaves[0].key;
	assert_ptr_equal(rb_find_add(&leaves[1].rb, &plain, cmp_nodes), &leaves[0].rb);
	rb_add(&leaves[1].rb, &plain, less);
	rb_erase(&leaves[0].rb, &plain);
	rb_erase(&leaves[1].rb, &plain);
	assert_true(RB_EMPTY_ROOT(&plain));
}

static void ranges_are_found_that_have_something_in_common(void **state)
{
	struct interval_tree_node nodes[60];
	struct rb_root_cached root = RB_ROOT_CACHED;
	struct rnd_state rnd;
	bool in[60] = {false};

	(void)state;
	prandom_seed_state(&rnd, 4);
	for (int step = 0; step < 3000; step++) {
		const unsigned int k = prandom_u32_state(&rnd) % 60;
		const unsigned long start = prandom_u32_state(&rnd) % 100;
		const unsigned long last = start + prandom_u32_state(&rnd) % 30;
		struct interval_tree_node *at;
		unsigned int found = 0;
		unsigned int want = 0;

		if (in[k]) {
			interval_tree_remove(&nodes[k], &root);
		} else {
			nodes[k].start = prandom_u32_state(&rnd) % 100;
			nodes[k].last = nodes[k].start + prandom_u32_state(&rnd) % 20;
			interval_tree_insert(&nodes[k], &root);
		}
		in[k] = !in[k];
		for (int i = 0; i < 60; i++)
			want += in[i] && nodes[i].start <= last && nodes[i].last >= start;
		for (at = interval_tree_iter_first(&root, start, last); at;
		     at = interval_tree_iter_next(at, start, last)) {
			assert_true(at->start <= last && at->last >= start);
			found++;
		}
		assert_int_equal(found, want);
	}
}

static bool heap_less(const void *a, const void *b)
{
	return *(const u32 *)a < *(const u32 *)b;
}

static void heap_swap(void *a, void *b)
{
	swap(*(u32 *)a, *(u32 *)b);
}

static void heaps_give_the_least(void **state)
{
	static const struct min_heap_callbacks ops = {sizeof(u32), heap_less, heap_swap};
	u32 values[8] = {5, 3, 9, 1, 7};
	struct min_heap heap = {values, 5, 8};
	u32 four = 4;
	u32 prev = 0;

	(void)state;
	min_heapify_all(&heap, &ops);
	min_heap_push(&heap, &four, &ops);
	assert_int_equal(values[0], 1);
	four = 8;
	min_heap_pop_push(&heap, &four, &ops);
	while (heap.nr) {
		assert_true(values[0] > prev);
		prev = values[0];
		min_heap_pop(&heap, &ops);
	}
	assert_int_equal(prev, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_are_sorted),
		cmocka_unit_test(lists_are_sorted_and_equals_keep_their_order),
		cmocka_unit_test(lists_are_cut_turned_and_joined),
		cmocka_unit_test(tables_find_what_has_a_key),
		cmocka_unit_test(lists_without_locks_give_all_that_was_added),
		cmocka_unit_test(trees_stay_balanced_whatever_comes_and_goes),
		cmocka_unit_test(trees_know_their_first_and_find_by_key),
		cmocka_unit_test(ranges_are_found_that_have_something_in_common),
		cmocka_unit_test(heaps_give_the_least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
