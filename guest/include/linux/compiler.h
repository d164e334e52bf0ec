/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked of the compiler by Linux's names: <linux/compiler.h> and those two that
 * Linux has beside it.
 */
#ifndef GUEST_LINUX_COMPILER_H
#define GUEST_LINUX_COMPILER_H

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define barrier() __asm__ volatile("" : : : "memory")

#undef __always_inline
#define __always_inline inline __attribute__((__always_inline__))
#undef noinline
#define noinline __attribute__((__noinline__))
#undef __must_check
#define __must_check __attribute__((__warn_unused_result__))
#undef __maybe_unused
#define __maybe_unused  __attribute__((__unused__))
#define __always_unused __attribute__((__unused__))
#undef __used
#define __used __attribute__((__used__))
#undef __packed
#define __packed __attribute__((__packed__))
#undef __aligned
#define __aligned(x) __attribute__((__aligned__(x)))
#undef __section
#define __section(s) __attribute__((__section__(s)))
#undef __weak
#define __weak __attribute__((__weak__))
#undef __cold
#define __cold __attribute__((__cold__))
#undef __pure
#define __pure __attribute__((__pure__))
#undef __malloc
#define __malloc __attribute__((__malloc__))
#undef __printf
#define __printf(a, b) __attribute__((__format__(printf, a, b)))
#undef __alloc_size
#define __alloc_size(...) __attribute__((__alloc_size__(__VA_ARGS__)))
#undef __noreturn
#define __noreturn __attribute__((__noreturn__))
#undef fallthrough
#define fallthrough __attribute__((__fallthrough__))
#define __read_mostly
#define __cacheline_aligned   __attribute__((__aligned__(64)))
#define ____cacheline_aligned __cacheline_aligned

/* For sparse; nothing to the compiler. */
#ifndef __user
#define __user
#endif
#define __kernel
#define __iomem
#ifndef __force
#define __force
#endif
#define __rcu
#define __percpu
#define __must_hold(x)
#define __acquires(x)
#define __releases(x)

/*
 * Single accesses that the compiler neither tears nor repeats. Relaxed atomics, so
 * that the thread sanitizer knows them for what they are in the hosted build.
 */
#define READ_ONCE(x)     __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), v, __ATOMIC_RELAXED)

#define __same_type(a, b) __builtin_types_compatible_p(__typeof__(a), __typeof__(b))

#ifndef _THIS_IP_
#define _RET_IP_ ((unsigned long)__builtin_return_address(0))
#define _THIS_IP_                        \
	({                               \
		__label__ __here;        \
	__here:                          \
		(unsigned long)&&__here; \
	})
#endif

#endif
