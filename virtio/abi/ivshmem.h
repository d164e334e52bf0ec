/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-kmem over ivshmem: how the requests of abi/kmem.h travel where there is no virtio device
 * for them, in machines of QEMU. QEMU's ivshmem-doorbell has shared memory (BAR 2) and
 * doorbells, and both are the server's of the memory service: the memory is the window, and a
 * doorbell is an eventfd. Shared verbatim by server and driver; it includes nothing but abi/kmem.h.
 *
 * All fields are little-endian. Every address, of this header and of requests, replies and
 * virtio_kmem_config, is an offset into BAR 2: the driver adds where its BAR is. Offset 0 is never
 * an object's or a frame's.
 *
 * The window, from its start:
 *   struct ivshmem_kmem_control                  at 0
 *   struct ivshmem_kmem_mailbox of each queue    at mailbox_offset + queue * mailbox_stride
 *   the page map, one byte a frame               at page_map_offset; byte k speaks of the frame at
 *                                                config.heap_base + k * 4096
 *   what is handed out                           the ranges of config, which begin after all that
 * All of it is memory that the guest can write, and that does not trap. So the server reads
 * nothing back of what it wrote, and of the driver's fields each once.
 *
 * The window is a power of two and at least IVSHMEM_KMEM_MIN_WINDOW, so that the firmware puts the
 * BAR above 4 GiB: it maps what lies below as uncached.
 *
 * Peers: the guest is peer 0 and the server IVSHMEM_KMEM_SERVER, the only two. A vector is a
 * number 0..queues, in both directions: vector q, q < queues, speaks of mailbox q, and vector
 * `queues` (the last) of the control page. To ring the server, the driver stores
 * IVSHMEM_KMEM_DOORBELL_VALUE(vector) as 32 bits to IVSHMEM_KMEM_DOORBELL of BAR 0. The device has
 * to have queues + 1 MSI-X vectors at least, or QEMU refuses the server.
 *
 * Life. A driver first checks magic and version, and that state is UP. It then asks for a reset,
 * which takes back all that any driver before it was given, and begins: see
 * ivshmem_kmem_driver.reset. A driver that goes asks for a reset as its last act. When state is not
 * UP, and when an answer is overdue by IVSHMEM_KMEM_TIMEOUT_MS, the driver asks for nothing and its
 * allocations are served by the guest's own allocator. What was handed out stays good in any state,
 * for the machine keeps the memory.
 */
#ifndef VIRTIO_ABI_IVSHMEM_H
#define VIRTIO_ABI_IVSHMEM_H

#include "virtio/abi/kmem.h"

/* The PCI function: Red Hat's "Inter-VM shared memory", which others use too: look at magic. */
#define IVSHMEM_KMEM_PCI_VENDOR 0x1af4
#define IVSHMEM_KMEM_PCI_DEVICE 0x1110
#define IVSHMEM_KMEM_BAR_REGS   0
#define IVSHMEM_KMEM_BAR_WINDOW 2

/* Registers of BAR 0 (QEMU, docs/specs/ivshmem-spec.txt), 32 bits each. IVPosition reads as -1
 * until QEMU has the window. */
#define IVSHMEM_KMEM_POSITION               8
#define IVSHMEM_KMEM_DOORBELL               12
#define IVSHMEM_KMEM_GUEST                  0
#define IVSHMEM_KMEM_SERVER                 1
#define IVSHMEM_KMEM_DOORBELL_VALUE(vector) (IVSHMEM_KMEM_SERVER << 16 | (vector))

#define IVSHMEM_KMEM_MAGIC      0x4d4b5653u /* "SVKM" */
#define IVSHMEM_KMEM_VERSION    1
#define IVSHMEM_KMEM_MIN_WINDOW (4ull << 30)
#define IVSHMEM_KMEM_MAX_QUEUES 64
#define IVSHMEM_KMEM_TIMEOUT_MS 1000

/* Bytes of a request and of a reply, headers included, for which a mailbox has room: more than the
 * longest of each, of VIRTIO_KMEM_MAX_BATCH addresses. */
#define IVSHMEM_KMEM_REQUEST_MAX 7168
#define IVSHMEM_KMEM_REPLY_MAX   8192

enum ivshmem_kmem_state {
	IVSHMEM_KMEM_DOWN = 0,       /* not yet: look again later */
	IVSHMEM_KMEM_UP = 1,         /* requests are served */
	IVSHMEM_KMEM_RESTARTING = 2, /* none is for a while; nothing is lost, look again later */
	IVSHMEM_KMEM_DEAD = 3,       /* none will be any more */
};

/* What the driver stores to the control page. */
struct ivshmem_kmem_driver {
	/*
	 * Another number than control.reset_done asks for a reset: the server takes all memory and
	 * all pins back, drops events, sets `request` and `answer` of each mailbox to 0, takes
	 * `accepted` for the features in force, sets reset_done to this number with release, and
	 * rings the last vector. From the store on until reset_done says so the driver leaves the
	 * mailboxes alone. Stored with release, after accepted; then the driver rings the last
	 * vector, whatever `awake` says.
	 */
	__le32 reset;
	__le32 reserved;
	__le64 accepted; /* 1 << VIRTIO_KMEM_F_*: of control.features, what the driver knows */
	__le64 reserved2[6];
};

/* An event (enum virtio_kmem_event_type): slot type - 1 has the latest of its type, which is the
 * only one that counts. */
struct ivshmem_kmem_event {
	/* Another number than before: the event happened (again). Stored with release after value,
	 * so read with acquire before it. 0: it has not happened since the last reset. */
	__le32 number;
	__le32 reserved;
	__le64 value;
};

