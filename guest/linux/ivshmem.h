/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Over ivshmem-doorbell, a PCI function of QEMU (virtio/abi/ivshmem.h): a mailbox a queue in the
 * window, which does not trap. The server may be asleep, and so may whoever waits for its answer:
 * after a few microseconds he sleeps until the queue's interrupt.
 *   ivshmem.c      an exchange; what the server says of itself; events
 *   ivshmem_pci.c  the function: what is checked and mapped, interrupts, start and end
 */
#ifndef GUEST_LINUX_IVSHMEM_H
#define GUEST_LINUX_IVSHMEM_H

#include "virtio/abi/ivshmem.h"
#include <linux/irqreturn.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "priv.h"

/* A queue's mailbox. The queue's lock guards it. */
struct box {
	struct ivshmem_kmem_mailbox *mail;
	u32 number; /* of the last request */
	wait_queue_head_t wait;
	struct ivshmem *ivshmem;
	unsigned int vector;
};

struct ivshmem {
	struct sv_device dev;
	struct pci_dev *pdev;
	void __iomem *regs;
	struct ivshmem_kmem_control *control;
	void *mail;
	struct box *box;
	u32 generation;                /* that the last reset led to */
	u32 seen[IVSHMEM_KMEM_EVENTS]; /* numbers of events */
	struct work_struct look;
	bool ready; /* events are heeded */
};

extern const struct sv_transport_ops ivshmem_ops;

/* The work `look`: state and events, which the last vector speaks of. */
void ivshmem_look(struct work_struct *work);

/*
 * Has the server take all memory back, which may sleep, and takes what it accepts for the features
 * in force (1 << VIRTIO_KMEM_F_*). No request is under way. 0, or -ETIMEDOUT.
 */
int ivshmem_reset(struct ivshmem *iv, u64 accepted);

/* enum ivshmem_kmem_state */
static inline u32 ivshmem_state(const struct ivshmem *iv)
{
	return le32_to_cpu(READ_ONCE(iv->control->state));
}

#endif
