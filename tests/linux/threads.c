/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame of tests of Linux's that start threads. vCPU 0 runs the test's init function, and the
 * program that comes with it, if there is one; the others run threads until it is done.
 */
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/sprintf.h>
#include <slabvisor/platform.h>

__weak int linux_test_init(void);
__weak int linux_test_main(int argc, char **argv);

struct thread {
	struct task_struct task;
	int (*fn)(void *data);
	void *data;
	struct list_head link; /* under the queue's lock: while no vCPU has it */
	struct completion ended;
	int result;
	bool stop; /* under the queue's lock, for who has not begun */
};

static struct {
	spinlock_t lock;
	struct list_head waiting;
	u32 news; /* counts what there is to look at */
	u32 done;
} queue = {
	.waiting = LIST_HEAD_INIT(queue.waiting),
};

static struct thread *running[64]; /* each vCPU's own */

static void tell(void)
{
	/* Sequentially consistent with a sleeper's look at it at the monitor. */
	__atomic_fetch_add(&queue.news, 1, __ATOMIC_SEQ_CST);
	platform_wake(&queue.news, ARRAY_SIZE(running));
}

struct task_struct *kthread_run(int (*fn)(void *data), void *data, const char *name, ...)
{
	struct thread *thread = kzalloc(sizeof(*thread), GFP_KERNEL);
	va_list args;

	if (!thread)
		return ERR_PTR(-ENOMEM);
	va_start(args, name);
	vsnprintf(thread->task.comm, sizeof(thread->task.comm), name, args);
	va_end(args);
	thread->fn = fn;
	thread->data = data;
	init_completion(&thread->ended);
	spin_lock(&queue.lock);
	list_add_tail(&thread->link, &queue.waiting);
	spin_unlock(&queue.lock);
	tell();
	return &thread->task;
}

bool kthread_should_stop(void)
{
	const struct thread *thread = running[smp_processor_id()];

	return thread && READ_ONCE(thread->stop);
}

int kthread_stop(struct task_struct *task)
{
	struct thread *thread = container_of(task, struct thread, task);
	bool never;
	int result;

	spin_lock(&queue.lock);
	WRITE_ONCE(thread->stop, true);
	never = !list_empty(&thread->link);
	if (never)
		list_del_init(&thread->link);
	spin_unlock(&queue.lock);
	if (!never)
		wait_for_completion(&thread->ended);
	result = never ? -EINTR : thread->result;
	kfree(thread);
	return result;
}

static struct thread *next(void)
{
	struct thread *thread;

	spin_lock(&queue.lock);
	thread = list_first_entry_or_null(&queue.waiting, struct thread, link);
	if (thread)
		list_del_init(&thread->link);
	spin_unlock(&queue.lock);
	return thread;
}

static void run_threads(void)
{
	for (;;) {
		/* Acquire: what was told of before is seen. */
		const u32 news = __atomic_load_n(&queue.news, __ATOMIC_ACQUIRE);
		struct thread *thread = next();

		if (thread) {
			running[smp_processor_id()] = thread;
			thread->result = thread->fn(thread->data);
			running[smp_processor_id()] = NULL;
			complete(&thread->ended);
		} else if (__atomic_load_n(&queue.done, __ATOMIC_ACQUIRE)) {
			return;
		} else {
			platform_wait(&queue.news, news, 0);
		}
	}
}

struct words {
	int argc;
	char **argv;
	int status;
};

static void each_vcpu(void *arg)
{
	struct words *words = arg;

	if (smp_processor_id()) {
		run_threads();
		return;
	}
	if (linux_test_init) {
		words->status = linux_test_init();
		if (words->status)
			printk("initcall linux_test_init returned %d\n", words->status);
	}
	if (linux_test_main)
		words->status = linux_test_main(words->argc, words->argv);
	/* Release: see run_threads(). */
	__atomic_store_n(&queue.done, 1, __ATOMIC_RELEASE);
	tell();
}

int main(int argc, char **argv)
{
	struct words words = {.argc = argc, .argv = argv};

	smp_call_all(each_vcpu, &words);
	return words.status ? 1 : 0;
}
