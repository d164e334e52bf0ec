/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug modes of the heap in the words of the channel, wherever mm is behind it. */
#ifndef VIRTIO_KMEM_DEBUG_H
#define VIRTIO_KMEM_DEBUG_H

#include <stdint.h>

#include "mm/mm.h"
#include "virtio/abi/kmem.h"

/* Of MM_DEBUG_* the VIRTIO_KMEM_DEBUG_* that a guest is told of. */
static inline uint32_t kmem_debug_bits(unsigned int modes)
{
	return (modes & MM_DEBUG_SANITY ? VIRTIO_KMEM_DEBUG_SANITY : 0) |
	       (modes & MM_DEBUG_REDZONE ? VIRTIO_KMEM_DEBUG_REDZONE : 0) |
	       (modes & MM_DEBUG_POISON ? VIRTIO_KMEM_DEBUG_POISON : 0) |
	       (modes & MM_DEBUG_OWNER ? VIRTIO_KMEM_DEBUG_OWNER : 0);
}

#endif
