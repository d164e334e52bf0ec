/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Readers, grace periods and what waits for them: see <linux/rcupdate.h>.
 *
 * Epochs (Fraser, "Practical lock-freedom", 5.2.3): a reader notes the epoch that it began in, and
 * the epoch goes up by one when every reader that there is began in the one at hand. What was
 * unlinked in epoch e is seen by nobody in e + 2:
 *  - whoever may still see it had noted e or less before it looked, for that note and the look, as
 *    the unlinking and the look at the epoch that follows it, have a full barrier in between;
 *  - so the step from e + 1 on, whose search begins after the unlinking, finds that note and waits.
 * A vCPU that is in no reader has noted 0, and holds nothing up, whatever else it does: there is no
 * need of a thread, an interrupt or a quiescent state that a vCPU would have to report.
 */
#include "guest/lib/kmem/priv.h"
#include <linux/rcupdate.h>

#define STEPS      2u  /* that end a grace period */
#define FREE_BATCH 64u /* kfree_rcu()s between two looks */

/* One for each vCPU, which alone writes it. Outlives the threads of a hosted build. */
struct rcu_reader {
	_Alignas(64) u32 epoch; /* 0: reads nothing */
	u32 nest;
};

/* Callbacks: those that a grace period has begun for, and those that came since. */
struct rcu_queue {
	spinlock_t lock;
	struct rcu_head *next, *wait;
	struct rcu_head **next_end, **wait_end;
	u32 cookie; /* ends the wait */
	unsigned long queued, run;
};

static struct {
	/* 32 bits, that go round; odd ones only, so that none is 0. */
	u32 epoch;
	u32 cpus; /* more than any number of a vCPU so far */
	struct rcu_reader reader[KMEM_MAX_CPUS];
	struct rcu_queue calls, frees;
} rcu = {
	.epoch = 1,
};

