/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to user memory that answers bad addresses instead of faulting. Return values
 * are Linux's. Not to be called with the locks of user memory held.
 */
#ifndef GUEST_LINUX_UACCESS_H
#define GUEST_LINUX_UACCESS_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/types.h>

/* Tells whether [ptr, ptr + size) lies in user space; says nothing of what is mapped. */
static inline bool __access_ok(const void __user *ptr, unsigned long size)
{
	return size <= TASK_SIZE && (unsigned long)ptr <= TASK_SIZE - size;
}

#define access_ok(ptr, size) likely(__access_ok((const void *)(ptr), (size)))

/* Bytes that could not be copied: 0 is success. What copy_from_user() could not copy is
 * zeroed in to. More than INT_MAX bytes are refused, and to is left alone. */
unsigned long __must_check copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long __must_check copy_to_user(void __user *to, const void *from, unsigned long n);
/* Bytes that could not be zeroed. */
unsigned long __must_check clear_user(void __user *to, unsigned long n);

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

#endif
