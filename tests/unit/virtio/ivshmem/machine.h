/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine of QEMU as the server of mailboxes sees it: a client that takes the handshake, maps the
 * window, and has a driver in it. */
#ifndef VIRTIO_IVSHMEM_MACHINE_H
#define VIRTIO_IVSHMEM_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "virtio/ivshmem/ivshmem.h"
#include "virtio/kmem/kmem.h"

#define MACHINE_WINDOW (64ull << 20)
#define MACHINE_QUEUES 2u

struct machine {
	/* The host's side. */
	struct mm_heap *heap;
	struct virtio_device *dev;
	struct ivshmem *ivs;
	unsigned int quiesced;
	/* The machine's, out of the handshake alone. */
	int socket[2];
	int64_t version, position;
	unsigned int server_vectors, own_vectors;
	int bell[IVSHMEM_KMEM_MAX_QUEUES + 1], irq[IVSHMEM_KMEM_MAX_QUEUES + 1];
	int memfd;
	uint8_t *window;
	struct ivshmem_kmem_control *control;
};

/* A service and a machine that has taken the handshake; its driver has not begun. */
void machine_init(struct machine *m, uint32_t poll_us);
void machine_fini(struct machine *m);

/* The driver begins, or begins anew: a reset, with these features. */
void machine_reset(struct machine *m, uint64_t features);
#define MACHINE_FEATURES (1ull << VIRTIO_KMEM_F_EVENTS | 1ull << VIRTIO_KMEM_F_PIN)

struct ivshmem_kmem_mailbox *machine_box(struct machine *m, unsigned int queue);
struct virtio_kmem_resp machine_resp(struct machine *m, unsigned int queue);

/* Lays a request out, without its number. */
void machine_prepare(struct machine *m, unsigned int queue, const struct virtio_kmem_req *req,
		     const void *payload, uint32_t payload_size, uint32_t in);
/* Stores the number, and rings if it must. */
void machine_send(struct machine *m, unsigned int queue);
bool machine_answered(struct machine *m, unsigned int queue);

/* Both, and has the server look, by this thread. Returns the reply's status. */
int32_t machine_ask(struct machine *m, unsigned int queue, const struct virtio_kmem_req *req,
		    const void *payload, uint32_t payload_size);

/* Takes what an eventfd has counted; 0: nothing. */
uint64_t machine_take(int fd);

#endif
