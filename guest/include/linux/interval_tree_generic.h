/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges that may overlap, of a type of one's own, as in Linux's <linux/interval_tree_generic.h>:
 * a red-black tree by start in which each node keeps the largest last of all below it
 * (Cormen and others, "Introduction to Algorithms", 14.3).
 */
#ifndef GUEST_LINUX_INTERVAL_TREE_GENERIC_H
#define GUEST_LINUX_INTERVAL_TREE_GENERIC_H

#include <linux/rbtree_augmented.h>

/*
 * Defines PREFIX_insert(), _remove(), _iter_first() and _iter_next(), as <linux/interval_tree.h>
 * describes them, each as STATIC says. STRUCT has its tree node as RB, keeps a TYPE in SUBTREE, and
 * START(node) and LAST(node) give its range.
 */
#define INTERVAL_TREE_DEFINE(ITSTRUCT, ITRB, ITTYPE, ITSUBTREE, ITSTART, ITLAST, ITSTATIC,      \
			     ITPREFIX)                                                          \
	RB_DECLARE_CALLBACKS_MAX(static, ITPREFIX##_augment, ITSTRUCT, ITRB, ITTYPE, ITSUBTREE, \
				 ITLAST)                                                        \
                                                                                                \
	ITSTATIC void ITPREFIX##_insert(ITSTRUCT *node, struct rb_root_cached *root)            \
	{                                                                                       \
		struct rb_node **link = &root->rb_root.rb_node;                                 \
		struct rb_node *above = NULL;                                                   \
		bool leftmost = true;                                                           \
                                                                                                \
		while (*link) {                                                                 \
			ITSTRUCT *at = rb_entry(*link, ITSTRUCT, ITRB);                         \
                                                                                                \
			above = *link;                                                          \
			if (at->ITSUBTREE < ITLAST(node))                                       \
				at->ITSUBTREE = ITLAST(node);                                   \
			if (ITSTART(node) < ITSTART(at)) {                                      \
				link = &above->rb_left;                                         \
			} else {                                                                \
				link = &above->rb_right;                                        \
				leftmost = false;                                               \
			}                                                                       \
		}                                                                               \
		node->ITSUBTREE = ITLAST(node);                                                 \
		rb_link_node(&node->ITRB, above, link);                                         \
		rb_insert_augmented_cached(&node->ITRB, root, leftmost, &ITPREFIX##_augment);   \
	}                                                                                       \
                                                                                                \
	ITSTATIC void ITPREFIX##_remove(ITSTRUCT *node, struct rb_root_cached *root)            \
	{                                                                                       \
		rb_erase_augmented_cached(&node->ITRB, root, &ITPREFIX##_augment);              \
	}                                                                                       \
                                                                                                \
	/* The first below rb; something there ends at start or later. */                       \
	static inline ITSTRUCT *ITPREFIX##_first_below(struct rb_node *rb, ITTYPE start,        \
						       ITTYPE last)                             \
	{                                                                                       \
		while (rb) {                                                                    \
			ITSTRUCT *at = rb_entry(rb, ITSTRUCT, ITRB);                            \
			struct rb_node *left = rb->rb_left;                                     \
                                                                                                \
			if (left && rb_entry(left, ITSTRUCT, ITRB)->ITSUBTREE >= start) {       \
				rb = left;                                                      \
				continue;                                                       \
			}                                                                       \
			if (ITSTART(at) > last)                                                 \
				return NULL;                                                    \
			if (ITLAST(at) >= start)                                                \
				return at;                                                      \
			rb = rb->rb_right;                                                      \
			if (rb && rb_entry(rb, ITSTRUCT, ITRB)->ITSUBTREE < start)              \
				return NULL;                                                    \
		}                                                                               \
		return NULL;                                                                    \
	}                                                                                       \
                                                                                                \
	ITSTATIC ITSTRUCT *ITPREFIX##_iter_first(struct rb_root_cached *root, ITTYPE start,     \
						 ITTYPE last)                                   \
	{                                                                                       \
		struct rb_node *top = root->rb_root.rb_node;                                    \
                                                                                                \
		if (!top || rb_entry(top, ITSTRUCT, ITRB)->ITSUBTREE < start)                   \
			return NULL;                                                            \
		return ITPREFIX##_first_below(top, start, last);                                \
	}                                                                                       \
                                                                                                \
	ITSTATIC ITSTRUCT *ITPREFIX##_iter_next(ITSTRUCT *node, ITTYPE start, ITTYPE last)      \
	{                                                                                       \
		struct rb_node *rb = &node->ITRB;                                               \
                                                                                                \
		for (;;) {                                                                      \
			struct rb_node *right = rb->rb_right;                                   \
			struct rb_node *below;                                                  \
                                                                                                \
			if (right && rb_entry(right, ITSTRUCT, ITRB)->ITSUBTREE >= start)       \
				return ITPREFIX##_first_below(right, start, last);              \
			/* Up to the first that lies to the right of where we are. */           \
			do {                                                                    \
				below = rb;                                                     \
				rb = rb_parent(rb);                                             \
				if (!rb)                                                        \
					return NULL;                                            \
			} while (below == rb->rb_right);                                        \
			node = rb_entry(rb, ITSTRUCT, ITRB);                                    \
			if (ITSTART(node) > last)                                               \
				return NULL;                                                    \
			if (ITLAST(node) >= start)                                              \
				return node;                                                    \
		}                                                                               \
	}

#endif
