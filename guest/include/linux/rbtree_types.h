/* SPDX-License-Identifier: BSD-2-Clause */
/* What trees of <linux/rbtree.h> are made of. */
#ifndef GUEST_LINUX_RBTREE_TYPES_H
#define GUEST_LINUX_RBTREE_TYPES_H

/* The lowest bit of the parent's address is the colour. */
struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right;
	struct rb_node *rb_left;
} __attribute__((__aligned__(sizeof(long))));

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_root_cached {
	struct rb_root rb_root;
	struct rb_node *rb_leftmost;
};

#define RB_ROOT        ((struct rb_root){NULL})
#define RB_ROOT_CACHED ((struct rb_root_cached){{NULL}, NULL})

#endif
