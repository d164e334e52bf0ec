/* SPDX-License-Identifier: BSD-2-Clause */
/* QMP without a socket: where messages end, however they come in, and what they are answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "mm/util.h"
#include "vmm/qmp/frame.h"
#include "vmm/qmp/proto.h"

#define MOST 256

/* The values of a stream that comes n bytes at a time, each with a bar behind it. */
static int split(const char *stream, size_t len, size_t n, char *out)
{
	struct qmp_frame f;
	size_t at = 0;
	size_t taken;
	size_t piece;
	int ret = 0;

	qmp_frame_init(&f, MOST);
	*out = '\0';
	while (at < len && ret >= 0) {
		piece = len - at < n ? len - at : n;
		/* A copy of that size, so that a byte too many is noticed. */
		char *copy = malloc(piece);

		assert_non_null(copy);
		memcpy(copy, stream + at, piece);
		ret = qmp_frame_feed(&f, copy, piece, &taken);
		free(copy);
		assert_true(taken <= piece);
		assert_true(ret < 0 || taken > 0);
		at += taken;
		if (ret == 1) {
			strncat(out, f.text, f.len);
			strcat(out, "|");
		}
	}
	qmp_frame_fini(&f);
	return ret < 0 ? ret : 0;
}

static void messages_end_where_they_end(void **state)
{
	static const char *const cases[][2] = {
		{"{}", "{}|"},
		{"{}{}[]", "{}|{}|[]|"},
		{" \r\n\t{ \"a\" :\n [1, {}] }\n\n{}", "{ \"a\" :\n [1, {}] }|{}|"},
		{"{\"}\\\"]{\": 1}{}", "{\"}\\\"]{\": 1}|{}|"},
		{"{\"\\\\\"}{}", "{\"\\\\\"}|{}|"},
		{"hello\n{}", "hello\n|{}|"},
		{"}{}", "}|{}|"},
		{"{\"half\n{}", "{\"half\n|{}|"},
		{"{\"a\": ", ""},
		{"", ""},
	};
	char out[MOST];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t n = 1; n < 20; n++) {
			assert_int_equal(split(cases[i][0], strlen(cases[i][0]), n, out), 0);
			assert_string_equal(out, cases[i][1]);
		}
}

static void messages_are_no_longer_or_deeper_than_allowed(void **state)
{
	char text[2 * MOST];
	char out[4 * MOST];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(split(text, MOST, 7, out), 0);
	assert_int_equal(split(text, MOST + 1, 7, out), -EMSGSIZE);
	text[MOST - 1] = '\n';
	assert_int_equal(split(text, 2 * MOST, 64, out), 0);
	memset(text, '[', sizeof(text));
	assert_int_equal(split(text, QMP_MAX_DEPTH, 7, out), 0);
	assert_int_equal(split(text, QMP_MAX_DEPTH + 1, 7, out), -EMSGSIZE);
	/* The length begins anew with each value. */
	for (unsigned int i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "{}", 2);
	assert_int_equal(split(text, sizeof(text), 3, out), 0);
}

static unsigned int runs;

static int add(struct qmp_call *call)
{
	json_int_t a = json_integer_value(json_object_get(call->args, "a"));
	json_int_t b = json_integer_value(json_object_get(call->args, "b"));

	runs++;
	assert_ptr_equal(call->opaque, &runs);
	call->result = json_integer(a + b);
	return 0;
}

static int nothing(struct qmp_call *call)
{
	(void)call;
	return 0;
}

/* Fails after it has made a result. */
static int fails(struct qmp_call *call)
{
	call->result = json_array();
	return qmp_fail(call, QMP_NO_DEVICE, "no %s", "\x80\xff");
}

static const struct qmp_command commands[] = {
	{.name = "add",
	 .run = add,
	 .param = {{.name = "a", .type = JSON_INTEGER},
		   {.name = "b", .type = JSON_INTEGER, .optional = true},
		   {.name = "flag", .type = JSON_TRUE, .optional = true}}},
	{.name = "nothing", .run = nothing},
	{.name = "fail", .run = fails},
	{.name = NULL},
};

/* The answer as text, for the caller to free. */
static char *answer(struct qmp_proto *proto, const char *text)
{
	json_t *reply = qmp_answer(proto, text, strlen(text));
	char *dump;

	assert_non_null(reply);
	dump = json_dumps(reply, JSON_COMPACT | JSON_SORT_KEYS);
	assert_non_null(dump);
	json_decref(reply);
	return dump;
}

