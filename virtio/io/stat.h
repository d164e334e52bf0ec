/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters with one writing thread. */
#ifndef VIRTIO_IO_STAT_H
#define VIRTIO_IO_STAT_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t io_stat;

static inline void io_stat_add(io_stat *stat, uint64_t n)
{
	/* Relaxed, and not one step: readers want a recent value, nobody else writes. */
	atomic_store_explicit(stat, atomic_load_explicit(stat, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static inline uint64_t io_stat_get(const io_stat *stat)
{
	return atomic_load_explicit(stat, memory_order_relaxed);
}

#endif
