/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/io/learn.h"

#define MS        1000000ll
#define SETTLE    (30 * MS)   /* of a turn: until the scheduler has put threads where they stay */
#define MEASURE   (70 * MS)   /* ... and what is measured then */
#define LONG_LOOK (250 * MS)  /* the driver paused, or asks for little: nothing is to be learnt */
#define SOON      (1000 * MS) /* the next trial, where what was learnt seems to be true no longer */
#define FIRST_GAP (4000 * MS)
#define LAST_GAP  (16000 * MS)
#define TURNS     (2 * IO_LEARN_PAIRS)

/* In thousandths. Polls begin where requests end this much sooner, and go on while they end that
 * much sooner: a measurement is never quite the same twice. */
#define BEGIN_AT 1100
#define STAY_AT  1030
/* Each per cent that requests end sooner may cost so many of CPU time. */
#define CPU_PRICE 4

/* Of a turn: other, usual; usual, other; other, usual. What drifts meanwhile favours neither. */
static bool turn_polls(const struct io_learn *l)
{
	return l->polls ^ (l->turn % 4 == 0 || l->turn % 4 == 3);
}

bool io_learn_polls(const struct io_learn *l)
{
	return l->trying ? turn_polls(l) : l->polls;
}

static int64_t median(const int64_t v[IO_LEARN_PAIRS])
{
	for (unsigned int i = 0; i < IO_LEARN_PAIRS; i++) {
		unsigned int less = 0;

		for (unsigned int k = 0; k < IO_LEARN_PAIRS; k++)
			less += v[k] < v[i] || (k < i && v[k] == v[i]);
		if (less == IO_LEARN_PAIRS / 2)
			return v[i];
	}
	return v[0];
}

/* What is done from here on. */
static bool polls_pay(const struct io_learn *l)
{
	int64_t gain[IO_LEARN_PAIRS];
	int64_t faster;
	int64_t cpu;

	for (unsigned int i = 0; i < IO_LEARN_PAIRS; i++)
		gain[i] = l->pace[false][i] * 1000 / (l->pace[true][i] + 1);
	faster = median(gain);
	cpu = l->spent[true] * 1000 / l->served[true] * 1000 /
	      (l->spent[false] * 1000 / l->served[false] + 1);
	return faster >= (l->polls ? STAY_AT : BEGIN_AT) &&
	       cpu - 1000 <= CPU_PRICE * (faster - 1000);
}

static void begin_turn(struct io_learn *l)
{
	l->settled = false;
	l->ns = 0;
	l->cpu = 0;
	l->nr = 0;
}

static void begin_trial(struct io_learn *l)
{
	l->trying = true;
	l->turn = 0;
	for (int p = 0; p < 2; p++) {
		l->spent[p] = 0;
		l->served[p] = 0;
	}
	begin_turn(l);
}

static void end_trial(struct io_learn *l)
{
	const bool polls = polls_pay(l);

	if (polls != l->polls || !l->gap)
		l->gap = FIRST_GAP;
	else if (l->gap < LAST_GAP)
		l->gap *= 2;
	l->polls = polls;
	l->usual = median(l->pace[polls]);
	l->lately = l->usual;
	l->trying = false;
	l->last = l->worked;
	l->next = l->worked + l->gap;
}

static void end_turn(struct io_learn *l)
{
	const bool polled = turn_polls(l);

	l->pace[polled][l->turn / 2] = l->ns / l->nr;
	l->spent[polled] += l->cpu;
	l->served[polled] += l->nr;
	if (++l->turn == TURNS)
		end_trial(l);
	else
		begin_turn(l);
}

static void go_on(struct io_learn *l, int64_t ns, int64_t cpu)
{
	l->ns += ns;
	l->cpu += cpu;
	l->nr += l->done;
	if (!l->settled && l->ns >= SETTLE) {
		begin_turn(l);
		l->settled = true;
	} else if (l->settled && l->ns >= MEASURE) {
		end_turn(l);
	}
}

/* Tells whether what was learnt may be true no longer: requests take half as long again, or three
 * quarters, and not for a moment. */
static bool changed(struct io_learn *l, int64_t pace)
{
	l->lately += (pace - l->lately) / 16;
	return l->lately > l->usual * 3 / 2 || l->lately < l->usual * 3 / 4;
}

bool io_learn_look(struct io_learn *l, int64_t now, int64_t cpu)
{
	const bool before = io_learn_polls(l);
	const int64_t ns = now - l->at;
	/* Also the first look of all, before which nothing is known. */
	const bool paused = !l->at || ns > LONG_LOOK || l->chances < l->done / 4;

	l->worked += paused ? 0 : ns;
	if (paused) {
		l->trying = false;
	} else if (l->trying) {
		go_on(l, ns, cpu - l->cpu_at);
	} else {
		if (changed(l, ns / l->done) && l->next > l->last + SOON)
			l->next = l->last + SOON;
		if (l->worked >= l->next)
			begin_trial(l);
	}
	l->at = now;
	l->cpu_at = cpu;
	l->done = 0;
	l->chances = 0;
	return io_learn_polls(l) != before;
}
