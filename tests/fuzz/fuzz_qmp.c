/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: what a client says to the control socket. The first byte of the input is how many
 * bytes come at a time, the rest is the stream. Its messages must be the same however it
 * comes, and each has one answer, with the id of the message.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "tests/fuzz/must.h"
#include "vmm/qmp/frame.h"
#include "vmm/qmp/proto.h"

#define MOST 4096u /* bytes of a message: fewer than an input may have */

/* Gives back what it was given, by arguments of each type. */
static int echo(struct qmp_call *call)
{
	must(json_is_object(call->args) || !call->args);
	must(json_is_integer(json_object_get(call->args, "number")));
	call->result = json_deep_copy(call->args);
	return 0;
}

static int refuse(struct qmp_call *call)
{
	const char *name = json_string_value(json_object_get(call->args, "name"));

	must(name);
	call->result = json_array();
	return qmp_fail(call, QMP_NO_DEVICE, "Device '%s' not found", name);
}

static const struct qmp_command commands[] = {
	{.name = "echo",
	 .run = echo,
	 .param = {{.name = "number", .type = JSON_INTEGER},
		   {.name = "list", .type = JSON_ARRAY, .optional = true},
		   {.name = "flag", .type = JSON_TRUE, .optional = true}}},
	{.name = "refuse",
	 .run = refuse,
	 .param = {{.name = "name", .type = JSON_STRING},
		   {.name = "object", .type = JSON_OBJECT, .optional = true}}},
	{.name = NULL},
};

static void check_error(const json_t *error)
{
	const char *desc = json_string_value(json_object_get(error, "desc"));

	must(json_object_size(error) == 2 && desc && *desc);
	must(json_is_string(json_object_get(error, "class")));
	for (; *desc; desc++)
		must(*desc >= ' ' && *desc <= '~');
}

static void answer(struct qmp_proto *proto, const struct qmp_frame *frame)
{
	json_t *message =
		json_loadb(frame->text, frame->len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	json_t *id = json_is_object(message) ? json_object_get(message, "id") : NULL;
	json_t *reply = qmp_answer(proto, frame->text, frame->len);
	json_t *error;
	char *text;

	must(json_is_object(reply));
	error = json_object_get(reply, "error");
	must(!error != !json_object_get(reply, "return"));
	if (error)
		check_error(error);
	must(json_object_size(reply) == (id ? 2u : 1u));
	must(!id || json_equal(id, json_object_get(reply, "id")));
	/* As it is sent. */
	text = json_dumps(reply, JSON_COMPACT);
	must(text && !strchr(text, '\n'));
	free(text);
	json_decref(reply);
	json_decref(message);
}

/*
 * Has the stream come in pieces of so many bytes, each an allocation, so that a step over its
 * end is seen. Writes its messages to *text, each with its length before it. Returns whether
 * it came to its end.
 */
static bool split(const uint8_t *data, size_t size, size_t piece, struct qmp_proto *proto,
		  char **text, size_t *len)
{
	FILE *out = open_memstream(text, len);
	struct qmp_frame frame;
	size_t n;
	size_t taken;
	char *copy;
	int ret = 0;

	must(out);
	qmp_frame_init(&frame, MOST);
	for (size_t at = 0; at < size && ret >= 0; at += taken) {
		n = size - at < piece ? size - at : piece;
		copy = malloc(n);
		must(copy);
		memcpy(copy, data + at, n);
		ret = qmp_frame_feed(&frame, copy, n, &taken);
		free(copy);
		must(taken <= n && (taken || ret < 0) && frame.len <= MOST);
		must(ret == 1 || ret == -EMSGSIZE || (!ret && taken == n));
		if (ret != 1)
			continue;
		must(frame.len);
		fwrite(&frame.len, sizeof(frame.len), 1, out);
		fwrite(frame.text, frame.len, 1, out);
		if (proto)
			answer(proto, &frame);
	}
	qmp_frame_fini(&frame);
	must(!fclose(out));
	return ret >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct qmp_proto proto = {.commands = commands};
	char *whole;
	char *pieces;
	size_t len;
	size_t len_pieces;
	bool ended;

	if (!size)
		return 0;
	ended = split(data + 1, size - 1, size, &proto, &whole, &len);
	must(split(data + 1, size - 1, data[0] + 1u, NULL, &pieces, &len_pieces) == ended);
	must(len == len_pieces && !memcmp(whole, pieces, len));
	free(whole);
	free(pieces);
	return 0;
}
