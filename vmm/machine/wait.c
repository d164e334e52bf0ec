/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/wait.h"

#include <errno.h>
#include <time.h>

#include "vmm/machine/memory.h"

#define NS_PER_S 1000000000ull
/* Longer is as good as for ever, and keeps the sum in range. */
#define MAX_WAIT_NS (NS_PER_S * 86400 * 365)

struct waiter {
	struct waiter *next;
	uint64_t addr;
	pthread_cond_t cond;
	bool woken;
};

int wait_queue_init(struct wait_queue *queue)
{
	*queue = (struct wait_queue){.closed = false};
	return -pthread_mutex_init(&queue->lock, NULL);
}

void wait_queue_destroy(struct wait_queue *queue)
{
	pthread_mutex_destroy(&queue->lock);
}

static void deadline_after(uint64_t ns, struct timespec *deadline)
{
	if (ns > MAX_WAIT_NS)
		ns = MAX_WAIT_NS;
	clock_gettime(CLOCK_MONOTONIC, deadline);
	deadline->tv_sec += (time_t)(ns / NS_PER_S);
	deadline->tv_nsec += (long)(ns % NS_PER_S);
	if (deadline->tv_nsec >= (long)NS_PER_S) {
		deadline->tv_nsec -= (long)NS_PER_S;
		deadline->tv_sec++;
	}
}

/* Sleeps until self is woken, which takes it off the list. Holds the lock. */
static int sleep_on(struct wait_queue *queue, struct waiter *self, uint64_t timeout_ns)
{
	struct timespec deadline;
	struct waiter **link;
	int ret = 0;

	for (link = &queue->first; *link; link = &(*link)->next)
		;
	*link = self;
	deadline_after(timeout_ns, &deadline);
	while (!self->woken && !ret)
		ret = timeout_ns ? pthread_cond_timedwait(&self->cond, &queue->lock, &deadline)
				 : pthread_cond_wait(&self->cond, &queue->lock);
	if (self->woken)
		return 0;
	for (link = &queue->first; *link != self; link = &(*link)->next)
		;
	*link = self->next;
	return -ret;
}

int wait_queue_wait(struct wait_queue *queue, const struct memory *mem, uint64_t addr,
		    uint32_t expected, uint64_t timeout_ns, uint64_t *events)
{
	struct waiter self = {.addr = addr};
	pthread_condattr_t attr;
	uint32_t value;
	int ret;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&self.cond, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_lock(&queue->lock);
	/* Under the lock that a waker takes after it changed the word: either the
	 * change is seen here, or the waker sees us on the list. */
	ret = memory_read32(mem, addr, &value);
	if (!ret && value == expected && !queue->closed && *events == queue->events)
		ret = sleep_on(queue, &self, timeout_ns);
	*events = queue->events;
	pthread_mutex_unlock(&queue->lock);
	pthread_cond_destroy(&self.cond);
	return ret;
}

static void wake(struct waiter **link)
{
	struct waiter *w = *link;

	*link = w->next;
	w->woken = true;
	pthread_cond_signal(&w->cond);
}

uint32_t wait_queue_wake(struct wait_queue *queue, uint64_t addr, uint32_t count)
{
	uint32_t woken = 0;

	pthread_mutex_lock(&queue->lock);
	for (struct waiter **link = &queue->first; *link && woken < count;) {
		if ((*link)->addr != addr) {
			link = &(*link)->next;
			continue;
		}
		wake(link);
		woken++;
	}
	pthread_mutex_unlock(&queue->lock);
	return woken;
}

static void wake_all(struct wait_queue *queue)
{
	while (queue->first)
		wake(&queue->first);
}

void wait_queue_event(struct wait_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->events++;
	wake_all(queue);
	pthread_mutex_unlock(&queue->lock);
}

void wait_queue_close(struct wait_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	wake_all(queue);
	pthread_mutex_unlock(&queue->lock);
}
