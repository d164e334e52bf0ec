/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Red-black trees. Each case of Cormen's text and its mirror image are one piece of code here, with
 * the side as a number.
 */
#include <linux/rbtree_augmented.h>

enum side {
	LEFT,
	RIGHT,
};

static struct rb_node **child(struct rb_node *node, enum side side)
{
	return side == LEFT ? &node->rb_left : &node->rb_right;
}

static bool is_red(const struct rb_node *node)
{
	return node && rb_is_red(node);
}

static void set_parent(struct rb_node *node, struct rb_node *parent)
{
	node->__rb_parent_color = (unsigned long)parent | rb_color(node);
}

static void set_color(struct rb_node *node, unsigned long color)
{
	node->__rb_parent_color = (node->__rb_parent_color & ~1ul) | color;
}

/* Where the tree has its link to node. */
static struct rb_node **link_to(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *parent = rb_parent(node);

	if (!parent)
		return &root->rb_node;
	return parent->rb_left == node ? &parent->rb_left : &parent->rb_right;
}

static void no_rotate(struct rb_node *old, struct rb_node *new)
{
	(void)old;
	(void)new;
}

/* The child on the other side comes up, and top goes down to side. Colours stay with the nodes. */
static struct rb_node *rotate(struct rb_node *top, enum side side, struct rb_root *root,
			      void (*augment_rotate)(struct rb_node *old, struct rb_node *new))
{
	struct rb_node *up = *child(top, !side);
	struct rb_node *between = *child(up, side);
	struct rb_node **link = link_to(top, root);

	*child(top, !side) = between;
	if (between)
		set_parent(between, top);
	set_parent(up, rb_parent(top));
	/* Stores that who looks without a lock meets in an order in which no walk is endless. */
	WRITE_ONCE(*child(up, side), top);
	WRITE_ONCE(*link, up);
	set_parent(top, up);
	augment_rotate(top, up);
	return up;
}

void __rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			   void (*augment_rotate)(struct rb_node *old, struct rb_node *new))
{
	struct rb_node *parent;

	set_color(node, RB_RED);
	while ((parent = rb_parent(node)) && rb_is_red(parent)) {
		/* A red node is no root. */
		struct rb_node *grand = rb_parent(parent);
		const enum side side = parent == grand->rb_left ? LEFT : RIGHT;
		struct rb_node *uncle = *child(grand, !side);

		if (is_red(uncle)) {
			set_color(parent, RB_BLACK);
			set_color(uncle, RB_BLACK);
			set_color(grand, RB_RED);
			node = grand;
			continue;
		}
		if (node == *child(parent, !side)) {
			rotate(parent, side, root, augment_rotate);
			parent = node;
		}
		set_color(parent, RB_BLACK);
		set_color(grand, RB_RED);
		rotate(grand, !side, root, augment_rotate);
		break;
	}
	set_color(root->rb_node, RB_BLACK);
}

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	__rb_insert_augmented(node, root, no_rotate);
}

