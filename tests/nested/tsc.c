/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints how many thousand ticks a second this host's time stamp counter makes. A machine that
 * QEMU's TCG emulates reads the same counter. Its kernel would measure it against an emulated
 * timer, which is late on a busy host: time in the machine then runs several times too fast, and
 * its time limits end what has hardly begun.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <x86intrin.h>

#define SAMPLES 9

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Reads both clocks at once: of several readings the one that took least. */
static void read_both(uint64_t *ns, uint64_t *ticks)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 50; i++) {
		uint64_t before = __rdtsc();
		uint64_t at = now_ns();
		uint64_t after = __rdtsc();

		if (after - before < least) {
			least = after - before;
			*ns = at;
			*ticks = before + least / 2;
		}
	}
}

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return *x < *y ? -1 : *x > *y;
}

int main(void)
{
	uint64_t khz[SAMPLES];
	const struct timespec pause = {.tv_nsec = 5000000};

	for (int i = 0; i < SAMPLES; i++) {
		uint64_t ns[2];
		uint64_t ticks[2];

		read_both(&ns[0], &ticks[0]);
		nanosleep(&pause, NULL);
		read_both(&ns[1], &ticks[1]);
		khz[i] = (ticks[1] - ticks[0]) * 1000000 / (ns[1] - ns[0]);
	}
	qsort(khz, SAMPLES, sizeof(khz[0]), by_size);
	printf("%llu\n", (unsigned long long)khz[SAMPLES / 2]);
	return 0;
}
