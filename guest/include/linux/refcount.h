/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's refcount_t: saturates instead of wrapping, and says so once it does. */
#ifndef GUEST_LINUX_REFCOUNT_H
#define GUEST_LINUX_REFCOUNT_H

#include <linux/atomic.h>
#include <slabvisor/report.h>

typedef struct {
	atomic_t refs;
} refcount_t;

#define REFCOUNT_INIT(n)               \
	{                              \
		.refs = ATOMIC_INIT(n) \
	}
#define REFCOUNT_SATURATED (-0x40000000)

static inline void refcount_set(refcount_t *r, int n)
{
	atomic_set(&r->refs, n);
}

static inline unsigned int refcount_read(const refcount_t *r)
{
	return (unsigned int)atomic_read(&r->refs);
}

static inline void refcount_saturate(refcount_t *r, const char *what)
{
	atomic_set(&r->refs, REFCOUNT_SATURATED);
	grt_warn("refcount_t: %s", what);
}

static inline bool refcount_inc_not_zero(refcount_t *r)
{
	int old = atomic_read(&r->refs);

	do {
		if (!old)
			return false;
	} while (!atomic_try_cmpxchg(&r->refs, &old, old + 1));
	if (old < 0 || old + 1 < 0)
		refcount_saturate(r, "saturated; leaking memory");
	return true;
}

static inline void refcount_inc(refcount_t *r)
{
	int old = atomic_fetch_add(1, &r->refs);

	if (!old)
		refcount_saturate(r, "addition on 0; use-after-free");
	else if (old < 0 || old == 0x7fffffff)
		refcount_saturate(r, "saturated; leaking memory");
}

static inline bool refcount_dec_and_test(refcount_t *r)
{
	int old = atomic_fetch_sub(1, &r->refs);

	if (old == 1)
		return true;
	if (old <= 0)
		refcount_saturate(r, "underflow; use-after-free");
	return false;
}

#endif
