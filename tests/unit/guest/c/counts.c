/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts and locks: atomics, references, errors in sequence, locks that readers share. */
#include "tests/unit/guest/util.h"

#include <linux/atomic.h>
#include <linux/errseq.h>
#include <linux/kref.h>
#include <linux/lockref.h>
#include <linux/rwsem.h>
#include <pthread.h>

static void quiet(const char *text)
{
	snprintf(util_warn, sizeof(util_warn), "%s", text);
	util_warnings++;
}

static void atomics_answer_the_old_or_the_new_value(void **state)
{
	atomic_t v = ATOMIC_INIT(5);
	atomic_long_t l = ATOMIC_LONG_INIT(0);
	int old = 5;
	void *p = &v;
	u64 word = 7;
	u64 was = 6;

	(void)state;
	assert_int_equal(atomic_add_return(2, &v), 7);
	assert_int_equal(atomic_fetch_add(2, &v), 7);
	assert_int_equal(atomic_fetch_or(0x10, &v), 9);
	assert_int_equal(atomic_fetch_andnot(1, &v), 0x19);
	assert_int_equal(atomic_fetch_xor_relaxed(0x18, &v), 0x18);
	assert_int_equal(atomic_read(&v), 0);
	assert_true(atomic_add_negative(-1, &v) && atomic_inc_and_test(&v));
	assert_false(atomic_inc_not_zero(&v));
	assert_int_equal(atomic_dec_if_positive(&v), -1);
	assert_int_equal(atomic_read(&v), 0);
	assert_true(atomic_dec_unless_positive(&v));
	assert_false(atomic_inc_unless_negative(&v));
	atomic_set(&v, 5);
	assert_int_equal(atomic_fetch_add_unless(&v, 1, 5), 5);
	assert_true(atomic_try_cmpxchg(&v, &old, 6));
	assert_false(atomic_try_cmpxchg_acquire(&v, &old, 7));
	assert_int_equal(old, 6);
	assert_int_equal(atomic_cmpxchg(&v, 6, 8), 6);
	assert_int_equal(atomic_xchg_release(&v, 1), 8);
	atomic_long_add(1l << 40, &l);
	assert_int_equal(atomic_long_read(&l), 1l << 40);
	assert_ptr_equal(xchg(&p, NULL), &v);
	assert_int_equal(cmpxchg(&word, 7, 9), 7);
	assert_false(try_cmpxchg(&word, &was, 1));
	assert_int_equal(was, 9);
}

static unsigned int released;

static void release(struct kref *kref)
{
	(void)kref;
	released++;
}

static void references_end_with_the_last_and_saturate(void **state)
{
	struct kref kref = KREF_INIT(1);
	refcount_t r = REFCOUNT_INIT(1);
	spinlock_t lock = __SPIN_LOCK_UNLOCKED(lock);
	unsigned long flags;
	int old;
	DEFINE_MUTEX(mutex);

	(void)state;
	hosted_on_warn = quiet;
	kref_get(&kref);
	assert_int_equal(kref_put(&kref, release), 0);
	assert_int_equal(kref_put(&kref, release), 1);
	assert_int_equal(released, 1);
	assert_false(kref_get_unless_zero(&kref));

	refcount_add(2, &r);
	assert_true(__refcount_inc_not_zero(&r, &old) && old == 3);
	assert_false(refcount_sub_and_test(3, &r));
	assert_true(refcount_dec_if_one(&r));
	assert_false(refcount_inc_not_zero(&r));
	assert_warns(refcount_inc(&r), "addition on 0");
	assert_int_equal(refcount_read(&r), (unsigned int)REFCOUNT_SATURATED);
	refcount_set(&r, 1);
	assert_warns(refcount_dec(&r), "decrement hit 0");
	refcount_set(&r, INT_MAX);
	assert_warns(refcount_inc(&r), "saturated");
	refcount_set(&r, 0);
	assert_warns((void)!refcount_dec_and_test(&r), "underflow");
	assert_warns(refcount_warn_saturate(&r, REFCOUNT_ADD_OVF), "saturated");
	assert_true(refcount_dec_not_one(&r)); /* it stays where it is */

	refcount_set(&r, 2);
	assert_false(refcount_dec_and_lock(&r, &lock));
	assert_true(refcount_dec_and_lock(&r, &lock));
	assert_true(spin_is_locked(&lock));
	spin_unlock(&lock);
	refcount_set(&r, 1);
	assert_true(refcount_dec_and_lock_irqsave(&r, &lock, &flags));
	spin_unlock_irqrestore(&lock, flags);
	refcount_set(&r, 1);
	assert_true(refcount_dec_and_mutex_lock(&r, &mutex));
	assert_true(mutex_is_locked(&mutex));
	mutex_unlock(&mutex);
	hosted_on_warn = NULL;
}

