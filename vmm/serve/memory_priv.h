/* SPDX-License-Identifier: BSD-2-Clause */
/* What memory.c, the life of a memory service, and memory_thread.c, its thread, share. */
#ifndef VMM_SERVE_MEMORY_PRIV_H
#define VMM_SERVE_MEMORY_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "mm/host/clock.h"
#include "mm/host/pressure.h"
#include "vmm/base/log_limit.h"
#include "vmm/serve/memory.h"

/* How long a huge frame lies empty before the host has it back, and how often is looked. */
#define MEMORY_RECLAIM_MS 1000
/* Looks in which nothing was found, and between which nothing was asked for, before they end. */
#define MEMORY_QUIET_LOOKS 4u

struct served_memory_counts {
#define SERVED_MEMORY_COUNT(name, shown, ...) _Atomic uint64_t name;
	SERVED_MEMORY_COUNTERS(SERVED_MEMORY_COUNT)
#undef SERVED_MEMORY_COUNT
};

struct served_memory {
	const struct serve_memory *config;
	struct memory mem; /* the heap and its lock alone */
	struct virtio_device *dev;
	struct ivshmem *ivs;
	struct io_engine *engine[SERVE_MAX_DISKS];
	unsigned int nr_engines;
	struct sandbox *sandbox;
	struct log_limit log;
	struct served_memory_counts counts;
	struct pressure pressure;
	int socket;  /* listening; -1: none */
	int client;  /* connected; -1: none */
	int wake_fd; /* an eventfd: one of these was set */
	int over_fd;
	bool started, had_client;
	pthread_t thread;
	atomic_bool go, stop, over;
	/* The thread's. */
	int64_t look_ms; /* when to look for what can go back; 0: never */
	uint64_t seen;   /* requests at the last look */
	unsigned int quiet;
	bool pressed; /* the machine was told of pressure by strays */
};

/* memory_thread.c: the thread; and the one client, on a connected socket, which is the service's
 * then. */
void *served_memory_run(void *memory);
void served_memory_take(struct served_memory *m, int fd);

#endif
