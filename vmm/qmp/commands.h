/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of the control socket: QEMU's, named and shaped as there (its qapi/ folder), and
 * three of our own about the memory service. */
#ifndef VMM_QMP_COMMANDS_H
#define VMM_QMP_COMMANDS_H

#include "vmm/qmp/proto.h"

struct vm;

/* What the calls of a connection have as opaque. */
struct qmp_target {
	struct vm *vm; /* NULL: there is no machine now */
	bool quit;     /* a client has ended the guest */
	/* Sends an event about what a command did; takes data over. */
	void (*event)(struct qmp_target *target, const char *name, json_t *data);
};

extern const struct qmp_command qmp_commands[];

/* The machine of a call; NULL: there is none, and the call has failed. */
struct vm *qmp_vm(struct qmp_call *call);

/* balloon.c */
int qmp_balloon(struct qmp_call *call);
int qmp_query_balloon(struct qmp_call *call);

/* block.c */
int qmp_query_block(struct qmp_call *call);
int qmp_block_resize(struct qmp_call *call);

/* memory.c */
int qmp_query_memory(struct qmp_call *call);
int qmp_query_slabinfo(struct qmp_call *call);
int qmp_query_pins(struct qmp_call *call);
int qmp_query_io(struct qmp_call *call);

#endif
