/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's atomic_t, atomic64_t and atomic_long_t, and exchanges of plain words. As there, an
 * operation that returns a value is fully ordered, one that does not is not ordered at all, and
 * _acquire, _release and _relaxed say what they do. An exchange that fails orders nothing.
 */
#ifndef GUEST_LINUX_ATOMIC_H
#define GUEST_LINUX_ATOMIC_H

#include <asm/barrier.h>
#include <linux/compiler.h>
#include <linux/types.h>

#ifndef ATOMIC_INIT
#define ATOMIC_INIT(i) \
	{              \
		(i)    \
	}
#endif
#define ATOMIC64_INIT(i) \
	{                \
		(i)      \
	}
#define ATOMIC_LONG_INIT(i) ATOMIC64_INIT(i)

/* Accesses, and what is neither ordered nor answered. */
#define GRT_ATOMIC_PLAIN(name, type, num)                              \
	static inline num name##_read(const type *v)                   \
	{                                                              \
		return __atomic_load_n(&v->counter, __ATOMIC_RELAXED); \
	}                                                              \
	static inline num name##_read_acquire(const type *v)           \
	{                                                              \
		return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE); \
	}                                                              \
	static inline void name##_set(type *v, num i)                  \
	{                                                              \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);    \
	}                                                              \
	static inline void name##_set_release(type *v, num i)          \
	{                                                              \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELEASE);    \
	}                                                              \
	static inline void name##_add(num i, type *v)                  \
	{                                                              \
		__atomic_fetch_add(&v->counter, i, __ATOMIC_RELAXED);  \
	}                                                              \
	static inline void name##_sub(num i, type *v)                  \
	{                                                              \
		__atomic_fetch_sub(&v->counter, i, __ATOMIC_RELAXED);  \
	}                                                              \
	static inline void name##_inc(type *v)                         \
	{                                                              \
		__atomic_fetch_add(&v->counter, 1, __ATOMIC_RELAXED);  \
	}                                                              \
	static inline void name##_dec(type *v)                         \
	{                                                              \
		__atomic_fetch_sub(&v->counter, 1, __ATOMIC_RELAXED);  \
	}                                                              \
	static inline void name##_and(num i, type *v)                  \
	{                                                              \
		__atomic_fetch_and(&v->counter, i, __ATOMIC_RELAXED);  \
	}                                                              \
	static inline void name##_or(num i, type *v)                   \
	{                                                              \
		__atomic_fetch_or(&v->counter, i, __ATOMIC_RELAXED);   \
	}                                                              \
	static inline void name##_xor(num i, type *v)                  \
	{                                                              \
		__atomic_fetch_xor(&v->counter, i, __ATOMIC_RELAXED);  \
	}                                                              \
	static inline void name##_andnot(num i, type *v)               \
	{                                                              \
		__atomic_fetch_and(&v->counter, ~i, __ATOMIC_RELAXED); \
	}

