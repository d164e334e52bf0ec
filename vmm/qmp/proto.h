/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The QEMU Machine Protocol (QEMU, docs/interop/qmp-spec), as a function from a message to its
 * answer: greeting, capabilities negotiation, commands with typed arguments, errors by
 * class. No socket and no machine is known here.
 */
#ifndef VMM_QMP_PROTO_H
#define VMM_QMP_PROTO_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define QMP_MAX_MESSAGE (64u << 10) /* bytes */

/* One execution of a command. */
struct qmp_call {
	void *opaque;       /* struct qmp_proto's */
	const json_t *args; /* an object, checked against the command's parameters */
	json_t *result;     /* the command's to set; NULL: {} */
	const char *class;  /* of the error, if there is one */
	char desc[256];
};

struct qmp_param {
	const char *name;
	json_type type;
	bool optional;
	const char *help; /* what it means, with its unit */
};

#define QMP_MAX_PARAMS 3

struct qmp_command {
	const char *name;
	const char *help; /* what it does, in a line */
	/* Returns 0, or what qmp_fail() returned. */
	int (*run)(struct qmp_call *call);
	struct qmp_param param[QMP_MAX_PARAMS]; /* up to the first without a name */
};

/* A connection. The caller fills in commands and opaque. */
struct qmp_proto {
	const struct qmp_command *commands; /* up to the one without a name */
	void *opaque;
	bool negotiated; /* events may be sent */
};

#define QMP_GENERIC    "GenericError"
#define QMP_NOT_FOUND  "CommandNotFound"
#define QMP_NO_DEVICE  "DeviceNotFound"
#define QMP_NOT_ACTIVE "DeviceNotActive"

/* Makes the call's answer an error. Returns -EINVAL. */
int qmp_fail(struct qmp_call *call, const char *class, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What a connection begins with; the answer to query-version. For the caller to release;
 * NULL: out of memory. */
json_t *qmp_greeting(void);
json_t *qmp_version(void);

/* Carries out the message in text (len bytes, foreign). Returns its answer, for the caller to
 * release; NULL: out of memory. */
json_t *qmp_answer(struct qmp_proto *proto, const char *text, size_t len);

/* An event that happens now; takes data over (NULL: none). Returns as qmp_answer(). */
json_t *qmp_event_new(const char *name, json_t *data);

#endif
