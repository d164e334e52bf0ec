/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/client/guide.h"

#include <stdlib.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/base/nearest.h"
#include "vmm/client/args.h"

/* The other side may be anything: a terminal would obey what it says. */
static void put(const json_t *object, const char *key, int width, FILE *to)
{
	const char *text = json_string_value(json_object_get(object, key));
	char *copy = strdup(text ? text : "");

	fprintf(to, "%-*s", width, copy ? cli_sanitise(copy) : "?");
	free(copy);
}

void guide_all(const json_t *commands, FILE *to)
{
	const json_t *command;
	size_t i;

	json_array_foreach(commands, i, command)
	{
		const char *name = json_string_value(json_object_get(command, "name"));

		/* The client sends it, and nobody types it. */
		if (name && !strcmp(name, "qmp_capabilities"))
			continue;
		fprintf(to, "  ");
		put(command, "name", 18, to);
		fprintf(to, " ");
		put(command, "help", 0, to);
		fprintf(to, "\n");
	}
}

bool guide_one(const json_t *commands, const char *name, FILE *to)
{
	const json_t *command = args_command(commands, name);
	const json_t *arg;
	size_t i;

	if (!command)
		return false;
	put(command, "name", 0, to);
	fprintf(to, ": ");
	put(command, "help", 0, to);
	fprintf(to, "\n");
	json_array_foreach(json_object_get(command, "arguments"), i, arg)
	{
		fprintf(to, "  ");
		put(arg, "name", 0, to);
		fprintf(to, "=");
		put(arg, "type", 0, to);
		fprintf(to, "%s  ",
			json_is_true(json_object_get(arg, "optional")) ? " (may be left out)" : "");
		put(arg, "help", 0, to);
		fprintf(to, "\n");
	}
	return true;
}

const char *guide_nearest(const json_t *commands, const char *name)
{
	const json_t *command;
	struct nearest near;
	size_t i;

	nearest_begin(&near, name);
	json_array_foreach(commands, i, command)
	{
		const char *own = json_string_value(json_object_get(command, "name"));

		if (own)
			nearest_offer(&near, own);
	}
	return near.best;
}