/* What answers, with one order: the new value (_return), or the old one (fetch_). */
#define GRT_ATOMIC_ORDERED(name, type, num, sfx, order, failed)                                \
	static inline num name##_add_return##sfx(num i, type *v)                               \
	{                                                                                      \
		return __atomic_add_fetch(&v->counter, i, order);                              \
	}                                                                                      \
	static inline num name##_sub_return##sfx(num i, type *v)                               \
	{                                                                                      \
		return __atomic_sub_fetch(&v->counter, i, order);                              \
	}                                                                                      \
	static inline num name##_inc_return##sfx(type *v)                                      \
	{                                                                                      \
		return __atomic_add_fetch(&v->counter, 1, order);                              \
	}                                                                                      \
	static inline num name##_fetch_inc##sfx(type *v)                                       \
	{                                                                                      \
		return __atomic_fetch_add(&v->counter, 1, order);                              \
	}                                                                                      \
	static inline num name##_dec_return##sfx(type *v)                                      \
	{                                                                                      \
		return __atomic_sub_fetch(&v->counter, 1, order);                              \
	}                                                                                      \
	static inline num name##_fetch_dec##sfx(type *v)                                       \
	{                                                                                      \
		return __atomic_fetch_sub(&v->counter, 1, order);                              \
	}                                                                                      \
	static inline num name##_fetch_add##sfx(num i, type *v)                                \
	{                                                                                      \
		return __atomic_fetch_add(&v->counter, i, order);                              \
	}                                                                                      \
	static inline num name##_fetch_sub##sfx(num i, type *v)                                \
	{                                                                                      \
		return __atomic_fetch_sub(&v->counter, i, order);                              \
	}                                                                                      \
	static inline num name##_fetch_and##sfx(num i, type *v)                                \
	{                                                                                      \
		return __atomic_fetch_and(&v->counter, i, order);                              \
	}                                                                                      \
	static inline num name##_fetch_or##sfx(num i, type *v)                                 \
	{                                                                                      \
		return __atomic_fetch_or(&v->counter, i, order);                               \
	}                                                                                      \
	static inline num name##_fetch_xor##sfx(num i, type *v)                                \
	{                                                                                      \
		return __atomic_fetch_xor(&v->counter, i, order);                              \
	}                                                                                      \
	static inline num name##_fetch_andnot##sfx(num i, type *v)                             \
	{                                                                                      \
		return __atomic_fetch_and(&v->counter, ~i, order);                             \
	}                                                                                      \
	static inline bool name##_add_negative##sfx(num i, type *v)                            \
	{                                                                                      \
		return __atomic_add_fetch(&v->counter, i, order) < 0;                          \
	}                                                                                      \
	static inline num name##_xchg##sfx(type *v, num i)                                     \
	{                                                                                      \
		return __atomic_exchange_n(&v->counter, i, order);                             \
	}                                                                                      \
	static inline num name##_cmpxchg##sfx(type *v, num old, num i)                         \
	{                                                                                      \
		__atomic_compare_exchange_n(&v->counter, &old, i, false, order, failed);       \
		return old;                                                                    \
	}                                                                                      \
	static inline bool name##_try_cmpxchg##sfx(type *v, num *old, num i)                   \
	{                                                                                      \
		return __atomic_compare_exchange_n(&v->counter, old, i, false, order, failed); \
	}

