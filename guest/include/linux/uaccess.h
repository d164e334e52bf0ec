/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to user memory that answers bad addresses instead of faulting. Return values
 * are Linux's. Not to be called with the locks of user memory held.
 */
#ifndef GUEST_LINUX_UACCESS_H
#define GUEST_LINUX_UACCESS_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/types.h>

/* Tells whether [ptr, ptr + size) lies in user space; says nothing of what is mapped. */
static inline bool __access_ok(const void __user *ptr, unsigned long size)
{
	return size <= TASK_SIZE && (unsigned long)ptr <= TASK_SIZE - size;
}

/* Addresses have no tags. */
#define untagged_addr(addr) (addr)

#define access_ok(ptr, size) likely(__access_ok((const void *)(ptr), (size)))

/* Bytes that could not be copied: 0 is success. What copy_from_user() could not copy is
 * zeroed in to. More than INT_MAX bytes are refused, and to is left alone. */
unsigned long __must_check copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long __must_check copy_to_user(void __user *to, const void *from, unsigned long n);
/* Bytes that could not be zeroed. */
unsigned long __must_check clear_user(void __user *to, unsigned long n);

/* The same of an address that access_ok() has been asked about, nothing zeroed. */
unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long n);

#define __copy_from_user(to, from, n)          copy_from_user(to, from, n)
#define __copy_to_user(to, from, n)            copy_to_user(to, from, n)
#define __copy_from_user_inatomic(to, from, n) copy_from_user(to, from, n)
#define __copy_to_user_inatomic(to, from, n)   copy_to_user(to, from, n)
#define __clear_user(to, n)                    clear_user(to, n)

/* 0 or -EFAULT. size is 1, 2, 4 or 8; a failed read gives 0. */
int grt_get_user(u64 *value, const void __user *ptr, unsigned int size);
int grt_put_user(u64 value, void __user *ptr, unsigned int size);

/* A scalar or pointer of 1, 2, 4 or 8 bytes: 0 or -EFAULT, x is 0 then. */
#define get_user(x, ptr)                                                                 \
	({                                                                               \
		u64 __gu_val;                                                            \
		int __gu_err;                                                            \
		_Static_assert(sizeof(*(ptr)) == 1 || sizeof(*(ptr)) == 2 ||             \
				       sizeof(*(ptr)) == 4 || sizeof(*(ptr)) == 8,       \
			       "get_user() of 1, 2, 4 or 8 bytes");                      \
		__gu_err = grt_get_user(&__gu_val, (const void *)(ptr), sizeof(*(ptr))); \
		(x) = (__typeof__(*(ptr)))__gu_val;                                      \
		__gu_err;                                                                \
	})
#define put_user(x, ptr)                                                               \
	({                                                                             \
		__typeof__(*(ptr)) __pu_val = (x);                                     \
		_Static_assert(sizeof(__pu_val) == 1 || sizeof(__pu_val) == 2 ||       \
				       sizeof(__pu_val) == 4 || sizeof(__pu_val) == 8, \
			       "put_user() of 1, 2, 4 or 8 bytes");                    \
		grt_put_user((u64)__pu_val, (void *)(ptr), sizeof(__pu_val));          \
	})
#define __get_user(x, ptr) get_user(x, ptr)
#define __put_user(x, ptr) put_user(x, ptr)

/* Copies a string and its NUL, at most count bytes. Returns its length without the
 * NUL; count if there was no NUL in count bytes; -EFAULT. */
long __must_check strncpy_from_user(char *dst, const char __user *src, long count);
/* Size with the NUL; 0: bad address; more than n: no NUL in n bytes. */
long __must_check strnlen_user(const char __user *str, long n);

/* 1: all size bytes are zero; 0: not all; -EFAULT. */
int __must_check check_zeroed_user(const void __user *from, size_t size);
/* Copies a struct of a caller whose idea of its size may be older or newer: the rest
 * of dst is zeroed; -E2BIG if the rest of src is not zero; -EFAULT. */
int __must_check copy_struct_from_user(void *dst, size_t ksize, const void __user *src,
				       size_t usize);

/*
 * A stretch of accesses to [ptr, ptr + size): begins if access_ok() says so, and at a bad address
 * goes on at a label. On x86 the CPU is told to let the kernel through for so long, which these
 * programs do not keep it from: the names are for code that has them.
 */
#define user_access_begin(ptr, size)       access_ok(ptr, size)
#define user_access_end()                  ((void)0)
#define user_read_access_begin(ptr, size)  access_ok(ptr, size)
#define user_read_access_end()             ((void)0)
#define user_write_access_begin(ptr, size) access_ok(ptr, size)
#define user_write_access_end()            ((void)0)
#define user_access_save()                 0ul
#define user_access_restore(flags)         ((void)(flags))
#define unsafe_get_user(x, ptr, label)          \
	do {                                    \
		if (unlikely(get_user(x, ptr))) \
			goto label;             \
	} while (0)
#define unsafe_put_user(x, ptr, label)          \
	do {                                    \
		if (unlikely(put_user(x, ptr))) \
			goto label;             \
	} while (0)
#define unsafe_copy_from_user(to, from, n, label)              \
	do {                                                   \
		if (unlikely(raw_copy_from_user(to, from, n))) \
			goto label;                            \
	} while (0)
#define unsafe_copy_to_user(to, from, n, label)              \
	do {                                                 \
		if (unlikely(raw_copy_to_user(to, from, n))) \
			goto label;                          \
	} while (0)

/*
 * Between these two, which nest, an access of this vCPU to a page of user memory that is not there
 * fails like one to an address where nothing is mapped.
 */
void pagefault_disable(void);
void pagefault_enable(void);
bool pagefault_disabled(void);
#define faulthandler_disabled() pagefault_disabled()

/*
 * Brings in the pages that [uaddr, uaddr + size) lies in, for a copy with page faults disabled to
 * find them. Returns the bytes that are not, from the first page on that cannot be had: 0 is
 * success. Readable: as a read would. Writeable: as a write would, without a change of what is
 * there; safe_writeable is the same.
 */
size_t fault_in_readable(const char __user *uaddr, size_t size);
size_t fault_in_writeable(char __user *uaddr, size_t size);
size_t fault_in_safe_writeable(const char __user *uaddr, size_t size);

/*
 * Copies that bring nothing in: 0, or -EFAULT. Of strings with their NUL, of at most count bytes:
 * the length with the NUL; count, and a NUL at the end of what was copied, if there was none;
 * -EFAULT.
 */
long copy_from_user_nofault(void *dst, const void __user *src, size_t size);
long copy_to_user_nofault(void __user *dst, const void *src, size_t size);
long strncpy_from_user_nofault(char *dst, const void __user *src, long count);
long strnlen_user_nofault(const void __user *str, long count);
/* Of the kernel's memory, whatever the address: -ERANGE for one of user space, too. */
long copy_from_kernel_nofault(void *dst, const void *src, size_t size);
long copy_to_kernel_nofault(void *dst, const void *src, size_t size);
long strncpy_from_kernel_nofault(char *dst, const void *src, long count);
#define get_kernel_nofault(val, ptr)                                  \
	({                                                            \
		const __typeof__(val) *__gkn = (ptr);                 \
		copy_from_kernel_nofault(&(val), __gkn, sizeof(val)); \
	})

#endif
