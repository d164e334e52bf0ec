/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines that a guest or a front end can make the process print, of one source: a disk or the
 * memory of a service, a guest's heap. A burst of them is printed as it comes, since the first ones
 * say what is wrong, and after that one each period. What is left out is counted, and told with the
 * next line that is printed, or when nothing has come for a period, or at the end.
 *
 * Whatever prints because of what comes from outside goes through one of these.
 */
#ifndef VMM_BASE_LOG_LIMIT_H
#define VMM_BASE_LOG_LIMIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define LOG_LIMIT_BURST     32u
#define LOG_LIMIT_PERIOD_MS 10000u

struct log_limit {
	const char *source; /* what the lines begin with; borrowed */
	unsigned int burst;
	pthread_mutex_t lock; /* what follows */
	unsigned int left;    /* lines that may be printed at once */
	uint64_t since_ms;    /* the period that has begun */
	uint64_t dropped;     /* lines, not told yet */
};

/* burst: lines. Returns 0 or a negative errno. log_limit_fini() undoes it. */
int log_limit_init(struct log_limit *limit, const char *source, unsigned int burst);
void log_limit_fini(struct log_limit *limit);

/*
 * Asks to print a line at now_ms. Returns whether it may be printed,
 * and then in *dropped how many before it were left out and not told; else it is counted as left
 * out. From any thread.
 */
bool log_limit_take(struct log_limit *limit, uint64_t now_ms, uint64_t *dropped);

/* log_limit_take() by the clock; tells how many were left out. For lines of several, or such as are
 * not cli_note()'s. */
bool log_limit_may(struct log_limit *limit);

/* cli_note() of "SOURCE: ..." if it may be. */
void log_limit_note(struct log_limit *limit, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Tells how many were left out: if a line may be printed, or (end) in any case. */
void log_limit_settle(struct log_limit *limit, bool end);

#endif
