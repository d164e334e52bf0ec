/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether an I/O thread does something that costs CPU time for its driver's sake, learnt from how
 * soon requests end with it and without: polls before it sleeps, or keeps CPUs from halting.
 *
 * What a sleep costs is what the wake-ups after it take: the thread's own and, by where the
 * scheduler then puts the two, its driver's. No thread can measure that of another. What it can
 * measure is how soon its requests end. So from time to time it does for some turns what it does
 * not do otherwise, in turns with what it does, and afterwards does what was better. It has to be a
 * good deal faster, since it takes a CPU; the more it takes of it, the faster.
 *
 * The clock is looked at after so many requests, so a thread without work does nothing for this. It
 * learns nothing either where many requests are under way, for then it hardly sleeps.
 *
 * All is the I/O thread's. Nothing here reads a clock, which is how it is tested.
 */
#ifndef VIRTIO_IO_LEARN_H
#define VIRTIO_IO_LEARN_H

#include <stdbool.h>
#include <stdint.h>

#define IO_LEARN_LOOK  64u /* requests from one look at the clocks to the next */
#define IO_LEARN_PAIRS 5u  /* turns of either kind in a trial; odd, for a median */

struct io_learn {
	/* In thousandths: it begins where requests end this much sooner, and goes on while they end
	 * that much sooner, for a measurement is never quite the same twice. */
	uint32_t begin_at, stay_at;
	bool does;        /* what is done but for trials */
	uint32_t done;    /* requests since the last look; the loop counts them */
	uint32_t chances; /* ... and waits for work that could begin with a poll */

	bool trying, settled;
	bool rests; /* at the last look there was nothing to be learnt: pauses, or many requests */
	unsigned int turn;
	int64_t at, cpu_at; /* the last look, ns */
	bool doubted;       /* the last trial said another thing than what is done */
	bool early; /* the next trial comes because requests take another time than before */
	/* Without pauses, so that who works by fits and starts is no more tried than others. */
	int64_t worked;    /* ns of all looks */
	int64_t next, gap; /* when of these the next trial may begin, and how long after the last */
	int64_t soon;      /* ... at least how long, where it comes early */
	int64_t last;      /* the end of the last trial */
	int64_t usual;     /* ns a request then */
	int64_t lately;    /* ... and since */
	int64_t ns, cpu, nr;             /* of the turn: time, CPU time, requests */
	int64_t pace[2][IO_LEARN_PAIRS]; /* ns a request, without it and with it, by turn */
	int64_t spent[2], served[2];     /* CPU time in ns, and requests, of all turns */
};

/* Tells whether to do it now. */
bool io_learn_says(const struct io_learn *learn);

/* Tells whether a look at the clocks is due. */
static inline bool io_learn_due(const struct io_learn *learn)
{
	return learn->done >= IO_LEARN_LOOK;
}

/*
 * A look: the time, and the CPU time of the thread, both in ns from any beginning; not less than at
 * the look before. Returns whether io_learn_says() says another thing than before.
 */
bool io_learn_look(struct io_learn *learn, int64_t now, int64_t cpu);

/* A look that counts for nothing, while something else is tried. No trial of this is under way. */
void io_learn_skip(struct io_learn *learn, int64_t now, int64_t cpu);

#endif
