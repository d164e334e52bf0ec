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
#define offsetofend(type, member)  (offsetof(type, member) + sizeof_field(type, member))

#endif
