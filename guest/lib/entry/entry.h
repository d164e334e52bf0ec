/* SPDX-License-Identifier: BSD-2-Clause */
/* What entry.S calls: where a vCPU begins, and where an exception goes on. */
#ifndef GUEST_LIB_ENTRY_ENTRY_H
#define GUEST_LIB_ENTRY_ENTRY_H

struct exc_frame;

/* boot.c */
__attribute__((noreturn)) void grt_start(unsigned int cpu);

/* init.c: parameters, what runs before main(), main(), what runs after it. Returns the status. */
int grt_run(int argc, char **argv);

/* exception.c */
void grt_exception(struct exc_frame *frame);

#endif
