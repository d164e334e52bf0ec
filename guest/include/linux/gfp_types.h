/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocation flags, by Linux's names and values (include/linux/gfp_types.h).
 *
 * GFP_ATOMIC and GFP_NOWAIT may be used anywhere, and get NULL only when the host has no such
 * memory: asking it takes an exit, and never sleeps. They do without what may take a while, which
 * is to have other vCPUs give back what they hold. There is no reserve beside the heap, so unlike
 * in Linux __GFP_HIGH and __GFP_MEMALLOC get no more than others.
 */
#ifndef GUEST_LINUX_GFP_TYPES_H
#define GUEST_LINUX_GFP_TYPES_H

#include <linux/types.h>

#define __GFP_DMA            ((gfp_t)0x01u) /* accepted; means __GFP_DMA32 */
#define __GFP_HIGHMEM        ((gfp_t)0x02u) /* accepted; means nothing */
#define __GFP_DMA32          ((gfp_t)0x04u) /* below 4 GiB, guest-physical */
#define __GFP_MOVABLE        ((gfp_t)0x08u) /* accepted; means nothing */
#define __GFP_RECLAIMABLE    ((gfp_t)0x10u) /* accepted; means nothing */
#define __GFP_HIGH           ((gfp_t)0x20u) /* accepted; means nothing */
#define __GFP_IO             ((gfp_t)0x40u)
#define __GFP_FS             ((gfp_t)0x80u)
#define __GFP_ZERO           ((gfp_t)0x100u)
#define __GFP_ATOMIC         ((gfp_t)0x200u)
#define __GFP_DIRECT_RECLAIM ((gfp_t)0x400u) /* may wait for memory that others give back */
#define __GFP_KSWAPD_RECLAIM ((gfp_t)0x800u) /* a failure has vCPUs that are idle give back */
#define __GFP_WRITE          ((gfp_t)0x1000u)
#define __GFP_NOWARN         ((gfp_t)0x2000u)
#define __GFP_RETRY_MAYFAIL  ((gfp_t)0x4000u)
#define __GFP_NOFAIL         ((gfp_t)0x8000u)
#define __GFP_NORETRY        ((gfp_t)0x10000u) /* would rather do without than disturb others */
#define __GFP_MEMALLOC       ((gfp_t)0x20000u)
#define __GFP_COMP           ((gfp_t)0x40000u)
#define __GFP_NOMEMALLOC     ((gfp_t)0x80000u) /* leaves a depot's last magazine alone */
#define __GFP_HARDWALL       ((gfp_t)0x100000u)
#define __GFP_THISNODE       ((gfp_t)0x200000u)
#define __GFP_ACCOUNT        ((gfp_t)0x400000u)

#define GFP_ZONEMASK (__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE)

/* What lies above is whoever's who keeps flags in one word with them, as XArrays do. */
#define __GFP_BITS_SHIFT 27
#define __GFP_BITS_MASK  ((gfp_t)((1u << __GFP_BITS_SHIFT) - 1))

#define __GFP_RECLAIM (__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)

#define GFP_KERNEL           (__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_KERNEL_ACCOUNT   (GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_ATOMIC           (__GFP_HIGH | __GFP_ATOMIC | __GFP_KSWAPD_RECLAIM)
#define GFP_NOWAIT           (__GFP_KSWAPD_RECLAIM)
#define GFP_NOIO             (__GFP_RECLAIM)
#define GFP_NOFS             (__GFP_RECLAIM | __GFP_IO)
#define GFP_USER             (GFP_KERNEL | __GFP_HARDWALL)
#define GFP_DMA              __GFP_DMA
#define GFP_DMA32            __GFP_DMA32
#define GFP_HIGHUSER         (GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE (GFP_HIGHUSER | __GFP_MOVABLE)

static inline bool gfpflags_allow_blocking(gfp_t gfp)
{
	return gfp & __GFP_DIRECT_RECLAIM;
}

#endif
