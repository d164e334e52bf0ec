/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What guest/lib/kmem/dup.c is compiled over in the module: its calls are svm_kmalloc() and
 * svm_kfree(), and so it makes svm_kstrdup() and its kin. */
#ifndef GUEST_LINUX_DUP_PORT_H
#define GUEST_LINUX_DUP_PORT_H

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "slabvisor/svm.h"

#define kmalloc           svm_kmalloc
#define kfree             svm_kfree
#define kmemdup           svm_kmemdup
#define kmemdup_array     svm_kmemdup_array
#define kmemdup_nul       svm_kmemdup_nul
#define kstrdup           svm_kstrdup
#define kstrndup          svm_kstrndup
#define kstrdup_const     svm_kstrdup_const
#define kfree_const       svm_kfree_const
#define memdup_user       svm_memdup_user
#define memdup_user_nul   svm_memdup_user_nul
#define memdup_array_user svm_memdup_array_user
#define strndup_user      svm_strndup_user

void *svm_kmemdup_array(const void *src, size_t n, size_t size, gfp_t gfp);
void *svm_memdup_array_user(const void __user *src, size_t n, size_t size);
char *svm_strndup_user(const char __user *s, long max);

#endif
