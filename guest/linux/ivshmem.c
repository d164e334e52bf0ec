// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
#include "ivshmem.h"

#include <asm/barrier.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/ktime.h>

#include "enter.h"

#define SPIN_NS 20000ull /* what an answer of a server that is awake may take */

static struct ivshmem *to_ivshmem(struct sv_device *dev)
{
	return container_of(dev, struct ivshmem, dev);
}

static void ring(struct ivshmem *iv, unsigned int vector)
{
	writel(IVSHMEM_KMEM_DOORBELL_VALUE(vector), iv->regs + IVSHMEM_KMEM_DOORBELL);
}

static void ivshmem_lock(struct sv_queue *q)
{
	struct sv_cpu *given = sv_give_up();

	mutex_lock(&q->mutex);
	q->given = given;
}

static void ivshmem_unlock(struct sv_queue *q)
{
	struct sv_cpu *given = q->given;

	mutex_unlock(&q->mutex);
	if (given)
		sv_take_back(given);
}

/* Tells whether the answer is there. Acquire: what it says is read after it. */
static bool answered(const struct box *box)
{
	return virt_load_acquire(&box->mail->answer) == cpu_to_le32(box->number);
}

static bool spin(const struct box *box)
{
	u64 end = ktime_get_ns() + SPIN_NS;

	do {
		if (answered(box))
			return true;
		cpu_relax();
	} while (ktime_get_ns() < end);
	return false;
}

/* Sleeps until there is an answer, or none is to be waited for any longer. */
static bool sleep_for(struct box *box)
{
	struct ivshmem *iv = box->ivshmem;

	WRITE_ONCE(box->mail->interrupt, cpu_to_le32(1));
	virt_mb(); /* the server sees this, or its answer is seen */
	wait_event_timeout(box->wait, answered(box) || READ_ONCE(iv->dev.dead),
			   msecs_to_jiffies(IVSHMEM_KMEM_TIMEOUT_MS));
	return answered(box);
}

/* What the server says of itself. */
static void look_at_state(struct ivshmem *iv)
{
	u32 state = ivshmem_state(iv);

	if (state == IVSHMEM_KMEM_DEAD)
		sv_device_dead(&iv->dev, "the host's service has ended");
	else if (le32_to_cpu(READ_ONCE(iv->control->generation)) != iv->generation)
		sv_device_dead(&iv->dev, "the host's service has begun anew");
	else if (!READ_ONCE(iv->dev.dead))
		WRITE_ONCE(iv->dev.down, state != IVSHMEM_KMEM_UP);
}

static long ivshmem_send(struct sv_queue *q, size_t out, size_t in)
{
	struct box *box = q->way;
	struct ivshmem_kmem_mailbox *mail = box->mail;
	bool rung = false;
	u32 length;

	/* Before the event says so, or frees that nobody takes would be complained of. */
	if (ivshmem_state(box->ivshmem) != IVSHMEM_KMEM_UP) {
		look_at_state(box->ivshmem);
		return -EAGAIN;
	}
	memcpy(mail->data, (const u8 *)q->x + offsetof(struct sv_exchange, req), out);
	mail->out = cpu_to_le32(out);
	mail->in = cpu_to_le32(in);
	mail->interrupt = 0;
	/* Release: the server sees the request after it. */
	virt_store_release(&mail->request, cpu_to_le32(++box->number));
	virt_mb(); /* the server sees the request, or it is seen to sleep */
	if (!READ_ONCE(mail->awake)) {
		ring(box->ivshmem, box->vector);
		rung = true;
	}
	if ((rung || !spin(box)) && !sleep_for(box))
		return -EIO;
	length = le32_to_cpu(READ_ONCE(mail->length));
	if (READ_ONCE(mail->error) || length > in)
		return -EIO;
	memcpy((u8 *)q->x + offsetof(struct sv_exchange, resp), mail->reply, length);
	return length;
}

static void ivshmem_wake(struct sv_device *dev)
{
	struct ivshmem *iv = to_ivshmem(dev);

	for (unsigned int i = 0; i < dev->queues; i++)
		wake_up(&iv->box[i].wait);
}

const struct sv_transport_ops ivshmem_ops = {
	.lock = ivshmem_lock,
	.unlock = ivshmem_unlock,
	.send = ivshmem_send,
	.wake = ivshmem_wake,
	.sleeps = true,
};

void ivshmem_look(struct work_struct *work)
{
	struct ivshmem *iv = container_of(work, struct ivshmem, look);
	bool asks = false;

	if (!READ_ONCE(iv->ready))
		return;
	look_at_state(iv);
	for (unsigned int i = 0; i < IVSHMEM_KMEM_EVENTS; i++) {
		struct ivshmem_kmem_event *event = &iv->control->event[i];
		/* Acquire: the value is this number's, or a later one's. */
		u32 number = le32_to_cpu(virt_load_acquire(&event->number));

		if (number == iv->seen[i])
			continue;
		iv->seen[i] = number;
		if (number && sv_event_asks(i + 1, le64_to_cpu(READ_ONCE(event->value))))
			asks = true;
	}
	if (asks && sv_up())
		sv_give_back();
}

int ivshmem_reset(struct ivshmem *iv, u64 accepted)
{
	ktime_t end = ktime_add_ms(ktime_get(), IVSHMEM_KMEM_TIMEOUT_MS);
	/* Another number than the last one's. */
	__le32 reset = cpu_to_le32(le32_to_cpu(READ_ONCE(iv->control->reset_done)) + 1);

	iv->control->driver.accepted = cpu_to_le64(accepted);
	/* Release: the server sees what is accepted with it. */
	virt_store_release(&iv->control->driver.reset, reset);
	virt_mb();
	ring(iv, iv->dev.queues);
	/* Acquire: all that the reset has changed is seen. */
	while (virt_load_acquire(&iv->control->reset_done) != reset) {
		if (ktime_after(ktime_get(), end))
			return -ETIMEDOUT;
		usleep_range(50, 200);
	}
	iv->generation = le32_to_cpu(READ_ONCE(iv->control->generation));
	for (unsigned int i = 0; i < iv->dev.queues; i++)
		iv->box[i].number = 0;
	memset(iv->seen, 0, sizeof(iv->seen));
	return 0;
}
