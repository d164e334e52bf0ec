/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of the control sockets: QEMU's, named and shaped as there (its qapi/ folder), and
 * those of our own that have no counterpart there. A call's opaque is a struct qmp_target. */
#ifndef VMM_QMP_COMMANDS_H
#define VMM_QMP_COMMANDS_H

#include <stdint.h>

#include "vmm/qmp/proto.h"

/* Those of a monitor and those of a service, up to one without a name. */
extern const struct qmp_command qmp_guest_commands[], qmp_service_commands[];

/* Adds a counter under its name, as QMP spells names. */
void qmp_add_counter(json_t *to, const char *name, uint64_t value);

/* machine.c */
int qmp_query_status(struct qmp_call *call);
int qmp_query_name(struct qmp_call *call);
int qmp_query_monitor(struct qmp_call *call);
int qmp_query_version(struct qmp_call *call);
int qmp_query_kvm(struct qmp_call *call);
int qmp_stop(struct qmp_call *call);
int qmp_cont(struct qmp_call *call);
int qmp_quit(struct qmp_call *call);
int qmp_system_powerdown(struct qmp_call *call);
int qmp_query_vcpus(struct qmp_call *call);
int qmp_service_status(struct qmp_call *call);
int qmp_service_quit(struct qmp_call *call);

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
int qmp_heap_reclaim(struct qmp_call *call);
int qmp_query_frames(struct qmp_call *call);

/* io.c */
int qmp_query_io(struct qmp_call *call);
int qmp_query_blockstats(struct qmp_call *call);

/* metrics.c */
int qmp_metrics(struct qmp_call *call);

#endif
