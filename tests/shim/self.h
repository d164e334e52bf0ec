/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seen first by every file of the shim that knows magazines: a thread has a pointer to
 * its struct kmem_cpu, not the 17 KiB themselves. In static TLS they would come off each
 * thread's stack, which may be as small as PTHREAD_STACK_MIN.
 */
#ifndef SHIM_SELF_H
#define SHIM_SELF_H

struct kmem_cpu;
extern __thread struct kmem_cpu *shim_cpu;

/* What <slabvisor/kmem_fast.h> declares then is this pointer, and what it uses is its
 * target. */
#define kmem_hosted_cpu (*shim_cpu)

#endif