void kmem_rcu_cpu(unsigned int cpu)
{
	u32 cpus = __atomic_load_n(&rcu.cpus, __ATOMIC_RELAXED);

	/* Before its first note, as that is before its first look. */
	while (cpus <= cpu && !__atomic_compare_exchange_n(&rcu.cpus, &cpus, cpu + 1, false,
							   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
	rcu.reader[cpu].nest = 0;
	__atomic_store_n(&rcu.reader[cpu].epoch, 0, __ATOMIC_RELEASE);
}

static struct rcu_reader *reader_self(void)
{
	return &rcu.reader[kmem_self()->cpu];
}

void rcu_read_lock(void)
{
	struct rcu_reader *reader = reader_self();

	if (reader->nest++)
		return;
	/* An exchange, for its full barrier: the note is there before anything is read. */
	(void)__atomic_exchange_n(&reader->epoch, __atomic_load_n(&rcu.epoch, __ATOMIC_SEQ_CST),
				  __ATOMIC_SEQ_CST);
}

void rcu_read_unlock(void)
{
	struct rcu_reader *reader = reader_self();

	if (!reader->nest)
		grt_bug(0, "rcu_read_unlock() without rcu_read_lock()");
	/* Release: what was read comes before its end. */
	if (!--reader->nest)
		__atomic_store_n(&reader->epoch, 0, __ATOMIC_RELEASE);
}

bool rcu_read_lock_held(void)
{
	return reader_self()->nest != 0;
}

unsigned long get_state_synchronize_rcu(void)
{
	/* An addition of nothing, for its full barrier: what was unlinked is so before. */
	return __atomic_fetch_add(&rcu.epoch, 0, __ATOMIC_SEQ_CST) + 2 * STEPS;
}

/* One step, if all readers are in the epoch at hand. */
static bool step(void)
{
	u32 epoch = __atomic_load_n(&rcu.epoch, __ATOMIC_SEQ_CST);

	u32 cpus = __atomic_load_n(&rcu.cpus, __ATOMIC_SEQ_CST);

	for (unsigned int cpu = 0; cpu < cpus; cpu++) {
		/* Acquire: what a reader that is gone has read comes before the step. */
		u32 began = __atomic_load_n(&rcu.reader[cpu].epoch, __ATOMIC_SEQ_CST);

		if (began && began != epoch)
			return false;
	}
	/* If another was faster, that is as good. Release, for the same reason. */
	__atomic_compare_exchange_n(&rcu.epoch, &epoch, epoch + 2, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	return true;
}

bool poll_state_synchronize_rcu(unsigned long cookie)
{
	for (unsigned int i = 0; i <= STEPS; i++) {
		u32 epoch = __atomic_load_n(&rcu.epoch, __ATOMIC_ACQUIRE);

		if ((s32)(epoch - (u32)cookie) >= 0)
			return true;
		if (i == STEPS || !step())
			break;
	}
	return false;
}

static void may_wait(const char *what)
{
	if (rcu_read_lock_held())
		grt_bug(0, "%s() within rcu_read_lock() would never end", what);
}

void synchronize_rcu(void)
{
	unsigned long cookie = get_state_synchronize_rcu();

	may_wait("synchronize_rcu");
	while (!poll_state_synchronize_rcu(cookie))
		kmem_yield();
}

static void queue_add(struct rcu_queue *queue, struct rcu_head *head, rcu_callback_t func)
{
	head->next = NULL;
	head->func = func;
	spin_lock(&queue->lock);
	if (!queue->next)
		queue->next_end = &queue->next;
	*queue->next_end = head;
	queue->next_end = &head->next;
	/* Relaxed, as all looks at it: a count. */
	WRITE_ONCE(queue->queued, queue->queued + 1);
	spin_unlock(&queue->lock);
}

/* Those whose grace period is over; begins one for the others. */
static struct rcu_head *queue_take(struct rcu_queue *queue)
{
	struct rcu_head *done = NULL;

	spin_lock(&queue->lock);
	if (queue->wait && poll_state_synchronize_rcu(queue->cookie)) {
		done = queue->wait;
		queue->wait = NULL;
	}
	if (!queue->wait && queue->next) {
		queue->wait = queue->next;
		queue->next = NULL;
		queue->cookie = (u32)get_state_synchronize_rcu();
	}
	spin_unlock(&queue->lock);
	return done;
}

/* Below a page it is where in an object the head is, which is all that kfree() needs. */
static void head_run(struct rcu_head *head)
{
	unsigned long offset = (unsigned long)head->func;

	if (offset < KMEM_FRAME_SIZE)
		kfree((char *)head - offset);
	else
		head->func(head);
}

/* Runs what is due. Tells whether anything was. */
static bool queue_run(struct rcu_queue *queue)
{
	unsigned long n = 0;
	struct rcu_head *head;
	struct rcu_head *next;

	/* The second time what the first began a grace period for, if that is over already. */
	for (int i = 0; i < 2 && READ_ONCE(queue->queued) != READ_ONCE(queue->run); i++) {
		for (head = queue_take(queue); head; head = next, n++) {
			next = head->next;
			head_run(head);
		}
	}
	/* Release: what callbacks did is seen by rcu_barrier(). */
	if (n)
		__atomic_fetch_add(&queue->run, n, __ATOMIC_RELEASE);
	return n;
}

void kmem_rcu_free(void)
{
	(void)queue_run(&rcu.frees);
}

void kmem_rcu_run(void)
{
	while (queue_run(&rcu.frees) | queue_run(&rcu.calls))
		;
}

void call_rcu(struct rcu_head *head, rcu_callback_t func)
{
	queue_add(&rcu.calls, head, func);
}

void kmem_free_after_readers(struct rcu_head *head, size_t offset)
{
	queue_add(&rcu.frees, head, (rcu_callback_t)offset);
	/* kfree() is for any caller, unlike callbacks. */
	if (READ_ONCE(rcu.frees.queued) % FREE_BATCH == 0)
		kmem_rcu_free();
}

static void queue_barrier(struct rcu_queue *queue)
{
	/* They run in the order in which they came, but those taken earlier may end later. */
	unsigned long queued = READ_ONCE(queue->queued);

	while ((long)(__atomic_load_n(&queue->run, __ATOMIC_ACQUIRE) - queued) < 0) {
		if (!queue_run(queue))
			kmem_yield();
	}
}

void rcu_barrier(void)
{
	may_wait("rcu_barrier");
	queue_barrier(&rcu.frees);
	queue_barrier(&rcu.calls);
}
