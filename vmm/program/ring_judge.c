/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/program/ring_judge.h"

#include <stdbool.h>

#include "vmm/program/ring_probe.h"

#define SHORT_LOOP 16u
#define TRIES      8

/* Of several rounds the fastest count: others had the CPU in the slow ones. What still looks
 * slow is looked at for so long that a trip out of the guest and back matters no more. */
struct loop {
	uint32_t count;
	int rounds;
};
static const struct loop brief = {272, 4};
static const struct loop lengthy = {1040, 2};

/* ns of one time round the loop. Returns 0 or -errno. */
static int measure(ring_loop *run, void *arg, const struct loop *loop, double *ns)
{
	double few = 0;
	double many = 0;
	double least_few = 0;
	double least_many = 0;
	int ret;

	for (int round = 0; round < loop->rounds; round++) {
		ret = run(arg, SHORT_LOOP, &few);
		if (!ret)
			ret = run(arg, loop->count, &many);
		if (ret)
			return ret;
		least_few = round && least_few < few ? least_few : few;
		least_many = round && least_many < many ? least_many : many;
	}
	*ns = (least_many - least_few) / (loop->count - SHORT_LOOP);
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
	double first;
	/* The first run pays for its mappings, which would make the short loop look long. */
	int ret = run(arg, SHORT_LOOP, &first);

	for (int i = 0; i < TRIES && !ret; i++) {
		ret = measure(run, arg, &brief, &first);
		*ns = first;
		if (ret || *ns < RING_PROBE_NATIVE_NS)
			break;
		ret = measure(run, arg, &lengthy, ns);
		if (ret || *ns < RING_PROBE_NATIVE_NS || agree(first, *ns))
			break;
	}
	return ret;
}