/* On the way to node, which may be NULL, there is a black one too few below parent. */
static void balance(struct rb_node *node, struct rb_node *parent, struct rb_root *root,
		    void (*augment_rotate)(struct rb_node *old, struct rb_node *new))
{
	while (parent && !is_red(node)) {
		const enum side side = node == parent->rb_left ? LEFT : RIGHT;
		struct rb_node *sibling = *child(parent, !side);

		/* There is one, since its side has a black node more.
		 * NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		if (rb_is_red(sibling)) {
			set_color(sibling, RB_BLACK);
			set_color(parent, RB_RED);
			rotate(parent, side, root, augment_rotate);
			sibling = *child(parent, !side);
		}
		if (!is_red(sibling->rb_left) && !is_red(sibling->rb_right)) {
			set_color(sibling, RB_RED);
			node = parent;
			parent = rb_parent(node);
			continue;
		}
		if (!is_red(*child(sibling, !side))) {
			set_color(*child(sibling, side), RB_BLACK);
			set_color(sibling, RB_RED);
			sibling = rotate(sibling, !side, root, augment_rotate);
		}
		set_color(sibling, rb_color(parent));
		set_color(parent, RB_BLACK);
		set_color(*child(sibling, !side), RB_BLACK);
		rotate(parent, side, root, augment_rotate);
		return;
	}
	if (node)
		set_color(node, RB_BLACK);
}

/* Takes a node out that has at most one child. Returns whether a black one is missing now, below
 * *parent on the way to the child, which is returned in *hole. */
static bool unlink(struct rb_node *node, struct rb_root *root, struct rb_node **hole,
		   struct rb_node **parent)
{
	struct rb_node *only = node->rb_left ? node->rb_left : node->rb_right;

	*hole = only;
	*parent = rb_parent(node);
	WRITE_ONCE(*link_to(node, root), only);
	if (only)
		set_parent(only, *parent);
	return rb_is_black(node);
}

static void none(struct rb_node *node, struct rb_node *other)
{
	(void)node;
	(void)other;
}

void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment)
{
	struct rb_node *parent;
	struct rb_node *next;
	struct rb_node *hole;
	bool missing;

	if (!node->rb_left || !node->rb_right) {
		missing = unlink(node, root, &hole, &parent);
		augment->propagate(parent, NULL);
	} else {
		/* The next in order, which has no left child, goes out of its place, and takes
		 * that of node with its colour. */
		for (next = node->rb_right; next->rb_left; next = next->rb_left)
			;
		missing = unlink(next, root, &hole, &parent);
		if (parent == node)
			parent = next;
		next->__rb_parent_color = node->__rb_parent_color;
		next->rb_left = node->rb_left;
		next->rb_right = node->rb_right;
		augment->copy(node, next);
		WRITE_ONCE(*link_to(node, root), next);
		set_parent(next->rb_left, next);
		if (next->rb_right)
			set_parent(next->rb_right, next);
		augment->propagate(parent, next);
		augment->propagate(next, NULL);
	}
	if (missing)
		balance(hole, parent, root, augment->rotate);
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	static const struct rb_augment_callbacks nothing = {none, none, none};

	rb_erase_augmented(node, root, &nothing);
}

static struct rb_node *outermost(struct rb_node *node, enum side side)
{
	while (node && *child(node, side))
		node = *child(node, side);
	return node;
}

struct rb_node *rb_first(const struct rb_root *root)
{
	return outermost(root->rb_node, LEFT);
}

struct rb_node *rb_last(const struct rb_root *root)
{
	return outermost(root->rb_node, RIGHT);
}

/* In order, to a side. */
static struct rb_node *neighbour(const struct rb_node *node, enum side side)
{
	struct rb_node *parent;

	if (RB_EMPTY_NODE(node))
		return NULL;
	if (*child((struct rb_node *)node, side))
		return outermost(*child((struct rb_node *)node, side), !side);
	/* Up to the first that lies on this side. */
	while ((parent = rb_parent(node)) && node == *child(parent, side))
		node = parent;
	return parent;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	return neighbour(node, RIGHT);
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	return neighbour(node, LEFT);
}

static struct rb_node *deepest(struct rb_node *node)
{
	while (node->rb_left || node->rb_right)
		node = node->rb_left ? node->rb_left : node->rb_right;
	return node;
}

struct rb_node *rb_first_postorder(const struct rb_root *root)
{
	return root->rb_node ? deepest(root->rb_node) : NULL;
}

struct rb_node *rb_next_postorder(const struct rb_node *node)
{
	struct rb_node *parent;

	if (!node)
		return NULL;
	parent = rb_parent(node);
	if (parent && node == parent->rb_left && parent->rb_right)
		return deepest(parent->rb_right);
	return parent;
}

void rb_replace_node(struct rb_node *victim, struct rb_node *new, struct rb_root *root)
{
	struct rb_node **link = link_to(victim, root);

	*new = *victim;
	if (new->rb_left)
		set_parent(new->rb_left, new);
	if (new->rb_right)
		set_parent(new->rb_right, new);
	WRITE_ONCE(*link, new);
}
