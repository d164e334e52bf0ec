/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Barriers between accesses to memory, by Linux's names. x86 orders all but a store before a
 * load of another address, so that most of them only keep the compiler in order.
 */
#ifndef GUEST_ASM_BARRIER_H
#define GUEST_ASM_BARRIER_H

#include <linux/compiler.h>

/* Fences, which also make the thread sanitizer of the hosted build see the order. */
#define mb()      __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define rmb()     __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define wmb()     __atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_mb()  mb()
#define smp_rmb() rmb()
#define smp_wmb() wmb()
#define dma_mb()  mb()
#define dma_rmb() rmb()
#define dma_wmb() wmb()

/* Beside an atomic operation that orders nothing. */
#define smp_mb__before_atomic() mb()
#define smp_mb__after_atomic()  mb()

#define smp_load_acquire(p)     __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_store_mb(var, v)    __atomic_store_n(&(var), v, __ATOMIC_SEQ_CST)

/* Until cond, an expression of VAL, the value of *ptr, holds. Its value is that of VAL. */
#define smp_cond_load_relaxed(ptr, cond)                 \
	({                                               \
		__typeof__(*(ptr)) VAL;                  \
		while (VAL = READ_ONCE(*(ptr)), !(cond)) \
			cpu_relax();                     \
		VAL;                                     \
	})
#define smp_cond_load_acquire(ptr, cond)                     \
	({                                                   \
		__typeof__(*(ptr)) VAL;                      \
		while (VAL = smp_load_acquire(ptr), !(cond)) \
			cpu_relax();                         \
		VAL;                                         \
	})

#ifndef cpu_relax
#define cpu_relax() __builtin_ia32_pause()
#endif

#endif
