/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's atomic_t and atomic64_t. As there, an operation that returns a value is
 * fully ordered, one that does not is not ordered at all, and _acquire, _release and
 * _relaxed say what they do.
 */
#ifndef GUEST_LINUX_ATOMIC_H
#define GUEST_LINUX_ATOMIC_H

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

#define GRT_ATOMIC_OPS(name, type, num)                                                          \
	static inline num name##_read(const type *v)                                             \
	{                                                                                        \
		return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);                           \
	}                                                                                        \
	static inline num name##_read_acquire(const type *v)                                     \
	{                                                                                        \
		return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE);                           \
	}                                                                                        \
	static inline void name##_set(type *v, num i)                                            \
	{                                                                                        \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);                              \
	}                                                                                        \
	static inline void name##_set_release(type *v, num i)                                    \
	{                                                                                        \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELEASE);                              \
	}                                                                                        \
	static inline void name##_add(num i, type *v)                                            \
	{                                                                                        \
		__atomic_fetch_add(&v->counter, i, __ATOMIC_RELAXED);                            \
	}                                                                                        \
	static inline void name##_sub(num i, type *v)                                            \
	{                                                                                        \
		__atomic_fetch_sub(&v->counter, i, __ATOMIC_RELAXED);                            \
	}                                                                                        \
	static inline void name##_inc(type *v)                                                   \
	{                                                                                        \
		name##_add(1, v);                                                                \
	}                                                                                        \
	static inline void name##_dec(type *v)                                                   \
	{                                                                                        \
		name##_sub(1, v);                                                                \
	}                                                                                        \
	static inline num name##_add_return(num i, type *v)                                      \
	{                                                                                        \
		return __atomic_add_fetch(&v->counter, i, __ATOMIC_SEQ_CST);                     \
	}                                                                                        \
	static inline num name##_sub_return(num i, type *v)                                      \
	{                                                                                        \
		return __atomic_sub_fetch(&v->counter, i, __ATOMIC_SEQ_CST);                     \
	}                                                                                        \
	static inline num name##_inc_return(type *v)                                             \
	{                                                                                        \
		return name##_add_return(1, v);                                                  \
	}                                                                                        \
	static inline num name##_dec_return(type *v)                                             \
	{                                                                                        \
		return name##_sub_return(1, v);                                                  \
	}                                                                                        \
	static inline num name##_fetch_add(num i, type *v)                                       \
	{                                                                                        \
		return __atomic_fetch_add(&v->counter, i, __ATOMIC_SEQ_CST);                     \
	}                                                                                        \
	static inline num name##_fetch_sub(num i, type *v)                                       \
	{                                                                                        \
		return __atomic_fetch_sub(&v->counter, i, __ATOMIC_SEQ_CST);                     \
	}                                                                                        \
	static inline num name##_fetch_or(num i, type *v)                                        \
	{                                                                                        \
		return __atomic_fetch_or(&v->counter, i, __ATOMIC_SEQ_CST);                      \
	}                                                                                        \
	static inline num name##_fetch_and(num i, type *v)                                       \
	{                                                                                        \
		return __atomic_fetch_and(&v->counter, i, __ATOMIC_SEQ_CST);                     \
	}                                                                                        \
	static inline num name##_xchg(type *v, num i)                                            \
	{                                                                                        \
		return __atomic_exchange_n(&v->counter, i, __ATOMIC_SEQ_CST);                    \
	}                                                                                        \
	static inline num name##_cmpxchg(type *v, num old, num i)                                \
	{                                                                                        \
		__atomic_compare_exchange_n(&v->counter, &old, i, false, __ATOMIC_SEQ_CST,       \
					    __ATOMIC_RELAXED);                                   \
		return old;                                                                      \
	}                                                                                        \
	static inline bool name##_try_cmpxchg(type *v, num *old, num i)                          \
	{                                                                                        \
		return __atomic_compare_exchange_n(&v->counter, old, i, false, __ATOMIC_SEQ_CST, \
						   __ATOMIC_RELAXED);                            \
	}                                                                                        \
	static inline bool name##_dec_and_test(type *v)                                          \
	{                                                                                        \
		return name##_sub_return(1, v) == 0;                                             \
	}                                                                                        \
	static inline bool name##_sub_and_test(num i, type *v)                                   \
	{                                                                                        \
		return name##_sub_return(i, v) == 0;                                             \
	}                                                                                        \
	static inline bool name##_inc_and_test(type *v)                                          \
	{                                                                                        \
		return name##_add_return(1, v) == 0;                                             \
	}                                                                                        \
	static inline bool name##_add_unless(type *v, num a, num u)                              \
	{                                                                                        \
		num c = name##_read(v);                                                          \
                                                                                                 \
		do {                                                                             \
			if (c == u)                                                              \
				return false;                                                    \
		} while (!name##_try_cmpxchg(v, &c, c + a));                                     \
		return true;                                                                     \
	}                                                                                        \
	static inline bool name##_inc_not_zero(type *v)                                          \
	{                                                                                        \
		return name##_add_unless(v, 1, 0);                                               \
	}

GRT_ATOMIC_OPS(atomic, atomic_t, int)
GRT_ATOMIC_OPS(atomic64, atomic64_t, s64)

#undef GRT_ATOMIC_OPS

#endif
