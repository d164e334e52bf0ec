/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The events of libyaml are taken one by one, rather than a document being loaded
 * into structures: so every value is checked by its option's own function while
 * the line it stands on is known.
 */
#include "vmm/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

#include "vmm/cli.h"

#define MAX_ARGS 256
#define MAX_FILE (1 << 20)

struct reader {
	struct run_config *config;
	const char *path;
	yaml_parser_t parser;
	yaml_event_t event;
	bool have_event;
	uint64_t seen;           /* keys so far, see number_of() */
	char *arg[MAX_ARGS + 1]; /* arg[0] is the program */
	unsigned int nr_args;
};

static int fail_at(const struct reader *r, size_t line, const char *what, const char *why)
{
	return cli_fail(STATUS_BAD_CONFIG, "%s:%zu: %s%s%s", r->path, line + 1, what,
			why ? ": " : "", why ? why : "");
}

/* Moves on to the next event. Returns 0 or the exit status. */
static int next(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;

	if (r->have_event)
		yaml_event_delete(&r->event);
	r->have_event = false;
	if (!yaml_parser_parse(&r->parser, &r->event)) {
		/* Errors of the reader (bad UTF-8) come without a mark. */
		return fail_at(r,
			       p->problem_mark.line ? p->problem_mark.line : p->context_mark.line,
			       "not valid YAML", p->problem ? p->problem : "out of memory");
	}
	r->have_event = true;
	return 0;
}

static size_t line_of(const struct reader *r)
{
	return r->event.start_mark.line;
}

static const char *scalar(const struct reader *r)
{
	return (const char *)r->event.data.scalar.value;
}

/* A scalar without a NUL inside, which would make it end early. */
static int expect_scalar(const struct reader *r, const char *what)
{
	if (r->event.type != YAML_SCALAR_EVENT)
		return fail_at(r, line_of(r), what, "expected a plain value");
	if (strlen(scalar(r)) != r->event.data.scalar.length)
		return fail_at(r, line_of(r), what, "a value must not contain NUL");
	return 0;
}

static int add_arg(struct reader *r, unsigned int slot)
{
	char *copy;

	if (slot > MAX_ARGS)
		return fail_at(r, line_of(r), "args", "at most 256 arguments");
	copy = strdup(scalar(r));
	if (!copy)
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	r->arg[slot] = copy;
	return 0;
}

static int apply(struct reader *r, const struct run_option *option, const char *key)
{
	char why[RUN_WHY_MAX] = "out of memory", what[RUN_WHY_MAX];

	snprintf(what, sizeof(what), "%s: %s", key, scalar(r));
	if (!option) {
		if (!strcmp(key, "program"))
			return add_arg(r, 0);
		r->nr_args++;
		return add_arg(r, r->nr_args);
	}
	if (option->apply(r->config, scalar(r), why))
		return fail_at(r, line_of(r), what, why);
	return 0;
}

/* The value of one key: a scalar, or a sequence of scalars where that is allowed. */
static int read_value(struct reader *r, const struct run_option *option, const char *key)
{
	bool list = option ? option->repeats : !strcmp(key, "args");
	int status;

	status = next(r);
	if (status)
		return status;
	if (r->event.type != YAML_SEQUENCE_START_EVENT || !list) {
		status = expect_scalar(r, key);
		return status ? status : apply(r, option, key);
	}
	for (;;) {
		status = next(r);
		if (status || r->event.type == YAML_SEQUENCE_END_EVENT)
			return status;
		status = expect_scalar(r, key);
		if (!status)
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

static int read_key(struct reader *r)
{
	const struct run_option *option;
	const char *key;
	char name[32];
	uint64_t bit;
	int status;

	status = expect_scalar(r, "key");
	if (status)
		return status;
	key = scalar(r);
	option = run_option_find(key);
	if (option && option->command_line_only)
		return fail_at(r, line_of(r), key, "this option belongs on the command line only");
	if (!option && strcmp(key, "program") != 0 && strcmp(key, "args") != 0)
		return fail_at(r, line_of(r), key,
			       "unknown key: the keys are the options of slabvisor run, "
			       "program and args");
	bit = 1ull << number_of(key, option);
	if (r->seen & bit)
		return fail_at(r, line_of(r), key, "this key is given twice");
	r->seen |= bit;
	/* The event that holds it goes when the value is read. */
	snprintf(name, sizeof(name), "%s", key);
	return read_value(r, option, name);
}

/* The stream must be one document (or none) that is a mapping. */
static int read_document(struct reader *r)
{
	int status;

	do {
		status = next(r);
		if (status)
			return status;
		if (r->event.type == YAML_STREAM_END_EVENT)
			return 0;
	} while (r->event.type != YAML_DOCUMENT_START_EVENT);
	status = next(r);
	if (status)
		return status;
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return fail_at(r, line_of(r), "expected lines of the form `option: value`", NULL);
	for (;;) {
		status = next(r);
		if (status)
			return status;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			break;
		status = read_key(r);
		if (status)
			return status;
	}
	do {
		status = next(r);
		if (status)
			return status;
		if (r->event.type == YAML_DOCUMENT_START_EVENT)
			return fail_at(r, line_of(r), "a second document: one is expected", NULL);
	} while (r->event.type != YAML_STREAM_END_EVENT);
	return 0;
}

static int take_args(struct reader *r)
{
	if (!r->arg[0]) {
		if (r->nr_args)
			return cli_fail(STATUS_BAD_CONFIG, "%s: args is given without program",
					r->path);
		return 0;
	}
	if (run_config_set_args(r->config, r->nr_args + 1, r->arg))
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	return 0;
}

int config_read(struct run_config *config, const char *path)
{
	struct reader r = {.config = config, .path = path};
	struct stat st;
	unsigned int i;
	int status;
	FILE *file;

	file = fopen(path, "re");
	if (!file)
		return cli_fail(STATUS_BAD_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
	if (fstat(fileno(file), &st) || S_ISDIR(st.st_mode) || st.st_size > MAX_FILE) {
		status =
			cli_fail(STATUS_BAD_CONFIG, "%s: expected a YAML file of at most 1M", path);
		goto out_close;
	}
	if (!yaml_parser_initialize(&r.parser)) {
		status = cli_fail(STATUS_HOST_ERROR, "out of memory");
		goto out_close;
	}
	yaml_parser_set_input_file(&r.parser, file);
	status = read_document(&r);
	if (!status)
		status = take_args(&r);
	if (r.have_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	for (i = 0; i <= r.nr_args && i <= MAX_ARGS; i++)
		free(r.arg[i]);
out_close:
	fclose(file);
	return status;
}
