/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's type names. In the hosted build the C library's headers include this file
 * too, and want the kernel's own as well.
 */
#ifndef GUEST_LINUX_TYPES_H
#define GUEST_LINUX_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#ifdef SLABVISOR_HOSTED
#include_next <linux/types.h>
#include <sys/types.h>
#else
#include <stdint.h>

/* A type and no macro, so that a name made of it is what it says. */
#undef bool
typedef _Bool bool;

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __le16;
typedef __u32 __le32;
typedef __u64 __le64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;

typedef long ssize_t;
typedef long long loff_t;
typedef long off_t;
typedef int pid_t;
typedef unsigned int uint;
typedef unsigned long ulong;
#endif

typedef __s8 s8;
typedef __u8 u8;
typedef __s16 s16;
typedef __u16 u16;
typedef __s32 s32;
typedef __u32 u32;
typedef __s64 s64;
typedef __u64 u64;

/* Told apart by sparse alone. */
#ifndef __bitwise
#define __bitwise
#endif
#ifndef __aligned_u64
#define __aligned_u64 __u64 __attribute__((__aligned__(8)))
#endif
#define aligned_u64  __aligned_u64
#define aligned_be64 __be64 __attribute__((__aligned__(8)))
#define aligned_le64 __le64 __attribute__((__aligned__(8)))

typedef unsigned int gfp_t;
typedef unsigned int slab_flags_t;
typedef unsigned int fmode_t;
typedef u64 phys_addr_t;
typedef u64 dma_addr_t;
typedef u64 resource_size_t;
typedef unsigned short umode_t;
typedef u64 sector_t;
typedef unsigned long pgoff_t;
typedef unsigned long irq_hw_number_t;
typedef u64 cycles_t;

#ifndef SLABVISOR_HOSTED
typedef u64 blkcnt_t;
typedef u32 dev_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned int u_int;
typedef unsigned long u_long;
typedef unsigned char unchar;
typedef unsigned short ushort;
typedef u8 u_int8_t;
typedef u16 u_int16_t;
typedef u32 u_int32_t;
typedef u64 u_int64_t;
typedef __u16 __sum16;
typedef __u32 __wsum;
#endif

/* What sort() and its kin call. */
typedef int (*cmp_func_t)(const void *a, const void *b);
typedef int (*cmp_r_func_t)(const void *a, const void *b, const void *priv);
typedef void (*swap_func_t)(void *a, void *b, int size);
typedef void (*swap_r_func_t)(void *a, void *b, int size, const void *priv);

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

/* What waits for readers: see <linux/rcupdate.h>. */
struct callback_head {
	struct callback_head *next;
	void (*func)(struct callback_head *head);
};
#define rcu_head callback_head

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

#endif
