/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket of a guest or of a service: a Unix socket of mode 0600 that speaks QMP
 * (proto.h), for several clients (server.h). A thread of its own serves it, so that a client that
 * does not read stalls nobody. Whoever may connect is trusted with the guest; what he sends is not
 * trusted to be well-formed.
 *
 * The socket outlives a machine that is started anew: in between, commands about the machine are
 * answered with an error.
 */
#ifndef VMM_QMP_QMP_H
#define VMM_QMP_QMP_H

#include <jansson.h>

#include "vmm/base/cli.h"
#include "vmm/base/run_dir.h"

struct io_engine;
struct memory;
struct qmp;
struct sandbox;
struct virtio_device;
struct vm;

struct qmp_disk {
	const char *path; /* what it is called */
	struct virtio_device *dev;
	struct io_engine *engine; /* that serves it, and maybe others */
	char name[16];            /* of device and node: the first is disk0; set by qmp_disks() */
};

#define QMP_MAX_DISKS 16

struct qmp_disks {
	struct qmp_disk disk[QMP_MAX_DISKS];
	unsigned int nr;
};

typedef void (*qmp_counter_fn)(void *to, const char *name, const char *metric, const char *help,
			       uint64_t value);

/* A service of disks, of memory, or both; all of it outlives the socket. */
struct qmp_service {
	struct qmp_disks disks;
	struct memory *mem;         /* the heap of a memory service; NULL: it serves none */
	struct virtio_device *kmem; /* its device */
	/* Calls add() with each counter that a memory service has beside its heap's: the name where
	 * it is shown, the metric's, and its help. */
	void (*counters)(void *opaque, qmp_counter_fn add, void *to);
	void (*quit)(void *opaque); /* ends it in order, as SIGTERM does; from any thread */
	void *opaque;
};

/* Where a control socket is to be. */
struct qmp_place {
	const char *path;   /* --qmp's, or NULL */
	const char *name;   /* --name's, or NULL */
	const char *runs;   /* the program, kernel or first disk */
	struct run_dir dir; /* with a name; locked */
};

/* Finds the run directory for a place that has a name, and locks it, before the process becomes
 * another user's. Returns 0 or the exit status, the error having been reported. */
enum exit_status qmp_place_open(struct qmp_place *place);

/* Unlocks it, if qmp_create() did not, which does in any case. */
void qmp_place_close(struct qmp_place *place);

/*
 * Makes the sockets of place, which has one at least, and starts the thread; a socket that a
 * monitor which was killed left behind is replaced. Strings stay the caller's. service: NULL of a
 * monitor. The thread enters sandbox, which outlives it. The sockets stay when the process ends:
 * the right to remove one would be one to its folder. Returns 0 or the exit status, the error
 * having been reported.
 */
enum exit_status qmp_create(struct qmp_place *place, const struct qmp_service *service,
			    struct sandbox *sandbox, struct qmp **out);

/* Sends what is left to send, where clients take it, and ends (NULL: nothing). */
void qmp_destroy(struct qmp *qmp);

/* From here on commands go to vm, whose vCPUs have threads and may wait for vm_release(). NULL as
 * qmp: nothing. */
void qmp_attach(struct qmp *qmp, struct vm *vm);

/* The guest has ended: says so (SHUTDOWN or RESET), and has no more to do with it when it
 * returns. */
void qmp_detach(struct qmp *qmp);

#endif
