/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Variables of which each vCPU has its own, as in Linux's <linux/percpu.h>: defined, or allocated.
 * Their names and pointers are no addresses of memory: per_cpu() and the like say whose is meant.
 * What a program defines has GRT_PERCPU_SIZE bytes at most; what it allocates, as much as there is
 * memory. Operations on the calling vCPU's are plain ones,
 * since nothing comes in between. Not in the hosted build.
 */
#ifndef GUEST_LINUX_PERCPU_H
#define GUEST_LINUX_PERCPU_H

#include <linux/compiler.h>
#include <linux/gfp_types.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/types.h>
#include <slabvisor/percpu.h>

#define GRT_PERCPU_SIZE (32ul << 10)

/* From a name's or pointer's value to vCPU cpu's own. */
extern unsigned long __per_cpu_offset[];

#define per_cpu_offset(cpu) (__per_cpu_offset[cpu])

#define DECLARE_PER_CPU(type, name) \
	extern __attribute__((__section__(".grt_percpu"))) __typeof__(type) name
#define DEFINE_PER_CPU(type, name)                 __attribute__((__section__(".grt_percpu"))) __typeof__(type) name
#define DECLARE_PER_CPU_SHARED_ALIGNED(type, name) DECLARE_PER_CPU(type, name)
#define DEFINE_PER_CPU_SHARED_ALIGNED(type, name)  DEFINE_PER_CPU(type, name) ____cacheline_aligned
#define DECLARE_PER_CPU_ALIGNED(type, name)        DECLARE_PER_CPU(type, name)
#define DEFINE_PER_CPU_ALIGNED(type, name)         DEFINE_PER_CPU(type, name) ____cacheline_aligned
#define DECLARE_PER_CPU_READ_MOSTLY(type, name)    DECLARE_PER_CPU(type, name)
#define DEFINE_PER_CPU_READ_MOSTLY(type, name)     DEFINE_PER_CPU(type, name)
#define EXPORT_PER_CPU_SYMBOL(name)                EXPORT_SYMBOL(name)
#define EXPORT_PER_CPU_SYMBOL_GPL(name)            EXPORT_SYMBOL(name)

#define per_cpu_ptr(ptr, cpu) RELOC_HIDE(ptr, __per_cpu_offset[cpu])
#define raw_cpu_ptr(ptr)      per_cpu_ptr(ptr, this_cpu()->cpu)
#define this_cpu_ptr(ptr)     raw_cpu_ptr(ptr)
#define per_cpu(var, cpu)     (*per_cpu_ptr(&(var), cpu))
#define __get_cpu_var(var)    (*this_cpu_ptr(&(var)))
#define get_cpu_var(var)      (*this_cpu_ptr(&(var)))
#define put_cpu_var(var)      ((void)&(var))
#define get_cpu_ptr(ptr)      this_cpu_ptr(ptr)
#define put_cpu_ptr(ptr)      ((void)(ptr))

#define this_cpu_read(pcp)            (*this_cpu_ptr(&(pcp)))
#define this_cpu_write(pcp, val)      (*this_cpu_ptr(&(pcp)) = (val))
#define this_cpu_add(pcp, val)        ((void)(*this_cpu_ptr(&(pcp)) += (val)))
#define this_cpu_sub(pcp, val)        ((void)(*this_cpu_ptr(&(pcp)) -= (val)))
#define this_cpu_and(pcp, val)        ((void)(*this_cpu_ptr(&(pcp)) &= (val)))
#define this_cpu_or(pcp, val)         ((void)(*this_cpu_ptr(&(pcp)) |= (val)))
#define this_cpu_inc(pcp)             this_cpu_add(pcp, 1)
#define this_cpu_dec(pcp)             this_cpu_sub(pcp, 1)
#define this_cpu_add_return(pcp, val) (*this_cpu_ptr(&(pcp)) += (val))
#define this_cpu_sub_return(pcp, val) (*this_cpu_ptr(&(pcp)) -= (val))
#define this_cpu_inc_return(pcp)      this_cpu_add_return(pcp, 1)
#define this_cpu_dec_return(pcp)      this_cpu_sub_return(pcp, 1)
#define this_cpu_xchg(pcp, val)                                \
	({                                                     \
		__typeof__(pcp) *__tcx = this_cpu_ptr(&(pcp)); \
		__typeof__(pcp) __tcx_old = *__tcx;            \
		*__tcx = (val);                                \
		__tcx_old;                                     \
	})
#define this_cpu_cmpxchg(pcp, old, new)                        \
	({                                                     \
		__typeof__(pcp) *__tcx = this_cpu_ptr(&(pcp)); \
		__typeof__(pcp) __tcx_was = *__tcx;            \
		if (__tcx_was == (old))                        \
			*__tcx = (new);                        \
		__tcx_was;                                     \
	})
#define __this_cpu_read(pcp)            this_cpu_read(pcp)
#define __this_cpu_write(pcp, val)      this_cpu_write(pcp, val)
#define __this_cpu_add(pcp, val)        this_cpu_add(pcp, val)
#define __this_cpu_sub(pcp, val)        this_cpu_sub(pcp, val)
#define __this_cpu_inc(pcp)             this_cpu_inc(pcp)
#define __this_cpu_dec(pcp)             this_cpu_dec(pcp)
#define __this_cpu_add_return(pcp, val) this_cpu_add_return(pcp, val)
#define __this_cpu_sub_return(pcp, val) this_cpu_sub_return(pcp, val)
#define __this_cpu_inc_return(pcp)      this_cpu_inc_return(pcp)
#define __this_cpu_dec_return(pcp)      this_cpu_dec_return(pcp)
#define __this_cpu_xchg(pcp, val)       this_cpu_xchg(pcp, val)
#define raw_cpu_read(pcp)               this_cpu_read(pcp)
#define raw_cpu_write(pcp, val)         this_cpu_write(pcp, val)
#define raw_cpu_add(pcp, val)           this_cpu_add(pcp, val)

/*
 * Zeroed memory for each vCPU: of at most GRT_PERCPU_SIZE bytes each, aligned to align, a power of
 * two up to a page, both as in Linux. NULL: no memory; or, which is warned of, another size or
 * alignment. free_percpu(NULL) does nothing.
 */
void *__alloc_percpu(size_t size, size_t align);
void *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp);
void free_percpu(void *ptr);
#define alloc_percpu(type) ((__typeof__(type) *)__alloc_percpu(sizeof(type), __alignof__(type)))
#define alloc_percpu_gfp(type, gfp) \
	((__typeof__(type) *)__alloc_percpu_gfp(sizeof(type), __alignof__(type), gfp))

#endif