static void check(struct qmp_proto *proto, const char *text, const char *want)
{
	char *got = answer(proto, text);

	assert_string_equal(got, want);
	free(got);
}

#define NEGOTIATE     "{\"execute\": \"qmp_capabilities\"}"
#define GENERIC(desc) "{\"error\":{\"class\":\"GenericError\",\"desc\":\"" desc "\"}}"

static void each_message_has_its_answer(void **state)
{
	struct qmp_proto proto = {.commands = commands, .opaque = &runs};

	(void)state;
	check(&proto, "{\"execute\": \"add\", \"arguments\": {\"a\": 1}, \"id\": \"x\"}",
	      "{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"Expecting capabilities "
	      "negotiation with 'qmp_capabilities'\"},\"id\":\"x\"}");
	assert_int_equal(runs, 0);
	assert_false(proto.negotiated);
	check(&proto, "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": [\"oob\"]}}",
	      GENERIC("There are no capabilities to enable"));
	assert_false(proto.negotiated);
	check(&proto, NEGOTIATE, "{\"return\":{}}");
	assert_true(proto.negotiated);
	check(&proto, "{\"execute\": \"add\", \"arguments\": {\"a\": 1, \"b\": 2, \"flag\": true}}",
	      "{\"return\":3}");
	check(&proto, "{\"execute\": \"nothing\", \"id\": [{}, null]}",
	      "{\"id\":[{},null],\"return\":{}}");
	check(&proto, "{\"execute\": \"fail\"}",
	      "{\"error\":{\"class\":\"DeviceNotFound\",\"desc\":\"no ??\"}}");
	assert_int_equal(runs, 1);
}

static void arguments_are_checked(void **state)
{
	struct qmp_proto proto = {.commands = commands, .opaque = &runs, .negotiated = true};

	(void)state;
	runs = 0;
	check(&proto, "{\"execute\": \"add\"}", GENERIC("Parameter 'a' is missing"));
	check(&proto, "{\"execute\": \"add\", \"arguments\": {\"a\": 1, \"c\": 2}}",
	      GENERIC("Parameter 'c' is unexpected"));
	check(&proto, "{\"execute\": \"add\", \"arguments\": {\"a\": \"1\"}}",
	      GENERIC("Invalid parameter type for 'a', expected: integer"));
	check(&proto, "{\"execute\": \"add\", \"arguments\": {\"a\": 1, \"flag\": null}}",
	      GENERIC("Invalid parameter type for 'flag', expected: boolean"));
	check(&proto, "{\"execute\": \"nothing\", \"arguments\": {\"a\": 1}}",
	      GENERIC("Parameter 'a' is unexpected"));
	check(&proto, "{\"execute\": \"query-commands\", \"arguments\": {\"a\": 1}}",
	      GENERIC("Parameter 'a' is unexpected"));
	check(&proto, "{\"execute\": \"add\", \"arguments\": 1}",
	      GENERIC("QMP input member 'arguments' must be an object"));
	assert_int_equal(runs, 0);
}

/* Whatever is cut off or changed in a message: an answer, and never the command. */
static void a_broken_message_runs_nothing(void **state)
{
	static const char good[] = "{\"execute\": \"add\", \"arguments\": {\"a\": 1}}";
	struct qmp_proto proto = {.commands = commands, .opaque = &runs, .negotiated = true};
	char text[sizeof(good)];

	(void)state;
	runs = 0;
	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		json_t *reply = qmp_answer(&proto, good, i);

		assert_non_null(json_object_get(reply, "error"));
		json_decref(reply);
		memcpy(text, good, sizeof(good));
		text[i] = '\x80';
		reply = qmp_answer(&proto, text, sizeof(good) - 1);
		assert_non_null(json_object_get(reply, "error"));
		json_decref(reply);
	}
	assert_int_equal(runs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_end_where_they_end),
		cmocka_unit_test(messages_are_no_longer_or_deeper_than_allowed),
		cmocka_unit_test(each_message_has_its_answer),
		cmocka_unit_test(arguments_are_checked),
		cmocka_unit_test(a_broken_message_runs_nothing),
	};

	return cmocka_run_group_tests_name("vmm_qmp_protocol", tests, NULL, NULL);
}
