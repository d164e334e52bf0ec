/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/base/log_limit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "mm/host/clock.h"
#include "vmm/base/cli.h"

int log_limit_init(struct log_limit *limit, const char *source, unsigned int burst)
{
	*limit = (struct log_limit){.source = source, .burst = burst, .left = burst};
	return -pthread_mutex_init(&limit->lock, NULL);
}

void log_limit_fini(struct log_limit *limit)
{
	pthread_mutex_destroy(&limit->lock);
}

/* Adds a line for each period that has passed. The lock is held. */
static void refill(struct log_limit *limit, uint64_t now_ms)
{
	uint64_t periods;

	/* Who read the clock first may come here last. */
	if (now_ms <= limit->since_ms)
		return;
	periods = (now_ms - limit->since_ms) / LOG_LIMIT_PERIOD_MS;
	if (periods < limit->burst - limit->left)
		limit->left += (unsigned int)periods;
	else
		limit->left = limit->burst;
	limit->since_ms += periods * LOG_LIMIT_PERIOD_MS;
}

bool log_limit_take(struct log_limit *limit, uint64_t now_ms, uint64_t *dropped)
{
	bool may;

	pthread_mutex_lock(&limit->lock);
	/* Periods begin with the first line of a full burst, so that it lasts for one. */
	if (limit->left == limit->burst)
		limit->since_ms = now_ms;
	refill(limit, now_ms);
	may = limit->left != 0;
	if (may) {
		limit->left--;
		*dropped = limit->dropped;
		limit->dropped = 0;
	} else {
		limit->dropped++;
	}
	pthread_mutex_unlock(&limit->lock);
	return may;
}

static void tell(const struct log_limit *limit, uint64_t dropped)
{
	if (dropped)
		cli_note("%s: %" PRIu64 " more messages were left out, which came too fast",
			 limit->source, dropped);
}

bool log_limit_may(struct log_limit *limit)
{
	uint64_t dropped;

	if (!log_limit_take(limit, monotonic_ms(), &dropped))
		return false;
	tell(limit, dropped);
	return true;
}

void log_limit_note(struct log_limit *limit, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (!log_limit_may(limit))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	cli_note("%s: %s", limit->source, text);
}

void log_limit_settle(struct log_limit *limit, bool end)
{
	uint64_t dropped = 0;

	pthread_mutex_lock(&limit->lock);
	refill(limit, monotonic_ms());
	if (limit->dropped && (limit->left || end)) {
		limit->left -= limit->left != 0;
		dropped = limit->dropped;
		limit->dropped = 0;
	}
	pthread_mutex_unlock(&limit->lock);
	tell(limit, dropped);
}
