/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists that others read while one changes them, as in Linux's <linux/rculist.h>. Changes are made
 * under a lock; readers are within rcu_read_lock(), and what was removed stays theirs to go on from
 * until a grace period has passed.
 */
#ifndef GUEST_LINUX_RCULIST_H
#define GUEST_LINUX_RCULIST_H

#include <linux/list.h>
#include <linux/rcupdate.h>

#define list_next_rcu(list)   ((list)->next)
#define hlist_first_rcu(head) ((head)->first)
#define hlist_next_rcu(node)  ((node)->next)

static inline void __list_add_rcu(struct list_head *new, struct list_head *prev,
				  struct list_head *next)
{
	new->next = next;
	new->prev = prev;
	/* A reader that finds the element finds it whole. */
	rcu_assign_pointer(prev->next, new);
	next->prev = new;
}

static inline void list_add_rcu(struct list_head *new, struct list_head *head)
{
	__list_add_rcu(new, head, head->next);
}

static inline void list_add_tail_rcu(struct list_head *new, struct list_head *head)
{
	__list_add_rcu(new, head->prev, head);
}

/* next stays, for readers. */
static inline void list_del_rcu(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	WRITE_ONCE(entry->prev->next, entry->next);
	entry->prev = LIST_POISON2;
}

static inline void list_replace_rcu(struct list_head *old, struct list_head *new)
{
	new->next = old->next;
	new->prev = old->prev;
	rcu_assign_pointer(new->prev->next, new);
	new->next->prev = new;
	old->prev = LIST_POISON2;
}

#define list_entry_rcu(ptr, type, member) container_of(READ_ONCE(ptr), type, member)
#define list_first_or_null_rcu(ptr, type, member)                             \
	({                                                                    \
		struct list_head *__lfn_head = (ptr);                         \
		struct list_head *__lfn = READ_ONCE(__lfn_head->next);        \
		__lfn != __lfn_head ? list_entry(__lfn, type, member) : NULL; \
	})
/* A condition under which the list may be read without rcu_read_lock() may follow. */
#define list_for_each_entry_rcu(pos, head, member, ...)                        \
	for ((pos) = list_entry_rcu((head)->next, __typeof__(*(pos)), member); \
	     &(pos)->member != (head);                                         \
	     (pos) = list_entry_rcu((pos)->member.next, __typeof__(*(pos)), member))

static inline void hlist_add_head_rcu(struct hlist_node *n, struct hlist_head *h)
{
	struct hlist_node *first = h->first;

	n->next = first;
	n->pprev = &h->first;
	rcu_assign_pointer(h->first, n);
	if (first)
		first->pprev = &n->next;
}

static inline void hlist_del_rcu(struct hlist_node *n)
{
	WRITE_ONCE(*n->pprev, n->next);
	if (n->next)
		n->next->pprev = n->pprev;
	n->pprev = LIST_POISON2;
}

#define hlist_for_each_entry_rcu(pos, head, member, ...)                                     \
	for ((pos) = hlist_entry_safe(READ_ONCE((head)->first), __typeof__(*(pos)), member); \
	     (pos);                                                                          \
	     (pos) = hlist_entry_safe(READ_ONCE((pos)->member.next), __typeof__(*(pos)), member))

#endif
