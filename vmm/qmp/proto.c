/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/qmp/proto.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "vmm/base/cli.h"

int qmp_fail(struct qmp_call *call, const char *class, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(call->desc, sizeof(call->desc), fmt, args);
	va_end(args);
	/* Names of the client's making may have been cut in the middle of a character. */
	cli_sanitise(call->desc);
	call->class = class;
	return -EINVAL;
}

json_t *qmp_version(void)
{
	unsigned int major = 0;
	unsigned int minor = 0;
	unsigned int micro = 0;

	/* The member is called so whoever speaks the protocol. */
	if (sscanf(SLABVISOR_VERSION, "%u.%u.%u", &major, &minor, &micro) != 3)
		return NULL;
	return json_pack("{s:{s:i,s:i,s:i},s:s}", "qemu", "major", (int)major, "minor", (int)minor,
			 "micro", (int)micro, "package", "slabvisor " SLABVISOR_VERSION);
}

json_t *qmp_greeting(void)
{
	return json_pack("{s:{s:o,s:[]}}", "QMP", "version", qmp_version(), "capabilities");
}

json_t *qmp_event_new(const char *name, json_t *data)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return json_pack("{s:s,s:{s:I,s:I},s:o*}", "event", name, "timestamp", "seconds",
			 (json_int_t)now.tv_sec, "microseconds", (json_int_t)now.tv_nsec / 1000,
			 "data", data);
}

static const char *type_name(json_type type)
{
	switch (type) {
	case JSON_OBJECT:
		return "object";
	case JSON_ARRAY:
		return "array";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "integer";
	default:
		return "boolean";
	}
}

static bool has_type(const json_t *value, json_type type)
{
	return type == JSON_TRUE ? json_is_boolean(value) : json_typeof(value) == type;
}

static int check_args(struct qmp_call *call, const struct qmp_command *command)
{
	const struct qmp_param *p;
	const char *name;
	json_t *value;
	unsigned int i;

	json_object_foreach((json_t *)call->args, name, value) {
		for (i = 0; i < QMP_MAX_PARAMS && command->param[i].name; i++)
			if (!strcmp(command->param[i].name, name))
				break;
		if (i == QMP_MAX_PARAMS || !command->param[i].name)
			return qmp_fail(call, QMP_GENERIC, "Parameter '%s' is unexpected", name);
	}
	for (i = 0; i < QMP_MAX_PARAMS && command->param[i].name; i++) {
		p = &command->param[i];
		value = json_object_get(call->args, p->name);
		if (!value && !p->optional)
			return qmp_fail(call, QMP_GENERIC, "Parameter '%s' is missing", p->name);
		if (value && !has_type(value, p->type))
			return qmp_fail(call, QMP_GENERIC,
					"Invalid parameter type for '%s', expected: %s", p->name,
					type_name(p->type));
	}
	return 0;
}

/* The two that the protocol has itself. */
static const struct qmp_command own_commands[] = {
	{.name = "qmp_capabilities",
	 .help = "ends the negotiation, which any other command has to wait for",
	 .param = {{.name = "enable",
		    .type = JSON_ARRAY,
		    .optional = true,
		    .help = "capabilities, of which there are none"}}},
	{.name = "query-commands", .help = "lists the commands, with their arguments"},
	{.name = NULL},
};

static json_t *describe_params(const struct qmp_command *command)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < QMP_MAX_PARAMS && command->param[i].name; i++) {
		const struct qmp_param *p = &command->param[i];

		json_array_append_new(all, json_pack("{s:s,s:s,s:b,s:s}", "name", p->name, "type",
						     type_name(p->type), "optional", p->optional,
						     "help", p->help ? p->help : ""));
	}
	return all;
}

static void describe_commands(json_t *to, const struct qmp_command *commands)
{
	for (const struct qmp_command *c = commands; c->name; c++)
		json_array_append_new(to, json_pack("{s:s,s:s,s:o}", "name", c->name, "help",
						    c->help ? c->help : "", "arguments",
						    describe_params(c)));
}

static int query_commands(struct qmp_call *call, const struct qmp_proto *proto)
{
	call->result = json_array();
	describe_commands(call->result, own_commands);
	describe_commands(call->result, proto->commands);
	return 0;
}

static int negotiate(struct qmp_proto *proto, struct qmp_call *call)
{
	int ret;

	if (proto->negotiated)
		return qmp_fail(call, QMP_NOT_FOUND,
				"Capabilities negotiation is already complete, command ignored");
	ret = check_args(call, &own_commands[0]);
	if (ret)
		return ret;
	if (json_array_size(json_object_get(call->args, "enable")))
		return qmp_fail(call, QMP_GENERIC, "There are no capabilities to enable");
	proto->negotiated = true;
	return 0;
}

static int dispatch(struct qmp_proto *proto, struct qmp_call *call, const char *name)
{
	int ret;

	if (!strcmp(name, "qmp_capabilities"))
		return negotiate(proto, call);
	if (!proto->negotiated)
		return qmp_fail(call, QMP_NOT_FOUND,
				"Expecting capabilities negotiation with 'qmp_capabilities'");
	if (!strcmp(name, "query-commands")) {
		ret = check_args(call, &own_commands[1]);
		return ret ? ret : query_commands(call, proto);
	}
	for (const struct qmp_command *c = proto->commands; c->name; c++)
		if (!strcmp(c->name, name)) {
			ret = check_args(call, c);
			return ret ? ret : c->run(call);
		}
	return qmp_fail(call, QMP_NOT_FOUND, "The command %s has not been found", name);
}

/* Checks a message's members and carries it out. */
static int qmp_execute(struct qmp_proto *proto, struct qmp_call *call, const json_t *message)
{
	const json_t *name = json_object_get(message, "execute");
	const char *member;
	json_t *value;

	if (!json_is_object(message))
		return qmp_fail(call, QMP_GENERIC, "QMP input must be a JSON object");
	json_object_foreach((json_t *)message, member, value) {
		if (strcmp(member, "execute") != 0 && strcmp(member, "arguments") != 0 &&
		    strcmp(member, "id") != 0)
			return qmp_fail(call, QMP_GENERIC, "QMP input member '%s' is unexpected",
					member);
	}
	if (!name)
		return qmp_fail(call, QMP_GENERIC, "QMP input lacks member 'execute'");
	if (!json_is_string(name))
		return qmp_fail(call, QMP_GENERIC, "QMP input member 'execute' must be a string");
	call->args = json_object_get(message, "arguments");
	if (call->args && !json_is_object(call->args))
		return qmp_fail(call, QMP_GENERIC,
				"QMP input member 'arguments' must be an object");
	return dispatch(proto, call, json_string_value(name));
}

json_t *qmp_answer(struct qmp_proto *proto, const char *text, size_t len)
{
	struct qmp_call call = {.opaque = proto->opaque};
	json_t *message;
	json_t *reply;
	json_t *id;
	json_error_t error;
	int ret;

	message = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (message)
		ret = qmp_execute(proto, &call, message);
	else
		ret = qmp_fail(&call, QMP_GENERIC, "JSON parse error, %s", error.text);
	if (ret) {
		json_decref(call.result);
		reply = json_pack("{s:{s:s,s:s}}", "error", "class", call.class, "desc", call.desc);
	} else {
		reply = json_pack("{s:o}", "return", call.result ? call.result : json_object());
	}
	id = json_is_object(message) ? json_object_get(message, "id") : NULL;
	if (reply && id)
		json_object_set(reply, "id", id);
	json_decref(message);
	return reply;
}
