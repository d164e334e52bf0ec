/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the host's CPUs from halting while somebody asks for it: a request to Linux's PM QoS that
 * CPUs which idle be awake within 0 us (Documentation/power/pm_qos_interface.rst). The kernel drops
 * it with the descriptor, however the process ends.
 */
#ifndef VMM_BASE_CPU_LATENCY_H
#define VMM_BASE_CPU_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

#define CPU_LATENCY_PATH "/dev/cpu_dma_latency"

struct cpu_latency;

/* Opens it; path: CPU_LATENCY_PATH but for tests. NULL: it cannot be opened, as but for root, or
 * there is no memory. Nothing is asked for yet. The caller's to destroy. */
struct cpu_latency *cpu_latency_create(const char *path);

/* Drops what is asked for (NULL: nothing). Nobody asks any more. */
void cpu_latency_destroy(struct cpu_latency *latency);

/* One more asks for it (awake), or one less who did. From any thread; latency: a struct
 * cpu_latency. */
void cpu_latency_keep_awake(void *latency, bool awake);

/*
 * By how much requests have to end sooner for it: in thousandths, 1000 being no sooner. Every CPU
 * of the host costs five per cent, for each of them is kept from its rest, and five are what one
 * measurement differs from the next.
 */
uint32_t cpu_latency_price(void);

#endif
