/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A budget of CPU time, as a bucket that fills at a fixed rate (Turner, "New directions in
 * communications", 1986, calls it leaky): what is not used is kept up to a burst, and what was
 * overdrawn is waited for.
 */
#ifndef VMM_QMP_BUDGET_H
#define VMM_QMP_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_SHARE    100       /* one part of so many of the time that passes */
#define BUDGET_BURST_NS 100000000 /* what can be saved */
/* Who has to wait does so until there is as much: so it is woken ten times a second, not for each
 * answer. */
#define BUDGET_STEP_NS 1000000

struct budget {
	int64_t left_ns; /* less than 0: overdrawn */
	int64_t last_ns; /* when it was last filled, by a clock of the caller's */
	bool waiting;
};

/* Starts with a burst at hand. */
void budget_init(struct budget *budget, int64_t now_ns);

/* Fills it. Returns 0 where there is something to spend, else for how many milliseconds to wait. */
int budget_wait_ms(struct budget *budget, int64_t now_ns);

void budget_spend(struct budget *budget, int64_t ns);

#endif
