/* SPDX-License-Identifier: BSD-2-Clause */
/* The metrics of several guests and services, asked for one after the other. */
#ifndef VMM_VIEW_GATHER_H
#define VMM_VIEW_GATHER_H

#include <stdbool.h>
#include <stdio.h>

#include "vmm/base/cli.h"
#include "vmm/client/options.h"

/* Writes what the guests count that are wanted: as OpenMetrics, or (old) as Prometheus had it
 * before. quiet: nothing is said of those that do not answer, but slabvisor_up. Returns 0 or the
 * exit status, of one that was named. */
enum exit_status metrics_gather(const struct guests *wanted, bool old, FILE *to, bool quiet);

#endif
