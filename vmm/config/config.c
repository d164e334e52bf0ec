/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/base/cli.h"
#include "vmm/option/file.h"

#define MAX_ARGS 256

struct reader {
	struct run_config *config;
	struct config_file file;
	uint64_t seen;           /* keys so far, see number_of() */
	char *arg[MAX_ARGS + 1]; /* arg[0] is the program */
	unsigned int nr_args;
};

static enum exit_status add_arg(struct reader *r, unsigned int slot, const char *value)
{
	char *copy;

	if (slot > MAX_ARGS)
		return config_file_fail(&r->file, "args", "at most 256 arguments");
	copy = strdup(value);
	if (!copy)
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	r->arg[slot] = copy;
	return 0;
}

/* The current event is a value of the key. */
static enum exit_status apply(struct reader *r, const struct run_option *option, const char *key)
{
	char why[RUN_WHY_MAX] = "out of memory", what[RUN_WHY_MAX];
	const char *value;
	enum exit_status status;

	status = config_file_scalar(&r->file, key, &value);
	if (status)
		return status;
	snprintf(what, sizeof(what), "%s: %s", key, value);
	if (!option) {
		if (!strcmp(key, "program"))
			return add_arg(r, 0, value);
		r->nr_args++;
		return add_arg(r, r->nr_args, value);
	}
	if (!*value && option->metavar)
		snprintf(what, sizeof(what), "%s: no value is given", key);
	if (option->apply(r->config, value, why))
		return config_file_fail(&r->file, what, why);
	return 0;
}

/* The value of one key: a scalar, or a sequence of scalars where that is allowed. */
static enum exit_status read_value(struct reader *r, const struct run_option *option,
				   const char *key)
{
	bool list = option ? option->repeats : !strcmp(key, "args");
	enum exit_status status;

	status = config_file_next(&r->file);
	if (status)
		return status;
	if (r->file.event.type != YAML_SEQUENCE_START_EVENT || !list)
		return apply(r, option, key);
	for (;;) {
		status = config_file_next(&r->file);
		if (status || r->file.event.type == YAML_SEQUENCE_END_EVENT)
			return status;
		status = apply(r, option, key);
		if (status)
			return status;
	}
}

/* A number for each key there is: the option's in the table, then the other two. */
static size_t number_of(const char *key, const struct run_option *option)
{
	if (option)
		return (size_t)(option - run_options);
	return RUN_OPTIONS + (strcmp(key, "args") == 0);
}

static enum exit_status read_key(struct reader *r)
{
	const struct run_option *option;
	const char *key;
	char name[32];
	uint64_t bit;
	enum exit_status status;

	status = config_file_scalar(&r->file, "key", &key);
	if (status)
		return status;
	option = run_option_find(key);
	if (option && option->command_line_only)
		return config_file_fail(&r->file, key,
					"this option belongs on the command line only");
	if (!option && strcmp(key, "program") != 0 && strcmp(key, "args") != 0)
		return config_file_fail(&r->file, key,
					"unknown key: the keys are the options of slabvisor run, "
					"program and args");
	bit = 1ull << number_of(key, option);
	if (r->seen & bit)
		return config_file_fail(&r->file, key, "this key is given twice");
	r->seen |= bit;
	/* The event that holds it goes when the value is read. */
	snprintf(name, sizeof(name), "%s", key);
	return read_value(r, option, name);
}

/* The stream must be one document (or none) that is a mapping. */
static enum exit_status read_document(struct reader *r)
{
	enum exit_status status;

	do {
		status = config_file_next(&r->file);
		if (status)
			return status;
		if (r->file.event.type == YAML_STREAM_END_EVENT)
			return 0;
	} while (r->file.event.type != YAML_DOCUMENT_START_EVENT);
	status = config_file_next(&r->file);
	if (status)
		return status;
	if (r->file.event.type != YAML_MAPPING_START_EVENT)
		return config_file_fail(&r->file, "expected lines of the form `option: value`",
					NULL);
	for (;;) {
		status = config_file_next(&r->file);
		if (status)
			return status;
		if (r->file.event.type == YAML_MAPPING_END_EVENT)
			break;
		status = read_key(r);
		if (status)
			return status;
	}
	do {
		status = config_file_next(&r->file);
		if (status)
			return status;
		if (r->file.event.type == YAML_DOCUMENT_START_EVENT)
			return config_file_fail(&r->file, "a second document: one is expected",
						NULL);
	} while (r->file.event.type != YAML_STREAM_END_EVENT);
	return 0;
}

static enum exit_status take_args(struct reader *r)
{
	if (!r->arg[0]) {
		if (r->nr_args)
			return cli_fail(STATUS_BAD_CONFIG, "%s: args is given without program",
					r->file.path);
		return 0;
	}
	if (run_config_set_args(r->config, r->nr_args + 1, r->arg))
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	return 0;
}

enum exit_status config_read(struct run_config *config, const char *path)
{
	struct reader r = {.config = config};
	unsigned int i;
	enum exit_status status;

	status = config_file_open(&r.file, path);
	if (status)
		return status;
	status = read_document(&r);
	if (!status)
		status = take_args(&r);
	config_file_close(&r.file);
	for (i = 0; i <= r.nr_args && i <= MAX_ARGS; i++)
		free(r.arg[i]);
	return status;
}
