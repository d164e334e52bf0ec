// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Pins that end where no request can be sent: a worker tells the host. */
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "enter.h"
#include "priv.h"

struct unpin {
	struct llist_node node;
	size_t n;
	u64 addr[];
};

static LLIST_HEAD(unpins);
static DEFINE_MUTEX(unpin_lock); /* whoever has had it knows that what was on the list is sent */

void sv_unpin_flush(void)
{
	struct llist_node *node;
	struct unpin *u;
	struct unpin *next;

	mutex_lock(&unpin_lock);
	node = llist_del_all(&unpins);
	llist_for_each_entry_safe(u, next, node, node)
	{
		sv_unpin_now(u->n, u->addr);
		kfree(u);
	}
	mutex_unlock(&unpin_lock);
}

static void unpin_work(struct work_struct *unused)
{
	sv_unpin_flush();
}

static DECLARE_WORK(unpin_later, unpin_work);

void sv_unpin_frames(size_t n, const u64 *addr)
{
	struct unpin *u;

	if (!sv_sleeps()) {
		sv_unpin_now(n, addr);
		return;
	}
	u = kmalloc(struct_size(u, addr, n), GFP_ATOMIC | __GFP_NOWARN);
	if (!u) {
		pr_warn_ratelimited("slabvisor: %zu pages stay pinned for want of memory\n", n);
		return;
	}
	u->n = n;
	memcpy(u->addr, addr, n * sizeof(*addr));
	if (llist_add(&u->node, &unpins))
		queue_work(sv_wq, &unpin_later);
}
