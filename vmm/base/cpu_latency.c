/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/base/cpu_latency.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define LATENCY_NONE_US 2000000000 /* PM_QOS_CPU_LATENCY_DEFAULT_VALUE */

struct cpu_latency {
	int fd;
	pthread_mutex_t lock;
	unsigned int holders;
};

struct cpu_latency *cpu_latency_create(const char *path)
{
	struct cpu_latency *latency = calloc(1, sizeof(*latency));

	if (!latency)
		return NULL;
	latency->fd = open(path, O_WRONLY | O_CLOEXEC);
	if (latency->fd < 0)
		goto err_free;
	if (pthread_mutex_init(&latency->lock, NULL))
		goto err_close;
	return latency;

err_close:
	close(latency->fd);
err_free:
	free(latency);
	return NULL;
}

void cpu_latency_destroy(struct cpu_latency *latency)
{
	if (!latency)
		return;
	pthread_mutex_destroy(&latency->lock);
	close(latency->fd);
	free(latency);
}

void cpu_latency_keep_awake(void *opaque, bool awake)
{
	struct cpu_latency *latency = opaque;
	const int32_t us = awake ? 0 : LATENCY_NONE_US;
	ssize_t got = 0;

	pthread_mutex_lock(&latency->lock);
	/* A kernel that takes no request leaves all as it was, which is found not to pay. */
	if (awake ? !latency->holders++ : !--latency->holders)
		got = write(latency->fd, &us, sizeof(us));
	(void)got;
	pthread_mutex_unlock(&latency->lock);
}

uint32_t cpu_latency_price(void)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return 1050 + 50 * (uint32_t)(cpus > 0 ? cpus : 1);
}
