/* SPDX-License-Identifier: BSD-2-Clause */
/* What a pin and its end cost at the host: nanoseconds a page for 1 and for 512 pages a
 * call, of pages that have no pin yet and of pages that have one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "mm/mm.h"

#define PAGES  512u
#define ROUNDS 400u

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Pins and unpins all pages, n a call, ROUNDS times. */
static int measure(struct mm_heap *heap, const uint64_t *addr, size_t n, const char *name)
{
	struct mm_bad bad[PAGES];
	size_t nr_bad, i;
	uint64_t start;
	unsigned int round;

	start = now_ns();
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < PAGES; i += n)
			if (mm_pin(heap, n, addr + i) != (long)n ||
			    mm_unpin(heap, n, addr + i, bad, &nr_bad) != (long)n)
				return -1;
	printf("%s %.2f ns\n", name, (double)(now_ns() - start) / ROUNDS / PAGES);
	return 0;
}

int main(void)
{
	const struct mm_config config = {
		.range = {{.base = 1ull << 30, .size = 64ull << 20, .host_node = -1}},
		.nr_ranges = 1,
		.cpus = 1,
		.reclaim_delay_ms = -1,
		.pin_quota = 4 * PAGES,
	};
	uint64_t addr[PAGES];
	struct mm_heap *heap;
	size_t got = 0;
	long ret;

	if (mm_heap_create(&config, &heap, NULL))
		return EXIT_FAILURE;
	while (got < PAGES) {
		ret = mm_pages_alloc(heap, 0, 0, -1, 0, PAGES - got, addr + got);
		if (ret <= 0)
			return EXIT_FAILURE;
		got += (size_t)ret;
	}
	for (got = 0; got < PAGES; got++)
		addr[got] &= ~(uint64_t)(MM_FRAME_SIZE - 1);
	if (measure(heap, addr, 1, "pin_1_ns") ||
	    measure(heap, addr, PAGES, "pin_512_ns_per_page") ||
	    mm_pin(heap, PAGES, addr) != (long)PAGES || measure(heap, addr, 1, "pin_1_again_ns") ||
	    measure(heap, addr, PAGES, "pin_512_again_ns_per_page"))
		return EXIT_FAILURE;
	mm_heap_destroy(heap);
	return EXIT_SUCCESS;
}
