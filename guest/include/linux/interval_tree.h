/* SPDX-License-Identifier: BSD-2-Clause */
/* Ranges that may overlap, by number, as in Linux's <linux/interval_tree.h>. */
#ifndef GUEST_LINUX_INTERVAL_TREE_H
#define GUEST_LINUX_INTERVAL_TREE_H

#include <linux/rbtree.h>

/* start to last, both included, are the caller's; __subtree_last is the largest last below. */
struct interval_tree_node {
	struct rb_node rb;
	unsigned long start;
	unsigned long last;
	unsigned long __subtree_last;
};

void interval_tree_insert(struct interval_tree_node *node, struct rb_root_cached *root);
void interval_tree_remove(struct interval_tree_node *node, struct rb_root_cached *root);
/* The first, by start, that has something in common with start to last, and the next; or NULL. */
struct interval_tree_node *interval_tree_iter_first(struct rb_root_cached *root,
						    unsigned long start, unsigned long last);
struct interval_tree_node *interval_tree_iter_next(struct interval_tree_node *node,
						   unsigned long start, unsigned long last);

#endif
