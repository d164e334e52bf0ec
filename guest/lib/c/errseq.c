/* SPDX-License-Identifier: BSD-2-Clause */
/* The last error of something that many watch. */
#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/errseq.h>

#define ERROR 0xfffu      /* MAX_ERRNO */
#define SEEN  0x1000u     /* somebody has sampled it since */
#define COUNT (SEEN << 1) /* one error more after one that was seen */

errseq_t errseq_set(errseq_t *eseq, int err)
{
	errseq_t old = READ_ONCE(*eseq);
	errseq_t new;

	if (WARN(err >= 0 || err < -MAX_ERRNO, "errseq_set() of %d, which is no error", err))
		return old;
	do {
		new = (old & ~(ERROR | SEEN)) | (u32)-err;
		/* An error that nobody has seen need not be told from the next. */
		if (old & SEEN)
			new += COUNT;
		if (new == old)
			break;
	} while (!try_cmpxchg(eseq, &old, new));
	return new;
}

errseq_t errseq_sample(errseq_t *eseq)
{
	errseq_t old = READ_ONCE(*eseq);

	return old & SEEN ? old : 0;
}

int errseq_check(errseq_t *eseq, errseq_t since)
{
	errseq_t now = READ_ONCE(*eseq);

	return now == since ? 0 : -(int)(now & ERROR);
}

int errseq_check_and_advance(errseq_t *eseq, errseq_t *since)
{
	errseq_t old = READ_ONCE(*eseq);

	if (old == *since)
		return 0;
	/* Marked, so that the next error is another one. */
	if (!(old & SEEN))
		cmpxchg(eseq, old, old | SEEN);
	*since = old | SEEN;
	return -(int)(old & ERROR);
}
