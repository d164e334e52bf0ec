# SPDX-License-Identifier: BSD-2-Clause
MM_SRCS += mm/alloc.c mm/cache.c mm/debug.c mm/field.c mm/frame.c mm/frame_back.c \
	mm/frame_pool.c mm/free.c mm/heap.c mm/limit.c mm/pin.c mm/region.c mm/slab.c

UNIT_TESTS += mm_region mm_frame mm_slab mm_pin mm_debug mm_stress
mm_region_SRCS := $(MM_SRCS)
mm_frame_SRCS := $(MM_SRCS)
mm_slab_SRCS := $(MM_SRCS)
mm_debug_SRCS := $(MM_SRCS)
mm_pin_SRCS := $(MM_SRCS)
mm_pin_SAN := asan tsan
mm_stress_SRCS := $(MM_SRCS)
mm_stress_SAN := asan tsan
