/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting until something is done, as in Linux's <linux/completion.h>. */
#ifndef GUEST_LINUX_COMPLETION_H
#define GUEST_LINUX_COMPLETION_H

#include <linux/types.h>

struct completion {
	u32 done;
};

#define DECLARE_COMPLETION(name) struct completion name = {0}

static inline void init_completion(struct completion *c)
{
	c->done = 0;
}

static inline void reinit_completion(struct completion *c)
{
	c->done = 0;
}

/* Lets one waiter go on; a later wait_for_completion() finds it done. */
void complete(struct completion *c);
/* Lets all go on, now and later. */
void complete_all(struct completion *c);
void wait_for_completion(struct completion *c);
/* For so many jiffies at most: 0 if that was not enough, else what is left of them, 1 at least. */
unsigned long wait_for_completion_timeout(struct completion *c, unsigned long timeout);
bool try_wait_for_completion(struct completion *c);

#endif
