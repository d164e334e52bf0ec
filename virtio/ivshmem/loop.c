/* SPDX-License-Identifier: BSD-2-Clause */
/* When the service looks at mailboxes, polls them, and sleeps. */
#include <unistd.h>

#include "mm/host/clock.h"
#include "virtio/ivshmem/priv.h"
#include "virtio/ring/barrier.h"

#define FIRST_POLL_NS 10000u
#define POLL_SPINS    64u
/* Rounds before others have their turn: a machine that never stops asking keeps no one out. */
#define WORK_ROUNDS 256u

/* Once over all. Returns whether there was anything. */
static bool look(struct ivshmem *ivs)
{
	bool any = ivshmem_obey_reset(ivs);

	for (unsigned int i = 0; i < ivs->config.queues; i++)
		any |= ivshmem_serve_box(ivs, i);
	return any;
}

static void set_awake(struct ivshmem *ivs, bool awake)
{
	if (ivs->awake == awake)
		return;
	ivs->awake = awake;
	for (unsigned int i = 0; i < ivs->config.queues; i++)
		ivshmem_put(&ivshmem_box(ivs, i)->awake, awake);
}

/* Polls as long as it may. Returns whether something has come. */
static bool poll_boxes(struct ivshmem *ivs)
{
	int64_t end;

	if (!ivs->poll.ns)
		return false;
	end = monotonic_ns() + (int64_t)ivs->poll.ns;
	do {
		for (unsigned int i = 0; i < POLL_SPINS; i++) {
			if (ivshmem_pending(ivs)) {
				ivshmem_count(&ivs->counts.polls);
				return true;
			}
			__builtin_ia32_pause();
		}
	} while (monotonic_ns() < end);
	return false;
}

/* Something has come after a sleep. */
static void judge_sleep(struct ivshmem_poll *poll)
{
	uint64_t slept;

	if (!poll->slept_ns)
		return;
	slept = (uint64_t)(monotonic_ns() - poll->slept_ns);
	poll->slept_ns = 0;
	if (slept > poll->max_ns)
		poll->ns = 0;
	else if (poll->ns < FIRST_POLL_NS)
		poll->ns = FIRST_POLL_NS < poll->max_ns ? FIRST_POLL_NS : poll->max_ns;
	else
		poll->ns = poll->ns * 2 < poll->max_ns ? poll->ns * 2 : poll->max_ns;
}

/* Asks to be rung from here on. Returns false if something has come before that was seen. */
static bool rest(struct ivshmem *ivs)
{
	set_awake(ivs, false);
	/* Full: either the driver sees that it must ring, or the look below its request. */
	vring_full_barrier();
	return !ivshmem_pending(ivs);
}

bool ivshmem_work(struct ivshmem *ivs)
{
	uint64_t rung;

	/* Before the looks: what is rung for after them is seen as a bell. */
	if (read(ivs->bell, &rung, sizeof(rung)) == (ssize_t)sizeof(rung))
		ivshmem_count(&ivs->counts.bells);
	if (ivshmem_pending(ivs)) {
		judge_sleep(&ivs->poll);
		set_awake(ivs, true);
	}
	for (unsigned int i = 0; i < WORK_ROUNDS; i++) {
		if (look(ivs) || poll_boxes(ivs) || !rest(ivs)) {
			set_awake(ivs, true);
			continue;
		}
		ivshmem_count(&ivs->counts.sleeps);
		/* A wake-up for something else does not end the sleep. */
		if (!ivs->poll.slept_ns && ivs->poll.max_ns)
			ivs->poll.slept_ns = monotonic_ns();
		return true;
	}
	return false;
}
