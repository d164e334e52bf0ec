/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/qmp/budget.h"

void budget_init(struct budget *b, int64_t now_ns)
{
	*b = (struct budget){.left_ns = BUDGET_BURST_NS, .last_ns = now_ns};
}

int budget_wait_ms(struct budget *b, int64_t now_ns)
{
	int64_t gained = (now_ns - b->last_ns) / BUDGET_SHARE;

	if (gained > 0) {
		b->left_ns += gained;
		/* What a division left out counts the next time. */
		b->last_ns += gained * BUDGET_SHARE;
	}
	if (b->left_ns > BUDGET_BURST_NS)
		b->left_ns = BUDGET_BURST_NS;
	if (b->left_ns <= 0)
		b->waiting = true;
	else if (b->left_ns >= BUDGET_STEP_NS)
		b->waiting = false;
	if (!b->waiting)
		return 0;
	return (int)((BUDGET_STEP_NS - b->left_ns) * BUDGET_SHARE / 1000000) + 1;
}

void budget_spend(struct budget *b, int64_t ns)
{
	b->left_ns -= ns;
}
