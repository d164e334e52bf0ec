/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Red-black trees whose nodes keep something of all nodes below them, as in Linux's
 * <linux/rbtree_augmented.h>. The tree calls back: propagate(node, stop) sets right what node and
 * those above it keep, up to stop; copy(old, new) gives new what old keeps; rotate(old, new) too,
 * and sets right what old keeps now, below new.
 */
#ifndef GUEST_LINUX_RBTREE_AUGMENTED_H
#define GUEST_LINUX_RBTREE_AUGMENTED_H

#include <linux/compiler.h>
#include <linux/rbtree.h>

struct rb_augment_callbacks {
	void (*propagate)(struct rb_node *node, struct rb_node *stop);
	void (*copy)(struct rb_node *old, struct rb_node *new);
	void (*rotate)(struct rb_node *old, struct rb_node *new);
};

/* Before an insertion the caller sets right what lies on the way down. */
void __rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			   void (*augment_rotate)(struct rb_node *old, struct rb_node *new));
void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment);

static inline void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
				       const struct rb_augment_callbacks *augment)
{
	__rb_insert_augmented(node, root, augment->rotate);
}

static inline void rb_insert_augmented_cached(struct rb_node *node, struct rb_root_cached *root,
					      bool newleft,
					      const struct rb_augment_callbacks *augment)
{
	if (newleft)
		root->rb_leftmost = node;
	rb_insert_augmented(node, &root->rb_root, augment);
}

static inline void rb_erase_augmented_cached(struct rb_node *node, struct rb_root_cached *root,
					     const struct rb_augment_callbacks *augment)
{
	if (root->rb_leftmost == node)
		root->rb_leftmost = rb_next(node);
	rb_erase_augmented(node, &root->rb_root, augment);
}

#define RB_RED            0
#define RB_BLACK          1
#define __rb_parent(pc)   ((struct rb_node *)((pc) & ~3ul))
#define __rb_color(pc)    ((pc)&1)
#define __rb_is_black(pc) __rb_color(pc)
#define __rb_is_red(pc)   (!__rb_color(pc))
#define rb_color(rb)      __rb_color((rb)->__rb_parent_color)
#define rb_is_red(rb)     __rb_is_red((rb)->__rb_parent_color)
#define rb_is_black(rb)   __rb_is_black((rb)->__rb_parent_color)

/* Makes the callbacks: compute(node, exit) sets what node keeps, and with exit true tells whether
 * it was so already. */
#define RB_DECLARE_CALLBACKS(rbstatic, rbname, rbstruct, rbfield, rbaugmented, rbcompute) \
	static inline void rbname##_propagate(struct rb_node *rb, struct rb_node *stop)   \
	{                                                                                 \
		while (rb != stop && !rbcompute(rb_entry(rb, rbstruct, rbfield), true))   \
			rb = rb_parent(rb);                                               \
	}                                                                                 \
	static inline void rbname##_copy(struct rb_node *rb_old, struct rb_node *rb_new)  \
	{                                                                                 \
		rb_entry(rb_new, rbstruct, rbfield)->rbaugmented =                        \
			rb_entry(rb_old, rbstruct, rbfield)->rbaugmented;                 \
	}                                                                                 \
	static void rbname##_rotate(struct rb_node *rb_old, struct rb_node *rb_new)       \
	{                                                                                 \
		rbname##_copy(rb_old, rb_new);                                            \
		rbcompute(rb_entry(rb_old, rbstruct, rbfield), false);                    \
	}                                                                                 \
	rbstatic const struct rb_augment_callbacks rbname = {                             \
		.propagate = rbname##_propagate,                                          \
		.copy = rbname##_copy,                                                    \
		.rotate = rbname##_rotate,                                                \
	};
/* The same where what is kept is the largest compute(element) of all below. */
#define RB_DECLARE_CALLBACKS_MAX(rbstatic, rbname, rbstruct, rbfield, rbtype, rbaugmented,        \
				 rbcompute)                                                       \
	static inline bool rbname##_compute_max(rbstruct *node, bool exit)                        \
	{                                                                                         \
		const struct rb_node *__kids[] = {node->rbfield.rb_left, node->rbfield.rb_right}; \
		rbtype max = rbcompute(node);                                                     \
                                                                                                  \
		for (int __k = 0; __k < 2; __k++) {                                               \
			if (__kids[__k] &&                                                        \
			    rb_entry(__kids[__k], rbstruct, rbfield)->rbaugmented > max)          \
				max = rb_entry(__kids[__k], rbstruct, rbfield)->rbaugmented;      \
		}                                                                                 \
		if (exit && node->rbaugmented == max)                                             \
			return true;                                                              \
		node->rbaugmented = max;                                                          \
		return false;                                                                     \
	}                                                                                         \
	RB_DECLARE_CALLBACKS(rbstatic, rbname, rbstruct, rbfield, rbaugmented, rbname##_compute_max)

#endif
