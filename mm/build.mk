# SPDX-License-Identifier: BSD-2-Clause
MM_SRCS += mm/alloc.c mm/cache.c mm/debug.c mm/field.c mm/frame.c mm/frame_back.c \
	mm/frame_pool.c mm/free.c mm/heap.c mm/limit.c mm/pin.c mm/region.c mm/slab.c

UNIT_TESTS += mm_frame mm_slab
mm_frame_SRCS := $(MM_SRCS)
mm_slab_SRCS := $(MM_SRCS)
