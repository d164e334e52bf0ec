/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Probes: places that a tracer of the host (bpftrace, perf, gdb) can look at while the program
 * runs. A probe is one `nop` and a note in the program's file that says where the nop is and where
 * its arguments are. docs/PROBES.md lists each with its arguments, and tests/cli/probes.t compares
 * the list with the program.
 *
 * The header lies at the bottom, because every room of the host may have a probe.
 */
#ifndef MM_PROBE_H
#define MM_PROBE_H

#define SDT_USE_VARIADIC
#include <sys/sdt.h>

/*
 * A probe `slabvisor:name` with up to twelve arguments, integers or pointers. They are evaluated
 * whether anybody looks or not, so each is a value that the function has at hand.
 */
#define PROBE(name, ...) STAP_PROBEV(slabvisor, name, __VA_ARGS__)

#endif
