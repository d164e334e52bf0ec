/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands of a connection are about: the machine that runs, if one does. */
#ifndef VMM_QMP_TARGET_H
#define VMM_QMP_TARGET_H

#include "vmm/qmp/proto.h"

struct devices;
struct memory;
struct vm;

/* What the calls of a connection have as opaque. */
struct qmp_target {
	struct vm *vm; /* NULL: there is no machine now */
	bool quit;     /* a client has ended the guest */
	/* Sends an event about what a command did; takes data over. */
	void (*event)(struct qmp_target *target, const char *name, json_t *data);
};

static inline struct qmp_target *qmp_target(const struct qmp_call *call)
{
	return call->opaque;
}

/* The machine of a call, its devices, its memory; NULL: there is none, and the call has failed. */
struct vm *qmp_vm(struct qmp_call *call);
const struct devices *qmp_devices(struct qmp_call *call);
struct memory *qmp_memory(struct qmp_call *call);

/* The call comes too early, or too late. Returns as qmp_fail(). */
int qmp_fail_away(struct qmp_call *call);

/* Sends an event that has no data. */
void qmp_tell(const struct qmp_call *call, const char *event);

#endif