#define IVSHMEM_KMEM_EVENTS 3

/* The control page. But for `driver` the server alone stores to it. */
struct ivshmem_kmem_control {
	/* These do not change once state is other than DOWN. */
	__le32 magic;
	__le32 version;
	__le32 queues;          /* 1..IVSHMEM_KMEM_MAX_QUEUES; vectors are one more */
	__le32 mailbox_stride;  /* bytes, at least sizeof(struct ivshmem_kmem_mailbox) */
	__le64 mailbox_offset;  /* page-aligned */
	__le64 page_map_offset; /* page-aligned */
	__le64 window_size;     /* bytes: BAR 2 has as many */
	__le64 features;        /* 1 << VIRTIO_KMEM_F_* that the server offers */
	__le64 reserved[2];

	/* A line of cache of its own, as has each part below that changes. */
	__le32 state; /* enum ivshmem_kmem_state; a change rings the last vector */
	/* The same number as config.generation: another one than before means that all memory that
	 * was handed out is gone. A reset changes it, and it is changed before reset_done is. */
	__le32 generation;
	__le32 reset_done; /* the last driver.reset that was obeyed; 0 at first */
	__le32 reserved2[13];

	struct ivshmem_kmem_driver driver;

	struct ivshmem_kmem_event event[IVSHMEM_KMEM_EVENTS];
	__le64 reserved3[2];

	/* heap_base is 0. num_request_queues is `queues`, page_map_base page_map_offset. Only
	 * generation and pin_quota change, the latter before its event is there. */
	struct virtio_kmem_config config;
};

/*
 * A queue's mailbox: one request at a time. The driver's exchange:
 *   1. It writes the request (struct virtio_kmem_req, payload), then `out`, `in` and `interrupt`,
 *      then `request`, with release: the number before plus 1.
 *   2. A full barrier; it reads `awake`. If that is 0 it rings vector q.
 *   3. It looks, with acquire, for `answer` to be `request`: it may spin for some microseconds.
 *      To sleep it sets `interrupt` to 1, does a full barrier, looks once more, and waits for
 *      vector q (which may also come for nothing).
 *   4. It reads `error` and `length`, then the reply (struct virtio_kmem_resp, payload), of which
 *      it believes no more than `in` bytes.
 * The server's, of a mailbox whose `request` is not the number that it answered last (a private
 * copy): it reads `out` and `in` once, copies the request, serves it, writes the reply, `length`
 * and `error`, then `answer`, with release; after a full barrier it rings vector q if `interrupt`
 * is not 0. A server that wants to sleep sets `awake` to 0, does a full barrier, looks at all
 * mailboxes once more, and waits for doorbells; so of driver and server one sees the other.
 */
struct ivshmem_kmem_mailbox {
	/* The driver's line. */
	__le32 request;
	__le32 out;       /* bytes of request, at most IVSHMEM_KMEM_REQUEST_MAX */
	__le32 in;        /* bytes that it has room for in reply, at most IVSHMEM_KMEM_REPLY_MAX */
	__le32 interrupt; /* not 0: ring when there is an answer */
	__le32 reserved[12];

	/* The server's line. */
	__le32 answer; /* the request that was answered last */
	__le32 length; /* bytes written to reply; 0 with an error */
	__le32 awake;  /* not 0: the server looks at this mailbox without being rung */
	/* 0, or a negative errno in two's complement: -EINVAL (out or in is beyond its bound, or
	 * in has no room for a struct virtio_kmem_resp), and nothing was done. */
	__le32 error;
	__le32 reserved2[12];

	__u8 reserved3[896];
	__u8 data[IVSHMEM_KMEM_REQUEST_MAX]; /* the request */
	__u8 reply[IVSHMEM_KMEM_REPLY_MAX];
};

_Static_assert(sizeof(struct ivshmem_kmem_driver) == 64, "the driver's line");
_Static_assert(sizeof(struct ivshmem_kmem_event) == 16, "event layout");
_Static_assert(__builtin_offsetof(struct ivshmem_kmem_control, state) == 64, "a line of its own");
_Static_assert(__builtin_offsetof(struct ivshmem_kmem_control, driver) == 128, "the driver's line");
_Static_assert(__builtin_offsetof(struct ivshmem_kmem_control, event) == 192, "a line of its own");
_Static_assert(__builtin_offsetof(struct ivshmem_kmem_control, config) == 256, "config layout");
_Static_assert(sizeof(struct ivshmem_kmem_control) == 256 + sizeof(struct virtio_kmem_config),
	       "control page layout");
_Static_assert(sizeof(struct ivshmem_kmem_control) <= 4096, "the control page is one page");
_Static_assert(__builtin_offsetof(struct ivshmem_kmem_mailbox, answer) == 64, "the server's line");
_Static_assert(__builtin_offsetof(struct ivshmem_kmem_mailbox, data) == 1024, "request layout");
_Static_assert(__builtin_offsetof(struct ivshmem_kmem_mailbox, reply) == 8192, "reply layout");
_Static_assert(sizeof(struct ivshmem_kmem_mailbox) == 16384, "mailbox layout");
_Static_assert(sizeof(struct virtio_kmem_req) + 8 * VIRTIO_KMEM_MAX_BATCH <=
		       IVSHMEM_KMEM_REQUEST_MAX,
	       "the longest request fits");
_Static_assert(sizeof(struct virtio_kmem_resp) + 8 * VIRTIO_KMEM_MAX_BATCH <=
		       IVSHMEM_KMEM_REPLY_MAX,
	       "the longest reply fits");

#endif
