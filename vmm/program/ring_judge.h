/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a loop is slow, or has been disturbed: the half of the probe that runs nothing. */
#ifndef VMM_PROGRAM_RING_JUDGE_H
#define VMM_PROGRAM_RING_JUDGE_H

#include <stdint.h>

/* Runs a loop count times round. Returns 0 with *ns, what it took in nanoseconds, or -errno. */
typedef int ring_loop(void *arg, uint32_t count, double *ns);

/*
 * What an iteration takes, of which RING_PROBE_NATIVE_NS is the most where it is native. A loop
 * that is fast once is fast: nobody else can make it so. One that is slow is believed if an
 * iteration is as slow in a loop that is four times as long, as it is in an emulator; what others
 * take of the CPU does not grow with it, and then it is looked at again, up to eight times. Returns
 * as ring_probe().
 */
int ring_judge(ring_loop *run, void *arg, double *ns);

#endif
