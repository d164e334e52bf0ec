/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/program/ring_judge.h"

#include <float.h>
#include <stdbool.h>

#include "vmm/program/ring_probe.h"

#define SHORT_LOOP 16u
#define TRIES      8

/*
 * Others that have the CPU make a run longer, never shorter, so the fastest run of each length
 * counts, of all tries. What still looks slow is looked at for so long that a trip out of the guest
 * and back matters no more.
 */
struct loop {
	uint32_t count;
	int rounds;
};
static const struct loop brief = {272, 4};
static const struct loop lengthy = {1040, 3};

static double lesser(double a, double b)
{
	return a < b ? a : b;
}

/* ns of one time round the loop. Returns 0 or -errno. */
static int measure(ring_loop *run, void *arg, const struct loop *loop, double *least_few,
		   double *least_many, double *ns)
{
	double few = 0;
	double many = 0;
	int ret;

	for (int round = 0; round < loop->rounds; round++) {
		ret = run(arg, SHORT_LOOP, &few);
		if (!ret)
			ret = run(arg, loop->count, &many);
		if (ret)
			return ret;
		*least_few = lesser(*least_few, few);
		*least_many = lesser(*least_many, many);
	}
	*ns = (*least_many - *least_few) / (loop->count - SHORT_LOOP);
	if (*ns < 0)
		*ns = 0;
	return 0;
}

/* Tells whether neither is half as much again as the other. */
static bool agree(double a, double b)
{
	return a < 1.5 * b && b < 1.5 * a;
}

int ring_judge(ring_loop *run, void *arg, double *ns)
{
	double few = DBL_MAX;
	double many = DBL_MAX;
	double more = DBL_MAX;
	double first;
	/* The first run pays for its mappings, which would make the short loop look long. */
	int ret = run(arg, SHORT_LOOP, &first);

	for (int i = 0; i < TRIES && !ret; i++) {
		ret = measure(run, arg, &brief, &few, &many, ns);
		if (ret || *ns < RING_PROBE_NATIVE_NS)
			break;
		first = *ns;
		ret = measure(run, arg, &lengthy, &few, &more, ns);
		if (ret || *ns < RING_PROBE_NATIVE_NS || agree(first, *ns))
			break;
	}
	return ret;
}
