/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/client/args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/base/cli.h"

#define BLANKS " \t\r\n"

const json_t *args_command(const json_t *commands, const char *name)
{
	const json_t *command;
	size_t i;

	json_array_foreach(commands, i, command)
	{
		const char *own = json_string_value(json_object_get(command, "name"));

		if (own && !strcmp(own, name))
			return command;
	}
	return NULL;
}

/* The type of an argument, or NULL: there is none of that name. */
static const char *type_of(const json_t *command, const char *key)
{
	const json_t *arg = args_command(json_object_get(command, "arguments"), key);
	const char *type = json_string_value(json_object_get(arg, "type"));

	return type ? type : arg ? "" : NULL;
}

/* KEY=VALUE, which it cuts. Returns 0 or -EINVAL. */
static int read_word(const json_t *command, char *word, json_t *args, char *why, size_t room)
{
	char *value = strchr(word, '=');
	json_t *json = NULL;
	const char *type;
	uint64_t number;

	if (!value || value == word) {
		snprintf(why, room, "%s: arguments are KEY=VALUE, or one JSON object", word);
		return -EINVAL;
	}
	*value++ = '\0';
	type = type_of(command, word);
	if (command && !type) {
		snprintf(why, room, "%s: the command has no such argument: see help", word);
		return -EINVAL;
	}
	if (!type)
		type = "string";
	if (!strcmp(type, "integer")) {
		if (!cli_parse_size(value, &number) && number <= INT64_MAX)
			json = json_integer((json_int_t)number);
	} else if (!strcmp(type, "boolean")) {
		if (!strcmp(value, "true") || !strcmp(value, "on"))
			json = json_true();
		else if (!strcmp(value, "false") || !strcmp(value, "off"))
			json = json_false();
	} else if (!strcmp(type, "string")) {
		json = json_string(value);
	} else {
		json = json_loads(value, JSON_DECODE_ANY, NULL);
	}
	if (json && !json_object_get(args, word))
		return json_object_set_new(args, word, json) ? -EINVAL : 0;
	if (json)
		snprintf(why, room, "%s: it is given twice", word);
	else if (!strcmp(type, "integer"))
		snprintf(why, room, "%s=%s: give a number, or a size as in 64M or 10G", word,
			 value);
	else if (!strcmp(type, "boolean"))
		snprintf(why, room, "%s=%s: give on or off", word, value);
	else
		snprintf(why, room, "%s=%s: its value is to be of type %s", word, value, type);
	json_decref(json);
	return -EINVAL;
}

void args_say_json(const char *text, const char *error, char *why, size_t room)
{
	/* What QEMU's own monitors take, and what a shell's user types to spare a backslash. */
	if (strchr(text, '\'') && !strchr(text, '"'))
		snprintf(why, room,
			 "arguments are a JSON object: its strings stand in \"double quotes\"; or "
			 "write KEY=VALUE, as in size=10G");
	else
		snprintf(why, room, "arguments are a JSON object, or KEY=VALUE: %s", error);
}

int args_read(const json_t *command, const char *text, json_t **args, char *why, size_t room)
{
	json_error_t error;
	char *copy;
	char *rest;
	char *word;
	int ret = 0;

	*args = NULL;
	text += strspn(text, BLANKS);
	if (!*text)
		return 0;
	if (*text == '{') {
		*args = json_loads(text, JSON_REJECT_DUPLICATES, &error);
		if (*args)
			return 0;
		args_say_json(text, error.text, why, room);
		return -EINVAL;
	}
	copy = strdup(text);
	*args = json_object();
	rest = copy;
	while (!ret && copy && (word = strsep(&rest, BLANKS)))
		if (*word)
			ret = read_word(command, word, *args, why, room);
	free(copy);
	if (ret) {
		json_decref(*args);
		*args = NULL;
	}
	return ret;
}
