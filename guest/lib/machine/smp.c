/* SPDX-License-Identifier: BSD-2-Clause */
/* Work for all vCPUs. */
#include "guest/lib/machine/grt.h"
#include <linux/smp.h>

#define POLLS 400 /* before a vCPU sleeps at the monitor */

static struct {
	void (*fn)(void *arg);
	void *arg;
	u32 call;     /* number of the call under way, or of the last */
	u32 pending;  /* vCPUs that have not finished it */
	u32 sleepers; /* vCPUs that sleep, or are about to, until call changes */
	u32 waiting;  /* the caller sleeps, or is about to, until pending is 0 */
	bool started;
	bool in_call; /* of vCPU 0 */
} smp;

unsigned int num_online_cpus(void)
{
	unsigned int cpus = platform()->cpus;

	return cpus < PLATFORM_MAX_CPUS ? cpus : PLATFORM_MAX_CPUS;
}

bool grt_smp_busy(void)
{
	return smp.in_call || __atomic_load_n(&smp.pending, __ATOMIC_ACQUIRE);
}

static void wait_for_call(u32 last)
{
	for (int i = 0; i < POLLS; i++) {
		if (__atomic_load_n(&smp.call, __ATOMIC_ACQUIRE) != last)
			return;
		grt_pause();
	}
	while (__atomic_load_n(&smp.call, __ATOMIC_ACQUIRE) == last) {
		/* Sequentially consistent, as is the caller's pair: either the caller sees
		 * a sleeper and wakes it, or the sleeper's monitor sees the new call. */
		__atomic_fetch_add(&smp.sleepers, 1, __ATOMIC_SEQ_CST);
		platform_wait(&smp.call, last, 0);
		__atomic_fetch_sub(&smp.sleepers, 1, __ATOMIC_SEQ_CST);
	}
}

void grt_secondary(void)
{
	for (u32 last = 0;; last++) {
		wait_for_call(last);
		smp.fn(smp.arg);
		console_flush();
		grt_unpin_flush();
		/* Release for what fn wrote, sequentially consistent with smp.waiting. */
		if (__atomic_sub_fetch(&smp.pending, 1, __ATOMIC_SEQ_CST) == 0 &&
		    __atomic_load_n(&smp.waiting, __ATOMIC_SEQ_CST))
			platform_wake(&smp.pending, 1);
	}
}

static void call_others(void (*fn)(void *arg), void *arg, unsigned int others)
{
	smp.fn = fn;
	smp.arg = arg;
	__atomic_store_n(&smp.pending, others, __ATOMIC_RELAXED);
	/* Release for fn and arg; sequentially consistent: see wait_for_call(). */
	__atomic_fetch_add(&smp.call, 1, __ATOMIC_SEQ_CST);
	if (!smp.started) {
		smp.started = true;
		platform_ring(PLATFORM_START_CPUS, 0);
	} else if (__atomic_load_n(&smp.sleepers, __ATOMIC_SEQ_CST)) {
		platform_wake(&smp.call, others);
	}
}

static void wait_for_others(void)
{
	for (int i = 0; i < POLLS; i++) {
		if (!__atomic_load_n(&smp.pending, __ATOMIC_ACQUIRE))
			return;
		grt_pause();
	}
	__atomic_store_n(&smp.waiting, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		u32 pending = __atomic_load_n(&smp.pending, __ATOMIC_SEQ_CST);

		if (!pending)
			break;
		platform_wait(&smp.pending, pending, 0);
	}
	__atomic_store_n(&smp.waiting, 0, __ATOMIC_RELAXED);
}

void smp_call_all(void (*fn)(void *arg), void *arg)
{
	unsigned int others = num_online_cpus() - 1;

	if (smp_processor_id() != 0 || smp.in_call)
		grt_bug((unsigned long)fn, "smp_call_all() from within a call, or not from vCPU 0");
	console_flush(); /* what was printed before the call stays before it */
	smp.in_call = true;
	if (others)
		call_others(fn, arg, others);
	fn(arg);
	console_flush();
	wait_for_others();
	smp.in_call = false;
}

/* Where a vCPU stays for good; it counts as done because it will do nothing more. */
static void park(void *arg)
{
	(void)arg;
	__atomic_fetch_sub(&smp.pending, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&smp.waiting, __ATOMIC_SEQ_CST))
		platform_wake(&smp.pending, 1);
	for (u32 call = __atomic_load_n(&smp.call, __ATOMIC_RELAXED);;)
		grt_wait(&smp.call, call, 0);
}

void grt_smp_park(void)
{
	if (!smp.started)
		return;
	call_others(park, NULL, num_online_cpus() - 1);
	wait_for_others();
}
