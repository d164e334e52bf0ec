/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long requests of a disk last, from being taken off the ring to their answer: counts in
 * log-linear buckets, eight an octave, after HdrHistogram (G. Tene), so that any share of them is
 * known within an eighth. One table a queue, which the I/O thread alone writes; the clock is read
 * once for all requests that are taken together, and once for all that are answered together.
 */
#ifndef VIRTIO_BLK_LATENCY_H
#define VIRTIO_BLK_LATENCY_H

#include <stdint.h>

/* A unit is 2^BLK_LATENCY_SHIFT ns; the last bucket also has what lasts longer than two minutes. */
#define BLK_LATENCY_SHIFT   9
#define BLK_LATENCY_BUCKETS 208u

/* Kinds of requests that are timed: X(member, name). */
#define BLK_LATENCY_OPS(X) \
	X(READ, rd)        \
	X(WRITE, wr)       \
	X(FLUSH, flush)    \
	X(UNMAP, unmap)
enum blk_latency_op {
#define BLK_LATENCY_OP(member, name) BLK_LATENCY_##member,
	BLK_LATENCY_OPS(BLK_LATENCY_OP)
#undef BLK_LATENCY_OP
	BLK_LATENCY_NR
};

/* Of successful requests of each kind: how many in each bucket, and nanoseconds together. */
struct blk_latency {
	uint64_t bucket[BLK_LATENCY_NR][BLK_LATENCY_BUCKETS];
	uint64_t total_ns[BLK_LATENCY_NR];
};

/* The bucket of a time. */
static inline unsigned int blk_latency_bucket(uint64_t ns)
{
	uint64_t units = ns >> BLK_LATENCY_SHIFT;
	unsigned int octave;
	unsigned int bucket;

	if (units < 8)
		return (unsigned int)units;
	octave = 63u - (unsigned int)__builtin_clzll(units);
	bucket = 8 * (octave - 2) + (unsigned int)(units >> (octave - 3) & 7);
	return bucket < BLK_LATENCY_BUCKETS ? bucket : BLK_LATENCY_BUCKETS - 1;
}

/* Where a bucket begins, nanoseconds. */
static inline uint64_t blk_latency_from(unsigned int bucket)
{
	uint64_t units = bucket < 8 ? bucket : (8ull + bucket % 8) << (bucket / 8 - 1);

	return units << BLK_LATENCY_SHIFT;
}

#endif
