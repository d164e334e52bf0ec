/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Read-copy update, with Linux's names: readers that take no lock, and a wait for all of them.
 *
 * Between rcu_read_lock() and rcu_read_unlock(), which nest, what a vCPU finds by rcu_dereference()
 * stays: whoever unlinks it frees it only after a grace period, that is when all readers that had
 * begun before have ended. Readers do not sleep, and never wait; a hosted build's threads are
 * vCPUs.
 *
 * Who runs callbacks: no thread of its own. What call_rcu() was given runs, once its grace period
 * is over, on a vCPU that sleeps or has nothing to do (msleep(), wait_for_completion(), the wait
 * for smp_call_all()), waits in rcu_barrier() or synchronize_rcu() of any vCPU, or is out of memory
 * and may wait, and at the end of the program. As in Linux it runs with none of the caller's locks
 * held, does not sleep, and never within call_rcu(). What kfree_rcu() was given is freed at these
 * places and, since kfree() needs no place, at some later kfree_rcu() as well.
 */
#ifndef GUEST_LINUX_RCUPDATE_H
#define GUEST_LINUX_RCUPDATE_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/stddef.h>
#include <linux/types.h>

typedef void (*rcu_callback_t)(struct rcu_head *head);
typedef void (*call_rcu_func_t)(struct rcu_head *head, rcu_callback_t func);

/* The end without a beginning is a BUG. */
void rcu_read_lock(void);
void rcu_read_unlock(void);
/* Tells whether the calling vCPU reads. */
bool rcu_read_lock_held(void);

/* Waits for a grace period. Within rcu_read_lock() it would never end, and is a BUG. */
void synchronize_rcu(void);

/* Has func(head) be called after a grace period; head lies in what goes, and is not looked at once
 * func is called. From any context. */
void call_rcu(struct rcu_head *head, rcu_callback_t func);
/* Waits until all that was given to call_rcu() and kfree_rcu() before has run. Not within
 * rcu_read_lock(): a BUG. */
void rcu_barrier(void);

/* A cookie for a grace period that begins now, and whether it is over. Neither waits. */
unsigned long get_state_synchronize_rcu(void);
bool poll_state_synchronize_rcu(unsigned long cookie);
#define start_poll_synchronize_rcu() get_state_synchronize_rcu()

static inline void cond_synchronize_rcu(unsigned long cookie)
{
	if (!poll_state_synchronize_rcu(cookie))
		synchronize_rcu();
}

/* Nothing is faster than the wait above, and vCPUs are never preempted. */
#define synchronize_rcu_expedited() synchronize_rcu()
#define synchronize_net()           synchronize_rcu()
#define rcu_read_lock_bh()          rcu_read_lock()
#define rcu_read_unlock_bh()        rcu_read_unlock()
#define rcu_read_lock_sched()       rcu_read_lock()
#define rcu_read_unlock_sched()     rcu_read_unlock()
#define rcu_read_lock_bh_held()     rcu_read_lock_held()
#define rcu_read_lock_sched_held()  rcu_read_lock_held()
#define rcu_read_lock_any_held()    rcu_read_lock_held()
#define call_rcu_hurry(head, func)  call_rcu(head, func)

/* Frees an object of kmalloc() or of a cache, within whose first page a head lies, after a grace
 * period. For the macros below. */
void kmem_free_after_readers(struct rcu_head *head, size_t offset);
/* Any that kvfree() takes, as Linux's; head NULL: waits for the grace period first. */
void kvfree_call_rcu(struct rcu_head *head, void *ptr);

/*
 * kfree_rcu(ptr, field), and kvfree_rcu(): frees *ptr after a grace period, by its field of type
 * struct rcu_head. Without a field, as kvfree_rcu_mightsleep(): waits for it. NULL does nothing.
 */
#define kvfree_rcu(...) \
	__kvfree_rcu_choose(__VA_ARGS__, __kvfree_rcu_2, __kvfree_rcu_1)(__VA_ARGS__)
#define kfree_rcu(...)                    kvfree_rcu(__VA_ARGS__)
#define kvfree_rcu_mightsleep(ptr)        __kvfree_rcu_1(ptr)
#define kfree_rcu_mightsleep(ptr)         __kvfree_rcu_1(ptr)
#define __kvfree_rcu_choose(a, b, c, ...) c
#define __kvfree_rcu_2(ptr, field)                                         \
	do {                                                               \
		__typeof__(ptr) __kfr = (ptr);                             \
		static_assert(offsetof(__typeof__(*(ptr)), field) < 4096); \
		if (__kfr)                                                 \
			kvfree_call_rcu(&__kfr->field, (void *)__kfr);     \
	} while (0)
#define __kvfree_rcu_1(ptr)                                   \
	do {                                                  \
		__typeof__(ptr) __kfr = (ptr);                \
		if (__kfr)                                    \
			kvfree_call_rcu(NULL, (void *)__kfr); \
	} while (0)

/*
 * Pointers that readers follow. An assignment is a release: what it points at is there before. A
 * load is ordered before what follows it by the dependency, which no CPU that is meant here breaks.
 */
#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)
#define RCU_INIT_POINTER(p, v)   WRITE_ONCE(p, v)
#define RCU_INITIALIZER(v)       (v)
/* Acquire, for the sake of compilers and of checkers, which know no dependencies. On x86 it is a
 * plain load. */
#define rcu_dereference(p)       __atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define rcu_dereference_raw(p)   rcu_dereference(p)
#define rcu_dereference_bh(p)    rcu_dereference(p)
#define rcu_dereference_sched(p) rcu_dereference(p)
/* The condition, which a checker of locks would look at, is not evaluated. */
#define rcu_dereference_check(p, c)     rcu_dereference(p)
#define rcu_dereference_protected(p, c) READ_ONCE(p)
#define rcu_access_pointer(p)           READ_ONCE(p)
#define rcu_pointer_handoff(p)          (p)
#define rcu_replace_pointer(p, v, c)                \
	({                                          \
		__typeof__(p) __rrp = READ_ONCE(p); \
		rcu_assign_pointer(p, v);           \
		__rrp;                              \
	})

/* No checker of locks is there to be told. */
#define rcu_sleep_check() \
	do {              \
	} while (0)
#define RCU_LOCKDEP_WARN(c, s) \
	do {                   \
	} while (0)
#define rcu_head_init(head) ((head)->func = (rcu_callback_t)~0ul)
#define init_rcu_head(head) \
	do {                \
	} while (0)
#define destroy_rcu_head(head) \
	do {                   \
	} while (0)

#endif
