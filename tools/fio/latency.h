/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long requests took, counted in fio's bins: each nanosecond up to 127, and 64 bins for each
 * power of two above. So a percentile is less than 0.8 % off, and what fio's own tools do with bins
 * can be done with these. For the host's programs and the guest's, which has no floating point: a
 * share is of a million. What is longer than 17 seconds is in the last bin.
 *
 * After fio's stat.c (plat_val_to_idx(), plat_idx_to_val(), calc_clat_percentiles()).
 */
#ifndef TOOLS_FIO_LATENCY_H
#define TOOLS_FIO_LATENCY_H

#include <stdint.h>

#define LATENCY_HALVES 64u /* bins of a power of two */
#define LATENCY_BINS   (29u * LATENCY_HALVES)

struct latency {
	uint64_t count, sum, min, max; /* of nanoseconds */
	uint64_t bin[LATENCY_BINS];
};

static inline unsigned int latency_bin(uint64_t ns)
{
	unsigned int shift;
	unsigned int bin;

	if (ns < 2u * LATENCY_HALVES)
		return (unsigned int)ns;
	shift = 63u - 6u - (unsigned int)__builtin_clzll(ns);
	bin = (shift + 1) * LATENCY_HALVES + (unsigned int)(ns >> shift) % LATENCY_HALVES;
	return bin < LATENCY_BINS ? bin : LATENCY_BINS - 1;
}

/* What stands for a bin, in nanoseconds: its middle. */
static inline uint64_t latency_ns(unsigned int bin)
{
	unsigned int shift;

	if (bin < 2u * LATENCY_HALVES)
		return bin;
	shift = bin / LATENCY_HALVES - 1;
	return ((uint64_t)(LATENCY_HALVES + bin % LATENCY_HALVES) << shift) + (1ull << shift) / 2;
}

static inline void latency_add(struct latency *l, uint64_t ns)
{
	if (!l->count || ns < l->min)
		l->min = ns;
	if (ns > l->max)
		l->max = ns;
	l->count++;
	l->sum += ns;
	l->bin[latency_bin(ns)]++;
}

/* Adds what another one has counted. */
static inline void latency_merge(struct latency *l, const struct latency *other)
{
	if (other->count && (!l->count || other->min < l->min))
		l->min = other->min;
	if (other->max > l->max)
		l->max = other->max;
	l->count += other->count;
	l->sum += other->sum;
	for (unsigned int i = 0; i < LATENCY_BINS; i++)
		l->bin[i] += other->bin[i];
}

/* What so many of a million took at most, in nanoseconds; 0 where nothing was counted. */
static inline uint64_t latency_percentile(const struct latency *l, uint64_t millionths)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < LATENCY_BINS && l->count; i++) {
		sum += l->bin[i];
		if (sum * 1000000 >= millionths * l->count)
			return latency_ns(i);
	}
	return 0;
}

/* The standard deviation in nanoseconds, as the bins have it. */
static inline uint64_t latency_stddev(const struct latency *l)
{
	unsigned __int128 squares = 0;
	uint64_t variance = 0;
	uint64_t root = 0;
	uint64_t mean = 0;

	if (l->count < 2)
		return 0;
	for (unsigned int i = 0; i < LATENCY_BINS; i++)
		mean += latency_ns(i) * l->bin[i];
	mean /= l->count;
	for (unsigned int i = 0; i < LATENCY_BINS; i++) {
		uint64_t ns = latency_ns(i);
		uint64_t off = ns > mean ? ns - mean : mean - ns;

		squares += (unsigned __int128)off * off * l->bin[i];
	}
	/* Divided and rooted bit by bit: a guest has no library for 128 bits. */
	for (unsigned int i = 64; i-- > 0;) {
		if (squares >> i >= l->count - 1) {
			squares -= (unsigned __int128)(l->count - 1) << i;
			variance |= 1ull << i;
		}
	}
	for (uint64_t bit = 1ull << 31; bit; bit >>= 1)
		if ((root | bit) * (root | bit) <= variance)
			root |= bit;
	return root;
}

#endif
