/* SPDX-License-Identifier: BSD-2-Clause */
/* What there is to be told of pressure, and how often it is; where it comes from is in
 * pressure_source.c. */
#include "mm/host/pressure.h"

#include <errno.h>
#include <unistd.h>

#include "mm/host/pressure_source.h"

void pressure_init(struct pressure *p)
{
	*p = (struct pressure){.meminfo = -1, .usage = -1, .stat = -1, .arm_ms = INT64_MAX};
}

void pressure_open(struct pressure *p, const struct pressure_paths *paths, int64_t now_ms)
{
	pressure_init(p);
	pressure_open_host(p, paths);
	pressure_open_group(p, paths);
	p->next_look_ms = now_ms + PRESSURE_LOOK_MS;
	if (p->host == PRESSURE_BY_PSI || p->group == PRESSURE_BY_PSI)
		p->arm_ms = now_ms + PRESSURE_ARM_MS;
	/* The first level is higher than this one. */
	p->told = PRESSURE_NONE;
}

void pressure_arm(struct pressure *p)
{
	p->arm_ms = INT64_MAX;
	for (unsigned int i = 0; i < p->nr_fds; i++)
		if (p->fd[i].trigger)
			pressure_arm_fd(p, &p->fd[i]);
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void pressure_close(struct pressure *p)
{
	for (unsigned int i = 0; i < p->nr_fds; i++)
		close_one(&p->fd[i].fd);
	close_one(&p->meminfo);
	close_one(&p->usage);
	close_one(&p->stat);
	pressure_init(p);
}

unsigned int pressure_poll(const struct pressure *p, struct pollfd *fds)
{
	/* poll() passes over those that are -1. PSI that was asked for nothing is always ready. */
	for (unsigned int i = 0; i < p->nr_fds; i++)
		fds[i] = (struct pollfd){
			.fd = p->fd[i].trigger ? -1 : p->fd[i].fd,
			.events = p->fd[i].counts ? POLLIN : POLLPRI,
		};
	return p->nr_fds;
}

static bool looks(const struct pressure *p)
{
	return p->host == PRESSURE_BY_LOOKS || p->group == PRESSURE_BY_LOOKS;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return b < a ? b : a;
}

int pressure_due_ms(const struct pressure *p, int64_t now_ms)
{
	int64_t due = INT32_MAX;

	if (looks(p))
		due = sooner(due, p->next_look_ms - now_ms);
	if (p->arm_ms != INT64_MAX)
		due = sooner(due, p->arm_ms - now_ms);
	if (p->told != PRESSURE_NONE)
		due = sooner(due, p->seen_ms + PRESSURE_REST_MS - now_ms);
	if (due == INT32_MAX)
		return -1;
	return due > 0 ? (int)due : 0;
}

static enum pressure_level higher(enum pressure_level a, enum pressure_level b)
{
	return a > b ? a : b;
}

/* What a descriptor has told, which is ready. */
static enum pressure_level take_fd(struct pressure_fd *f, short revents)
{
	uint64_t count;

	if (f->counts) {
		/* One that counted nothing is of a group that has gone. */
		if (read(f->fd, &count, sizeof(count)) == (ssize_t)sizeof(count) && count)
			return f->level;
		if (errno != EAGAIN)
			close_one(&f->fd);
		return PRESSURE_NONE;
	}
	if (revents & (POLLERR | POLLNVAL)) {
		close_one(&f->fd);
		return PRESSURE_NONE;
	}
	return revents & POLLPRI ? f->level : PRESSURE_NONE;
}

/* Tells whether a level that is there is told. */
static bool is_news(const struct pressure *p, enum pressure_level level, int64_t now_ms)
{
	return level > p->told || now_ms - p->told_ms >= PRESSURE_REST_MS;
}

bool pressure_take(struct pressure *p, const struct pollfd *fds, unsigned int nr, int64_t now_ms,
		   enum pressure_level *level)
{
	enum pressure_level now = PRESSURE_NONE;

	for (unsigned int i = 0; i < nr && i < p->nr_fds; i++)
		if (fds[i].revents && p->fd[i].fd >= 0)
			now = higher(now, take_fd(&p->fd[i], fds[i].revents));
	if (now_ms >= p->arm_ms)
		pressure_arm(p);
	if (looks(p) && now_ms >= p->next_look_ms) {
		now = higher(now, pressure_look(p));
		p->next_look_ms = now_ms + PRESSURE_LOOK_MS;
	}
	if (now == PRESSURE_NONE) {
		if (p->told == PRESSURE_NONE || now_ms - p->seen_ms < PRESSURE_REST_MS)
			return false;
	} else {
		p->seen_ms = now_ms;
		if (!is_news(p, now, now_ms))
			return false;
		p->told_ms = now_ms;
	}
	p->told = *level = now;
	return true;
}
