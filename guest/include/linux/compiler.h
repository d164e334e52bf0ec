/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked of the compiler by Linux's names: <linux/compiler.h> and those two that
 * Linux has beside it.
 */
#ifndef GUEST_LINUX_COMPILER_H
#define GUEST_LINUX_COMPILER_H

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define barrier()         __asm__ volatile("" : : : "memory")
#define barrier_data(ptr) __asm__ volatile("" : : "r"(ptr) : "memory")

/* The compiler knows nothing of a value that has gone through these. */
#define OPTIMIZER_HIDE_VAR(var) __asm__("" : "=r"(var) : "0"(var))
#define RELOC_HIDE(ptr, off)                               \
	({                                                 \
		unsigned long __rh = (unsigned long)(ptr); \
		OPTIMIZER_HIDE_VAR(__rh);                  \
		(__typeof__(ptr))(__rh + (off));           \
	})
#define absolute_pointer(val) RELOC_HIDE((void *)(val), 0)

#define unreachable() __builtin_unreachable()

/* A word of which only some bytes are the reader's. */
static inline unsigned long read_word_at_a_time(const void *addr)
{
	return *(const volatile unsigned long *)addr;
}

/* An access that is known to race, and does no harm. */
#define data_race(expr) (expr)

/* a and b as one name, with macros in them replaced. */
#ifndef __CONCAT
#define __CONCAT(a, b) a##b
#endif
#define ___GRT_PASTE(a, b)  a##b
#define __PASTE(a, b)       ___GRT_PASTE(a, b)
#define CONCATENATE(a, b)   __PASTE(a, b)
#define __UNIQUE_ID(prefix) __PASTE(__PASTE(__UNIQUE_ID_, prefix), __COUNTER__)

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
#undef __attribute_const__
#define __attribute_const__ __attribute__((__const__))
#undef __scanf
#define __scanf(a, b) __attribute__((__format__(scanf, a, b)))
#undef __flatten
#define __flatten __attribute__((__flatten__))
#undef __nonstring
#define __nonstring           __attribute__((__nonstring__))
#define __assume_aligned(...) __attribute__((__assume_aligned__(__VA_ARGS__)))
#define __must_be_array(a)    BUILD_BUG_ON_ZERO(__same_type((a), &(a)[0]))
#define __visible             __attribute__((__externally_visible__))
#define __no_sanitize_address
#define __no_kasan_or_inline __always_inline
#define noinline_for_stack   noinline
#define notrace
#define noinstr noinline
#define __no_randomize_layout
#define __randomize_layout
#define randomized_struct_fields_start
#define randomized_struct_fields_end
#define asmlinkage
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
#define __nocast
#define __safe
#define __private
#define __acquire(x)              ((void)0)
#define __release(x)              ((void)0)
#define __cond_lock(x, c)         (c)
#define ACCESS_PRIVATE(p, member) ((p)->member)
#define __acquires(x)
#define __releases(x)

/*
 * Single accesses that the compiler neither tears nor repeats. Relaxed atomics, so
 * that the thread sanitizer knows them for what they are in the hosted build.
 */
#define READ_ONCE(x)     __read_once(x, __grt_name(__once_))
#define WRITE_ONCE(x, v) __write_once(x, v, __grt_name(__once_))
/* Of structures, too, as pte_t is one. What follows a comma is a value, whose type is the object's
 * without const and volatile. */
#define __read_once(x, value)                                                   \
	({                                                                      \
		__typeof__(((void)0, (x))) value;                               \
		__atomic_load((__typeof__(x) *)&(x), &value, __ATOMIC_RELAXED); \
		value;                                                          \
	})
#define __write_once(x, v, value)                               \
	do {                                                    \
		__typeof__(((void)0, (x))) value = (v);         \
		__atomic_store(&(x), &value, __ATOMIC_RELAXED); \
	} while (0)

/* A name of its own each time, so that none shadows another where macros are nested. */
#define __grt_name(prefix)      __grt_paste(prefix, __COUNTER__)
#define __grt_paste(a, b)       __grt_paste_again(a, b)
#define __grt_paste_again(a, b) a##b

/* A statement that does not compile where the condition, once all is inlined, may be false. */
#define compiletime_assert(cond, msg) __compiletime_assert(cond, msg, __grt_name(__grt_refused_))
#ifdef __OPTIMIZE__
#define __compiletime_assert(cond, msg, refused)                           \
	do {                                                               \
		extern void refused(void) __attribute__((__error__(msg))); \
		if (!(cond))                                               \
			refused();                                         \
	} while (0)
#else
#define __compiletime_assert(cond, msg, refused) ((void)(cond))
#endif

/* Tells whether an expression is a constant one: a null pointer constant decides what type the
 * other pointer has. */
#define __is_constexpr(x) \
	__builtin_types_compatible_p(__typeof__(8 ? ((void *)((long)(x)*0L)) : (int *)8), int *)
#define statically_true(x) (__builtin_constant_p(x) && (x))

/* Tells whether a type has negative numbers. */
#define is_signed_type(type)   (((type)(-1)) < (__force type)1)
#define is_unsigned_type(type) (!is_signed_type(type))

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
