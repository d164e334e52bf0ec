/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the host is short of memory: by pressure stall information (PSI, Linux's
 * Documentation/accounting/psi.rst), which tells it of all the host and of a control group of
 * version 2; by memory.pressure_level of one of version 1 (admin-guide/cgroup-v1/memory.rst); and
 * where there is neither, by looking at what is left.
 *
 * What is open stays open, so that a process which may open nothing any more goes on to be told.
 * PSI is asked only after PRESSURE_ARM_MS: a kernel that has been asked takes two grace periods of
 * its RCU to close the files again, twice what a process needs that runs hello and ends.
 * Who waits in poll() waits for this, too, and asks afterwards what there is to tell. That is
 * limited: a level is told when it is higher than the last one, or once in PRESSURE_REST_MS.
 *
 * One thread at a time.
 */
#ifndef MM_HOST_PRESSURE_H
#define MM_HOST_PRESSURE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

enum pressure_level {
	PRESSURE_NONE,
	PRESSURE_MEDIUM,  /* some wait for memory, or a 16th of it is left */
	PRESSURE_CRITICAL /* all do, or a 32nd is */
};

/* Between two that are told; and after as long without any it is told that there is none. */
#define PRESSURE_REST_MS 10000
/* From pressure_open() until the host is asked to tell of stalls. */
#define PRESSURE_ARM_MS 1000
/* Between two looks at what is left. */
#define PRESSURE_LOOK_MS 5000

#define PRESSURE_MAX_FDS     4 /* to be polled */
#define PRESSURE_DESCRIPTORS (PRESSURE_MAX_FDS + 3)

/* Where the host tells it. */
struct pressure_paths {
	const char *psi;     /* of all the host */
	const char *meminfo; /* the same, to be looked at */
	const char *cgroup;  /* which groups this process is in */
	const char *root;    /* where version 2 is mounted; version 1 in root/memory */
};
extern const struct pressure_paths pressure_paths;

/* By what it is told; PRESSURE_BY_NOTHING: it is not. */
enum pressure_by {
	PRESSURE_BY_NOTHING,
	PRESSURE_BY_PSI,
	PRESSURE_BY_EVENTS, /* memory.pressure_level */
	PRESSURE_BY_LOOKS
};

struct pressure_fd {
	int fd; /* -1: closed, as of a group that is gone */
	enum pressure_level level;
	bool counts;         /* an eventfd, to be read; else PSI's, which poll() empties */
	const char *trigger; /* what PSI is yet to be asked for; NULL: nothing */
	bool of_group;
};

struct pressure {
	struct pressure_fd fd[PRESSURE_MAX_FDS];
	unsigned int nr_fds;
	enum pressure_by host, group;
	int meminfo;          /* -1: is not looked at */
	int usage, stat;      /* of the group, likewise */
	uint64_t group_most;  /* bytes that it may have */
	int64_t next_look_ms; /* if there is something to be looked at */
	int64_t arm_ms;       /* INT64_MAX: all are asked */
	enum pressure_level told;
	int64_t told_ms, seen_ms;
};

/* Opens what there is; what there is not is done without. now_ms: the caller's clock, of which all
 * calls are given the same. */
void pressure_open(struct pressure *pressure, const struct pressure_paths *paths, int64_t now_ms);

/* Asks PSI for what it has not been asked for yet, which pressure_take() does in time. Of what does
 * not take it the rest is looked at. */
void pressure_arm(struct pressure *pressure);

/* One that tells nothing; pressure_close() of it does nothing. */
void pressure_init(struct pressure *pressure);
void pressure_close(struct pressure *pressure);

/* Writes what is to be polled (PRESSURE_MAX_FDS at most) to fds. Returns how many. */
unsigned int pressure_poll(const struct pressure *pressure, struct pollfd *fds);

/* Milliseconds after which pressure_take() is to be called though nothing was ready; -1: never. */
int pressure_due_ms(const struct pressure *pressure, int64_t now_ms);

/* Takes what poll() has said of those nr descriptors. Returns true if there is something to tell:
 * *level. */
bool pressure_take(struct pressure *pressure, const struct pollfd *fds, unsigned int nr,
		   int64_t now_ms, enum pressure_level *level);

#endif