static void a_count_and_its_lock_change_together(void **state)
{
	struct lockref ref = {.count = 1};

	(void)state;
	lockref_get(&ref);
	assert_int_equal(lockref_get_not_zero(&ref), 1);
	assert_int_equal(lockref_put_return(&ref), 2);
	assert_int_equal(lockref_put_not_zero(&ref), 1);
	assert_int_equal(lockref_put_not_zero(&ref), 0);
	assert_int_equal(lockref_put_or_lock(&ref), 0);
	assert_true(spin_is_locked(&ref.lock));
	lockref_mark_dead(&ref);
	spin_unlock(&ref.lock);
	assert_int_equal(lockref_get_not_dead(&ref), 0);
	assert_int_equal(lockref_get_not_zero(&ref), 0);
}

static void each_watcher_finds_an_error_once(void **state)
{
	errseq_t errors = 0;
	errseq_t a = errseq_sample(&errors);
	errseq_t b = a;

	(void)state;
	assert_int_equal(errseq_check(&errors, a), 0);
	errseq_set(&errors, -EIO);
	assert_int_equal(errseq_check(&errors, a), -EIO);
	assert_int_equal(errseq_check_and_advance(&errors, &a), -EIO);
	assert_int_equal(errseq_check_and_advance(&errors, &a), 0);
	assert_int_equal(errseq_check_and_advance(&errors, &b), -EIO);
	/* The same error again is another one, now that it was seen. */
	errseq_set(&errors, -EIO);
	assert_int_equal(errseq_check_and_advance(&errors, &a), -EIO);
	/* Of an error that nobody has seen, who begins sees it. */
	errseq_set(&errors, -ENOSPC);
	b = errseq_sample(&errors);
	assert_int_equal(errseq_check(&errors, b), -ENOSPC);
}

static struct {
	rwlock_t lock;
	unsigned long a, b;
	unsigned int torn;
} shared = {.lock = __RW_LOCK_UNLOCKED(shared.lock)};

static void *reader(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20000; i++) {
		read_lock(&shared.lock);
		if (shared.a != shared.b)
			__atomic_fetch_add(&shared.torn, 1, __ATOMIC_RELAXED);
		read_unlock(&shared.lock);
	}
	return NULL;
}

static void *writer(void *arg)
{
	(void)arg;
	for (int i = 0; i < 5000; i++) {
		write_lock(&shared.lock);
		shared.a++;
		shared.b++;
		write_unlock(&shared.lock);
	}
	return NULL;
}

static void writers_are_alone_and_readers_are_not(void **state)
{
	DECLARE_RWSEM(sem);
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, i < 2 ? reader : writer, NULL),
				 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(shared.torn, 0);
	assert_int_equal(shared.a, 10000);

	down_read(&sem);
	assert_true(down_read_trylock(&sem));
	assert_false(down_write_trylock(&sem));
	up_read(&sem);
	up_read(&sem);
	down_write(&sem);
	assert_false(down_read_trylock(&sem));
	downgrade_write(&sem);
	assert_true(down_read_trylock(&sem));
	assert_true(rwsem_is_locked(&sem));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(atomics_answer_the_old_or_the_new_value),
		cmocka_unit_test(references_end_with_the_last_and_saturate),
		cmocka_unit_test(a_count_and_its_lock_change_together),
		cmocka_unit_test(each_watcher_finds_an_error_once),
		cmocka_unit_test(writers_are_alone_and_readers_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
