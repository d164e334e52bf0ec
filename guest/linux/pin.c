// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Pins that a program holds by an open file. Those of pages of the window are counted at the host,
 * which then keeps what it would have given away. */
#include <linux/io.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "priv.h"

/* Of one call; several make more. */
#define PIN_MAX_PAGES (SZ_1G >> PAGE_SHIFT)

struct pin {
	struct list_head link;
	struct mm_struct *mm; /* whose limit it counts against */
	unsigned long addr, len;
	unsigned long nr;
	struct page *page[];
};

void sv_pins_init(struct sv_pins *pins)
{
	mutex_init(&pins->lock);
	INIT_LIST_HEAD(&pins->list);
}

static void drop(struct pin *pin)
{
	sv_host_unpin(pin->nr, pin->page);
	unpin_user_pages_dirty_lock(pin->page, pin->nr, true);
	account_locked_vm(pin->mm, pin->len >> PAGE_SHIFT, false);
	mmdrop(pin->mm);
	kvfree(pin);
}

long sv_pins_add(struct sv_pins *pins, unsigned long addr, unsigned long len)
{
	unsigned long nr = len >> PAGE_SHIFT;
	struct pin *pin;
	long got;
	int err;

	if (nr > PIN_MAX_PAGES)
		return -EINVAL;
	err = account_locked_vm(current->mm, nr, true);
	if (err)
		return err;
	pin = kvzalloc(struct_size(pin, page, nr), GFP_KERNEL_ACCOUNT);
	if (!pin) {
		err = -ENOMEM;
		goto unaccount;
	}
	while (pin->nr < nr) {
		got = pin_user_pages_fast(addr + pin->nr * PAGE_SIZE,
					  min_t(unsigned long, nr - pin->nr, 512),
					  FOLL_WRITE | FOLL_LONGTERM, pin->page + pin->nr);
		if (got <= 0) {
			err = got < 0 ? got : -EFAULT;
			goto unpin;
		}
		pin->nr += got;
	}
	err = sv_host_pin(pin->nr, pin->page);
	if (err)
		goto unpin;
	pin->addr = addr;
	pin->len = len;
	pin->mm = current->mm;
	mmgrab(pin->mm);
	mutex_lock(&pins->lock);
	list_add(&pin->link, &pins->list);
	mutex_unlock(&pins->lock);
	return nr;

unpin:
	unpin_user_pages(pin->page, pin->nr);
	kvfree(pin);
unaccount:
	account_locked_vm(current->mm, nr, false);
	return err;
}

long sv_pins_remove(struct sv_pins *pins, unsigned long addr, unsigned long len)
{
	struct pin *found = NULL;
	struct pin *pin;

	mutex_lock(&pins->lock);
	list_for_each_entry(pin, &pins->list, link) {
		if (pin->addr == addr && pin->len == len) {
			found = pin;
			list_del(&pin->link);
			break;
		}
	}
	mutex_unlock(&pins->lock);
	if (!found)
		return -ENOENT;
	drop(found);
	return len >> PAGE_SHIFT;
}

void sv_pins_drop(struct sv_pins *pins)
{
	struct pin *pin;
	struct pin *next;

	list_for_each_entry_safe(pin, next, &pins->list, link)
		drop(pin);
}
