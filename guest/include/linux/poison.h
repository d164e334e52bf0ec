/* SPDX-License-Identifier: BSD-2-Clause */
/* Patterns that tell what memory was, as in Linux's <linux/poison.h>. */
#ifndef GUEST_LINUX_POISON_H
#define GUEST_LINUX_POISON_H

#define POISON_POINTER_DELTA 0xdead000000000000ul

/* What a removed element's links hold: a fault if they are followed. */
#define LIST_POISON1 ((void *)(0x100 + POISON_POINTER_DELTA))
#define LIST_POISON2 ((void *)(0x122 + POISON_POINTER_DELTA))

/* What --slab-debug writes: an object that is free, its last byte, one that is not written. */
#define POISON_INUSE 0x5a
#define POISON_FREE  0x6b
#define POISON_END   0xa5

#endif