/* Fully ordered, and with a condition: nothing is done, or ordered, where it does not hold. */
#define GRT_ATOMIC_IF(name, type, num)                                   \
	static inline bool name##_dec_and_test(type *v)                  \
	{                                                                \
		return name##_dec_return(v) == 0;                        \
	}                                                                \
	static inline bool name##_sub_and_test(num i, type *v)           \
	{                                                                \
		return name##_sub_return(i, v) == 0;                     \
	}                                                                \
	static inline bool name##_inc_and_test(type *v)                  \
	{                                                                \
		return name##_inc_return(v) == 0;                        \
	}                                                                \
	/* Adds a, unless the value is u; the value before. */           \
	static inline num name##_fetch_add_unless(type *v, num a, num u) \
	{                                                                \
		num c = name##_read(v);                                  \
                                                                         \
		while (c != u && !name##_try_cmpxchg(v, &c, c + a))      \
			;                                                \
		return c;                                                \
	}                                                                \
	static inline bool name##_add_unless(type *v, num a, num u)      \
	{                                                                \
		return name##_fetch_add_unless(v, a, u) != u;            \
	}                                                                \
	static inline bool name##_inc_not_zero(type *v)                  \
	{                                                                \
		return name##_add_unless(v, 1, 0);                       \
	}                                                                \
	static inline bool name##_inc_unless_negative(type *v)           \
	{                                                                \
		num c = name##_read(v);                                  \
                                                                         \
		do {                                                     \
			if (c < 0)                                       \
				return false;                            \
		} while (!name##_try_cmpxchg(v, &c, c + 1));             \
		return true;                                             \
	}                                                                \
	static inline bool name##_dec_unless_positive(type *v)           \
	{                                                                \
		num c = name##_read(v);                                  \
                                                                         \
		do {                                                     \
			if (c > 0)                                       \
				return false;                            \
		} while (!name##_try_cmpxchg(v, &c, c - 1));             \
		return true;                                             \
	}                                                                \
	/* The value less 1, which is stored if it is not negative. */   \
	static inline num name##_dec_if_positive(type *v)                \
	{                                                                \
		num c = name##_read(v);                                  \
                                                                         \
		do {                                                     \
			if (c - 1 < 0)                                   \
				break;                                   \
		} while (!name##_try_cmpxchg(v, &c, c - 1));             \
		return c - 1;                                            \
	}

#define GRT_ATOMIC(name, type, num)                                                       \
	GRT_ATOMIC_PLAIN(name, type, num)                                                 \
	GRT_ATOMIC_ORDERED(name, type, num, , __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)         \
	GRT_ATOMIC_ORDERED(name, type, num, _acquire, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED) \
	GRT_ATOMIC_ORDERED(name, type, num, _release, __ATOMIC_RELEASE, __ATOMIC_RELAXED) \
	GRT_ATOMIC_ORDERED(name, type, num, _relaxed, __ATOMIC_RELAXED, __ATOMIC_RELAXED) \
	GRT_ATOMIC_IF(name, type, num)

typedef atomic64_t atomic_long_t;

GRT_ATOMIC(atomic, atomic_t, int)
GRT_ATOMIC(atomic64, atomic64_t, s64)
GRT_ATOMIC(atomic_long, atomic_long_t, long)

#undef GRT_ATOMIC
#undef GRT_ATOMIC_PLAIN
#undef GRT_ATOMIC_ORDERED
#undef GRT_ATOMIC_IF

#define atomic_cond_read_acquire(v, c) smp_cond_load_acquire(&(v)->counter, (c))
#define atomic_cond_read_relaxed(v, c) smp_cond_load_relaxed(&(v)->counter, (c))

/* Of any word or pointer: its old value. */
#define __grt_xchg(ptr, v, order)                                          \
	({                                                                 \
		__typeof__(*(ptr)) __xchg_new = (__typeof__(*(ptr)))(v);   \
		__typeof__(*(ptr)) __xchg_old;                             \
		__atomic_exchange((ptr), &__xchg_new, &__xchg_old, order); \
		__xchg_old;                                                \
	})
#define __grt_cmpxchg(ptr, old, new, order)                                                    \
	({                                                                                     \
		__typeof__(*(ptr)) __cmpxchg_old = (__typeof__(*(ptr)))(old);                  \
		__typeof__(*(ptr)) __cmpxchg_new = (__typeof__(*(ptr)))(new);                  \
		__atomic_compare_exchange((ptr), &__cmpxchg_old, &__cmpxchg_new, false, order, \
					  __ATOMIC_RELAXED);                                   \
		__cmpxchg_old;                                                                 \
	})
/* Tells whether it was *old; else *old is what it was. */
#define __grt_try_cmpxchg(ptr, old, new, order)                                       \
	({                                                                            \
		__typeof__(*(ptr)) __cmpxchg_new = (__typeof__(*(ptr)))(new);         \
		__atomic_compare_exchange((ptr), (old), &__cmpxchg_new, false, order, \
					  __ATOMIC_RELAXED);                          \
	})
#define xchg(ptr, v)                       __grt_xchg(ptr, v, __ATOMIC_SEQ_CST)
#define cmpxchg(ptr, old, new)             __grt_cmpxchg(ptr, old, new, __ATOMIC_SEQ_CST)
#define try_cmpxchg(ptr, old, new)         __grt_try_cmpxchg(ptr, old, new, __ATOMIC_SEQ_CST)
#define xchg_acquire(ptr, v)               __grt_xchg(ptr, v, __ATOMIC_ACQUIRE)
#define cmpxchg_acquire(ptr, old, new)     __grt_cmpxchg(ptr, old, new, __ATOMIC_ACQUIRE)
#define try_cmpxchg_acquire(ptr, old, new) __grt_try_cmpxchg(ptr, old, new, __ATOMIC_ACQUIRE)
#define xchg_release(ptr, v)               __grt_xchg(ptr, v, __ATOMIC_RELEASE)
#define cmpxchg_release(ptr, old, new)     __grt_cmpxchg(ptr, old, new, __ATOMIC_RELEASE)
#define try_cmpxchg_release(ptr, old, new) __grt_try_cmpxchg(ptr, old, new, __ATOMIC_RELEASE)
#define xchg_relaxed(ptr, v)               __grt_xchg(ptr, v, __ATOMIC_RELAXED)
#define cmpxchg_relaxed(ptr, old, new)     __grt_cmpxchg(ptr, old, new, __ATOMIC_RELAXED)
#define try_cmpxchg_relaxed(ptr, old, new) __grt_try_cmpxchg(ptr, old, new, __ATOMIC_RELAXED)
#define cmpxchg64(ptr, old, new)           cmpxchg(ptr, old, new)
#define cmpxchg64_relaxed(ptr, old, new)   cmpxchg_relaxed(ptr, old, new)
#define try_cmpxchg64(ptr, old, new)       try_cmpxchg(ptr, old, new)
#define cmpxchg_local(ptr, old, new)       cmpxchg(ptr, old, new)
#define cmpxchg64_local(ptr, old, new)     cmpxchg(ptr, old, new)

#endif
