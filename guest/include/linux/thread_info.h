/* SPDX-License-Identifier: BSD-2-Clause */
/* What Linux has beside a thread's stack. */
#ifndef GUEST_LINUX_THREAD_INFO_H
#define GUEST_LINUX_THREAD_INFO_H

#include <asm/page.h>
#include <linux/bug.h>
#include <linux/types.h>

/* Of a thread's stack in Linux. A vCPU's is larger. */
#define THREAD_SIZE_ORDER 2
#define THREAD_SIZE       (PAGE_SIZE << THREAD_SIZE_ORDER)
#define THREAD_ALIGN      THREAD_SIZE

/* Copies of objects are bounded where they are made. */
#define check_object_size(ptr, n, to_user)      ((void)(ptr))
#define check_copy_size(addr, bytes, is_source) ((void)(addr), true)

#endif
