/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands of a connection are about: the machine that runs, if one does, or a service of
 * disks and memory. */
#ifndef VMM_QMP_TARGET_H
#define VMM_QMP_TARGET_H

#include "virtio/io/engine.h"
#include "vmm/qmp/proto.h"
#include "vmm/qmp/qmp.h"

struct devices;
struct memory;
struct qmp_server;
struct vm;

/* What the calls of a connection have as opaque. */
struct qmp_target {
	const char *name;                  /* the user's for it; NULL: it has none */
	const char *runs;                  /* the program, kernel or first disk */
	int64_t born_ns;                   /* when it began, CLOCK_MONOTONIC */
	struct vm *vm;                     /* NULL: there is no machine now, or it is a service */
	const struct qmp_service *service; /* NULL: it is a monitor */
	bool quit;                         /* a client has ended the guest */
	struct qmp_server *server;
};

static inline struct qmp_target *qmp_target(const struct qmp_call *call)
{
	return call->opaque;
}

/* The machine of a call, its devices, its memory and the device that serves it, the last two also
 * of a service; NULL: there is none, and the call has failed. */
struct vm *qmp_vm(struct qmp_call *call);
const struct devices *qmp_devices(struct qmp_call *call);
struct memory *qmp_memory(struct qmp_call *call);
struct virtio_device *qmp_kmem(struct qmp_call *call);

/* The disks of a machine or a service, in *disks. Returns 0, or as qmp_fail(): there is no machine.
 */
int qmp_disks(struct qmp_call *call, struct qmp_disks *disks);

/* What the threads of these disks count: a monitor has one for all, a service one for each. Returns
 * how many there are. */
unsigned int qmp_threads(const struct qmp_disks *disks,
			 struct io_engine_stats stats[QMP_MAX_DISKS]);

/* The call comes too early, or too late. Returns as qmp_fail(). */
int qmp_fail_away(struct qmp_call *call);

/* Sends an event that has no data. */
void qmp_tell(const struct qmp_call *call, const char *event);

#endif
