/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's headers include this file too, by way of the kernel's. */
#ifdef SLABVISOR_HOSTED
#include_next <linux/stddef.h>
#endif
#ifndef GUEST_LINUX_STDDEF_H
#define GUEST_LINUX_STDDEF_H

#include <stdbool.h>
#include <stddef.h>

#define sizeof_field(type, member) sizeof(((type *)0)->member)
/* Members that are also one structure, by a name of their own. */
#define struct_group(NAME, ...)             __struct_group(, NAME, , __VA_ARGS__)
#define struct_group_attr(NAME, ATTRS, ...) __struct_group(, NAME, ATTRS, __VA_ARGS__)
#define struct_group_tagged(TAG, NAME, ...) __struct_group(TAG, NAME, , __VA_ARGS__)
#ifndef __struct_group
#define __struct_group(TAG, NAME, ATTRS, ...) \
	union {                               \
		struct {                      \
			__VA_ARGS__           \
		} ATTRS;                      \
		struct TAG {                  \
			__VA_ARGS__           \
		} ATTRS NAME;                 \
	} ATTRS
#endif
/* A trailing array in a union, or alone in a structure. */
#ifndef __DECLARE_FLEX_ARRAY
#define __DECLARE_FLEX_ARRAY(TYPE, NAME) \
	struct {                         \
		struct {                 \
		} __empty_##NAME;        \
		TYPE NAME[];             \
	}
#endif
#define DECLARE_FLEX_ARRAY(TYPE, NAME) __DECLARE_FLEX_ARRAY(TYPE, NAME)

#define offsetofend(type, member) (offsetof(type, member) + sizeof_field(type, member))

#endif
