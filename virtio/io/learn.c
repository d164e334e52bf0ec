/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/io/learn.h"

#define MS        1000000ll
#define SETTLE    (20 * MS)   /* of a turn: until the scheduler has put threads where they stay */
#define MEASURE   (40 * MS)   /* ... and what is measured then */
#define LONG_LOOK (250 * MS)  /* the driver paused, or asks for little: nothing is to be learnt */
#define SOON      (1000 * MS) /* the next trial, where what was learnt seems to be true no longer */
#define AGAIN     (250 * MS)  /* the next trial, after one that was not to end */
#define FIRST_GAP (4000 * MS)
#define LAST_GAP  (16000 * MS)
#define TURNS     (2 * IO_LEARN_PAIRS)

/* Each per cent that requests end sooner may cost so many of CPU time. */
#define CPU_PRICE 4

/* Of a turn: other, usual; usual, other; other, usual. What drifts meanwhile favours neither. */
static bool turn_does(const struct io_learn *l)
{
	return l->does ^ (l->turn % 4 == 0 || l->turn % 4 == 3);
}

bool io_learn_says(const struct io_learn *l)
{
	return l->trying ? turn_does(l) : l->does;
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
static bool it_pays(const struct io_learn *l)
{
	int64_t gain[IO_LEARN_PAIRS];
	int64_t faster;
	int64_t cpu;

	for (unsigned int i = 0; i < IO_LEARN_PAIRS; i++)
		gain[i] = l->pace[false][i] * 1000 / (l->pace[true][i] + 1);
	faster = median(gain);
	cpu = l->spent[true] * 1000 / l->served[true] * 1000 /
	      (l->spent[false] * 1000 / l->served[false] + 1);
	return faster >= (l->does ? l->stay_at : l->begin_at) &&
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

/* When the next trial is, after one that said what was known, or has been believed. */
static void plan_next(struct io_learn *l, bool news)
{
	if (news) {
		l->gap = FIRST_GAP;
		l->soon = SOON;
	} else if (l->early) {
		/* Requests that take now longer and now less mean nothing, as it seems. */
		l->soon = l->soon < LAST_GAP ? 2 * l->soon : l->soon;
	} else {
		l->gap = l->gap < LAST_GAP ? 2 * l->gap : l->gap;
		l->soon = SOON;
	}
	l->early = false;
	l->next = l->worked + l->gap;
}

static void end_trial(struct io_learn *l)
{
	const bool does = it_pays(l);
	const bool first = !l->gap;

	l->trying = false;
	/* What one trial says against those before is asked again at once. */
	if (does != l->does && !first && !l->doubted) {
		l->doubted = true;
		l->next = l->worked;
		return;
	}
	plan_next(l, does != l->does || first);
	l->doubted = false;
	l->does = does;
	l->usual = median(l->pace[does]);
	l->lately = l->usual;
	l->last = l->worked;
}

static void end_turn(struct io_learn *l)
{
	const bool did = turn_does(l);

	l->pace[did][l->turn / 2] = l->ns / l->nr;
	l->spent[did] += l->cpu;
	l->served[did] += l->nr;
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
	/* Before the first trial nothing was learnt. */
	if (!l->gap)
		return false;
	l->lately += (pace - l->lately) / 16;
	return l->lately > l->usual * 3 / 2 || l->lately < l->usual * 3 / 4;
}

void io_learn_skip(struct io_learn *l, int64_t now, int64_t cpu)
{
	l->at = now;
	l->cpu_at = cpu;
	l->done = 0;
	l->chances = 0;
}

bool io_learn_look(struct io_learn *l, int64_t now, int64_t cpu)
{
	const bool before = io_learn_says(l);
	const int64_t ns = now - l->at;
	/* Also the first look of all, before which nothing is known. */
	l->rests = !l->at || ns > LONG_LOOK || l->chances < l->done / 4;
	l->worked += l->rests ? 0 : ns;
	if (l->rests) {
		if (l->trying)
			l->next = l->worked + AGAIN;
		l->trying = false;
	} else if (l->trying) {
		go_on(l, ns, cpu - l->cpu_at);
	} else {
		if (changed(l, ns / l->done) && l->next > l->last + l->soon) {
			l->next = l->last + l->soon;
			l->early = true;
		}
		if (l->worked >= l->next)
			begin_trial(l);
	}
	io_learn_skip(l, now, cpu);
	return io_learn_says(l) != before;
}
